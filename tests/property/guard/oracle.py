"""The judgement of the guard about an estate, by brute force and straight from the rule.

No id ends, by a delete, an archive or a replacement, while an object that survives the plan, and that the plan does
not rewrite, holds it. An upload that is held stays; for any other object the plan is refused.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, TypeAlias

from tests.property.guard.estates import Estate
from tests.property.guard.holders import Holding
from tests.property.guard.manifests import Object, frozen, upload
from tests.property.guard.outcome import is_frozen
from tests.property.guard.parts import OLD_MODEL, SAVED

Sections: TypeAlias = dict[str, tuple[str, ...]]
SECTIONS: Final = ("Chatbots", "Pipelines", "Chatbots Referencing Pipeline", "Other references")
OTHER: Final = SECTIONS[-1]
ORDER: Final = ("release", "frozen pipeline", "frozen assistant", "assistant", "vectorstore", "file")
"""The order of removals that belong together: the release, its pipelines and assistants, the assistant, and the stores
and files that nothing else uses."""
PROJECT: Final = "project/acme"


@dataclass(frozen=True)
class Judgement:
    """What a plan of an estate has to say about everything that ends."""

    refusals: Mapping[tuple[str, str], Sections]
    """Sections with entries, by rule and address."""
    archived: frozenset[str]
    deleted: frozenset[str]
    """Both without files, of which `ended` has the uploads."""
    ended: frozenset[str]
    """The keys of the uploads that are deleted."""
    held: Mapping[str, frozenset[str]]
    """The uploads that the plan would delete if others did not hold them, each with its holders; without those that an
    earlier plan has left.
    """
    kept: Mapping[str, frozenset[str]]
    """The credentials that stay beside those that replace them, each with its holders."""
    disowned: frozenset[str]
    """The uploads of stores that are no longer managed: they stay whether or not the plan says so of each."""
    uploaded: frozenset[str]
    """The keys of the new uploads."""
    settings: frozenset[tuple[str, bool]]
    """The settings of the project that the plan changes, each with whether it is weaker afterwards."""
    first: frozenset[tuple[str, str]]
    """Pairs of removals of which the first precedes the second."""
    made_first: frozenset[tuple[str, str]]
    """Pairs of new objects of which the first is created before the second, which refers to it."""


def judge(estate: Estate) -> Judgement:
    return _Oracle(estate).judgement()


@dataclass(frozen=True)
class _Oracle(Holding):
    def judgement(self) -> Judgement:
        return Judgement(
            refusals=dict(self.refusals()),
            archived=frozenset(filter(self.is_archived, self.gone)),
            deleted=frozenset(address for address in self.gone if not self.is_archived(address)),
            ended=frozenset(self.ended),
            held={key: frozenset(self.holders(key)) for key in self.held},
            kept=self.kept_beside,
            disowned=frozenset(self.disowned),
            uploaded=frozenset(self.written - self.uploads.keys()),
            settings=frozenset(self.differing()),
            first=frozenset(self.first()),
            made_first=frozenset(self.made_first()),
        )

    @cached_property
    def gone(self) -> set[str]:
        """Everything that is removed, without files. A credential that an earlier plan left stays while it is held."""
        removed = {address for address in self.leaving if not address.startswith("file/")}
        return {one for one in removed if one not in self.former_credentials or not self.holders(one)}

    def is_archived(self, address: str) -> bool:
        return is_frozen(address) and address not in self.former_credentials

    @cached_property
    def ended(self) -> set[str]:
        return {key for key in self.unused if not self.holders(key)}

    @cached_property
    def held(self) -> set[str]:
        return self.unused - self.ended - self.disowned - self.estate.left.keys()

    @cached_property
    def kept_beside(self) -> dict[str, frozenset[str]]:
        found = {address: frozenset(self.holders(address)) for address in self.superseded}
        return {address: holders for address, holders in found.items() if holders}

    # The rule about references.

    def refusals(self) -> Iterator[tuple[tuple[str, str], Sections]]:
        for address in sorted(self.gone):
            if address.startswith("release/"):
                if address.removeprefix("release/") in self.published:
                    yield ("published", address), {}
                continue
            sections = self.against(address)
            if sections:
                yield ("referenced", address), sections
        for address in sorted(self.replaced):
            sections = self.listed(address, self.holders(address))
            if sections:
                yield ("referenced", address), sections
        protected = set(map(self.now, self.estate.protected))
        for address in sorted((self.gone | self.replaced | self.superseded) & protected):
            yield ("protected", address), {}
        if len(self.counted_deletes()) > self.allowed("max_deletes"):
            yield ("threshold of deletes", PROJECT), {}
        if len(self.counted_archives()) > self.allowed("max_archives"):
            yield ("threshold of archives", PROJECT), {}
        yield from ((refused, {}) for refused in self.further())

    def against(self, address: str) -> Sections:
        """Return who survives and holds it; of an assistant, or any frozen copy of it. A copy of an assistant that is
        refused as a whole is refused with it, not again.
        """
        if not address.startswith("assistant/") or (is_frozen(address) and self.family(address) not in self.gone):
            return self.listed(address, self.referrers({address}))
        if is_frozen(address):
            return {}
        everything = {*self.before, *self.manifests}
        return self.listed(address, self.referrers({one for one in everything if self.family(one) == address}))

    def listed(self, address: str, holders: Iterable[str]) -> Sections:
        """Return the holders of an object by section. All but those of an assistant are other references."""
        found: dict[str, set[str]] = defaultdict(set)
        for name in holders:
            section, entry = self.entry(name) if address.startswith("assistant/") else (OTHER, self.named(name))
            found[section].add(entry)
        return {section: tuple(sorted(found[section])) for section in SECTIONS if section in found}

    def entry(self, name: str) -> tuple[str, str]:
        """Return the section and the entry of a referrer of an assistant: a chatbot that refers to it directly, working
        or released; a working pipeline with a node for it; a release whose frozen pipeline has one; anything else.
        """
        kind = name.partition("/")[0]
        if " " in name:
            return OTHER, name
        if kind == "chatbot":
            return "Chatbots", f"{name} [unreleased]"
        if kind == "release":
            return "Chatbots", self.with_standing(name)
        if kind == "pipeline" and is_frozen(name):
            return "Chatbots Referencing Pipeline", self.with_standing(release_of(name))
        return ("Pipelines" if kind == "pipeline" else OTHER), self.named(name)

    def named(self, referrer: str) -> str:
        """Return the entry of a referrer; of what a release has frozen, the release. Names of other owners have a
        space.
        """
        if " " in referrer or not is_frozen(referrer) or referrer.startswith(("vectorstore/", "file/", "credential/")):
            return referrer
        return self.with_standing(referrer if referrer.startswith("release/") else release_of(referrer))

    def with_standing(self, release: str) -> str:
        published = release.removeprefix("release/") in self.published
        return f"{release} [{'published' if published else 'released'}]"

    # Rules about single objects.

    def further(self) -> Iterator[tuple[str, str]]:
        """Another OpenAI project; two objects with one address; a managed object with the label of another owner;
        objects that another state created, or of which no lineage proves the state; a release whose manifest was
        edited; drift; models that were shut down.
        """
        estate = self.estate
        if estate.other_project or (estate.recorded and estate.recorded.other_project):
            yield "wrong-project", PROJECT
        yield from (("duplicate", address) for address in filter(self.in_scope, estate.duplicates - estate.older))
        unproven = (estate.duplicates & estate.older) | (estate.other_lineage - estate.older) | estate.lost
        if any(map(self.in_scope, unproven)):
            yield "foreign-owner", PROJECT
        yield from (("foreign-owner", address) for address in filter(self.in_scope, estate.taken))
        edited = (f"release/{name}" for name in estate.rewritten if not self.goes(name))
        yield from (("released-version-edited", address) for address in filter(self.in_scope, edited))
        yield from self.about_drift()
        yield from (("retired-model", address) for address in self.bringing_an_old_model())

    def about_drift(self) -> Iterator[tuple[str, str]]:
        """Drift, where it is refused; the same value changed on both sides, where drift is kept; and a release of an
        assistant without the changes that were made to it outside Reconciler.
        """
        drifted = {address for address in self.estate.by_hand & self.after.keys() if address not in self.replaced}
        for address in drifted:
            if self.estate.on_drift == "refuse":
                yield "drift", address
            if self.estate.on_drift == "keep" and self.before[address].text != self.after[address].text:
                yield "conflict", address
        for name in self.new_releases():
            copies = frozen(name, self.estate.after.releases[name])
            if drifted & {self.family(address) for address in copies}:
                yield "release-drift", f"release/{name}"

    def bringing_an_old_model(self) -> Iterator[str]:
        """Writing, releasing or publishing a model that was shut down. What runs on one already may go on."""
        for address, thing in self.after.items():
            ours = address.startswith("assistant/") and not self.is_made_by_a_release(address)
            if ours and thing.model == OLD_MODEL and self.is_written(address):
                yield address
        for release in self.new_releases():
            if self.uses_an_old_model(f"release/{release}") and not self.has_lost_name(f"release/{release}"):
                yield f"release/{release}"
        for name, bot in self.estate.after.bots.items():
            was = self.estate.before.bots[name].published if name in self.estate.before.bots else None
            moved = bot.published not in {None, was} and self.in_scope(f"chatbot/{name}")
            if moved and self.uses_an_old_model(f"release/{name}@{bot.published}"):
                yield f"chatbot/{name}"

    def new_releases(self) -> list[str]:
        asked = self.estate.after.releases
        return [name for name in asked if f"release/{name}" in self.after.keys() - self.before.keys()]

    def is_made_by_a_release(self, address: str) -> bool:
        """Return True for a frozen copy that is live, or that a new release in scope makes."""
        is_new = address not in self.before and release_of(address).removeprefix("release/") not in self.new_releases()
        return is_frozen(address) and not is_new

    def is_written(self, assistant: str) -> bool:
        """Return True if the manifest differs from before, or if a change outside Reconciler is reverted."""
        was, wanted = self.before.get(assistant), self.after[assistant]
        if was is None or (wanted.target in SAVED and assistant in self.former):
            return True  # the name of a saved assistant is a field
        if wanted.target in SAVED:  # what it has is an id, whatever the manifest calls the object
            was, wanted = _by_meaning(was), _by_meaning(wanted)
        if assistant in self.estate.by_hand and assistant not in self.replaced:
            return self.estate.on_drift == "revert" or _own(was, text="") != _own(wanted, text="")
        named = wanted.target not in SAVED and not self.ignoring([assistant])
        names = self.as_written[assistant].by_name if named else frozenset[str]()
        if assistant in self.former:  # the document is published anew in any case: only other values count
            was, wanted = _by_meaning(was), _by_meaning(wanted)
        return _own(was) != _own(wanted) or not names.isdisjoint(self.former)

    def has_lost_name(self, address: str) -> bool:
        """Return True if the name of an assistant that a release uses is followed only by the state, to an object that
        two have: the plan cannot tell which one it is, so the release waits until there is one.
        """
        thing = self.after.get(address) or self.manifests.get(address, Object())
        now = self.estate.past.get(address.partition("@")[0])
        return now in self.estate.duplicates or any(map(self.has_lost_name, thing.by_name))

    def uses_an_old_model(self, address: str) -> bool:
        thing = self.after.get(address) or self.manifests.get(address, Object())
        known = thing.by_name | (thing.by_id - self.disputed)
        return thing.model == OLD_MODEL or any(map(self.uses_an_old_model, known))

    # The numbers of deletes and archives.

    def counted_deletes(self) -> set[str]:
        """Return the ids that count as deletes: of removed and of replaced objects, of uploads whose file is removed,
        and of files detached from stores that stay. Uploads that an earlier plan has left have counted there.
        """
        replaced = self.replaced | (self.superseded - self.kept_beside.keys())
        working = {address for address in self.gone | replaced if not is_frozen(address)}
        ended = {key for key in self.ended if not (self.is_of_releases(key) or self.is_of_an_edit(key))}
        ended -= self.estate.left.keys()
        detached = {
            file
            for name, thing in self.after.items()
            if name.startswith("vectorstore/") and name in self.before
            for file in _members(self.before[name]) - _members(thing)
        }
        ids = {self.upload_of(file) for file in detached}
        return working | ended | (ids - self.estate.left.keys() | (ids & self.estate.left.keys() - self.ended))

    def is_of_an_edit(self, key: str) -> bool:
        """Return True for an upload whose path has other content."""
        return any(path in self.after for path in self.uploads[key])

    def upload_of(self, file: str) -> str:
        """Return the key of the upload of a file, or of a literal id."""
        return upload(file, self.before[file].text) if file in self.before else file.removeprefix("file/")

    def is_of_releases(self, key: str) -> bool:
        """Return True for an upload that is removed under the path of a release; of several paths, under the last."""
        return not any(path in self.after for path in self.uploads[key]) and is_frozen(max(self.uploads[key]))

    def counted_archives(self) -> set[str]:
        """Return the releases that an edit archives: their manifest is removed, has `archived: true` or lacks an
        assistant. Those that a chatbot does not keep do not count.
        """
        return {one for one in self.gone if one.startswith("release/") and not self.is_left_by_age(one)}

    def is_left_by_age(self, release: str) -> bool:
        """Return True if a release goes only because its chatbot keeps newer ones."""
        name = release.removeprefix("release/")
        asked = name in self.estate.after.releases and not self.estate.after.releases[name].archived
        return asked and not self.has_lost_an_assistant(name)

    def allowed(self, name: str) -> int:
        """Return a limit of `safety`: the lower one of that of the manifest and that of the last apply."""
        return min(self.number(getattr(one, name)) for one in (self.estate, self.estate.recorded) if one)

    def number(self, most: int | None) -> int:
        """Return the value of a limit; its default is three, or 30 % of the live objects."""
        if most is not None:
            return most
        others = [name for name in self.before if not name.startswith("file/")]
        return max(3, (len(others) + len(self.uploads)) * 30 // 100)

    # The settings of the project.

    def differing(self) -> Iterator[tuple[str, bool]]:
        """Yield the settings that differ from those of the last apply, each with whether it is weaker now."""
        now, then = self.estate, self.estate.recorded
        if then is None or self.scope is not None:
            return
        if now.strict != then.strict:
            yield "safety.archive", then.strict
        if then.other_project:
            yield "openai_project", True
        for name in ("max_deletes", "max_archives"):
            before, after = getattr(then, name), getattr(now, name)
            if before != after:
                yield f"safety.{name}", self.number(after) > self.number(before)

    # The order.

    def first(self) -> Iterator[tuple[str, str]]:
        """Referrers go first, and what goes with an assistant goes in its order."""
        for one in self.leaving:
            for other in self.leaving:
                if other in self.before[one].refers_to or _rank(one) < _rank(other):
                    yield one, other

    def made_first(self) -> Iterator[tuple[str, str]]:
        """What an object refers to by name is created before it. A release is published after its parts."""
        made = self.after.keys() - self.before.keys() | self.replaced | self.superseded
        for address in made:
            yield from ((named, address) for named in self.after[address].by_name if named in made)


def release_of(copy: str) -> str:
    """Return `release/support@3` for `pipeline/flow@support.3`."""
    return "release/" + copy.partition("@")[2].replace(".", "@")


def _rank(address: str) -> float:
    """Return NaN, which is neither before nor after anything, for a kind that only its references order."""
    kind = address.partition("/")[0]
    named = f"frozen {kind}" if kind in {"pipeline", "assistant"} and is_frozen(address) else kind
    return ORDER.index(named) if named in ORDER else float("nan")


def _own(thing: Object, **changes: str) -> Object:
    """Return an assistant without the contents of its files, which are not a part of it."""
    return replace(thing, holds=dict.fromkeys(thing.holds, ""), **changes)  # type: ignore[arg-type]


def _by_meaning(thing: Object) -> Object:
    """Return an assistant whose literal ids are the names of the same objects."""
    return replace(thing, refs=tuple(sorted({*thing.refs, *thing.literal})), literal=())


def _members(store: Object) -> set[str]:
    return {*store.holds, *(f"file/{key}" for key in store.uploads)}

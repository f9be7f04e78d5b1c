"""What the guard must say of an estate, by brute force and straight from the rule.

Nothing is deleted, archived or replaced while somebody who is there after the plan points at it. Who that is follows
from manifests after the edit, from releases, from the strangers that are live, and from the states of peers.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from tests.property.guard.estates import (
    OLD_MODEL,
    Estate,
    Object,
    frozen,
    live_releases,
    number_of,
    objects,
    upload,
    working,
)

Sections = dict[str, tuple[str, ...]]
SECTIONS = ("Chatbots", "Pipelines", "Chatbots Referencing Pipeline", "Other references")
ORDER = ("release", "frozen pipeline", "frozen assistant", "assistant", "vectorstore", "file")
"""In which what goes with an assistant goes: the version, its pipelines, its assistants, the assistant, and the stores
and files that nobody else uses."""
PROJECT = "project/acme"


@dataclass(frozen=True)
class Judgement:
    """Of one estate: everything the plan has to say about what goes."""

    refusals: Mapping[tuple[str, str], Sections]
    """By rule and what is refused; only sections that have entries. An upload stands for all its addresses."""
    archived: frozenset[str]
    deleted: frozenset[str]
    first: frozenset[tuple[str, str]]
    """Pairs of what goes: the one has to go before the other."""


def judge(estate: Estate) -> Judgement:
    return _Oracle(estate).judgement()


@dataclass(frozen=True)
class _Oracle:
    estate: Estate

    def judgement(self) -> Judgement:
        return Judgement(
            refusals=dict(self.refusals()),
            archived=frozenset(filter(is_frozen, self.gone)),
            deleted=frozenset(address for address in self.gone if not is_frozen(address)),
            first=frozenset(self.first()),
        )

    # Which releases go.

    @cached_property
    def published(self) -> set[str]:
        """The release that each chatbot has published once the plan is done."""
        return {f"{name}@{bot.published}" for name, bot in self.estate.after.bots.items() if bot.published is not None}

    def goes(self, release: str) -> bool:
        """A version goes if its manifest says so; if it was archived before, which is final; or if it is not published
        and either an assistant that it uses no longer has a manifest, or its chatbot keeps only newer ones.
        """
        after = self.estate.after
        if after.releases[release].archived or release in self.estate.tombstones:
            return True
        return release not in self.published and (self.has_lost_an_assistant(release) or self.is_too_old(release))

    def has_lost_an_assistant(self, release: str) -> bool:
        """With `safety.archive: strict`, such a version is not archived: it blocks."""
        content = self.estate.after.releases[release].content
        nodes = {name for pipeline in content.pipelines.values() for name in pipeline.nodes}
        answering = {bot.answers for bot in content.bots.values() if bot.answers.startswith("assistant/")}
        used = {family(f"assistant/{name}") for name in nodes} | {family(address) for address in answering}
        return not self.estate.strict and any(name not in working(self.estate.after) for name in used)

    def is_too_old(self, release: str) -> bool:
        """`releases: {keep: N}` keeps the N newest."""
        name, after = release.partition("@")[0], self.estate.after
        most = after.bots[name].keep if name in after.bots else None
        its_own = [one for one in live_releases(after, self.estate.tombstones) if one.startswith(f"{name}@")]
        return most is not None and release not in sorted(its_own, key=number_of, reverse=True)[:most]

    # What is there before and after, and what goes.

    @cached_property
    def before(self) -> dict[str, Object]:
        return objects(self.estate.before, live_releases(self.estate.before, self.estate.tombstones))

    @cached_property
    def after(self) -> dict[str, Object]:
        releases = [name for name in self.estate.after.releases if not self.goes(name)]
        return objects(self.estate.after, releases)

    @cached_property
    def gone(self) -> set[str]:
        """What is live and not wanted any more. Files that share one upload go together or not at all, and the last of
        their names, which a frozen one is, stands for the upload.
        """
        leaving = self.before.keys() - self.after.keys()
        needed = {upload(address, thing) for address, thing in self.after.items() if address.startswith("file/")}
        uploads = {upload(a, self.before[a]): a for a in sorted(leaving) if a.startswith("file/")}
        files = {address for name, address in uploads.items() if name not in needed}
        return {address for address in leaving if not address.startswith("file/")} | files

    # Who speaks against it.

    def refusals(self) -> Iterator[tuple[tuple[str, str], Sections]]:
        for address in sorted(self.gone):
            if address.startswith("release/"):
                if address.removeprefix("release/") in self.published:
                    yield ("published", address), {}
                continue
            sections = self.against(address)
            if sections:
                yield ("referenced", address), sections
        for address in sorted(self.gone & self.estate.protected.keys()):
            yield ("protected", address), {}
        if self.deletes() > self.allowed_deletes():
            yield ("threshold", PROJECT), {}
        yield from ((refused, {}) for refused in self.further())

    def against(self, address: str) -> Sections:
        """Who is there after the plan and points at it; at an assistant, or at any frozen copy of it. A copy of an
        assistant that is refused as a whole is refused with it, not again.
        """
        if not address.startswith("assistant/"):
            return _sections(("Other references", self.named(name)) for name in self.pointing_at({address}))
        if is_frozen(address) and family(address) in self.gone:
            return {}
        everything = {address} if is_frozen(address) else {*self.before, *self.after}
        return _sections(self.against_assistant({one for one in everything if address in {one, family(one)}}))

    def against_assistant(self, targets: set[str]) -> Iterator[tuple[str, str]]:
        """A chatbot that points straight at it, working or released; a working pipeline with a node on it; a version
        whose frozen pipeline has a node on it; anything else.
        """
        for name in self.pointing_at(targets):
            kind = name.partition("/")[0]
            if " " in name:
                yield "Other references", name
            elif kind == "chatbot":
                yield "Chatbots", f"{name} [unreleased]"
            elif kind == "release":
                yield "Chatbots", self.with_standing(name)
            elif kind == "pipeline" and is_frozen(name):
                yield "Chatbots Referencing Pipeline", self.with_standing(release_of(name))
            else:
                yield ("Pipelines" if kind == "pipeline" else "Other references"), name

    def named(self, referrer: str) -> str:
        """What a release has frozen is told by the release: that is what somebody can do something about. Who is not
        of this project is named with a space.
        """
        if " " in referrer or not is_frozen(referrer) or referrer.startswith(("vectorstore/", "file/")):
            return referrer
        return self.with_standing(referrer if referrer.startswith("release/") else release_of(referrer))

    def with_standing(self, release: str) -> str:
        published = release.removeprefix("release/") in self.published
        return f"{release} [{'published' if published else 'released'}]"

    def pointing_at(self, targets: set[str]) -> list[str]:
        ours = [name for name, thing in self.after.items() if thing.refers_to & targets]
        unmanaged = [(f"{one.type} {one.name} ({one.id})", one.refers_to) for one in self.estate.unmanaged]
        others = [*unmanaged, *((one.name, one.refers_to) for one in self.estate.peers)]
        theirs = [
            name for name, refers_to in others if any(self.same(one, target) for one in refers_to for target in targets)
        ]
        return ours + theirs

    def same(self, one: str, other: str) -> bool:
        """Whether two addresses are one live object."""
        if not (one.startswith("file/") and other.startswith("file/")):
            return one == other
        return upload(one, self.before[one]) == upload(other, self.before[other])

    # Rules that are about single objects.

    def further(self) -> Iterator[tuple[str, str]]:
        """Another OpenAI project; two objects under one address; an object of ours with somebody else's label; a
        release whose manifest was edited.
        """
        estate = self.estate
        if estate.other_project:
            yield "wrong-project", PROJECT
        yield from (("duplicate", address) for address in estate.duplicates)
        yield from (("foreign-owner", address) for address in estate.taken)
        yield from (("released-version-edited", f"release/{name}") for name in estate.rewritten if not self.goes(name))
        yield from self.about_drift()
        yield from (("retired-model", address) for address in self.bringing_an_old_model())

    def about_drift(self) -> Iterator[tuple[str, str]]:
        """Drift, where it is to be refused; the same value changed on both sides, where drift is to be kept; and a
        release that would freeze an assistant without what was changed of it by hand.
        """
        for address in self.estate.by_hand:
            if self.estate.on_drift == "refuse":
                yield "drift", address
            if self.estate.on_drift == "keep" and self.before[address].text != self.after[address].text:
                yield "conflict", address
        for name in self.new_releases():
            copies = frozen(name, self.estate.after.releases[name])
            if self.estate.by_hand & {family(address) for address in copies}:
                yield "release-drift", f"release/{name}"

    def bringing_an_old_model(self) -> Iterator[str]:
        """Writing, releasing or publishing a model that has been shut down; what runs on one already may go on."""
        for address, thing in self.after.items():
            ours = address.startswith("assistant/") and not is_frozen(address)
            if ours and thing.model == OLD_MODEL and self.is_written(address):
                yield address
        for release in self.new_releases():
            if self.uses_an_old_model(f"release/{release}"):
                yield f"release/{release}"
        for name, bot in self.estate.after.bots.items():
            was = self.estate.before.bots[name].published if name in self.estate.before.bots else None
            if bot.published not in {None, was} and self.uses_an_old_model(f"release/{name}@{bot.published}"):
                yield f"chatbot/{name}"

    def new_releases(self) -> list[str]:
        asked = self.estate.after.releases
        return [name for name in asked if f"release/{name}" in self.after.keys() - self.before.keys()]

    def is_written(self, assistant: str) -> bool:
        """Because its manifest says something else than before, or to undo what somebody did by hand."""
        if assistant in self.estate.by_hand:
            reverted = self.estate.on_drift == "revert"
            return reverted or replace(self.before[assistant], text="") != replace(self.after[assistant], text="")
        return self.before.get(assistant) != self.after[assistant]

    def uses_an_old_model(self, address: str) -> bool:
        thing = self.after.get(address, Object())
        return thing.model == OLD_MODEL or any(self.uses_an_old_model(one) for one in thing.refers_to)

    # How much may go at once.

    def deletes(self) -> int:
        """Deletes, and files detached from stores that stay; what a release has made does not count."""
        deleted = {address for address in self.gone if not is_frozen(address)}
        detached = {
            file
            for name, thing in self.after.items()
            if name.startswith("vectorstore/") and name in self.before
            for file in self.before[name].refers_to - thing.refers_to
        }
        return len(deleted | detached)

    def allowed_deletes(self) -> int:
        """`safety.max_deletes`; three or 30 % of what is live where the project does not say."""
        if self.estate.max_deletes is not None:
            return self.estate.max_deletes
        uploads = {upload(name, thing) for name, thing in self.before.items() if name.startswith("file/")}
        others = [name for name in self.before if not name.startswith("file/")]
        return max(3, (len(others) + len(uploads)) * 30 // 100)

    # In which order.

    def first(self) -> Iterator[tuple[str, str]]:
        """Referrers go first; and what goes with an assistant goes in its order."""
        for one in self.gone:
            for other in self.gone:
                if other in self.before[one].refers_to or _rank(one) < _rank(other):
                    yield one, other


def is_frozen(address: str) -> bool:
    return address.startswith("release/") or "@" in address


def family(address: str) -> str:
    return address.partition("@")[0]


def release_of(copy: str) -> str:
    """`release/support@3` of `pipeline/flow@support.3`."""
    return "release/" + copy.partition("@")[2].replace(".", "@")


def _rank(address: str) -> float:
    """NaN, which is before and after nothing, for what has only its references to say when it goes."""
    kind = address.partition("/")[0]
    named = f"frozen {kind}" if kind in {"pipeline", "assistant"} and is_frozen(address) else kind
    return ORDER.index(named) if named in ORDER else float("nan")


def _sections(entries: Iterator[tuple[str, str]]) -> Sections:
    """Each entry once."""
    found: dict[str, set[str]] = defaultdict(set)
    for section, entry in entries:
        found[section].add(entry)
    return {section: tuple(sorted(found[section])) for section in SECTIONS if section in found}

"""From an estate to the inputs of a plan: everything of before is applied and live, after is desired."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Final

from reconciler.bundles.documents import needs
from reconciler.bundles.render import contents
from reconciler.planning.inputs import Link, PlanInputs, Release
from reconciler.planning.published import Copy, Pointer, Stray
from reconciler.resources.address import Address, Identity
from reconciler.resources.base import Applied, Desired, Labels, Lifecycle, Live, LocalFile
from reconciler.resources.guard_settings import GuardSettings
from reconciler.resources.labels import spec_hashes
from reconciler.resources.references import ids_in
from reconciler.resources.registry import resource_types
from reconciler.resources.resource_type import ResourceType
from reconciler.resources.values import Fields, digest, references_in, replace_references
from tests.property.guard.applied import applied_objects, former_credential, former_credentials
from tests.property.guard.bodies import IGNORED, Id, fields_of, id_of, path_of, type_of
from tests.property.guard.estates import Estate, Recorded, Stranger
from tests.property.guard.manifests import (
    Object,
    frozen,
    left_objects,
    live_releases,
    moves,
    objects,
    sha,
    upload_name,
    working,
)
from tests.property.guard.parts import OLD_MODEL, SAVED, Manifests

IDENTITY: Final = Identity("acme")
PROJECT: Final = "proj_acme"
HOLDERS: Final = ("credential/", "template/", "automation/")
"""Kinds whose live objects have ids of others in their fields."""
TODAY: Final = date(2026, 12, 1)
GONE_SINCE: Final = date(2026, 11, 30)
LINEAGE: Final = "0123456789abcdef"
THEIRS: Final = "fedcba9876543210"
BY_HAND: Final = "By hand."
LABELLED: Final[Mapping[str, str]] = {
    "assistant": "assistant",
    "agent": "assistant",
    "vector_store": "vectorstore",
    "credential": "credential",
    "automation": "automation",
}
"""The kinds of objects of others that may have labels, by type."""


def plan_inputs(estate: Estate) -> PlanInputs:
    return _Translation(estate).inputs()


@dataclass(frozen=True)
class _Translation:
    estate: Estate

    def inputs(self) -> PlanInputs:
        estate, after = self.estate, self.estate.after
        asked = [name for name, release in after.releases.items() if not release.archived]
        wanted = {Address.parse(name): self.desired(name, thing) for name, thing in objects(after, asked).items()}
        return PlanInputs(
            identity=IDENTITY,
            resource_types=resource_types(),
            desired=wanted,
            applied=dict(self.state()),
            live=(*self.live(), *map(self.stranger, estate.unmanaged)),
            links={Address.parse(name): list(_links(name, thing)) for name, thing in working(after).items()},
            scope=_scope(wanted, map(Address.parse, estate.targets)),
            releases={Address("release", name): _release(after, name) for name in asked},
            peers=dict(self.peers()),
            pointers=self.pointers,
            strays=tuple(self.strays()),
            published={Address.parse(name): pointer for name, pointer in self.published()},
            tombstones=frozenset(Address("release", name) for name in estate.tombstones),
            archived=frozenset(Address("release", name) for name, one in after.releases.items() if one.archived),
            settings=GuardSettings(
                strict=estate.strict, max_deletes=estate.max_deletes, max_archives=estate.max_archives
            ),
            recorded=_settings(estate.recorded) if estate.recorded else None,
            today=TODAY,
            shutdowns={OLD_MODEL: GONE_SINCE},
            on_drift=estate.on_drift,
            openai_project="proj_other" if estate.other_project else PROJECT,
            applied_project=PROJECT,
            lineage=LINEAGE,
        )

    @cached_property
    def before(self) -> dict[str, Object]:
        manifests, left = self.estate.before, left_objects(self.estate.left)
        live = applied_objects(manifests, live_releases(manifests, self.estate.tombstones))
        return live | left | former_credentials(self.estate.succeeded)

    # Manifests.

    @cached_property
    def former(self) -> Mapping[str, tuple[str, ...]]:
        """The former name of each renamed object, by its present address."""
        return {now: (was.partition("/")[2],) for was, now in moves(self.estate.after).items()}

    def desired(self, address: str, thing: Object) -> Desired:
        parsed, form = Address.parse(address), _form(address, thing)
        text, of_file = thing.text, parsed.kind == "file"
        edited = {"digest": digest("edited")} if thing.release in self.estate.rewritten else {}
        path = path_of(address)
        return Desired(
            address=parsed,
            type=form.type,
            fields={**self.fields(address, thing), **edited},
            lifecycle=Lifecycle(
                moved_from=self.former.get(address, ()),
                protect=address in self.estate.protected,
                ignore=IGNORED[form.type] if address in self.estate.ignored else (),
                keep_on_delete=address in self.estate.kept,
            ),
            whole=parsed.is_frozen and not of_file,
            parts=(LocalFile(path, sha(text), len(text)),) if of_file else (),
            upload_name=upload_name(path, text) if of_file else "",
            options={"keep": thing.keep} if thing.keep else {},
        )

    def fields(self, address: str, thing: Object) -> Fields:
        return fields_of(_form(address, thing), address, thing, self.id)

    def id(self, address: str) -> str:
        """Return the live id of what is live at an address."""
        return id_of(address, self.before[address])

    # The state, and what is live.

    def state(self) -> Iterator[tuple[Address, Applied]]:
        for name, thing in self.before.items():
            if name not in self.estate.duplicates | self.estate.lost:
                protected = self.estate.protected.get(name) == "state"
                form, keep = _form(name, thing), name in self.estate.kept
                fields = self.fields(name, thing)
                yield (
                    Address.parse(self.estate.entries.get(name, name)),
                    Applied(
                        self.id(name),
                        form.type,
                        fields,
                        protected=protected,
                        keep=keep,
                        holds=dict(self.holds(name, thing)),
                    ),
                )

    def holds(self, name: str, thing: Object) -> Iterator[tuple[str, str]]:
        """Yield the ids that the state records: of a release, by the names that it has; of others, those in fields."""
        if thing.target in SAVED or name.startswith(HOLDERS):
            yield from ((address, self.id_for(name)(address)) for address in thing.by_name)
        if name.startswith("release/"):
            number = name.removeprefix("release/")
            release = self.estate.before.releases[number]
            for address in working(release.content):
                now = self.estate.past.get(address, address)
                if now in self.before and not now.startswith("file/"):
                    yield address, self.id(now)
            for copy, part in frozen(number, release).items():
                yield from ((one, self.id_for(copy)(one)) for one in part.by_name if one.startswith("credential/"))

    def live(self) -> Iterator[Live]:
        """Yield every object once, though several paths may share an upload."""
        by_id = {self.id(name): (name, thing) for name, thing in self.before.items()}
        for id_, (address, thing) in by_id.items():
            form = _form(address, thing)
            fields = form.complete(form, self.fields(address, thing))
            name = upload_name(path_of(address), thing.text) if form.type == "file" else address.partition("/")[2]
            labels = self.labels(address, form, thing) if form.is_labelled else None
            by_hand = {"instructions": BY_HAND} if address in self.estate.by_hand else {}
            read = fields if form.in_outlets else self.as_read(address, fields)
            found = Live(form.type, id_, {**read, **by_hand}, labels, name, self.needs(form, read))
            yield found
            if address in self.estate.duplicates:
                yield replace(found, id=f"{id_}_twin")

    def labels(self, address: str, form: ResourceType, thing: Object) -> Labels:
        fields = {name: item for name, item in self.fields(address, thing).items() if name not in form.apart}
        owner = "globex" if address in self.estate.taken else str(IDENTITY)
        successors = {former_credential(name): f"credential/{name}" for name in self.estate.succeeded}
        protected = self.estate.protected.get(address) == "label"
        return Labels(owner, successors.get(address, address), spec_hashes(fields), protected, self.lineage(address))

    def lineage(self, address: str) -> str | None:
        if address in self.estate.older:
            return None
        return THEIRS if address in self.estate.other_lineage | self.estate.lost else LINEAGE

    def as_read(self, address: str, fields: Fields) -> Fields:
        """Return the fields of a live object with ids in place of references; the files of a store are by id."""
        if not isinstance(fields.get("files"), Mapping):
            return {name: replace_references(value, self.id_for(address)) for name, value in fields.items()}
        by_path = fields["files"].items()
        files = {self.file_id(path): {k: v for k, v in entry.items() if k != "file"} for path, entry in by_path}
        return {**fields, "files": {id_: {"attributes": {}, **entry} for id_, entry in files.items()}}

    def needs(self, form: ResourceType, read: Fields) -> tuple[str, ...]:
        """Return the ids that a live object has."""
        held = {*(read["files"] if form.members else ()), *ids_in(form.specs, read)}
        return () if form.in_outlets else tuple(sorted(held))

    def file_id(self, path: str) -> str:
        return self.id(f"file/{path}") if f"file/{path}" in self.before else path

    # The outlets.

    @cached_property
    def pointers(self) -> Mapping[Address, Pointer]:
        """The published bundles of before, each with its table of ids."""
        was = {Address.parse(name): self.desired(name, thing) for name, thing in self.before.items()}
        return {
            address: Pointer(digest(content), {name: self.id_behind(name) for name in sorted(needs(content))})
            for address, content in contents(was).items()
        }

    def published(self) -> Iterator[tuple[str, Pointer]]:
        for name, bot in self.estate.before.bots.items():
            if bot.published is not None:
                yield f"chatbot/{name}", self.pointers[Address("release", f"{name}@{bot.published}")]

    def id_behind(self, name: str) -> str:
        """Return the live id behind a name in a bundle, which may be one from before a rename."""
        return self.id(self.estate.past.get(name, name))

    def id_for(self, holder: str) -> Id:
        """Return the live ids that an object has for names: some copies have those of credentials of before."""
        former = {f"credential/{name}": former_credential(name) for name in self.estate.succeeded}
        outdated = former if holder in self.estate.outdated else {}
        return lambda name: self.id_behind(outdated.get(name, name))

    def strays(self) -> Iterator[Stray]:
        for one in self.estate.strays:
            address, held = Address.parse(one.address), frozenset(self.ids(one.refers_to))
            yield Stray(address, address, Copy("restored", "tampered", ids=held))

    # Objects of others.

    def stranger(self, stranger: Stranger) -> Live:
        labels = Labels(stranger.owner, f"{LABELLED[stranger.type]}/theirs") if stranger.owner else None
        ids = self.ids(stranger.refers_to)
        fields = {"vault": ids[0]} if stranger.type == "credential" else {}
        return Live(stranger.type, stranger.id, fields, labels, stranger.name, (*ids, *stranger.knows))

    def peers(self) -> Iterator[tuple[Identity, list[Live]]]:
        for identity in dict.fromkeys(document.identity for document in self.estate.peers):
            documents = (one for one in self.estate.peers if one.identity == identity)
            found = [
                Live("request", one.name, {}, name=one.name.partition(": ")[2], refers_to=self.ids(one.refers_to))
                for one in documents
            ]
            yield Identity.parse(identity), found

    def ids(self, addresses: Iterable[str]) -> tuple[str, ...]:
        return tuple(sorted({self.id(address) for address in addresses}))


def _form(address: str, thing: Object) -> ResourceType:
    return resource_types()[type_of(address, thing)]


def _scope(desired: Mapping[Address, Desired], targets: Iterable[Address]) -> frozenset[Address] | None:
    """Return the targets and their dependencies in the manifests, as the commands do."""
    found, waiting = set[Address](), list(targets)
    while waiting:
        address = waiting.pop()
        if address not in found:
            found.add(address)
            waiting.extend(
                map(Address.parse, references_in(dict(desired[address].fields))) if address in desired else ()
            )
    return frozenset(found) or None


def _links(address: str, thing: Object) -> Iterator[Link]:
    """Yield the references that a manifest writes; the files of a store are matched by globs."""
    named = thing.refs if address.startswith("vectorstore/") else [*thing.refs, *(("file", one) for one in thing.holds)]
    yield from (Link(Address.parse(target), f"{address}.yaml:1") for _, target in named)


def _release(manifests: Manifests, name: str) -> Release:
    parts = frozenset(map(Address.parse, frozen(name, manifests.releases[name]))) - {Address("release", name)}
    return Release(Address("chatbot", name.partition("@")[0]), parts)


def _settings(recorded: Recorded) -> GuardSettings:
    return GuardSettings(
        openai_project="proj_recorded" if recorded.other_project else None,
        strict=recorded.strict,
        max_deletes=recorded.max_deletes,
        max_archives=recorded.max_archives,
    )

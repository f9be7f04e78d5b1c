"""Import of live objects as manifests."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from reconciler.importing.destination import Destination, destination, valid
from reconciler.importing.live_inventory import (
    LiveInventory,
    OnProgress,
    ProjectContext,
    project_context,
    read_live_inventory,
)
from reconciler.importing.model import Imported, Origin, Skipped, origin_comment
from reconciler.importing.selection import Selection, idle_exclusions, importable, missing, selection
from reconciler.live.adapters import adapters
from reconciler.live.client import Connection
from reconciler.manifests.drafts import Draft, literal, unique_name, with_files
from reconciler.project.connection import open_connection, run_async
from reconciler.resources.address import Address, is_name
from reconciler.resources.base import Live
from reconciler.resources.kind import Kind
from reconciler.resources.labelled import address_of
from reconciler.resources.name_lists import few
from reconciler.resources.problems import Problem
from reconciler.resources.references import with_names
from reconciler.resources.registry import resource_types
from reconciler.resources.resource_type import ResourceType
from reconciler.resources.values import JSON, references_in, strings_in


def import_live(
    start: Path,
    environ: Mapping[str, str],
    *,
    env: str | None,
    endpoint: str | None,
    words: Sequence[str],
    pattern: str | None,
    exclusions: Sequence[str] = (),
    into: Path | None,
    on_progress: OnProgress,
) -> Imported:
    """Write manifests for the live objects that `words` (kinds, addresses, ids) and `pattern` (of the name) select,
    without those that one of the `exclusions` matches (names, addresses, ids).
    """

    async def run() -> Imported:
        here = project_context(start, environ, env=env, endpoint=endpoint)
        target = destination(start, into, here)
        async with open_connection(here.project, here.endpoint) as connection:
            done = await import_objects(here, connection, target, selected, on_progress)
        return done if into else replace(done, environment=here.project.identity.environment)

    selected = selection(words, pattern, exclusions)
    return run_async(run())


async def import_objects(
    here: ProjectContext, connection: Connection, target: Destination, selected: Selection, on_progress: OnProgress
) -> Imported:
    """Read the selected objects and write their manifests to `target`."""
    by_type = adapters(connection)
    reads = selected.reads()
    needed = reads.union(*(by_type[name].refers for name in reads if name in by_type))
    prefixes = {name: kind.prefix for name, kind in importable().items()}

    def is_wanted(live: Live) -> bool:
        return selected.wants(live, _address(live, prefixes.get(live.type, "")))

    def is_read(live: Live) -> bool:
        foreign = live.labels is not None and live.labels.identity != str(here.project.identity)
        is_excluded = bool(selected.excluded_by(live, _address(live, prefixes.get(live.type, ""))))
        return is_wanted(live) and not is_excluded and (not foreign or live.id in selected.ids)

    live_inventory = await read_live_inventory(here, connection, on_progress, needed, is_read)
    found = [(live, _address(live, prefixes[live.type])) for live in live_inventory.live if is_wanted(live)]
    work = _Work(live_inventory, target, {live.id: _called(live) for live in live_inventory.live})
    excluded = {live.id: pattern for live, address in found if (pattern := selected.excluded_by(live, address))}
    work.exclude((live, excluded[live.id]) for live, _ in found if live.id in excluded)
    work.add([live for live, _ in found if live.id not in excluded], selected.ids)
    problems = [*live_inventory.problems, *missing(selected, found, here.project.identity.environment)]
    problems += idle_exclusions(selected, found)
    return work.finish(problems)


def _address(live: Live, prefix: str) -> str:
    """Return the address that selects a live object."""
    labelled = address_of(live, resource_types())
    return str(labelled) if labelled else f"{prefix}/{unique_name(live.name, (), live.type)}"


def _called(live: Live) -> str:
    return live.name or f"unnamed {live.type.replace('_', ' ')}"


@dataclass
class _Work:
    """The state of one import."""

    live_inventory: LiveInventory
    target: Destination
    names: Mapping[str, str]
    """Names of live objects by id."""
    drafts: list[tuple[Draft, Origin]] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def exclude(self, found: Iterable[tuple[Live, str]]) -> None:
        """Note the objects that patterns of `--exclude` leave out, each with the pattern."""
        for live, pattern in found:
            why = f"excluded by --exclude {pattern}"
            self.skipped.append(Skipped(live.type, live.id, live.name, why, excluded_by=pattern))

    def add(self, found: Iterable[Live], requested_ids: frozenset[str]) -> None:
        """Draft manifests, first for objects that already have an address, so that it stays free for them."""
        addresses = self.live_inventory.addresses
        for live in sorted(found, key=lambda one: (one.id not in addresses, str(addresses.get(one.id, "")))):
            why = self._skip_reason(live, requested_ids)
            if why:
                self.skipped.append(Skipped(live.type, live.id, live.name, why))
            else:
                self._draft(live, importable()[live.type])

    def finish(self, problems: Sequence[Problem]) -> Imported:
        good, refused = valid(draft for draft, _ in self.drafts)
        kept = {id(draft) for draft in good}
        made = [(draft, origin) for draft, origin in self.drafts if id(draft) in kept]
        origins = sorted((origin for _, origin in made), key=lambda one: one.address)
        names = {**self._managed(), **{origin.id: draft.name for draft, origin in made}}
        published = dict(self._published())
        drafts = [_with_names(draft, resource_types()[origin.type], names, published) for draft, origin in made]
        written = self.target.write(
            drafts,
            f"Written by `reconciler import` from the live objects at {self.live_inventory.endpoint}.",
        )
        literal_ids = self._literal_ids(drafts, [origin.address for _, origin in made])
        found = (*problems, *self.problems, *refused, *self._unknown_owners(origins), *literal_ids)
        return Imported(self.target.root, written, tuple(origins), tuple(self.skipped), found)

    def _literal_ids(self, drafts: Iterable[Draft], addresses: Iterable[str]) -> Iterator[Problem]:
        """Yield a warning for each excluded object to which an imported one refers: the manifest has its id."""
        excluded = {one.id: one for one in self.skipped if one.excluded_by}
        users: dict[str, list[str]] = defaultdict(list)
        for draft, address in zip(drafts, addresses, strict=True):
            for id_ in sorted(excluded.keys() & set(strings_in(draft.spec))):
                users[id_].append(address)
        for id_, those in sorted(users.items()):
            verb = "refers" if len(those) == 1 else "refer"
            message = f"{few(sorted(those))} {verb} by id to {self.names[id_]} ({id_}), which --exclude leaves out"
            hint = "The object stays unmanaged. To refer to it by name, import it, too."
            yield Problem("excluded-reference", message, hint=hint, severity="warning")

    def _unknown_owners(self, origins: Iterable[Origin]) -> Iterator[Problem]:
        """Yield a warning about the objects without labels that are not in the state."""
        known, types = self.live_inventory.addresses, resource_types()
        unknown = [one for one in origins if types[one.type].is_known_from_state_only and one.id not in known]
        if unknown:
            message = f"{few([one.address for one in unknown])}: no label shows whether another project manages the "
            message += "object" if len(unknown) == 1 else "objects"
            hint = "Make sure that none does before you adopt, because this project then changes and deletes it."
            yield Problem("owner-unknown", message, hint=hint, severity="warning")

    def _managed(self) -> dict[str, str]:
        """Return the names of the live objects that have a manifest in the project, by id."""
        known = self.live_inventory.addresses.items()
        return {id_: own.name for id_, own in known if not own.is_frozen and self.target.has(own)}

    def _published(self) -> Iterator[tuple[str, Address]]:
        """Yield the id of each live object that a release consists of, with the object of a manifest that publishes the
        release.
        """
        entries, types = self.live_inventory.applied, resource_types()
        for address, entry in entries.items():
            pointers = types[entry.type].pointers if entry.type in types and self.target.has(address) else ()
            for text in (text for name in sorted(pointers) for text in references_in(entry.fields.get(name))):
                release = entries.get(Address.parse(text))
                parts = [Address.parse(part) for part in references_in(dict(release.fields))] if release else []
                if len(parts) == 1 and parts[0] in entries:
                    yield entries[parts[0]].id, address

    def _skip_reason(self, live: Live, requested_ids: frozenset[str]) -> str:
        owner = self.live_inventory.owner(live)
        address = self.live_inventory.addresses.get(live.id)
        if address and self.target.has(address):
            return f"already managed by the manifest of {address}"
        if address and address.is_frozen and live.id not in requested_ids:
            return f"managed as {address}, a copy that releases use"
        if live.id in self.target.imported:
            return f"already imported as {self.target.imported[live.id]}"
        if owner is None or address or live.id in requested_ids:
            return ""
        return f"owned by {owner}; to import it anyway, pass its id"

    def _draft(self, live: Live, kind: Kind) -> None:
        origins: dict[str, Origin] = {}

        def made(name: str) -> Draft:
            draft, origins[name] = self._made(live, kind, name)
            return draft

        own = self.live_inventory.addresses.get(live.id)
        if own and own.kind == kind.prefix and is_name(own.name):
            draft = made(own.name)
            if existing := self.target.in_the_way(draft):
                message = f"{own} was not written: {existing} already exists"
                self.problems.append(Problem("exists", message, hint="Move the file and import again."))
                return
            self.target.taken[kind.prefix].add(own.name)
        else:
            draft = self.target.named(kind.prefix, live.name, live.type.replace("_", "-"), made)
        self.drafts.append((draft, origins[draft.name]))

    def _made(self, live: Live, kind: Kind, name: str) -> tuple[Draft, Origin]:
        to_manifest = kind.to_manifest[live.type](
            live, name, lambda id_: self.names.get(id_, "deleted: remove the line")
        )
        losses = (*to_manifest.losses, *self._foreign(live))
        origin = Origin(str(Address(kind.prefix, name)), live.type, live.id, live.name, losses)
        spec, included = with_files(name, literal(to_manifest.spec))
        comment = origin_comment(origin, live.detail.get("created_at"))
        return Draft(kind.name, name, spec, comment, to_manifest.notes, {**included, **to_manifest.files}), origin

    def _foreign(self, live: Live) -> Iterator[str]:
        owner = self.live_inventory.owner(live)
        if owner is not None and live.id not in self.live_inventory.addresses:
            yield f"permission to change it, because it is owned by {owner}"


def _with_names(
    draft: Draft, resource_type: ResourceType, names: Mapping[str, str], published: Mapping[str, Address]
) -> Draft:
    """Return a draft with the names of manifests instead of their ids. These need no note."""
    spec = with_names(resource_type.specs, draft.spec, names, published)
    notes = {path: note for path, note in draft.notes.items() if _at(spec, path) == _at(draft.spec, path)}
    return replace(draft, spec=spec, notes=notes)


def _at(value: JSON, path: Sequence[str]) -> JSON:
    for step in path:
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value

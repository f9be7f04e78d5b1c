"""Live objects as manifests."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.importing.destination import Destination, destination, valid
from reconciler.importing.live_inventory import LiveInventory, Surroundings, Tell, read_live_inventory, surroundings
from reconciler.importing.model import Imported, Origin, Skipped, origin_comment
from reconciler.importing.selection import Selection, importable, missing, selection
from reconciler.live.client import Connection
from reconciler.live.registry import adapters
from reconciler.manifests.drafting import literal, unique_name, with_files
from reconciler.manifests.drafts import Draft
from reconciler.project.endpoint import open_connection
from reconciler.resources.address import Address, is_name
from reconciler.resources.base import Live
from reconciler.resources.kind import Kind
from reconciler.resources.problems import Problem


def import_live(
    start: Path,
    environ: Mapping[str, str],
    *,
    env: str | None,
    endpoint: str | None,
    words: Sequence[str],
    pattern: str | None,
    into: Path | None,
    tell: Tell,
) -> Imported:
    """Write manifests for the live objects that `words` (kinds, addresses, ids) and `pattern` (of the name) mean."""

    async def run() -> Imported:
        here = surroundings(start, environ, env=env, endpoint=endpoint)
        target = destination(start, into, here)
        async with open_connection(here.project, here.endpoint) as connection:
            return await bring(here, connection, target, selected, tell)

    selected = selection(words, pattern)
    return asyncio.run(run())


async def bring(
    here: Surroundings, connection: Connection, target: Destination, selected: Selection, tell: Tell
) -> Imported:
    """Read what is selected, and write it into `target`."""
    by_type = adapters(connection)
    reads = selected.reads()
    needed = reads.union(*(by_type[name].refers for name in reads if name in by_type))
    prefixes = {name: kind.prefix for name, kind in importable().items()}

    def is_wanted(live: Live) -> bool:
        return selected.wants(live, _address(live, prefixes.get(live.type, "")))

    def is_read(live: Live) -> bool:
        foreign = live.labels is not None and live.labels.identity != str(here.project.identity)
        return is_wanted(live) and (not foreign or live.id in selected.ids)

    live_inventory = await read_live_inventory(here, connection, tell, needed, is_read)
    found = [(live, _address(live, prefixes[live.type])) for live in live_inventory.live if is_wanted(live)]
    work = _Work(live_inventory, target, {live.id: live.name for live in live_inventory.live if live.name})
    work.add([live for live, _ in found], selected.ids)
    return work.finish([*live_inventory.problems, *missing(selected, found)])


def _address(live: Live, prefix: str) -> str:
    """What the user would call it."""
    return live.labels.address if live.labels else f"{prefix}/{unique_name(live.name, (), live.type)}"


@dataclass
class _Work:
    """One import under way."""

    live_inventory: LiveInventory
    target: Destination
    names: Mapping[str, str]
    """What live objects are called, by id."""
    drafts: list[tuple[Draft, Origin]] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def add(self, found: Iterable[Live], asked: frozenset[str]) -> None:
        """What already has a name comes first, so that nothing else takes that."""
        for live in sorted(found, key=lambda one: one.id not in self.live_inventory.addresses):
            why = self._left_alone(live, asked)
            if why:
                self.skipped.append(Skipped(live.type, live.id, live.name, why))
            else:
                self._draft(live, importable()[live.type])

    def finish(self, problems: Sequence[Problem]) -> Imported:
        good, refused = valid(draft for draft, _ in self.drafts)
        written = self.target.write(
            good, f"Made by `reconciler import` from what is live at {self.live_inventory.endpoint}."
        )
        kept = {id(draft) for draft in good}
        origins = sorted((origin for draft, origin in self.drafts if id(draft) in kept), key=lambda one: one.address)
        return Imported(
            self.target.root, written, tuple(origins), tuple(self.skipped), (*problems, *self.problems, *refused)
        )

    def _left_alone(self, live: Live, asked: frozenset[str]) -> str:
        owner = self.live_inventory.owner(live)
        address = self.live_inventory.addresses.get(live.id)
        if address and self.target.has(address):
            return f"{address} has a manifest"
        if live.id in self.target.imported:
            return f"{self.target.imported[live.id]} was imported from it"
        if owner is None or address or live.id in asked:
            return ""
        return f"it belongs to {owner}; name its id to import it all the same"

    def _draft(self, live: Live, kind: Kind) -> None:
        origins: dict[str, Origin] = {}

        def made(name: str) -> Draft:
            draft, origins[name] = self._made(live, kind, name)
            return draft

        own = self.live_inventory.addresses.get(live.id)
        if own and own.kind == kind.prefix and is_name(own.name):
            draft = made(own.name)
            if there := self.target.in_the_way(draft):
                message = f"{own} was not written: {there} is there already"
                self.problems.append(Problem("exists", message, hint="Move it away and import again."))
                return
            self.target.taken[kind.prefix].add(own.name)
        else:
            draft = self.target.named(kind.prefix, live.name, live.type.replace("_", "-"), made)
        self.drafts.append((draft, origins[draft.name]))

    def _made(self, live: Live, kind: Kind, name: str) -> tuple[Draft, Origin]:
        to_manifest = kind.to_manifest[live.type](live, name, lambda id_: self.names.get(id_, "no longer there"))
        losses = (*to_manifest.losses, *self._foreign(live))
        origin = Origin(str(Address(kind.prefix, name)), live.type, live.id, live.name, losses)
        spec, included = with_files(name, literal(to_manifest.spec))
        comment = origin_comment(origin, live.detail.get("created_at"))
        return Draft(kind.name, name, spec, comment, to_manifest.notes, {**included, **to_manifest.files}), origin

    def _foreign(self, live: Live) -> Iterator[str]:
        owner = self.live_inventory.owner(live)
        if owner is not None and live.id not in self.live_inventory.addresses:
            yield f"the right to change it, for it belongs to {owner}"

"""The holders of a live id: everything that contains it, before the plan and after it.

An id may be deleted only if nothing holds it after the plan. Holders are found by id, because an address may have a new
id while an object, a published bundle or another project still has the old one:

| holder                                      | its ids after the plan                                            |
|---------------------------------------------|-------------------------------------------------------------------|
| live object, whoever owns it                | those that it has; in fields that the plan writes, the new ones   |
| name in any outlet, whatever the state has  | those of its table; none if the plan publishes or withdraws it    |
| reference in a manifest, in scope or not    | a literal id, or the id of the named object; not one that is new  |
| object that the plan leaves as it is        | also those that were last applied                                 |
| document of a peer                          | those that its state has                                          |
| document in a removed outlet                | those of its table: no plan writes it any longer                  |

A holder of an object that is deleted with its parent, such as a credential with its vault, also holds the parent.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from reconciler.planning.before_after import edited
from reconciler.planning.graph import INSIDE, Edge, place_of
from reconciler.planning.inputs import PlanInputs
from reconciler.planning.match import Matched
from reconciler.planning.model import CREATES, DESTROYS, INVALIDATES_ID, RELEASES_OWNERSHIP, Change, FieldChange
from reconciler.planning.published import OUTLETS, Copy, Pointer
from reconciler.planning.referrers import Foreign, Node, PeerObject
from reconciler.planning.release_retention import release_of
from reconciler.resources.address import Address
from reconciler.resources.base import Live
from reconciler.resources.resource_type import Members
from reconciler.resources.values import ABSENT, JSON, references_in, strings_in


def holders(
    inputs: PlanInputs, matched: Matched, ids: Mapping[str, Address], work: Iterable[Change] = ()
) -> dict[str, tuple[Edge, ...]]:
    """Return the holders of these `ids` after `work`, by id, each once; without `work`, the present ones.

    `ids` maps each id to the address that the edges to it have. Linear in the size of everything live.
    """
    found: dict[str, dict[Node, Edge]] = defaultdict(dict)
    within = {live.id: parent for live, parent in inputs.children(ids)} if ids else {}
    for node, seen, held in _Holding(inputs, matched, _Effects(inputs, matched, tuple(work))).all() if ids else ():
        for id_ in ids.keys() & held:
            if node != ids[id_] and (node not in found[id_] or found[id_][node].seen == INSIDE):
                found[id_][node] = Edge(node, ids[id_], seen)
        for parent in {within[id_] for id_ in within.keys() & held}:
            if node != ids[parent]:
                found[parent].setdefault(node, Edge(node, ids[parent], seen))
    return {id_: tuple(sorted(edges.values(), key=lambda edge: str(edge.source))) for id_, edges in found.items()}


def direct(matched: Matched, edges: Sequence[Edge], dependents: Collection[Node] = ()) -> list[Edge]:
    """Return the edges without those of bundles that have the id only because another of these holders, or one of the
    `dependents` of the object, is in them.
    """
    sources = {*dependents, *(edge.source for edge in edges)}
    return [edge for edge in edges if edge.seen != INSIDE or sources.isdisjoint(_inside(matched, edge.source))]


def _inside(matched: Matched, node: Node) -> set[Address]:
    live = matched.live.get(node) if isinstance(node, Address) else None
    return {matched.now(Address.parse(text)) for text in references_in(dict(live.fields) if live else {})}


@dataclass
class _Names:
    """Names in the outlets that some work changes."""

    written: set[Address] = field(default_factory=set)
    withdrawn: set[Address] = field(default_factory=set)
    copies: set[tuple[Address, str]] = field(default_factory=set)
    """Names with the outlets whose copies are written because they differ."""

    def has(self, name: Address) -> bool:
        return name in self.written or name in self.withdrawn

    def has_copy(self, name: Address, copy: Copy) -> bool:
        """Return True if a copy is written or withdrawn; one that was altered may be kept as drift."""
        if copy.state == "tampered":
            return name in self.withdrawn or (name, copy.outlet) in self.copies
        return self.has(name)


@dataclass(frozen=True)
class _Effects:
    """The effects of work on ids and on names in the outlets."""

    inputs: PlanInputs
    matched: Matched
    work: tuple[Change, ...]

    @cached_property
    def ended(self) -> Collection[str]:
        """Ids of live objects that the work deletes."""
        return {change.id for change in self.work if change.action in INVALIDATES_ID and change.id is not None}

    @cached_property
    def renewed(self) -> Collection[Address]:
        """Addresses that have another id after the work."""
        return {Address.parse(change.address) for change in self.work if change.action in CREATES}

    @cached_property
    def released(self) -> Collection[Address]:
        return {Address.parse(change.address) for change in self.work if change.action in RELEASES_OWNERSHIP}

    @cached_property
    def written(self) -> Mapping[Address, Sequence[FieldChange]]:
        """The values that updates write, by address."""
        found: dict[Address, list[FieldChange]] = defaultdict(list)
        for change in self.work:
            if change.action == "update":
                found[Address.parse(change.address)].extend(change.fields)
        return found

    @cached_property
    def outlets(self) -> tuple[_Names, _Names]:
        """The names that the work publishes again or withdraws: the names of objects themselves, and the names of
        chatbots under which a release is published.
        """
        own, released = _Names(), _Names()
        for change in self.work:
            address = Address.parse(change.address)
            live, desired = self.matched.live.get(address), self.inputs.desired.get(address)
            type_ = desired.type if desired else live.type if live else ""
            removed = change.action in DESTROYS and live is not None and live.id == change.id
            if removed or (change.action == "forget" and live is None):
                own.withdrawn.add(address)
                released.withdrawn.add(address)
                continue
            names = own
            if change.action == "publish":
                names = released if desired and self.inputs.resource_types[desired.type].pointers else own
                names.written.add(address)
            elif change.action in CREATES or (change.action in {"update", "adopt"} and self._publishes(type_, address)):
                own.written.add(address)
            names.copies.update((address, item.keys[1]) for item in change.fields if item.keys[0] == OUTLETS)
        return own, released

    def _publishes(self, type_: str, address: Address) -> bool:
        return type_ in self.inputs.outlet_types or address in self.matched.moved or address in self.inputs.adopt

    def id_of(self, target: Address, *, after: bool) -> str | None:
        """Return the id of an address; None if it has none, or a new one after the work."""
        now = self.matched.now(target)
        live = self.matched.live.get(now)
        return None if live is None or (after and now in self.renewed) else live.id


@dataclass(frozen=True)
class _Holding:
    """Everything that holds ids after some work."""

    inputs: PlanInputs
    matched: Matched
    effects: _Effects

    def all(self) -> Iterator[tuple[Node, str, Collection[str]]]:
        """Yield each holder, the place where it was seen, and the strings in it, among which are the ids."""
        yield from self._written()
        yield from self._live()
        own, released = self.effects.outlets
        yield from self._published(self.inputs.pointers, own, lambda address: address)
        yield from self._published(self.inputs.published, released, lambda address: release_of(self.inputs, address))
        for stray in self.inputs.strays:
            now = self.matched.now(stray.address)
            if not (released if stray.is_released else own).has(now):
                yield now, "live", stray.copy.ids
        yield from self._documents(own)
        yield from self._as_applied()
        for identity, documents in self.inputs.peers.items():
            yield from ((PeerObject(str(identity), one.name), "state", one.refers_to) for one in documents)
        for outlet, documents in self.inputs.outlet_documents.items():
            yield from ((Foreign(one.type, outlet, one.name), "live", one.refers_to) for one in documents)

    def _written(self) -> Iterator[tuple[Node, str, Collection[str]]]:
        for address, desired in self.inputs.desired.items():
            if not self.inputs.is_upload(desired.type):
                fields = [dict(desired.fields), dict(self.inputs.unwritten.get(address, {}))]
                named = (id_ for text in references_in(fields) for id_ in self._ids_of(Address.parse(text)))
                yield address, place_of(desired), {*strings_in(fields), *named}

    def _ids_of(self, target: Address) -> Iterator[str]:
        """Yield the id that an address has after the work, also if no label proves that the object is managed."""
        id_ = self.effects.id_of(target, after=True)
        if id_ is not None:
            yield id_
        yield from (live.id for live in self.matched.unproven_by_address.get(self.matched.now(target), ()))

    def _live(self) -> Iterator[tuple[Node, str, Collection[str]]]:
        ours = {live.id: address for address, live in self.matched.live.items()}
        for live in self.inputs.live:
            if live.type in self.inputs.outlet_types or self.inputs.is_upload(live.type):
                continue
            if live.id not in self.effects.ended:
                address = ours.get(live.id)
                node = address or Foreign(live.type, live.id, live.name)
                yield node, "live", self._ids_in(live, address)

    def _ids_in(self, live: Live, address: Address | None) -> Collection[str]:
        changes = self.effects.written.get(address, ()) if address else ()
        named = {item.keys[0] for item in changes}
        removed = {item.keys[-1] for item in changes if item.desired is ABSENT}
        parts = self.inputs.members(live.type)
        if parts and parts.field in named:  # a write of the parts detaches those that failed
            removed.update(parts.failed(live.detail))
        found = {*live.refers_to} - {*strings_in(dict(live.fields)), *removed}  # what only a list of parts has
        found.update(strings_in({name: value for name, value in live.fields.items() if name not in named}))
        if address is None or not named:
            return found
        known = self.matched.live[address].fields
        members, after = self.inputs.members(live.type), edited(known, changes)
        for name in named & {*known, *after}:
            if members and name == members.field:
                keys = {item.keys[1] if len(item.keys) > 1 else None for item in changes if item.keys[0] == name}
                found.update(self._members(members, members.of(after), keys))
            else:
                value = after.get(name)
                found.update(strings_in(value))
                targets = (self.effects.id_of(Address.parse(text), after=True) for text in references_in(value))
                found.update(id_ for id_ in targets if id_)
        return found

    def _members(
        self, members: Members, entries: Mapping[str, Mapping[str, JSON]], written: Collection[str | None]
    ) -> Iterator[str]:
        """Yield the ids of members: of an entry that is not written, the id that it has now."""
        for key, entry in entries.items():
            target = members.target(entry)
            if target is None:
                yield key
            elif id_ := self.effects.id_of(target, after=key in written or None in written):
                yield id_

    def _published(
        self,
        pointers: Mapping[Address, Pointer],
        names: _Names,
        content: Callable[[Address], Address | None],
    ) -> Iterator[tuple[Node, str, Collection[str]]]:
        """Yield the ids in tables. `content` returns the object whose bundle is desired under a name: what that refers
        to is known from its references.
        """
        for address, pointer in pointers.items():
            now = self.matched.now(address)
            for copy in pointer.copies:
                if not names.has_copy(now, copy):
                    yield now, "live", copy.ids
            if not names.has(now):
                bundle = self.inputs.bundles.get(content(now) or now) if self.inputs.in_scope(now) else None
                known = set(map(self.matched.now, bundle.refers_to if bundle and now in self.inputs.desired else ()))
                own = {now, *_inside(self.matched, now)}
                named = [(self.matched.now(Address.parse(name)), id_) for name, id_ in pointer.ids.items()]
                yield now, "live", {id_ for name, id_ in named if name in own}
                yield (
                    now,
                    INSIDE,
                    {id_ for name, id_ in named if name not in own and not self._is_named(name, id_, known)},
                )

    def _is_named(self, name: Address, id_: str, known: Collection[Address]) -> bool:
        """Return True if the references of a desired bundle show that it has this id: the state may say otherwise."""
        return name in known and self.effects.id_of(name, after=True) == id_

    def _documents(self, names: _Names) -> Iterator[tuple[Node, str, Collection[str]]]:
        for live in self.inputs.live:
            if live.type in self.inputs.outlet_types:
                now = self.matched.now(Address.parse(live.id))
                if not names.has(now):
                    yield now, "live", frozenset(strings_in(dict(live.fields)))

    def _as_applied(self) -> Iterator[tuple[Node, str, Collection[str]]]:
        for address, applied in self.inputs.applied.items():
            desired = self.inputs.desired.get(address)
            if address in self.effects.released or (desired is not None and self.inputs.in_scope(address)):
                continue
            fields = dict(applied.fields)
            written = applied.holds  # another object may have the address since
            targets = (
                written.get(text) or self.effects.id_of(Address.parse(text), after=False)
                for text in references_in(fields)
            )
            yield address, "state", {*strings_in(fields), *(id_ for id_ in targets if id_)}


def ignored_fields(inputs: PlanInputs, matched: Matched, edge: Edge) -> Iterator[str]:
    """Yield the fields of a holder that its manifest ignores, and that refer to the held object as they are live."""
    desired = inputs.desired.get(edge.source) if isinstance(edge.source, Address) else None
    live = matched.live.get(desired.address) if desired else None
    if desired and live:
        names = {str(edge.target)} | ({matched.live[edge.target].id} if edge.target in matched.live else set())
        for name in sorted(set(desired.lifecycle.ignore) & live.fields.keys()):
            if not names.isdisjoint(strings_in(live.fields[name])):
                yield name

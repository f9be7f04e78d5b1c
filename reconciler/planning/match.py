"""Pairing of addresses with live objects.

An object is managed if the state has its id, or if its label names this identity and the lineage of the state; see
`lineage`. Uploads carry no label; `uploads` finds those that the state does not have.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain
from types import MappingProxyType
from typing import NamedTuple

from reconciler.planning.announced import accounts_for, find_announced, together
from reconciler.planning.inputs import PlanInputs
from reconciler.planning.lineage import documents, is_foreign, is_proven, labelled
from reconciler.planning.renames import find_moves, former_names, labelled_otherwise, renamed
from reconciler.planning.successors import has_succeeded, latest
from reconciler.planning.uploads import created, find_uploads, is_leftover, leftover_address, moved_uploads
from reconciler.resources.address import Address
from reconciler.resources.base import Applied, Desired, Live
from reconciler.resources.registry import upload_kinds
from reconciler.resources.resource_type import Members, ResourceType
from reconciler.resources.values import Fields, mentions, references_in, strings_in


class Mentioned(NamedTuple):
    """The managed objects that the fields of an object mention, each once, in order."""

    references: Sequence[Address]
    """The addresses that they refer to, under their present names."""
    literal: Sequence[Address]
    """The objects whose ids are in them. The id of a document is its address, and mentions nothing else."""


@dataclass(frozen=True)
class Matched:
    """The live objects, by owner."""

    live: Mapping[Address, Live]
    """Ours, by address, ids turned into addresses."""
    duplicates: Mapping[Address, Sequence[Live]]
    """Further objects labelled with the address of another one, which unfinished creates made."""
    ambiguous: Mapping[Address, Sequence[Live]]
    """Several objects with one address, and no entry in the state that selects one."""
    foreign_owned: Mapping[Address, Live]
    """Objects whose id is in the state but whose label names another owner."""
    unmanaged: Sequence[Live]
    """Objects of other owners and unmanaged objects."""
    addresses: Mapping[str, Sequence[Address]]
    """The addresses of every id of ours; several for one shared upload."""
    moved: Mapping[Address, Address] = field(default_factory=dict)
    """The former address of each object that has a new one."""
    former: Mapping[Address, Address] = field(default_factory=dict)
    """The present address of each former name."""
    clones: Mapping[Address, Sequence[Live]] = field(default_factory=dict)
    """Further objects labelled with the address of another one, without proof that this identity created them."""
    other_lineage: Mapping[Address, Sequence[Live]] = field(default_factory=dict)
    """Objects that are not in the state, whose label has this identity, and which another state created."""
    lost: Mapping[str, Sequence[Address]] = field(default_factory=dict)
    """The addresses of every id in the state whose object does not exist any more."""
    succeeded: Mapping[Address, Address] = field(default_factory=dict)
    """The address of the successor of each replaced object that is still live, by the address of the leftover."""
    held: Mapping[tuple[Address, Address], Address] = field(default_factory=dict)
    """The address in the state of the object that a release has under a name, by release and name."""

    @property
    def unproven(self) -> Iterator[Live]:
        """The objects that have a label of this identity and no other proof, where more than one has the label."""
        return chain.from_iterable((*self.clones.values(), *self.ambiguous.values()))

    def is_disputed(self, address: Address) -> bool:
        """Return True if live objects claim an address without proof that one of them is managed."""
        claimed = address in self.ambiguous or address in self.foreign_owned
        return claimed or (address in self.other_lineage and address not in self.live)

    @cached_property
    def unproven_by_address(self) -> Mapping[Address, Sequence[Live]]:
        """The objects that claim an address without proof that one of them is managed, by that address. The guard
        refuses such a plan: that their ids are not managed is no difference of what refers to them.
        """
        groups = chain(
            ((address, (live,)) for address, live in self.foreign_owned.items()),
            self.ambiguous.items(),
            ((address, group) for address, group in self.other_lineage.items() if address not in self.live),
        )
        return {self.now(address): group for address, group in groups}

    @cached_property
    def claimed(self) -> Mapping[str, Sequence[Address]]:
        """The addresses that objects claim without proof, by id."""
        return {live.id: (address,) for address, group in self.unproven_by_address.items() for live in group}

    @cached_property
    def holders(self) -> Mapping[str, Sequence[Address]]:
        """Our objects that reference an id, by id."""
        found: dict[str, list[Address]] = defaultdict(list)
        for address in sorted(self.live):
            for id_ in self.live[address].refers_to:
                found[id_].append(address)
        return found

    def mentioned(self, fields: Fields) -> Mentioned:
        """Return our objects that the fields of an object mention. A plan asks several times, and walks them once."""
        if not fields:
            return Mentioned((), ())
        known = self._mentioned.get(id(fields))
        if known is None:  # the fields are kept, so that no other ones get their number
            known = self._mentioned[id(fields)] = fields, self.read(fields)
        return known[1]

    def read(self, fields: Fields) -> Mentioned:
        """Return our objects that `fields` mention."""
        references, strings = mentions(dict(fields))
        targets = [self.now(Address.parse(text)) for text in references]
        if self.addresses.keys().isdisjoint(strings):
            return Mentioned(tuple(dict.fromkeys(targets)), ())
        literal = [one for id_ in strings for one in self.addresses.get(id_, ()) if str(one) != id_]
        return Mentioned(tuple(dict.fromkeys(targets)), tuple(dict.fromkeys(literal)))

    @cached_property
    def _mentioned(self) -> dict[int, tuple[Fields, Mentioned]]:
        return {}

    def now(self, address: Address) -> Address:
        """Return what the object at `address` is called now; of a former name, the address that it has since."""
        return self.former.get(address, address)

    def family(self, address: Address) -> Address:
        """Return the working object that a copy was made of, under its present name; a working object itself."""
        release = address.release
        return self.of_release(release, address.family) if release else self.now(address.family)

    def of_release(self, release: Address, name: Address) -> Address:
        """Return the present address of the object that a release has under a name: another object may have the name
        since.
        """
        return self.now(self.held.get((release, name), name))

    def copy_now(self, address: Address) -> Address:
        """Return the same as `now`, and for a copy the address that it would have if it was made today."""
        if address.kind in upload_kinds() or not address.is_frozen:
            return self.now(address)
        family = self.family(address)
        return Address(family.kind, family.name + address.name.removeprefix(address.family.name))

    def member(self, members: Members, wanted: Collection[str], id_: str) -> str | None:
        """Return the name, among the `wanted` paths and ids, of the member with this id; None if none is wanted."""
        paths = (address.name for address in self.addresses.get(id_, ()) if address.kind == members.kind)
        return next((name for name in (id_, *paths) if name in wanted), None)

    def localise(self, inputs: PlanInputs, address: Address, live: Live) -> Live:
        """Return `live` with the ids in its fields turned into the addresses that manifests use, when they are read."""
        return Live.deferred(_Localised(self, inputs, address, live), live)

    def localised(self, inputs: PlanInputs, address: Address, live: Live) -> Fields:
        """Return the fields of `live` with the addresses that manifests use."""
        resource_type = inputs.resource_types[live.type]
        expected = _expected(resource_type, inputs.applied.get(address), inputs.desired.get(address))
        as_named = self.succeeded if address.is_frozen else {}
        return self._by_address(resource_type, live.fields, expected, as_named)

    def sides(self, inputs: PlanInputs, address: Address) -> tuple[Desired | None, Applied | None]:
        """Return the desired and the applied object with ids of managed objects turned into addresses, as in live
        objects: a literal id in a manifest means the same object as its name.
        """
        desired, applied = inputs.desired.get(address), inputs.applied.get(address)
        if desired is None or inputs.members(desired.type):  # members that are named by id stay so
            return desired, applied
        resource_type = inputs.resource_types[desired.type]
        expected = _expected(resource_type, applied, desired)
        wanted = self._by_address(resource_type, desired.fields, expected)
        desired = desired if wanted is desired.fields else replace(desired, fields=wanted)
        if applied is None or applied.type != desired.type:
            return desired, applied
        then = self._by_address(resource_type, applied.fields, expected)
        return desired, applied if then is applied.fields else replace(applied, fields=then)

    def by_address(self, resource_type: ResourceType, fields: Fields) -> Fields:
        """Return fields that are written with the ids of managed objects turned into addresses."""
        return fields if resource_type.members else self._by_address(resource_type, fields, fields)

    def _by_address(
        self,
        resource_type: ResourceType,
        fields: Fields,
        expected: Fields,
        as_named: Mapping[Address, Address] = MappingProxyType({}),
    ) -> Fields:
        wanted = set(references_in(dict(expected))) if self.moved else set[str]()
        # A missing part is reported by its id, and an id in the manifest stays what it is.
        literal = set(strings_in(dict(expected))) if self.lost else set[str]()

        def names(id_: str) -> list[str]:
            lost = () if resource_type.members or id_ in literal else self.lost.get(id_, ())
            found = self.addresses.get(id_) or self.claimed.get(id_) or lost
            known = (as_named.get(address, address) for address in found)
            return [self._expected_name(address, wanted) for address in known]

        return resource_type.localise(fields, names, expected)

    def _expected_name(self, address: Address, wanted: Collection[str]) -> str:
        """Return the former name of an object if only that one is expected."""
        former = str(self.moved[address]) if address in self.moved else ""
        return former if former in wanted and str(address) not in wanted else str(address)


@dataclass(frozen=True, slots=True)
class _Localised:
    """A function that returns the fields of a live object with the addresses that manifests use: one for each object,
    and a quarter as large as a `partial` of a method.
    """

    matched: Matched
    inputs: PlanInputs
    address: Address
    live: Live

    def __call__(self) -> Fields:
        return self.matched.localised(self.inputs, self.address, self.live)


@dataclass(frozen=True, slots=True)
class Claim:
    """The live object of an address, chosen from those that the state and labels give to it."""

    live: Live | None = None
    duplicates: Sequence[Live] = ()
    """See `Matched.duplicates`."""
    ambiguous: Sequence[Live] = ()
    """See `Matched.ambiguous`; then `live` is None."""
    clones: Sequence[Live] = ()
    """See `Matched.clones`."""
    former: Sequence[Live] = ()
    """Objects that `live` has replaced and that are still live."""


def claim(inputs: PlanInputs, address: Address, known: Live | None, labelled: Sequence[Live]) -> Claim:
    """Choose the live object of an address: `known` is the one in the state, `labelled` are all others with its label.

    The state decides, unless an interrupted run has already created the object of another type. Without an entry in the
    state the label decides, if one object has it. Of several, unfinished creates must account for all; the oldest is
    the managed one. An object that no unfinished create accounts for is a clone: its label proves nothing.
    """
    fitting = (live for live in labelled if accounts_for(inputs, address, known, live))
    made = together(sorted(fitting, key=lambda live: (created(live), live.id)))
    clones = [live for live in labelled if live not in made]
    if known and made and has_succeeded(inputs, address, known, made[0]):
        return Claim(made[0], made[1:], clones=clones, former=(known,))
    if known and not _moved_house(inputs, address, known, made):
        return Claim(known, made, clones=clones)
    if not known and len(labelled) == 1:
        return Claim(labelled[0])
    if not known and clones:
        live, former = latest(inputs, address, labelled)
        return Claim(live, former=former) if live else Claim(ambiguous=labelled)
    # The document of an assistant ends when the new object is published.
    former = (known,) if known and known.type not in inputs.outlet_types else ()
    return Claim(made[0], made[1:], clones=clones, former=former)


def match(inputs: PlanInputs) -> Matched:
    """Pair every address of manifests, state and labels with its live object; linear in the number of objects."""
    stored, foreign_owned = _by_state(inputs)
    known = {live.id for live in stored.values()}
    adopted = dict(_adopted(inputs))
    chosen = {**stored, **adopted}
    known |= {live.id for live in adopted.values()}
    ours, theirs = labelled(inputs)
    others = {address: [live for live in group if live.id not in known] for address, group in ours.items()}
    claims = {address: claim(inputs, address, chosen.get(address), group) for address, group in others.items() if group}
    paired = {**stored, **{address: one.live for address, one in claims.items() if one.live}}
    replaced = chain.from_iterable(one.former for one in claims.values())
    paired.update((leftover_address(inputs, one), one) for one in replaced)
    duplicates = {address: one.duplicates for address, one in claims.items() if one.duplicates}
    ambiguous = {address: one.ambiguous for address, one in claims.items() if one.ambiguous}
    clones = {address: one.clones for address, one in claims.items() if one.clones}
    known |= {live.id for live in foreign_owned.values()}
    lost = {address: [live for live in group if live.id not in known] for address, group in theirs.items()}
    for address, live in documents(inputs):
        paired.setdefault(address, live)
    paired.update(adopted)
    moved = find_moves(inputs, paired)
    _move(paired, moved)
    uploads = moved_uploads(renamed(inputs, moved), paired)
    _move(paired, uploads)
    moved |= uploads
    as_applied, inputs = inputs, renamed(inputs, moved)
    moved |= labelled_otherwise(inputs, paired)
    paired.update(find_announced(inputs, paired))
    paired.update(find_uploads(inputs, paired))
    addresses = _addresses(paired)
    former = former_names(as_applied, paired, moved, addresses)
    found = Matched(paired, duplicates, ambiguous, foreign_owned, (), addresses, moved, former, clones)
    foreign = {address: group for address, group in lost.items() if group}
    succeeded = dict(_succeeded(inputs, found))
    found = replace(found, other_lineage=foreign, lost=_lost(inputs, paired), held=as_applied.held_addresses)
    found = replace(found, succeeded=succeeded)
    return _finish(inputs, found)


def _move(paired: dict[Address, Live], moved: Mapping[Address, Address]) -> None:
    for address, former in moved.items():
        left = paired.pop(former)
        paired.setdefault(address, left)


def _by_state(inputs: PlanInputs) -> tuple[dict[Address, Live], dict[Address, Live]]:
    """Return the objects whose ids the state has: managed ones, and those with the label of another identity."""
    by_id = {live.id: live for live in inputs.live}
    paired: dict[Address, Live] = {}
    foreign_owned: dict[Address, Live] = {}
    for address, applied in inputs.applied.items():
        live = by_id.get(applied.id)
        if live is None or live.type != applied.type:
            continue
        (foreign_owned if is_foreign(inputs, live) else paired)[address] = live
    return paired, foreign_owned


def _expected(resource_type: ResourceType, applied: Applied | None, desired: Desired | None) -> Fields:
    """Return the desired or applied fields; for fields that are managed by key, the keys of both."""
    then, wanted = applied.fields if applied else {}, desired.fields if desired else {}
    both = {
        name: {**(then[name] or {}), **(wanted[name] or {})}
        for name in resource_type.owned_by_key & then.keys() & wanted.keys()
    }
    return {**then, **wanted, **both}


def _finish(inputs: PlanInputs, matched: Matched) -> Matched:
    ours = {live.id for live in matched.live.values()}
    ours.update(live.id for live in chain(chain.from_iterable(matched.duplicates.values()), matched.unproven))
    ours.update(live.id for live in matched.foreign_owned.values())
    unmanaged = [live for live in inputs.live if live.id not in ours and live.type not in inputs.outlet_types]
    localised = {address: matched.localise(inputs, address, live) for address, live in matched.live.items()}
    return replace(matched, live=localised, unmanaged=unmanaged)


def _moved_house(inputs: PlanInputs, address: Address, live: Live, made: Sequence[Live]) -> bool:
    """Return True if an interrupted run has already created the object of another type that replaces this one."""
    desired = inputs.desired.get(address)
    return desired is not None and live.type != desired.type and {other.type for other in made} == {desired.type}


def _succeeded(inputs: PlanInputs, found: Matched) -> Iterator[tuple[Address, Address]]:
    """Yield the replaced objects that are still live, each with the address on its label."""
    for address, live in found.live.items():
        if is_leftover(address, live.id) and inputs.resource_types[live.type].outlives:
            successor = inputs.labelled_address(live)
            if successor is not None:
                yield address, found.now(successor)


def _adopted(inputs: PlanInputs) -> Iterator[tuple[Address, Live]]:
    """Yield the objects to adopt that are still unmanaged, or that have a label of this identity as the only proof."""
    known = {applied.id for applied in inputs.applied.values()} if inputs.adopt else set()
    candidates = (live for live in inputs.live if live.id not in known) if inputs.adopt else ()
    by_id = {live.id: live for live in candidates if live.labels is None or _is_labelled_by_us(inputs, live)}
    return ((address, by_id[id_]) for address, id_ in inputs.adopt.items() if id_ in by_id)


def _is_labelled_by_us(inputs: PlanInputs, live: Live) -> bool:
    address = inputs.labelled_address(live)
    return address is not None and is_proven(inputs, address, live)


def _addresses(paired: Mapping[Address, Live]) -> dict[str, list[Address]]:
    names: dict[str, list[Address]] = defaultdict(list)
    for address in sorted(paired):
        names[paired[address].id].append(address)
    return names


def _lost(inputs: PlanInputs, paired: Mapping[Address, Live]) -> dict[str, list[Address]]:
    existing = {live.id for live in inputs.live}
    names: dict[str, list[Address]] = defaultdict(list)
    for address, applied in sorted(inputs.applied.items()):
        if address not in paired and applied.id not in existing:
            names[applied.id].append(address)
    return names


def applied_protection(applied: Applied | None, live: Live | None) -> bool:
    """Return True if the state or the label protects an object."""
    return bool((applied and applied.protected) or (live and live.labels and live.labels.protected))

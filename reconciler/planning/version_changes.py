"""The differences between the release that answers now and the one that a plan publishes, as users notice them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from reconciler.planning.inputs import PlanInputs
from reconciler.planning.match import Matched
from reconciler.planning.model import Change, ChangeWord, PartChange, VersionChange
from reconciler.resources.address import Address, working_file
from reconciler.resources.resource_type import CONTENT, Members
from reconciler.resources.values import ABSENT, JSON, Fields, reference, references_in, replace_references, same

_DIGEST = "digest"
"""The field of a release that follows from all others."""


def version_changes(inputs: PlanInputs, matched: Matched, work: Iterable[Change]) -> Iterator[VersionChange]:
    """Yield the differences for each chatbot that publishes another release; a first release has none.

    The frozen copies are compared, with the values of this environment. Linear in the parts of these releases.
    """
    for change in work:
        for before, after in moved_pointers(inputs, change):
            old, new = (_version(inputs, matched, release, change.address) for release in (before, after))
            yield VersionChange(
                change.address, str(before), str(after), tuple(_parts(old, new)), tuple(_files(old.files, new.files))
            )


def moved_pointers(inputs: PlanInputs, change: Change) -> Iterator[tuple[Address, Address]]:
    """Yield the release that the change publishes instead of another one, after that one."""
    desired = inputs.desired.get(Address.parse(change.address))
    pointers = inputs.resource_types[desired.type].pointers if desired else frozenset()
    for item in change.fields:
        if item.keys[0] in pointers:
            before, after = (next(map(Address.parse, references_in(side)), None) for side in (item.live, item.desired))
            if before and after and before != after:
                yield before, after


@dataclass
class _Version:
    """The objects of a release by working address, and its files by path."""

    objects: dict[str, Fields] = field(default_factory=dict)
    models: dict[str, tuple[str, ...]] = field(default_factory=dict)
    files: dict[str, JSON] = field(default_factory=dict)
    """The hash of each file."""


def _version(inputs: PlanInputs, matched: Matched, release: Address, chatbot: str) -> _Version:
    """Return a release with its copies. Those of one that the plan archives are in the state."""
    found, known, waiting = _Version(), {release}, [release]

    def working(text: str) -> dict[str, str]:
        return reference(matched.family(Address.parse(text)))

    while waiting:
        address = waiting.pop()
        desired, applied = matched.sides(inputs, address)
        side = desired or applied
        if side is None or inputs.is_upload(side.type):
            continue
        resource_type = inputs.resource_types[side.type]
        members = resource_type.members
        inside = {Address.parse(text) for text in references_in(dict(side.fields))}
        waiting += [one for one in inside - known if one.is_frozen]
        known |= inside
        name = chatbot if address == release else str(matched.family(address))
        fields: Fields = {
            key: value for key, value in side.fields.items() if not (address == release and key == _DIGEST)
        }
        if members:
            found.files |= {working_file(key): entry.get(CONTENT, key) for key, entry in members.of(fields).items()}
            fields = _settings(members, fields)
        found.objects[name] = {key: replace_references(value, working) for key, value in fields.items()}
        found.models[name] = tuple(sorted(resource_type.models(side.fields)))
    return found


def _settings(members: Members, fields: Fields) -> Fields:
    """Return the fields with the settings of members by working path, without their contents."""
    hidden = {members.reference, CONTENT}
    entries = {
        working_file(path): {key: item for key, item in entry.items() if key not in hidden}
        for path, entry in members.of(fields).items()
    }
    return {**fields, members.field: entries} if entries else fields


def _parts(old: _Version, new: _Version) -> Iterator[PartChange]:
    for address in sorted(old.objects.keys() | new.objects.keys()):
        if address not in old.objects or address not in new.objects:
            yield PartChange(address, "added" if address in new.objects else "removed")
            continue
        before, after = old.objects[address], new.objects[address]
        fields = tuple(name for name in sorted(before.keys() | after.keys()) if _differs(before, after, name))
        if fields:
            models = (old.models[address], new.models[address])
            yield PartChange(address, "changed", fields, models if models[0] != models[1] else ())


def _differs(before: Fields, after: Fields, name: str) -> bool:
    old, new = before.get(name, ABSENT), after.get(name, ABSENT)
    return (old is ABSENT) != (new is ABSENT) or not same(old, new)


def _files(old: Mapping[str, JSON], new: Mapping[str, JSON]) -> Iterator[tuple[str, ChangeWord]]:
    for path in sorted(old.keys() | new.keys()):
        if old.get(path) != new.get(path):
            yield path, "changed" if path in old and path in new else "added" if path in new else "removed"

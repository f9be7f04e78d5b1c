"""Three-way comparison of the fields of one object: desired, last applied, live.

It compares each top-level field that the manifest sets or used to set. Equality of canonical values is checked first;
deepdiff splits mappings that differ into the values that differ. Lists are compared whole: canonical forms turn every
list with named elements into a mapping.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from reconciler.planning.model import FieldChange, Origin
from reconciler.resources.base import Desired
from reconciler.resources.labels import field_hash
from reconciler.resources.resource_type import ResourceType
from reconciler.resources.values import ABSENT, ADDRESS_KEY, JSON, Absent, Fields, Keys, get, same


@dataclass(frozen=True)
class LastApplied:
    """The last application of an object: values from the state, hashes from its label."""

    fields: Fields | None = None
    """None if the state has no entry."""
    hashes: Mapping[str, str] = field(default_factory=dict)
    """Hashes by top-level field, from the label on the live object. If label and state disagree, the label is right: it
    is written in the same request as the fields.
    """
    unproven: tuple[str, ...] = ()
    """Fields whose last applied value is not known."""
    as_written: frozenset[str] = frozenset()
    """Fields that left the manifest, and are live with the ids with which they were applied. The addresses have others
    now, so that the values differ."""
    unfinished: frozenset[Keys] = frozenset()
    """Fields, and keys of fields, that a run of ours did not finish writing. Differences in them are not drift."""

    def names(self) -> set[str]:
        return {*(self.fields or ()), *self.hashes}

    def is_unfinished(self, keys: Keys) -> bool:
        return not self.unfinished.isdisjoint((keys[:1], keys[:2]))

    def value(self, name: str) -> JSON | Absent:
        """Return the value last applied, or `ABSENT` if the state does not have it or the label contradicts it."""
        value = (self.fields or {}).get(name, ABSENT)
        if value is not ABSENT and name in self.hashes and field_hash(value) != self.hashes[name]:
            return ABSENT
        return value


def compare(resource_type: ResourceType, desired: Desired, last: LastApplied, live: Fields) -> list[FieldChange]:
    """Return the values in which `live` differs from the manifest, each with its origin, in a stable order."""
    if desired.whole:
        return list(_tampered(resource_type, desired, last, live))
    wanted = {name: value for name, value in desired.fields.items() if name not in desired.lifecycle.ignore}
    changes = [
        change for name in sorted(wanted) for change in _compare_field(resource_type, name, wanted[name], last, live)
    ]
    dropped = sorted(last.names() - desired.fields.keys() - set(desired.lifecycle.ignore))
    return changes + [change for name in dropped for change in _dropped(resource_type, name, last, live)]


def _tampered(resource_type: ResourceType, desired: Desired, last: LastApplied, live: Fields) -> Iterator[FieldChange]:
    """Yield the drift of a frozen copy, and the fields that an interrupted run did not write.

    The manifest of a copy never changes: a live value that is as it was applied stays, even if a new copy would differ.
    """
    for name in sorted(desired.fields):
        wanted, found = desired.fields[name], live.get(name, ABSENT)
        if name in resource_type.resolved:
            found = {key: value for key, value in _mapping(found).items() if key in _mapping(wanted)}
        for keys, before, after in () if same(wanted, found) else leaves(found, wanted):
            origin = _origin(resource_type, name, keys, before, after, found, wanted, last)
            if last.is_unfinished((name, *keys)):
                yield FieldChange((name, *keys), before, after, "manifest", _applied(name, keys, last))
            elif origin != "manifest":
                shown = "drift" if origin == "both" else origin
                yield FieldChange((name, *keys), before, after, shown, _applied(name, keys, last))


def _mapping(value: JSON | Absent) -> Mapping[str, JSON]:
    return value if isinstance(value, Mapping) else {}


def agreed(desired: Desired, last: LastApplied) -> list[str]:
    """Return the fields of an object that is live as desired that were last applied with another value."""
    wanted = {name: value for name, value in desired.fields.items() if name not in desired.lifecycle.ignore}
    return sorted(name for name, value in wanted.items() if _was_other(name, value, last))


def _was_other(name: str, wanted: JSON, last: LastApplied) -> bool:
    if name in last.hashes:
        return last.hashes[name] != field_hash(wanted)
    return name in (last.fields or ()) and not same((last.fields or {})[name], wanted)


def as_live(resource_type: ResourceType, desired: Desired, live: Fields) -> Fields:
    """Return the live values of the fields that the manifest sets: the applied values of an adopted object."""
    found = {
        name: owned(resource_type, name, wanted, ABSENT, live.get(name, ABSENT))
        for name, wanted in desired.fields.items()
    }
    return {name: value for name, value in found.items() if value is not ABSENT}


def leaves(before: JSON | Absent, after: JSON | Absent) -> Iterator[tuple[Keys, JSON | Absent, JSON | Absent]]:
    """Yield the deepest mapping paths at which two different values differ, with both values."""
    if not (isinstance(before, Mapping) and isinstance(after, Mapping)):
        yield (), before, after
        return
    for keys in sorted(_differing_paths(before, after)):
        yield keys, get(before, keys), get(after, keys)


def _compare_field(
    resource_type: ResourceType, name: str, wanted: JSON, last: LastApplied, live: Fields
) -> Iterator[FieldChange]:
    if same(wanted, live.get(name, ABSENT)):  # most fields of most objects; then no other keys are live either
        return
    found = owned(resource_type, name, wanted, last.value(name), live.get(name, ABSENT))
    if same(wanted, found):
        return
    for keys, before, after in leaves(found, wanted):
        origin = _origin(resource_type, name, keys, before, after, found, wanted, last)
        # A file whose new content is not attached yet: a run was interrupted, and no drift is lost.
        half_done = name in resource_type.apart and origin == "both" and before is ABSENT
        shown = "manifest" if half_done or last.is_unfinished((name, *keys)) else origin
        yield FieldChange((name, *keys), before, after, shown, _applied(name, keys, last))


def _dropped(resource_type: ResourceType, name: str, last: LastApplied, live: Fields) -> Iterator[FieldChange]:
    """Reset a field that left the manifest while it is as it was applied; a value changed since is not managed."""
    applied = last.value(name)
    default = resource_type.defaults.get(name)
    found = owned(resource_type, name, {}, applied, live.get(name, ABSENT))
    if name in resource_type.owned_by_key:
        default = (
            {}
            if name not in resource_type.defaults or isinstance(resource_type.defaults[name], Mapping)
            else resource_type.defaults[name]
        )
    if found is ABSENT or same(found, default):
        return
    if name not in last.as_written and not _still_applied(name, applied, found, last):
        return
    if isinstance(default, Mapping) and isinstance(found, Mapping):
        for keys, before, after in leaves(found, default):
            yield FieldChange((name, *keys), before, after, "manifest", _applied(name, keys, last))
    else:
        yield FieldChange((name,), found, default, "manifest", applied)


def _still_applied(name: str, applied: JSON | Absent, found: JSON, last: LastApplied) -> bool:
    if applied is not ABSENT:
        return same(found, applied)
    return last.hashes.get(name) == field_hash(found)


def owned(
    resource_type: ResourceType, name: str, wanted: JSON, applied: JSON | Absent, live: JSON | Absent
) -> JSON | Absent:
    """Return `live` without the keys that neither the manifest nor the last application sets, if the field is managed
    by key.
    """
    if name not in resource_type.owned_by_key or not isinstance(live, Mapping):
        return live
    ours = {*(wanted if isinstance(wanted, Mapping) else ()), *(applied if isinstance(applied, Mapping) else ())}
    return {key: value for key, value in live.items() if key in ours or _is_marked(resource_type, name, value)}


def _is_marked(resource_type: ResourceType, name: str, entry: JSON | Absent) -> bool:
    """Return True if the entry is a member that Reconciler attached, even if the state does not have it."""
    members = resource_type.members
    return members is not None and members.field == name and members.is_marked(entry)


def _origin(
    resource_type: ResourceType,
    name: str,
    keys: Keys,
    before: JSON | Absent,
    after: JSON | Absent,
    found: JSON | Absent,
    wanted: JSON,
    last: LastApplied,
) -> Origin:
    if after is ABSENT and _is_marked(resource_type, name, before):
        return "manifest"
    if last.value(name) is not ABSENT:
        then = _applied(name, keys, last)
        if same(then, before):
            return "manifest"
        return "drift" if same(then, after) else "both"
    return _origin_by_hash(
        last.hashes.get(name), found, wanted, known=last.fields is not None and name not in last.unproven
    )


def _applied(name: str, keys: Keys, last: LastApplied) -> JSON | Absent:
    return get(last.value(name), keys)


def _origin_by_hash(hashed: str | None, found: JSON | Absent, wanted: JSON, *, known: bool) -> Origin:
    """Return the origin from the hash on the label, without the last applied value. A field never applied is new."""
    if hashed is None:
        return "manifest" if known else "unknown"
    if found is not ABSENT and hashed == field_hash(found):
        return "manifest"
    return "drift" if hashed == field_hash(wanted) else "both"


def _differing_paths(before: Mapping[str, JSON], after: Mapping[str, JSON]) -> set[Keys]:
    from deepdiff import DeepDiff

    tree = DeepDiff(
        before,
        after,
        view="tree",
        threshold_to_diff_deeper=0,
        ignore_private_variables=False,  # keys that start with two underscores are keys like others
    )
    paths = {_mapping_keys(level.path(output_format="list")) for levels in tree.values() for level in levels}
    return {keys for keys in paths if not same(get(before, keys), get(after, keys))}


def _mapping_keys(path: list[str | int]) -> Keys:
    """Return the part of a deepdiff path that leads through mappings only: an index into a list ends it, and a
    reference is one value.
    """
    keys: list[str] = []
    for step in path:
        if not isinstance(step, str) or step == ADDRESS_KEY:
            break
        keys.append(step)
    return tuple(keys)

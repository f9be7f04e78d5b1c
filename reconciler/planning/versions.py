"""Changes of objects with versions, of which the default one is compared."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from reconciler.planning.inputs import PlanInputs
from reconciler.planning.model import Change, FieldChange
from reconciler.planning.reasons import Reason
from reconciler.resources.base import Applied, Desired, Live, version_of
from reconciler.resources.resource_type import ResourceType
from reconciler.resources.values import same


def of_one_version(resource_type: ResourceType, found: Sequence[FieldChange]) -> list[FieldChange]:
    """Return the changes with one origin for all parts of a version, because a version is written whole: an edit of the
    manifest beside drift of another part conflicts with it.
    """
    parts = [item for item in found if item.keys[0] in resource_type.versioned | resource_type.derived]
    origins = {item.origin for item in parts}
    if len(origins) < 2 or origins <= {"drift", "unknown"}:
        return list(found)
    return [replace(item, origin="both") if item in parts else item for item in found]


def unrecorded(resource_type: ResourceType, desired: Desired, applied: Applied | None, live: Live) -> frozenset[str]:
    """Return the versioned fields of an object that has the desired ones in another version than the state: until an
    apply records that version, every plan reads its content.
    """
    versioned = resource_type.versioned & desired.fields.keys()
    is_other = applied is not None and applied.revision != live.revision
    is_equal = all(same(live.fields.get(name), desired.fields[name]) for name in versioned)
    return versioned if is_other and is_equal else frozenset()


def with_version(inputs: PlanInputs, applied: Applied | None, live: Live, drift: Change | None) -> Change | None:
    """Return the drift, with the numbers of the versions if the default is not the one that was applied."""
    versioned = inputs.resource_types[live.type].versioned
    if drift is None or versioned.isdisjoint(item.keys[0] for item in drift.fields):
        return drift
    return replace(drift, reasons=(*drift.reasons, *moved_default(applied, live)))


def moved_default(applied: Applied | None, live: Live) -> Iterator[Reason]:
    """Yield the reason that names both versions, if the default is not the one that was applied."""
    before, after = version_of(applied.revision if applied else ""), version_of(live.revision)
    if before not in ("", after):
        yield Reason("default-version", {"applied": before, "live": after})

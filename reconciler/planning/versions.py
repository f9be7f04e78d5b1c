"""Changes of objects with versions, of which the default one is compared."""

from collections.abc import Sequence
from dataclasses import replace

from reconciler.planning.inputs import PlanInputs
from reconciler.planning.model import Change, FieldChange
from reconciler.planning.reasons import Reason
from reconciler.resources.base import Applied, Live, version_of
from reconciler.resources.resource_type import ResourceType


def of_one_version(resource_type: ResourceType, found: Sequence[FieldChange]) -> list[FieldChange]:
    """Return the changes with one origin for all parts of a version, because a version is written whole: an edit of the
    manifest beside drift of another part conflicts with it.
    """
    parts = [item for item in found if item.keys[0] in resource_type.versioned | resource_type.derived]
    origins = {item.origin for item in parts}
    if len(origins) < 2 or origins <= {"drift", "unknown"}:
        return list(found)
    return [replace(item, origin="both") if item in parts else item for item in found]


def with_version(inputs: PlanInputs, applied: Applied | None, live: Live, drift: Change | None) -> Change | None:
    """Return the drift, with the numbers of the versions if the default is not the one that was applied."""
    versioned = inputs.resource_types[live.type].versioned
    before, after = version_of(applied.revision if applied else ""), version_of(live.revision)
    if drift is None or before in ("", after) or versioned.isdisjoint(item.keys[0] for item in drift.fields):
        return drift
    return replace(drift, reasons=(*drift.reasons, Reason("default-version", {"applied": before, "live": after})))

"""What was done to a state by hand, as JSON."""

from typing import Final

from reconciler.resources.values import JSON
from reconciler.state.edits import StateEdit, StateRebuild

EDIT_FORMAT: Final = "reconciler/state-edit/v1"
REBUILD_FORMAT: Final = "reconciler/state-rebuild/v1"


def edited_json(done: StateEdit) -> dict[str, JSON]:
    """The entries that are new, other than before, or gone, and what follows from that."""
    return {"format": EDIT_FORMAT, "identity": done.identity, **_entries(done), "notes": list(done.notes)}


def rebuilt_json(done: StateRebuild) -> dict[str, JSON]:
    """What a rebuilt state has, and what nobody knows."""
    return {
        "format": REBUILD_FORMAT,
        "identity": done.edited.identity,
        "written": done.written,
        "objects": done.objects,
        **_entries(done.edited),
        "unknown": {str(address): list(names) for address, names in done.unknown.items()},
        "contested": {str(address): list(ids) for address, ids in done.ambiguous.items()},
    }


def _entries(done: StateEdit) -> dict[str, JSON]:
    sorts = {"added": done.added, "changed": done.changed, "removed": done.removed}
    return {word: list(map(str, addresses)) for word, addresses in sorts.items()}

"""Objects that were replaced since a release, of which the copies in the release keep the former ones.

A release refers to them by name, so that its content is the same: only the states, and the manifests compared with what
was applied, show that another release would use other objects.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress

from reconciler.planning.field_diff import leaves
from reconciler.project.workspace import Workspace
from reconciler.releases.snapshot import closure
from reconciler.resources.address import Address
from reconciler.resources.problems import ReconcilerError
from reconciler.resources.registry import resource_types
from reconciler.resources.values import ABSENT, same
from reconciler.state.model import State


def replaced_since(workspaces: Iterable[Workspace], chatbot: Address, release: Address) -> list[Address]:
    """Return the objects that the working version of a chatbot uses and that are replaced since a release, or by the
    next apply, in any of these environments. States that cannot be read are left out: `release` works offline.
    """
    found: set[Address] = set()
    for workspace in workspaces:
        used = _outliving(workspace, chatbot)
        with suppress(ReconcilerError):
            state = workspace.backend.read().state if used else None
            if state is not None:
                found |= {one for one in used if _was_replaced(state, release, one) or _will_be(workspace, state, one)}
    return sorted(found)


def _outliving(workspace: Workspace, chatbot: Address) -> set[Address]:
    """Return the objects that a chatbot uses, and that stay live for copies that use them after they are replaced."""
    outliving = {name for name, one in resource_types().items() if one.outlives}
    parts = closure(workspace.loaded, chatbot).values()
    named = {reference.target for part in parts for reference in part.kind.references(part)}
    return {one for one in named if one in workspace.desired and workspace.desired[one].type in outliving}


def _was_replaced(state: State, release: Address, address: Address) -> bool:
    """Return True if a copy of the release has another object than the present one."""
    present = state.objects.get(address)
    return present is not None and any(id_ != present.id for id_ in _held(state, release, address))


def _held(state: State, release: Address, address: Address) -> Iterator[str]:
    for copy, applied in state.objects.items():
        if copy.release == release and copy != release and str(address) in applied.holds:
            yield applied.holds[str(address)]


def _will_be(workspace: Workspace, state: State, address: Address) -> bool:
    """Return True if the next apply replaces an object, because its manifest changes what cannot be updated."""
    desired, applied = workspace.desired[address], state.objects.get(address)
    if applied is None or applied.type != desired.type:
        return False
    changed = [
        (name, *keys)
        for name in desired.fields.keys() | applied.fields.keys()
        if not same(old := applied.fields.get(name, ABSENT), new := desired.fields.get(name, ABSENT))
        for keys, _, _ in leaves(old, new)
    ]
    return bool(resource_types()[desired.type].replaces(changed, {}))

"""The lists of parts, such as the files of each store, that a plan of single targets does not need.

Parts refer to uploads only, and decide only which upload is that of which file. So they are left out if the plan can
change neither an upload nor an object with parts, and nothing that it can change refers to one, or did: in the
manifests, in the state, or live. All other lists are read, because the guard needs all references. In every doubt, such
as after an interrupted run, or with an upload that the state does not have, the parts are read.
"""

from collections.abc import Collection, Iterator, Sequence
from itertools import chain

from reconciler.project.workspace import Workspace
from reconciler.resources.address import Address
from reconciler.resources.base import Live
from reconciler.resources.registry import resource_types, upload_types
from reconciler.resources.values import references_in, strings_in
from reconciler.state.model import Snapshot


def may_do_without_parts(
    workspace: Workspace, snapshot: Snapshot, targets: Sequence[Address], scope: Collection[Address]
) -> bool:
    """Return True if neither the manifests nor the state show that a plan of this scope depends on parts."""
    desired, applied = workspace.desired, snapshot.state.objects
    if not snapshot.run or snapshot.pending or snapshot.superseded or workspace.destroys is not None:
        return False
    if not all(one in desired for one in (*targets, *scope)) or any(desired[one].lifecycle.moved_from for one in scope):
        return False
    former = (references_in(dict(applied[one].fields)) for one in scope if one in applied)
    named = {*scope, *map(Address.parse, chain.from_iterable(former))}
    types = {group[one].type for group in (desired, applied) for one in named if one in group}
    is_known = all(one in desired or one in applied for one in named)
    return is_known and types.isdisjoint(_types())


def depend_on_parts(workspace: Workspace, snapshot: Snapshot, scope: Collection[Address], live: Sequence[Live]) -> bool:
    """Return True if an object of the scope has the id of an upload or of an object with parts, or if only parts show
    whether an upload is unmanaged: the state does not have it.
    """
    types, known = _types(), {(one.type, one.id) for one in snapshot.state.objects.values()}
    if any(one.type in upload_types() and (one.type, one.id) not in known for one in live):
        return True
    ids = {one.id for one in live if one.type in types}
    return any(not ids.isdisjoint(found) for found in _ids(workspace, snapshot, scope, live))


def _ids(
    workspace: Workspace, snapshot: Snapshot, scope: Collection[Address], live: Sequence[Live]
) -> Iterator[Collection[str]]:
    """Yield the texts in objects of the scope that may be ids."""
    applied = snapshot.state.objects
    for address in scope:
        yield set(strings_in(dict(workspace.desired[address].fields)))
        yield set(strings_in(dict(applied[address].fields))) if address in applied else set()
    known, names = {applied[one].id for one in scope if one in applied}, set(map(str, scope))
    for one in live:
        if one.id in known or (one.labels is not None and one.labels.address in names):
            yield {*one.refers_to, *strings_in(dict(one.fields))}


def _types() -> frozenset[str]:
    """Return the types of uploads and of objects with parts."""
    return frozenset(name for name, one in resource_types().items() if one.members or one.is_upload)

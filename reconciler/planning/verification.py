"""The digests that prove to later plans that an object is as a write left it: see `planning.verified`."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from reconciler.planning.changes import not_named
from reconciler.planning.field_diff import LastApplied, compare
from reconciler.planning.resolution import with_defaults_of
from reconciler.planning.verified import digest_of, index_in
from reconciler.planning.versions import unrecorded
from reconciler.resources.base import Applied, Desired, Labels, Lifecycle, Live, Verified
from reconciler.resources.resource_type import ResourceType
from reconciler.resources.values import same


def verify(
    resource_type: ResourceType,
    desired: Desired,
    applied: Applied,
    live: Live,
    labels: Labels | None,
    id_of: Callable[[str], str | None],
    names_of: Callable[[str], Iterable[str]],
) -> Verified | None:
    """Return the digests of a written object, if nothing of it differs from its manifest and its state entry: neither
    drift that was kept, nor a value that the server changed, nor a file that is not indexed. Otherwise None.

    `labels` are those of the write, `id_of` returns the id of an address and `names_of` the addresses of an id.
    """
    if not live.mark or live.id != applied.id or live.labels != labels:
        return None
    wanted = with_defaults_of(resource_type, desired, applied) if desired.whole else desired
    seen = replace(live, fields=resource_type.localise(live.fields, lambda id_: sorted(names_of(id_)), wanted.fields))
    if not _is_equal(resource_type, wanted, applied, seen):
        return None
    index, found = index_in(wanted.fields), index_in(seen.fields)
    ids = {text: id_of(text) for text in index.refers_to}
    names = {id_: tuple(names_of(id_)) for id_ in (*index.ids, *found.ids)}
    # The graphs take the references of both sides from the index. What only one of them has must refer to nothing.
    is_complete = {*found.refers_to} == {*index.refers_to} and None not in ids.values()
    if not is_complete or any(names[id_] for id_ in {*index.ids} ^ {*found.ids}):
        return None
    refers_to = None if resource_type.members else index.refers_to
    return Verified(live.mark, digest_of(wanted, applied, ids, names), refers_to, tuple(names))


def _is_equal(resource_type: ResourceType, desired: Desired, applied: Applied, live: Live) -> bool:
    """Return True if manifest, state and live object are equal in everything that a plan compares."""
    wanted, members = replace(desired, lifecycle=Lifecycle()), resource_type.members
    if members and (members.failed(live.detail) or members.pending(live.detail)):
        return False
    return (
        same(applied.fields, desired.fields)
        and applied.write_only == desired.write_only
        and not compare(resource_type, wanted, LastApplied(applied.fields), live.fields)
        and not not_named(members, desired, applied, live)
        and not unrecorded(resource_type, desired, applied, live)
    )

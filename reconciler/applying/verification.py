"""The digests that prove to later plans that an object is as its write left it: see `planning.verified`."""

from collections.abc import Iterable
from dataclasses import replace

from reconciler.applying.run import Run
from reconciler.planning.changes import not_named
from reconciler.planning.field_diff import LastApplied, compare
from reconciler.planning.resolution import with_defaults_of
from reconciler.planning.verified import verified
from reconciler.planning.versions import unrecorded
from reconciler.resources.base import Applied, Desired, Lifecycle, Live
from reconciler.resources.resource_type import ResourceType
from reconciler.resources.values import same


def with_digests(run: Run, desired: Desired, applied: Applied, live: Live | None) -> Applied:
    """Return the state entry of a written object with the digests, if nothing of the object differs from its manifest:
    neither drift that was kept, nor a value that the server changed, nor a file that is not indexed.
    """
    if live is None or not live.mark or live.id != applied.id:
        return applied
    resource_type = run.planned.inputs.resource_types[desired.type]
    wanted = with_defaults_of(resource_type, desired, applied) if desired.whole else desired

    def names_of(id_: str) -> Iterable[str]:
        return run.users.get(id_, ())

    seen = replace(live, fields=resource_type.localise(live.fields, lambda id_: sorted(names_of(id_)), wanted.fields))
    if not _is_labelled(run, resource_type, desired, live) or not _is_equal(resource_type, wanted, applied, seen):
        return applied
    has_members = resource_type.members is not None
    digests = verified(wanted, applied, seen, id_of=run.ids.get, names_of=names_of, has_members=has_members)
    return replace(applied, verified=digests)


def _is_labelled(run: Run, resource_type: ResourceType, desired: Desired, live: Live) -> bool:
    return live.labels == (run.labels(desired) if resource_type.is_labelled else None)


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

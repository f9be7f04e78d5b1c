"""Crash recovery: completed work of an interrupted run that the state does not have."""

from collections.abc import Collection, Iterator, Mapping

from reconciler.applying.run import Run
from reconciler.applying.write import differing, own_fields, revision_of, settled
from reconciler.planning.announced import announced_write_only
from reconciler.planning.uploads import is_leftover
from reconciler.resources.address import Address
from reconciler.resources.base import Applied, Desired, Live
from reconciler.resources.values import same


def recover(run: Run) -> Iterator[tuple[Address, Applied]]:
    """Yield the state entry of each object that is live as desired and that the state does not have, or has
    otherwise, and of each object that was replaced and is still live.
    """
    plan, inputs = run.planned.plan, run.planned.inputs
    for address, replaced in sorted(run.planned.matched.live.items()):
        # Nothing else proves that an object is ours that an interrupted run replaced with one of another type.
        if address not in inputs.applied and is_leftover(address, replaced.id) and inputs.is_labelled(replaced.type):
            yield address, Applied(replaced.id, replaced.type, replaced.fields)
    changed = {change.address for change in (*plan.changes, *plan.drift) if change.action != "publish"}
    for address, desired in sorted(inputs.desired.items()):
        live = run.planned.matched.live.get(address)
        if live is None or str(address) in changed or not inputs.in_scope(address) or address in inputs.unchanged:
            continue
        left = set() if desired.whole else differing(run, desired, live)
        if left - set(desired.lifecycle.ignore):  # to be changed, but not by this plan: it is only a part of one
            continue
        applied = _as_written(run, desired, live, left)
        if not _says(inputs.applied.get(address), applied):
            yield address, applied


def _as_written(run: Run, desired: Desired, live: Live, left: Collection[str]) -> Applied:
    """Return the state entry that the interrupted run would have written; it did not write the fields in `left`."""
    resolved = run.planned.inputs.resource_types[desired.type].resolved if desired.whole else ()
    filled_in = {name: live.fields[name] for name in resolved if name in live.fields}
    fields = {**settled(run, desired, own_fields(run, desired), left), **filled_in}
    return Applied(
        id=live.id,
        type=desired.type,
        fields=fields,
        write_only=_write_only(run, desired),
        protected=desired.lifecycle.protect,
        keep=desired.lifecycle.keep_on_delete,
        revision=revision_of(run, desired, live),
        holds=run.holds_of(desired.address) or run.written_ids(desired, fields),
    )


def _write_only(run: Run, desired: Desired) -> Mapping[str, str]:
    """Return the digests of write-only fields: from the state, or from the journal."""
    known = run.planned.inputs.applied.get(desired.address)
    return announced_write_only(run.planned.inputs, desired.address) if known is None else known.write_only


def _says(known: Applied | None, applied: Applied) -> bool:
    if known is None or not same(known.fields, applied.fields):
        return False
    return (known.id, known.type, known.protected, known.keep) == (
        applied.id,
        applied.type,
        applied.protected,
        applied.keep,
    )

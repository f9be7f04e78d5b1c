"""Steps that delete one object, or that only remove it from the state.

Immediately before an object is deleted, the object and its referrers are read again. If they are not as planned, the
step fails as stale and nothing is deleted.
"""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, nullcontext

from reconciler.applying.model import Note, NoteCode
from reconciler.applying.run import Run
from reconciler.applying.steps import Step
from reconciler.applying.write import StaleError
from reconciler.planning.announced import accounts_for
from reconciler.planning.model import BODY, STILL_HELD
from reconciler.planning.uploads import leftover_address
from reconciler.resources.base import Applied, Live
from reconciler.resources.name_lists import few
from reconciler.resources.problems import Problem

MOST_NAMED = 3


async def remove(run: Run, step: Step) -> Note | None:
    """Delete the live object and, if the address is removed, its published documents. Return a remark, if any."""
    live = _planned(run, step)
    planned_deletions = not _is_replaced(step) and run.ids.get(str(step.address)) == live.id
    async with _alone(run, live):
        note = None if run.in_outlets(live.type) else await _staying(run, step, live)
        # A run was killed between the pointers of a chatbot: its draft is gone, and what it has published is not.
        if planned_deletions and (step.address in run.published or run.in_outlets(live.type)):
            await asyncio.to_thread(run.publisher.withdraw, step.address)
        if not note and not run.in_outlets(live.type) and live.id not in run.deleted:
            await _delete(run, live)
    if planned_deletions:
        forget(run, step)
    elif _is_recorded_apart(run, step, live) and not (note and note.code in {"upload-held", "replaced-held"}):
        run.journal.done(leftover_address(run.planned.inputs, live), None)
    return note


def _is_recorded_apart(run: Run, step: Step, live: Live) -> bool:
    """Return True if the state has the object under the address of a leftover."""
    return not run.in_outlets(live.type) and (_is_replaced(step) or run.planned.inputs.needs_state(live.type))


async def give_up(run: Run, step: Step) -> Note | None:
    """Remove an address from the state. If the live object stays unmanaged, remove its ownership labels. An upload that
    something holds stays managed, under an address of its own.
    """
    inputs, live = run.planned.inputs, run.planned.matched.live.get(step.address)
    applied = inputs.applied.get(step.address)
    # A run was killed when it had deleted the object, or its document is missing from the built-in outlet only.
    if live is None and (step.address in run.published or (applied and run.in_outlets(applied.type))):
        await asyncio.to_thread(run.publisher.withdraw, step.address)
    if live and applied and applied.keep and inputs.is_labelled(live.type):
        await run.adapters[live.type].disown(live.id, inputs.identity, run.lineage)
    forget(run, step)
    if live is None or not any(change.keeps_upload for change in step.changes):
        return None
    run.journal.done(leftover_address(inputs, live), Applied(live.id, live.type, live.fields))
    return still_held(step)


def still_held(step: Step) -> Note:
    """Return the holders that the plan names, or the requests that could not list them."""
    reasons = [reason for change in step.changes for reason in change.reasons if reason.code == STILL_HELD]
    return Note("upload-still-held", {name: value for name, value in reasons[0].args.items() if name != "id"})


def forget(run: Run, step: Step) -> None:
    """Remove an address from state; the live object, if there is one, stays."""
    run.let_go(str(step.address))
    run.journal.done(step.address, None)


def _planned(run: Run, step: Step) -> Live:
    """Return the object as planned: a duplicate at the address, or the object that is removed or replaced."""
    duplicates = run.planned.matched.duplicates.get(step.address, ())
    return next((one for one in duplicates if one.id == step.id), run.planned.matched.live[step.address])


def _is_duplicate(run: Run, step: Step, live: Live) -> bool:
    return live in run.planned.matched.duplicates.get(step.address, ())


def _is_replaced(step: Step) -> bool:
    return any(change.action == "replace" for change in step.changes)


def _alone(run: Run, live: Live) -> AbstractAsyncContextManager[object]:
    """Prevent other steps from sharing an upload while it is removed."""
    return run.uploading[_content(live)] if run.is_upload(live.type) else nullcontext()


def _content(live: Live) -> tuple[str, str]:
    return live.fields["sha256"], live.name


async def _delete(run: Run, live: Live) -> None:
    if run.is_upload(live.type) and run.uploads.get(_content(live)) == live.id:
        del run.uploads[_content(live)]
    await run.adapters[live.type].delete(live.id)
    run.deleted.add(live.id)


async def _staying(run: Run, step: Step, live: Live) -> Note | None:
    """Return the reason to keep the object, or None to delete it; raise StaleError if the object is not as planned."""
    if run.is_upload(live.type):
        note = _kept_because(run, step, live)
    else:
        note = None if await _is_there(run, step, live) else Note("already-deleted")
    found = [] if note else await run.reference_recheck.holders(live)
    if found and _is_replaced(step) and _may_stay(run, live):
        code: NoteCode = "upload-held" if run.is_upload(live.type) else "replaced-held"
        return Note(code, {"type": found[0].type, "id": found[0].id})
    if found:
        raise _stale(step, f"{_named(found)} started referencing {live.id} after this was planned")
    return note


def _may_stay(run: Run, live: Live) -> bool:
    """Return True if an object may stay live after it was replaced."""
    return run.is_upload(live.type) or run.planned.inputs.resource_types[live.type].outlives


def _kept_because(run: Run, step: Step, live: Live) -> Note | None:
    """Return a note if another address still uses the upload, which has no label to check."""
    return Note("upload-kept") if run.users[live.id] - {str(step.address)} else None


async def _is_there(run: Run, step: Step, live: Live) -> bool:
    """Return True if the object is still live; raise StaleError if this identity may not delete it any longer."""
    is_duplicate = _is_duplicate(run, step, live)
    now = await run.read_again(live, None if is_duplicate else frozenset())
    if now is None:
        return False
    identity = str(run.planned.inputs.identity)
    known = run.planned.matched.live.get(step.address)
    if is_duplicate and not accounts_for(run.planned.inputs, step.address, known, now):
        raise _stale(step, f"{live.id} is no longer as the interrupted create made it")
    owner, planned = now.labels, live.labels
    applied = run.planned.inputs.applied.get(step.address)
    if owner is None and planned is not None and (applied is None or applied.id != live.id):
        raise _stale(step, f"{live.id} no longer has the label of this project")
    expected = (planned.identity, planned.address) if planned else (identity, str(step.address))
    if owner is not None and (owner.identity, owner.address) != expected:
        raise _stale(step, f"{live.id} is now {owner.address} of {owner.identity}")
    if owner is not None and not run.is_ours(owner):
        raise _stale(step, f"{live.id} is now {owner.address} of another state of {owner.identity}")
    if owner is not None and owner.protected and not (planned and planned.protected):
        raise _stale(step, f"{live.id} is protected now")
    pinned = [change.preconditions[BODY] for change in step.changes if BODY in change.preconditions]
    if pinned and pinned != [run.planned.inputs.resource_types[now.type].body_digest(now.fields)]:
        raise _stale(step, f"{live.id} was changed after this was planned")
    return True


def _named(found: Sequence[Live]) -> str:
    names = [f"{one.type} {one.name} ({one.id})" if one.name else f"{one.type} {one.id}" for one in found]
    return few(names, MOST_NAMED)


def _stale(step: Step, what: str) -> StaleError:
    hint = "Nothing was deleted. Plan again: the plan lists the referrers and the remedies."
    return StaleError(Problem("stale", f"{step.address}: {what}", hint=hint))

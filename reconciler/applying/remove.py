"""Steps that remove one object, or only what we know of it."""

import asyncio

from reconciler.applying.run import Run
from reconciler.applying.steps import Step
from reconciler.planning.changes import is_labelled
from reconciler.planning.uploads import leftover_address
from reconciler.resources.base import Live


async def remove(run: Run, step: Step) -> str:
    """Delete the live object and, where the address leaves altogether, what applications load of it; gives a note."""
    live = _planned(run, step)
    replaced = any(change.action == "replace" for change in step.changes)
    leaving = not replaced and run.ids.get(str(step.address)) == live.id
    if leaving and step.address in run.planned.world.pointers:
        await asyncio.to_thread(run.publisher.withdraw, step.address)
    note = await _delete(run, step, live)
    if leaving:
        forget(run, step)
    elif live.type == "file":
        run.journal.done(leftover_address(live), None)
    return note


async def give_up(run: Run, step: Step) -> None:
    """Remove an address from state. Where the live object stays as nobody's, our labels go from it."""
    world, live = run.planned.world, run.planned.matched.live.get(step.address)
    applied = world.applied.get(step.address)
    if live and applied and applied.keep and is_labelled(world, live.type):
        await run.adapters[live.type].disown(live.id, world.identity)
    forget(run, step)


def forget(run: Run, step: Step) -> None:
    """Remove an address from state; the live object, if there is one, stays."""
    run.let_go(str(step.address))
    run.journal.done(step.address, None)


def _planned(run: Run, step: Step) -> Live:
    """The object as it was planned: a second one under the address, or the one that a replacement leaves behind."""
    twins = run.planned.matched.twins.get(step.address, ())
    return next((twin for twin in twins if twin.id == step.id), run.planned.matched.live[step.address])


async def _delete(run: Run, step: Step, live: Live) -> str:
    if run.in_outlets(live.type):
        return ""
    if live.type != "file":
        await run.adapters[live.type].delete(live.id)
        return ""
    key = (live.fields["sha256"], live.name)
    async with run.uploading[key]:
        note = _kept_because(run, step, live)
        if not note:
            if run.uploads.get(key) == live.id:
                del run.uploads[key]
            await run.adapters[live.type].delete(live.id)
    return note


def _kept_because(run: Run, step: Step, live: Live) -> str:
    """An upload stays while another address, or anybody's store, still needs it."""
    if run.users[live.id] - {str(step.address)}:
        return "the upload stays: another path shares it"
    holder = run.holders.get(live.id)
    return f"the upload stays: {holder.type} {holder.id}, which is not ours, holds it" if holder else ""

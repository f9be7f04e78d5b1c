"""Steps that remove one object, or only what we know of it."""

import asyncio

from reconciler.applying.run import Run
from reconciler.applying.steps import Step


async def remove(run: Run, step: Step) -> str:
    """Delete the live object and, where the address leaves altogether, what applications load of it; gives a note."""
    id_ = step.id or ""
    replaced = any(change.action == "replace" for change in step.changes)
    leaving = not replaced and run.ids.get(str(step.address)) == id_
    if leaving and step.address in run.planned.world.pointers:
        await asyncio.to_thread(run.publisher.withdraw, step.address)
    note = _kept_because(run, step, id_)
    if not note and not run.in_outlets(_type(run, step)):
        await run.adapters[_type(run, step)].delete(id_)
    if leaving:
        forget(run, step)
    return note


def forget(run: Run, step: Step) -> None:
    """Remove an address from state; the live object, if there is one, stays."""
    run.ids.pop(str(step.address), None)
    run.journal.done(step.address, None)


def _type(run: Run, step: Step) -> str:
    """The type of the object as it was planned, which a replacement may have changed."""
    twins = run.planned.matched.twins.get(step.address, ())
    live = next((twin for twin in twins if twin.id == step.id), run.planned.matched.live[step.address])
    return live.type


def _kept_because(run: Run, step: Step, id_: str) -> str:
    """An upload stays while another address, or anybody's store, still needs it."""
    if _type(run, step) != "file":
        return ""
    if any(other == id_ for address, other in run.ids.items() if address != str(step.address)):
        return "the upload stays: another path shares it"
    strangers = run.planned.matched.strangers
    holder = next((live for live in strangers if id_ in live.refers_to), None)
    return f"the upload stays: {holder.type} {holder.id}, which is not ours, holds it" if holder else ""

"""The create of an object: it is sent once. If its outcome is unknown, the object is looked up by its marker before
another create is sent.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Final

from reconciler.applying.model import Note
from reconciler.applying.run import Run
from reconciler.live.adapters import Adapter, WriteRequest
from reconciler.live.errors import UnknownOutcomeError
from reconciler.planning.announced import api_view, is_as_sent, marker_of
from reconciler.resources.base import Desired, Live
from reconciler.resources.values import Fields

TRIES: Final = 3
"""Times that a create is sent at most, each time after the object was looked for in vain."""
LATE: Final = 60.0
"""Seconds for which a new object may be missing from lists."""
LOOKS: Final = (0.0, 1.0, 2.0, 4.0)
"""Seconds before each lookup after a create with an unknown outcome: a new object may not be in the lists yet."""


@dataclass(frozen=True)
class Written:
    """The object after a step."""

    id: str
    note: Note | None = None
    revision: str = ""
    """`Live.revision` of the object."""
    resolved: Fields = field(default_factory=dict)
    """The server defaults of a frozen copy, which are managed from then on."""
    is_doubtful: bool = False
    """True if an earlier create of the object, in this run or another one, may still be executed."""
    live: Live | None = None
    """The object as the last response has it; None if no response has all of it."""


async def make(run: Run, desired: Desired) -> Written:
    """Create an object. Addresses with the same upload share it. Objects without labels that the API shows alike are
    created one at a time.
    """
    inputs = run.planned.inputs
    if not inputs.needs_state(desired.type):
        return await _made(run, desired)
    async with run.alike[api_view(desired.type, marker_of(inputs, desired))]:
        if not run.is_upload(desired.type):
            await _announce(run, desired)
            return await _made(run, desired)
        key, made = (desired.fields["sha256"], desired.upload_name), None
        async with run.uploading[key]:
            if key not in run.uploads:
                await _announce(run, desired)
                made, _ = await _create(run, desired)
                run.uploads[key] = made.id
            run.hold(str(desired.address), run.uploads[key])
    return Written(run.uploads[key], note=None if made else Note("upload-shared"), live=made)


async def _announce(run: Run, desired: Desired) -> None:
    if not run.journal.is_announced(desired.address):
        await asyncio.to_thread(run.journal.announce, desired.address)


async def _made(run: Run, desired: Desired) -> Written:
    """Create an object that no other address shares."""
    inputs = run.planned.inputs
    made, requests = await _create(run, desired)
    run.hold(str(desired.address), made.id)
    resolved = inputs.resource_types[desired.type].resolved if desired.whole else ()
    is_doubtful = inputs.is_labelled(desired.type) and (requests > 1 or desired.address in inputs.intents)
    filled_in = {name: made.fields[name] for name in resolved}
    return Written(made.id, revision=made.revision, resolved=filled_in, is_doubtful=is_doubtful, live=made)


async def _create(run: Run, desired: Desired) -> tuple[Live, int]:
    """Return the new object, and the number of requests that were sent to create it."""
    request = write_request(run, desired, desired.fields)
    adapter = run.adapters[desired.type]
    found = await _found_late(run, adapter, request)
    if found is not None:
        return await _complete(run, adapter, found, request), 0
    for attempt in range(1, TRIES + 1):
        try:
            return await adapter.create(request), attempt
        except UnknownOutcomeError:
            found = await _found(run, adapter, request, run.started)
            if found is not None:
                return await _complete(run, adapter, found, request), attempt
            if attempt == TRIES:
                raise
    raise AssertionError("unreachable: the last try returns or raises")


async def _found_late(run: Run, adapter: Adapter, request: WriteRequest) -> Live | None:
    """Return the object that an interrupted run created a moment ago and that the lists of the plan did not have yet.

    Only of a type whose owner is in the state alone: nothing would show later which of two equal objects is managed.
    """
    inputs, address = run.planned.inputs, request.desired.address
    if not inputs.needs_state(request.desired.type) or inputs.is_upload(request.desired.type):
        return None
    since = [item.since for item in inputs.pending if item.address == address]
    recent = [moment for moment in since if run.started - moment < LATE]
    return await _found(run, adapter, request, min(recent)) if recent else None


async def _found(run: Run, adapter: Adapter, request: WriteRequest, since: float) -> Live | None:
    """Return the object of a create with an unknown outcome, but never an object that an address has already."""
    for wait in LOOKS:
        await run.sleep(wait)
        found = await adapter.find(request, since)
        if found is None or not is_as_sent(run.planned.inputs, request.desired, found):
            continue
        if not run.users.get(found.id):
            return found
        free = next((id_ for id_ in found.detail.get("also_fits", ()) if not run.users.get(id_)), None)
        if free is not None:
            return await adapter.read(free)
    return None


async def _complete(run: Run, adapter: Adapter, found: Live, request: WriteRequest) -> Live:
    """Write what is written apart from the object itself, and may be missing on one that was found."""
    resource_type = run.planned.inputs.resource_types[request.desired.type]
    apart = {name: value for name, value in request.fields.items() if name in resource_type.apart}
    if not apart:
        return found
    return await adapter.update(
        found, WriteRequest(request.desired, apart, request.labels, request.id_of, request.root)
    )


def write_request(run: Run, desired: Desired, fields: Fields) -> WriteRequest:
    return WriteRequest(desired, fields, run.labels(desired), run.id_of, run.root, run.secret_of)

"""State by hand: pulled as one document, pushed back, an entry moved, entries forgotten. Everything under the lock."""

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from reconciler.live.base import Adapter
from reconciler.live.registry import adapters
from reconciler.project.endpoint import open_connection
from reconciler.project.suggest import did_you_mean
from reconciler.project.workspace import Workspace, open_workspace
from reconciler.resources.address import Address
from reconciler.resources.base import Applied
from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.resources.registry import outlet_types, resource_types, upload_kinds, upload_types
from reconciler.resources.values import references_in
from reconciler.state.codec import decode_state, encode_state
from reconciler.state.edits import StateEdit, check_not_older, compare
from reconciler.state.lock import Holder, Lease, this_process
from reconciler.state.model import Snapshot

Objects = Mapping[Address, Applied]


def pulled(start: Path, environ: Mapping[str, str], *, env: str | None) -> bytes:
    """The whole state as one JSON document, with everything that the journal adds to it. Takes no lock."""
    return encode_state(open_workspace(start, environ, env=env).backend.read())


def push(start: Path, environ: Mapping[str, str], file: Path, *, env: str | None) -> StateEdit:
    """Make the document in `file`, as `pulled` gives it, the state.

    ReconcilerError where it is of another identity, is no such document, or lacks what was recorded since it was made.
    """
    workspace = open_workspace(start, environ, env=env)
    pushed = decode_state(file.read_bytes(), workspace.identity, str(file), "")
    with workspace.backend.lock(this_process(environ)) as lease:
        present = workspace.backend.read()
        check_not_older(pushed, present, str(file))
        return rewritten(workspace, lease, present, pushed, f"push {file.name}")


def move(start: Path, environ: Mapping[str, str], former: Address, address: Address, *, env: str | None) -> StateEdit:
    """Let what state knows as `former` be known as `address`; the next apply writes that on the live object.

    ReconcilerError where state does not know `former`, knows `address`, or the object can have no other name.
    """
    workspace = open_workspace(start, environ, env=env)
    with workspace.backend.lock(this_process(environ)) as lease:
        present = workspace.backend.read()
        check_known(present.state.objects, [former])
        entry = present.state.objects[former]
        _check_movable(present.state.objects, former, address, entry)
        rest = {known: applied for known, applied in present.state.objects.items() if known != former}
        new = _with_objects(present, {**rest, address: entry})
        done = rewritten(workspace, lease, present, new, f"move {former} to {address}")
    return replace(done, notes=tuple(_after_move(workspace, former, address)))


def forget(
    start: Path, environ: Mapping[str, str], addresses: Sequence[Address], *, env: str | None, endpoint: str | None
) -> StateEdit:
    """Manage these no longer: take our labels off what is live, which stays as it is, and remove the entries.

    With a vector store go the files that nothing else of ours needs. ReconcilerError for what would come back at once:
    an upload that one of our stores holds, and what is nothing but a document in the outlets.
    """

    async def run() -> StateEdit:
        workspace = open_workspace(start, environ, env=env, endpoint=endpoint)
        async with open_connection(workspace.loaded.project, workspace.endpoint) as connection:
            with workspace.backend.lock(this_process(environ)) as lease:
                present = await asyncio.to_thread(workspace.backend.read)
                planned_deletions = _leaving(present.state.objects, addresses)
                with connection.writing_while(lease.check):
                    await _disown(workspace, adapters(connection), lease, planned_deletions)
                rest = {known: item for known, item in present.state.objects.items() if known not in planned_deletions}
                new, said = _with_objects(present, rest), f"forget {', '.join(map(str, addresses))}"
                done = await asyncio.to_thread(rewritten, workspace, lease, present, new, said)
        return replace(done, notes=tuple(_after_forgetting(workspace, planned_deletions)))

    return asyncio.run(run())


def rewritten(workspace: Workspace, lease: Lease, present: Snapshot, new: Snapshot, what: str) -> StateEdit:
    """Make `new` the state; `what` is told in the history, where the backend has one."""
    holder = lease.lock.holder
    workspace.backend.rewrite(present, new, lease, f"{what}: {workspace.identity} by {_named(holder)}")
    return compare(present.state, new.state)


def check_known(objects: Objects, addresses: Collection[Address]) -> None:
    """ReconcilerError for addresses that state does not know."""
    names = [str(address) for address in objects]
    hint = "`reconciler state list` shows what there is."
    problems = [
        Problem("unknown-address", f"state has no {address}", hint=did_you_mean(str(address), names) or hint)
        for address in addresses
        if address not in objects
    ]
    if problems:
        raise ReconcilerError(*problems)


def _named(holder: Holder) -> str:
    return f"{holder.name}@{holder.host}"


def _with_objects(snapshot: Snapshot, objects: Objects) -> Snapshot:
    return replace(snapshot, state=replace(snapshot.state, objects=objects))


def _check_movable(objects: Objects, former: Address, address: Address, entry: Applied) -> None:
    if address in objects:
        hint = "Choose another name, or `reconciler state rm` that one first."
        raise ReconcilerError(Problem("address-taken", f"state has {address} already", hint=hint))
    if former.kind != address.kind:
        message = f"{former} cannot become {address}: it stays a {former.kind}"
        raise ReconcilerError(Problem("other-kind", message, hint=f"Write {former.kind}/{address.name}."))
    if entry.type in outlet_types():
        message = f"{former} is what the outlets have under that name, so that state cannot give it another"
        hint = f"Rename its manifest, with `lifecycle: {{moved_from: {former.name}}}`."
        raise ReconcilerError(Problem("in-outlets", message, hint=hint))


def _after_move(workspace: Workspace, former: Address, address: Address) -> Iterator[str]:
    """What the next plan makes of it."""
    if address not in workspace.desired:
        yield f"no manifest asks for {address}: the next plan removes it"
    elif former.kind in {one.address_kind for one in resource_types().values() if one.is_labelled}:
        yield f"its label still says {former}: the next apply writes {address} there"
    if former in workspace.desired:
        yield f"a manifest asks for {former}: the next plan makes another one"


def _leaving(objects: Objects, addresses: Sequence[Address]) -> dict[Address, Applied]:
    """Everything that goes, stores first."""
    check_known(objects, addresses)
    going = {address: objects[address] for address in addresses}
    problems = [problem for address in addresses if (problem := _obstacle(objects, going, address))]
    if problems:
        raise ReconcilerError(*problems)
    needed = set(_files(applied for address, applied in objects.items() if address not in going))
    files = {file: objects[file] for file in _files(going.values()) if file in objects and file not in needed}
    return {**going, **files}


def _obstacle(objects: Objects, going: Objects, address: Address) -> Problem | None:
    if objects[address].type in outlet_types():
        message = f"{address} is nothing but what the outlets have: as long as that is there, it is managed"
        hint = "Remove its manifest to withdraw it; with `lifecycle: {keep_on_delete: true}` it stays published."
        return Problem("in-outlets", message, hint=hint)
    holder = next((known for known, item in objects.items() if known not in going and address in _files([item])), None)
    if address.kind in upload_kinds() and holder:
        message = f"{holder} needs {address}: it would be found again, and taken for ours"
        return Problem("file-needed", message, hint=f"Take it out of {holder} and apply; or name {holder} too.")
    return None


def _files(entries: Collection[Applied] | Iterator[Applied]) -> Iterator[Address]:
    """The uploads that these refer to."""
    texts = (text for applied in entries for text in references_in(dict(applied.fields)))
    return (address for address in map(Address.parse, texts) if address.kind in upload_kinds())


async def _disown(
    workspace: Workspace, by_type: Mapping[str, Adapter], lease: Lease, planned_deletions: Mapping[Address, Applied]
) -> None:
    """Take labels off, one object after the other; run again, it goes on."""
    for applied in planned_deletions.values():
        await asyncio.to_thread(lease.keep)
        await by_type[applied.type].disown(applied.id, workspace.identity)


def _after_forgetting(workspace: Workspace, planned_deletions: Mapping[Address, Applied]) -> Iterator[str]:
    for address, applied in planned_deletions.items():
        if address in workspace.desired and applied.type not in upload_types():
            yield f"a manifest asks for {address}: the next plan makes another one"

"""`state push`, `mv`, `rm` and `migrate-backend`: manual edits of the state, and its move to another backend."""

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from reconciler.live.adapters import Adapter, adapters
from reconciler.operations.run import check_unlocked
from reconciler.operations.supervision import confirming
from reconciler.project.connection import open_connection, run_async
from reconciler.project.destroyed import check_not_destroyed
from reconciler.project.endpoint import is_embedded
from reconciler.project.garbage import leave_out_loaded
from reconciler.project.workspace import Workspace, open_workspace
from reconciler.resources.address import Address
from reconciler.resources.base import Applied
from reconciler.resources.name_lists import did_you_mean, few
from reconciler.resources.problems import Problem, ReconcilerError, command_text, env_option
from reconciler.resources.registry import outlet_types, resource_types, upload_kinds, upload_types
from reconciler.resources.values import references_in
from reconciler.state.backend import open_store
from reconciler.state.backend_migration import StateMigration, migrate
from reconciler.state.codec import decode_state
from reconciler.state.edits import StateEdit, check_not_older, check_same_lineage, compare
from reconciler.state.lock import Lease, this_process
from reconciler.state.model import Snapshot, State

Objects = Mapping[Address, Applied]


def push(start: Path, environ: Mapping[str, str], file: Path, *, env: str | None) -> StateEdit:
    """Replace the state with the document in `file`, a result of `pulled`.

    Raises ReconcilerError if it is not a state document, belongs to another identity, is older than the state, or has
    another lineage.
    """
    workspace = open_workspace(start, environ, env=env)
    pushed = decode_state(file.read_bytes(), workspace.identity, str(file), "")
    with workspace.backend.lock(this_process(environ)) as lease:
        present = workspace.backend.read()
        check_not_destroyed(workspace, present.state)
        check_same_lineage(pushed.state, present.state, str(file))
        check_not_older(pushed, present, str(file))
        lineage = pushed.state.lineage or present.state.lineage
        pushed = replace(pushed, state=replace(pushed.state, lineage=lineage))
        return rewritten(workspace, lease, present, pushed, f"push {file.name}")


def move(start: Path, environ: Mapping[str, str], former: Address, address: Address, *, env: str | None) -> StateEdit:
    """Move the entry `former` to `address`; the next apply updates the label of the live object.

    Raises ReconcilerError if `former` is not in the state, if `address` is, or if the object cannot be moved.
    """
    workspace = open_workspace(start, environ, env=env)
    with workspace.backend.lock(this_process(environ)) as lease:
        present = workspace.backend.read()
        check_not_destroyed(workspace, present.state)
        check_known(present.state.objects, [former], workspace)
        entry = present.state.objects[former]
        _check_movable(present.state.objects, former, address, entry, workspace.identity.environment)
        rest = {known: applied for known, applied in present.state.objects.items() if known != former}
        new = _with_objects(present, {**rest, address: entry})
        done = rewritten(workspace, lease, present, new, f"move {former} to {address}")
    return replace(done, notes=tuple(_after_move(workspace, present.state.objects, former, address)))


def forget(
    start: Path,
    environ: Mapping[str, str],
    addresses: Sequence[Address] | None,
    *,
    env: str | None,
    endpoint: str | None,
) -> StateEdit:
    """Stop managing objects without deleting them: remove their labels and their entries in the state. Without
    addresses (None), all are forgotten, also documents in the outlets, which stay published.

    Files of a vector store that no other object references are included. Raises ReconcilerError for objects that the
    next plan would find again: uploads that a managed vector store holds, and documents in the outlets.
    """

    async def run() -> StateEdit:
        workspace = open_workspace(start, environ, env=env, endpoint=endpoint)
        async with open_connection(workspace.loaded.project, workspace.endpoint) as connection:
            leave_out_loaded()
            with workspace.backend.lock(this_process(environ)) as lease:
                present = await asyncio.to_thread(workspace.backend.read)
                check_not_destroyed(workspace, present.state)
                objects = present.state.objects
                removed = objects if addresses is None else _removed_entries(objects, addresses, workspace)
                if not removed:
                    return compare(present.state, present.state)
                with connection.writing_while(confirming(lease)):
                    by_type = adapters(connection, {applied.type for applied in removed.values()})
                    await _disown(workspace, by_type, lease, present.state, removed)
                rest = {known: item for known, item in objects.items() if known not in removed}
                what = "all objects" if addresses is None else ", ".join(map(str, addresses))
                new, said = _with_objects(present, rest), f"forget {what}"
                done = await asyncio.to_thread(rewritten, workspace, lease, present, new, said)
        after = _after_forgetting if addresses else _after_forgetting_all
        return replace(done, notes=tuple(after(workspace, removed)))

    return run_async(run())


def migrate_backend(start: Path, environ: Mapping[str, str], to: str, *, env: str | None) -> StateMigration:
    """Migrate the state of one identity from the configured backend to `to`.

    The configuration is not changed. Commands that still use the old backend fail with the location of the new one.
    """
    workspace = open_workspace(start, environ, env=env)
    check_unlocked(workspace)
    others = {name: value for name, value in environ.items() if name != "RECONCILER_STATE"}
    target = open_store(workspace.root, to, others, embedded=is_embedded(workspace.endpoint))
    return migrate(workspace.backend, target, this_process(environ))


def rewritten(workspace: Workspace, lease: Lease, present: Snapshot, new: Snapshot, what: str) -> StateEdit:
    """Replace the state with `new`; `what` describes the edit in the history of the backend."""
    holder = lease.lock.holder
    workspace.backend.rewrite(present, new, lease, f"{what}: {workspace.identity} by {holder.name}@{holder.host}")
    return compare(present.state, new.state)


def check_known(objects: Objects, addresses: Collection[Address], workspace: Workspace) -> None:
    """Raise ReconcilerError for addresses that are not in the state."""
    names = [str(address) for address in objects]
    hint = f"To list all entries, run `reconciler state list{env_option(workspace.identity.environment)}`."
    problems = [
        Problem("unknown-address", f"{address} is not in the state", hint=did_you_mean(str(address), names) or hint)
        for address in addresses
        if address not in objects
    ]
    if problems:
        raise ReconcilerError(*problems)


def _with_objects(snapshot: Snapshot, objects: Objects) -> Snapshot:
    return replace(snapshot, state=replace(snapshot.state, objects=objects))


def _check_movable(
    objects: Objects, former: Address, address: Address, entry: Applied, environment: str | None
) -> None:
    if address in objects:
        remove = command_text(environment, "state", "rm", str(address))
        hint = f"Choose another name, or remove the entry first: {remove}"
        raise ReconcilerError(Problem("address-taken", f"{address} is already in the state", hint=hint))
    if former.kind != address.kind:
        message = f"{former} cannot be moved to {address}: the kinds differ"
        raise ReconcilerError(Problem("other-kind", message, hint=f"Use {former.kind}/{address.name}."))
    if entry.type in outlet_types():
        message = f"{former} is a document in the outlets, and cannot be moved in the state"
        hint = f"Rename its manifest with `lifecycle: {{moved_from: {former.name}}}`."
        raise ReconcilerError(Problem("in-outlets", message, hint=hint))


def _after_move(workspace: Workspace, objects: Objects, former: Address, address: Address) -> Iterator[str]:
    """Return notes about the changes of the next plan."""
    desired = workspace.desired.get(address)
    releases = [
        release for release in workspace.releases.keys() & objects.keys() if str(former) in objects[release].holds
    ]
    if desired and releases and former.name not in desired.lifecycle.moved_from:
        names = few([str(release) for release in sorted(releases)])
        hint = f"add `lifecycle: {{moved_from: {former.name}}}` to {address}"
        yield f"releases use the name {former} ({names}): {hint}, so that other environments can follow it"
    if address not in workspace.desired:
        yield f"{address} has no manifest: the next plan removes the object"
    elif former.kind in {one.address_kind for one in resource_types().values() if one.is_labelled}:
        yield f"the label of the object is still {former}: the next apply updates it"
    if former in workspace.desired:
        yield f"{former} has a manifest: the next plan creates another object"


def _removed_entries(objects: Objects, addresses: Sequence[Address], workspace: Workspace) -> dict[Address, Applied]:
    """Return the entries to remove, vector stores first."""
    check_known(objects, addresses, workspace)
    going = {address: objects[address] for address in addresses}
    problems = [problem for address in addresses if (problem := _obstacle(objects, going, address))]
    if problems:
        raise ReconcilerError(*problems)
    needed = set(_files(applied for address, applied in objects.items() if address not in going))
    files = {file: objects[file] for file in _files(going.values()) if file in objects and file not in needed}
    return {**going, **files}


def _obstacle(objects: Objects, going: Objects, address: Address) -> Problem | None:
    if objects[address].type in outlet_types():
        message = f"{address} exists only as a document in the outlets, and is managed as long as it is published"
        hint = "To withdraw it, remove its manifest; with `lifecycle: {keep_on_delete: true}` it stays published."
        return Problem("in-outlets", message, hint=hint)
    holder = next((known for known, item in objects.items() if known not in going and address in _files([item])), None)
    if address.kind in upload_kinds() and holder:
        message = f"{holder} references {address}, so that the next plan would manage it again"
        return Problem("file-needed", message, hint=f"Remove it from {holder} and apply, or pass {holder} too.")
    return None


def _files(entries: Collection[Applied] | Iterator[Applied]) -> Iterator[Address]:
    """Return the uploads that these entries reference."""
    texts = (text for applied in entries for text in references_in(dict(applied.fields)))
    return (address for address in map(Address.parse, texts) if address.kind in upload_kinds())


async def _disown(
    workspace: Workspace,
    by_type: Mapping[str, Adapter],
    lease: Lease,
    state: State,
    removed: Mapping[Address, Applied],
) -> None:
    """Remove the labels of the objects one by one; can be repeated after an interruption."""
    for applied in removed.values():
        await asyncio.to_thread(lease.keep)
        if applied.type in by_type:
            await by_type[applied.type].disown(applied.id, workspace.identity, state.lineage)


def _after_forgetting(workspace: Workspace, removed: Mapping[Address, Applied]) -> Iterator[str]:
    for address, applied in removed.items():
        if address in workspace.desired and applied.type not in upload_types():
            yield f"{address} has a manifest: the next plan creates another object"


def _after_forgetting_all(workspace: Workspace, removed: Mapping[Address, Applied]) -> Iterator[str]:
    published = [str(address) for address, applied in sorted(removed.items()) if applied.type in outlet_types()]
    if published:
        yield f"the outlets still have {few(published)}"
    if workspace.desired.keys() & removed.keys():
        adopt = command_text(workspace.identity.environment, "adopt")
        yield f"the manifests are still there: run `{adopt}` to manage the objects again; an apply creates others"

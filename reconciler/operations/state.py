"""`state list`, `show`, `pull`, `history` and `unlock`, which read no manifests."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from reconciler.project.stored import open_stored
from reconciler.resources.address import Address, Identity
from reconciler.resources.base import Applied
from reconciler.resources.name_lists import did_you_mean
from reconciler.resources.problems import Problem, ReconcilerError, env_option
from reconciler.state.codec import encode_state
from reconciler.state.history import history
from reconciler.state.lock import LockedError, is_running
from reconciler.state.model import AppliedPlan, State


def state_of(start: Path, environ: Mapping[str, str], *, env: str | None) -> State:
    """Return the state, with everything that the journal adds to it."""
    return open_stored(start, environ, env=env).backend.read().state


def entry(start: Path, environ: Mapping[str, str], address: Address, *, env: str | None) -> Applied:
    """Return the entry of `address`; raises ReconcilerError if there is none."""
    stored = open_stored(start, environ, env=env)
    found = stored.backend.read_entry(address)
    if found is not None:
        return found
    known = stored.backend.read_latest().state.objects
    found = known.get(address)
    if found is None:
        listing = f"To list all entries, run `reconciler state list{env_option(stored.identity.environment)}`."
        hint = did_you_mean(str(address), map(str, known)) or listing
        raise ReconcilerError(Problem("unknown-address", f"{address} is not in the state", hint=hint))
    return found


def pulled(start: Path, environ: Mapping[str, str], *, env: str | None) -> bytes:
    """Return the complete state, including the journal, as one JSON document. Takes no lock."""
    return encode_state(open_stored(start, environ, env=env).backend.read())


def applies(start: Path, environ: Mapping[str, str], *, env: str | None) -> tuple[Identity, list[AppliedPlan]]:
    """Return applies, latest first: all of them for a backend with history, otherwise the latest 100."""
    backend = open_stored(start, environ, env=env).backend
    return backend.identity, history(backend.store, backend.identity)


def unlock(
    start: Path,
    environ: Mapping[str, str],
    *,
    env: str | None,
    confirm: Callable[[str], bool],
    confirm_running: Callable[[str], bool],
) -> str:
    """Force-unlock the state after `confirm` returns True for a question about the holder, and return the result.

    `confirm_running` is asked as well if the process of the lock is known to run. If the run of the lock is still
    active, it stops writing, but a request that is on its way arrives. Raises LockedError for a running process without
    consent.
    """
    backend = open_stored(start, environ, env=env).backend
    held = backend.held()
    if held is None:
        return f"No lock held on {backend.identity}."
    holder, age = held.holder, max(0, round(time.time() - held.renewed))
    whose = f"{holder.name}@{holder.host} (process {holder.pid}, renewed {age} s ago)"
    if not confirm(f"Force-unlock {backend.identity}, locked by {whose}?"):
        return "Nothing was changed."
    if is_running(held) and not confirm_running(f"Process {holder.pid} is still running and may write. Unlock anyway?"):
        message = f"{backend.identity} is locked by process {holder.pid} of {holder.name}, which is still running"
        hint = f"Wait for it, or end it with `kill {holder.pid}`: it then finishes its requests and releases the lock."
        raise LockedError(Problem("locked", message, hint=hint))
    if backend.unlock() is None:
        return "Nothing was changed."
    return f"Unlocked {backend.identity}, which was locked by {whose}."

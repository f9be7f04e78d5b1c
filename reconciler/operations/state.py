"""Looking into the state and its history, and freeing its lock."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from reconciler.project.suggest import did_you_mean
from reconciler.project.workspace import open_workspace
from reconciler.resources.address import Address, Identity
from reconciler.resources.base import Applied
from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.state.history import history
from reconciler.state.model import AppliedPlan, State


def state_of(start: Path, environ: Mapping[str, str], *, env: str | None) -> State:
    """The state, with everything that the journal adds to it."""
    return open_workspace(start, environ, env=env).backend.read().state


def entry(start: Path, environ: Mapping[str, str], address: Address, *, env: str | None) -> Applied:
    """The entry of `address`; ReconcilerError where there is none."""
    known = state_of(start, environ, env=env).objects
    found = known.get(address)
    if found is None:
        hint = did_you_mean(str(address), sorted(map(str, known))) or "`reconciler state list` shows what there is."
        raise ReconcilerError(Problem("unknown-address", f"state has no {address}", hint=hint))
    return found


def applies(start: Path, environ: Mapping[str, str], *, env: str | None) -> tuple[Identity, list[AppliedPlan]]:
    """Every apply that is known, the latest first: all of them with a backend that has history, else the latest 100."""
    backend = open_workspace(start, environ, env=env).backend
    return backend.identity, history(backend.store, backend.identity)


def unlock(start: Path, environ: Mapping[str, str], *, env: str | None, confirm: Callable[[str], bool]) -> str:
    """Free the lock, once `confirm` agrees to what it is told of the holder; a sentence that says what was done.

    For people who know that run to be dead: a run that lost its lock stops writing.
    """
    backend = open_workspace(start, environ, env=env).backend
    held = backend.held()
    if held is None:
        return f"Nobody holds the lock of {backend.identity}."
    holder = held.holder
    whose = f"the lock of {backend.identity} that {holder.name}@{holder.host} (process {holder.pid})"
    since = f"renewed {max(0, round(time.time() - held.renewed))} s ago"
    if not confirm(f"Free {whose} holds, {since}?") or backend.unlock() is None:
        return "Nothing was changed."
    return f"Freed: {whose} held, {since}."

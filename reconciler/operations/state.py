"""Looking into the state and its history, and freeing its lock."""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

from reconciler.operations.run import check_unlocked
from reconciler.project.endpoint import EMBEDDED
from reconciler.project.suggest import did_you_mean
from reconciler.project.workspace import open_workspace
from reconciler.resources.address import Address
from reconciler.resources.base import Applied
from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.resources.values import JSON
from reconciler.state.backend import open_store
from reconciler.state.history import history
from reconciler.state.lock import this_process
from reconciler.state.migrating import Migrated, migrate
from reconciler.state.model import AppliedPlan


def entries(start: Path, environ: Mapping[str, str], *, env: str | None) -> dict[Address, Applied]:
    """Everything applied, sorted by address."""
    snapshot = open_workspace(start, environ, env=env).backend.read()
    return dict(sorted(snapshot.state.objects.items()))


def entry(start: Path, environ: Mapping[str, str], address: Address, *, env: str | None) -> dict[str, JSON]:
    """The entry of `address`; ReconcilerError where there is none."""
    known = entries(start, environ, env=env)
    found = known.get(address)
    if found is None:
        hint = did_you_mean(str(address), map(str, known)) or "`reconciler state list` shows what there is."
        raise ReconcilerError(Problem("unknown-address", f"state has no {address}", hint=hint))
    return {"address": str(address), **asdict(found)}


def applies(start: Path, environ: Mapping[str, str], *, env: str | None) -> list[AppliedPlan]:
    """Every apply that is known, the latest first: all of them with a backend that has history, else the latest 100."""
    backend = open_workspace(start, environ, env=env).backend
    return history(backend.store, backend.identity)


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


def migrate_backend(start: Path, environ: Mapping[str, str], to: str, *, env: str | None) -> Migrated:
    """Take the state of one identity from the backend that is configured to the one that `to` names.

    The configuration is for people to change; whoever goes on with the old one is told where the state is.
    """
    workspace = open_workspace(start, environ, env=env)
    check_unlocked(workspace)
    others = {name: value for name, value in environ.items() if name != "RECONCILER_STATE"}
    target = open_store(workspace.root, to, others, embedded=workspace.endpoint == EMBEDDED)
    return migrate(workspace.backend, target, this_process(environ))

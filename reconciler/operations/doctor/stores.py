"""Checks of the state, its lock and the outlets of one environment. Nothing is written."""

import os
import time
from pathlib import Path
from typing import Final

from reconciler.bundles.outlets import DirectoryOutlet
from reconciler.operations.doctor.subject import Environment
from reconciler.project.connection import in_thread
from reconciler.project.health import CheckResult, ok, results_of
from reconciler.project.outlets import ProjectOutlet, outlets_of
from reconciler.resources.problems import ReconcilerError, reason
from reconciler.state.lock import is_running
from reconciler.state.lock_wait import age
from reconciler.state.model import Snapshot

_PROBE: Final = "chatbot/doctor.json"
"""A document that no outlet has: chatbots with this name are read as well."""


async def check_state(environment: Environment) -> list[CheckResult]:
    """Check that the state can be read and written, and that the last run has ended."""
    backend = environment.workspace.backend
    snapshot = await environment.snapshot()
    where, found = backend.store.location, [_content(backend.store.location, snapshot)]
    if snapshot.is_behind and not await in_thread(backend.held):
        message = "the last apply was interrupted; what it did is recorded by the next one"
        found.append(CheckResult("warning", message, f"reconciler apply{_option(environment)}"))
    try:
        await in_thread(backend.check_writable)
    except ReconcilerError as error:
        hint = "`plan` and `drift` work without it; `apply` does not."
        found += [
            CheckResult("warning", f"{where} cannot be written: {one.message}", one.hint or hint, one.code)
            for one in error.problems
        ]
    return found


def _content(where: str, snapshot: Snapshot) -> CheckResult:
    if not snapshot.run:
        return ok(f"{where} has no state of this environment yet; the first apply writes it")
    plans = list(snapshot.state.plans.values())
    last = f", last apply {time.strftime('%Y-%m-%d %H:%M', time.gmtime(plans[-1].started))} UTC" if plans else ""
    number = len(snapshot.state.objects)
    objects = "1 object" if number == 1 else f"{number} objects"
    return ok(f"{where}: {objects}, version {snapshot.position}{last}")


async def check_lock(environment: Environment) -> list[CheckResult]:
    """Say who holds the lock, and whether its run is alive."""
    lock, now = await in_thread(environment.workspace.backend.held), time.time()
    if lock is None:
        return [ok("not held")]
    holder = lock.holder
    url = f", {holder.run_url}" if holder.run_url else ""
    whose = f"held by {holder.name} on {holder.host} (process {holder.pid}{url}) for {age(now - lock.acquired)}"
    if lock.is_free(now):
        message = f"{whose}, whose run has ended or not renewed it: the next run takes it over"
        return [CheckResult("warning", message, f"reconciler apply{_option(environment)}")]
    alive = "which is running" if is_running(lock) else f"renewed {age(now - lock.renewed)} ago"
    hint = f"Wait for that run, or pass --lock-timeout 10m. If it has died: {_unlock(environment)}"
    return [CheckResult("warning", f"{whose}, {alive}", hint)]


def _unlock(environment: Environment) -> str:
    return f"reconciler state unlock{_option(environment)}"


def _option(environment: Environment) -> str:
    return f" --env {environment.name}" if environment.name else ""


async def check_outlets(environment: Environment) -> list[CheckResult]:
    """Check that each outlet can be read, as far as commands may contact it here."""
    workspace = environment.workspace
    configured = outlets_of(workspace.loaded.project)
    if not configured:
        return [ok("none besides the one beside the state")]
    recorded = (await environment.snapshot()).state.outlets or ()
    unread = {one.name for one in workspace.reachable(recorded).unread}
    found: list[CheckResult] = []
    for one in configured:
        if one.name in unread:
            message = f"{one.name} is not contacted in CI, because no apply has used it yet"
            found.append(CheckResult("warning", message, f"Add {one.name} to RECONCILER_OUTLETS in the workflow."))
        else:
            found += await in_thread(lambda one=one: _outlet(one, f"{workspace.identity}/{_PROBE}"))  # type: ignore[misc]
    return found


def _outlet(one: ProjectOutlet, key: str) -> list[CheckResult]:
    try:
        one.outlet.read(key)
        if isinstance(one.outlet, DirectoryOutlet) and (wrong := _of_folder(one.outlet.root)):
            return [CheckResult("failure", f"{one.name} {wrong}", "Check the permissions of the folder.", "outlet")]
    except ReconcilerError as error:
        return results_of(error.problems)
    except OSError as error:
        return [CheckResult("failure", f"{one.name} cannot be read: {reason(error)}", problem="outlet")]
    return [ok(f"{one.name} can be read")]


def _of_folder(folder: Path) -> str:
    """Return why documents cannot be written to a folder; empty if they can."""
    present = next(one for one in (folder, *folder.resolve().parents) if one.exists())
    if not present.is_dir():
        return f"is below {present}, which is not a folder"
    return "" if os.access(present, os.W_OK | os.X_OK) else "cannot be written"

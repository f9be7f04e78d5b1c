"""An apply, and the places at which it can be killed: each write to the API and each write of a document."""

import asyncio
import os
import signal
import sqlite3
import stat
from collections import Counter
from collections.abc import Mapping
from contextlib import asynccontextmanager, closing, nullcontext
from dataclasses import dataclass, field
from json import loads
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import httpx2

from reconciler.applying import walk
from reconciler.applying.model import ApplyResult
from reconciler.live.client import Connection, Endpoint, connect
from reconciler.live.pace import Pace
from reconciler.operations import rollback
from reconciler.operations.apply import apply_plan
from reconciler.operations.plan import Observed, make_plan
from reconciler.planning.model import Plan
from reconciler.project.destroyed import open_to_destroy
from reconciler.project.workspace import Workspace, open_workspace
from reconciler.resources.problems import ReconcilerError
from reconciler.state import lock
from reconciler.state.journal import Journal, StateMovedError
from reconciler.state.model import Written
from reconciler.state.store import is_batch
from tests.crash.estate import DATA
from tests.support.world import Quiet

Moment: TypeAlias = Literal["before-send", "after-send", "after-answer", "document", "state-before", "state-after"]
"""A moment of a write. To the API: before it is sent; after it is done, with an unread response; after the response is
read. To disk: after the bytes are synchronised, before they replace the document. To a shared state: before it is sent;
after it is done, without a response."""
IN_STATE: Final = ("document", "state-before", "state-after")
FASTER: Final = 20
"""Factor by which waits for indexing and for lists are shortened."""


@dataclass(frozen=True)
class Kill:
    """A kill at `moment` of the `place`-th write, counted from 1; none for 0."""

    moment: Moment
    place: int

    def __str__(self) -> str:
        return f"{self.moment}-{self.place}"


@dataclass
class Mortal:
    """A counter of moments that sends a signal to the process at one of them."""

    kill: Kill | None
    signal: int = signal.SIGKILL
    met: Counter[Moment] = field(default_factory=Counter)

    def reach(self, moment: Moment) -> None:
        self.met[moment] += 1
        if self.kill and self.kill.moment == moment and self.kill.place == self.met[moment]:
            os.kill(os.getpid(), self.signal)


class MortalTransport(httpx2.AsyncHTTPTransport):
    """Send one request at a time, so that the n-th write is the same in every run."""

    def __init__(self, mortal: Mortal) -> None:
        super().__init__(verify=False)
        self._mortal = mortal
        self._turn = asyncio.Lock()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        async with self._turn:
            if request.method == "GET":
                return await super().handle_async_request(request)
            self._mortal.reach("before-send")
            response = await super().handle_async_request(request)
            self._mortal.reach("after-send")
            await response.aread()
            self._mortal.reach("after-answer")
            return response


async def _sleep(seconds: float) -> None:
    await asyncio.sleep(seconds / FASTER)


@asynccontextmanager
async def connected(url: str, mortal: Mortal):
    async with connect(Endpoint(url, MortalTransport(mortal)), pace=Pace({}, sleep=_sleep)) as connection:
        yield connection


def apply(root: Path, url: str, environ: Mapping[str, str], kill: Kill | None) -> tuple[ApplyResult, Counter[Moment]]:
    """Plan and apply, and return the number of moments of each type."""
    mortal = Mortal(kill)
    _watch_disk(mortal)
    if kill is None or kill.moment in IN_STATE:
        _record_each()

    async def run() -> ApplyResult:
        workspace = open_workspace(root, environ)
        _watch_state(workspace, mortal)
        async with connected(url, mortal) as connection:
            return await _applied(workspace, connection, await make_plan(workspace, connection))

    return asyncio.run(run()), mortal.met


def destroy(root: Path, url: str, environ: Mapping[str, str], kill: Kill | None) -> tuple[ApplyResult, Counter[Moment]]:
    """Plan to remove everything and apply it, and return the number of moments of each type."""
    mortal = Mortal(kill)
    _watch_disk(mortal)
    if kill is None or kill.moment in IN_STATE:
        _record_each()

    async def run() -> ApplyResult:
        workspace = open_to_destroy(root, environ)
        _watch_state(workspace, mortal)
        async with connected(url, mortal) as connection:
            return await _applied(workspace, connection, await make_plan(workspace, connection))

    return asyncio.run(run()), mortal.met


def apply_and_plan(root: Path, url: str, environ: Mapping[str, str]) -> tuple[ApplyResult, Plan]:
    """Run the same command again, then plan, as a user does after a kill. What the killed run did not finish is not
    drift: with `--on-drift keep`, as in the workflows, all of it is completed.
    """

    async def once(connection: Connection) -> ApplyResult:
        workspace = open_workspace(root, environ)
        observed = await make_plan(workspace, connection, on_drift="keep")
        assert observed.planned.plan.drift == ()
        return await _applied(workspace, connection, observed)

    async def run() -> tuple[ApplyResult, Plan]:
        async with connected(url, Mortal(None)) as connection:
            try:
                result = await once(connection)
            except StateMovedError:  # a push that outlives the killed run may arrive between the read and the lock
                result = await once(connection)
            return result, (await make_plan(open_workspace(root, environ), connection)).planned.plan

    return asyncio.run(run())


def objects(root: Path, kind: str) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(root / DATA)) as database:
        return [loads(body) for (body,) in database.execute("SELECT body FROM objects WHERE kind = ?", [kind])]


def what_runs(root: Path) -> str:
    """Return the instructions of the agent that the automation runs. Fail if there is no such agent."""
    (automation,) = objects(root, "agent.automation")
    agents = {one["id"]: one["given"]["instructions"] for one in objects(root, "agent")}
    return str(agents[automation["target"]["agent_id"]])


class _Silent(Quiet):
    def note(self, text: str) -> None: ...


def roll_back(root: Path, url: str, environ: Mapping[str, str], kill: Kill | None) -> tuple[int, Counter[Moment]]:
    """Roll back the chatbot `support` to the release before, and return it with the number of moments of each type."""
    mortal = Mortal(kill)
    _watch_disk(mortal)
    if kill is None or kill.moment in IN_STATE:
        _record_each()
    rollback.connected = lambda _workspace: connected(url, mortal)  # type: ignore[assignment, attr-defined]
    choice, result = rollback.roll_back(
        root,
        environ,
        "support",
        None,
        env=None,
        endpoint=None,
        announce=lambda _choice: None,
        confirm=lambda _plan: True,
        listen=lambda _steps: nullcontext(_Silent()),
        resume=lambda _choice: "reconciler rollback support 1",
    )
    assert isinstance(result, ApplyResult), result
    assert result.complete, result
    return choice.number, mortal.met


LEASE: Final = 1.5
"""Seconds until a lock expires; after twice this time, others may take it."""


RECHECK: Final = 0.3
"""Seconds after which a run reads its lock again, if reads of the store take long."""


def pausing(root: Path, url: str, environ: Mapping[str, str], pause: Kill, lease: float) -> tuple[set[str], int]:
    """Apply one change after the other, stop at `pause` until resumed, and return the codes of the problems and the
    number of writes to the API. `lease` is the time in seconds until the lock expires.
    """
    mortal = Mortal(pause, signal.SIGSTOP)
    walk.CONCURRENCY = 1  # type: ignore[misc]
    _leases(lease)

    async def run() -> set[str]:
        workspace = open_workspace(root, environ)
        async with connected(url, mortal) as connection:
            try:
                result = await _applied(workspace, connection, await make_plan(workspace, connection))
            except ReconcilerError as error:
                return {problem.code for problem in error.problems}
            return {outcome.problem.code for outcome in result.outcomes if outcome.problem}

    return asyncio.run(run()), mortal.met["before-send"]


def taking_over(root: Path, url: str, environ: Mapping[str, str]) -> bool:
    """Apply when the lock of a run without heartbeat exists, and return True if the apply is complete."""
    _leases(LEASE)
    return attempt(root, url, environ)[1]


def unlocking(root: Path, url: str, environ: Mapping[str, str]) -> bool:
    """Take the lock from a run that holds it, then apply, and return True if the apply is complete."""
    assert open_workspace(root, environ).backend.unlock()
    return attempt(root, url, environ)[1]


def _leases(seconds: float) -> None:
    lock.DURATION = lock.GRACE = seconds  # type: ignore[misc]
    lock.RECHECK = RECHECK  # type: ignore[misc]


def attempt(root: Path, url: str, environ: Mapping[str, str]) -> tuple[Plan, bool]:
    """Run the command once, and return the plan and True if it was applied completely."""

    async def run() -> tuple[Plan, bool]:
        workspace = open_workspace(root, environ)
        async with connected(url, Mortal(None)) as connection:
            observed = await make_plan(workspace, connection)
            plan = observed.planned.plan
            return plan, not plan.refusals and (await _applied(workspace, connection, observed)).complete

    return asyncio.run(run())


async def _applied(workspace: Workspace, connection: Connection, observed: Observed) -> ApplyResult:
    assert observed.planned.plan.refusals == (), observed.planned.plan.refusals
    return await apply_plan(workspace, connection, observed, Quiet(), resume="reconciler apply")


def _record_each() -> None:
    """Write each completion to a separate segment, to have the largest number of places in the journal.

    What was written to outlets comes from several threads, and is written with the next completion.
    """
    remember = Journal._wait

    def record(self: Journal, entry: Any) -> None:
        remember(self, entry)
        if not isinstance(entry, Written):
            self.flush()

    Journal._wait = record  # type: ignore[method-assign]


def _watch_disk(mortal: Mortal) -> None:
    """Count a moment when a document is synchronised in a temporary file, before it is moved to its place."""
    synchronise = os.fsync

    def watched(handle: int) -> None:
        synchronise(handle)
        if stat.S_ISREG(os.fstat(handle).st_mode):
            mortal.reach("document")

    os.fsync = watched  # type: ignore[assignment]


def _watch_state(workspace: Workspace, mortal: Mortal) -> None:
    store = workspace.backend.store
    names = ["write_all"] if is_batch(store) else ["create", "replace", "delete"]
    for name in names:
        setattr(store, name, _watched(getattr(store, name), mortal))


def _watched(write: Any, mortal: Mortal) -> Any:
    def watched(*arguments: Any) -> Any:
        mortal.reach("state-before")
        done = write(*arguments)
        mortal.reach("state-after")
        return done

    return watched

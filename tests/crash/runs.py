"""One apply, and the places at which it can be killed: each write to the API and each write of a document."""

import asyncio
import os
import signal
import stat
from collections import Counter
from collections.abc import Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import httpx2

from reconciler.applying import walk
from reconciler.applying.model import ApplyResult
from reconciler.live.client import Connection, Endpoint, connect
from reconciler.live.pace import Pace
from reconciler.operations.apply import apply_plan
from reconciler.operations.plan import Observed, make_plan
from reconciler.planning.model import Plan
from reconciler.project.workspace import Workspace, open_workspace
from reconciler.resources.problems import ReconcilerError
from reconciler.state import lock
from reconciler.state.journal import Journal
from reconciler.state.store import BatchStore
from tests.support.world import Quiet

Moment: TypeAlias = Literal["before-send", "after-send", "after-answer", "document", "state-before", "state-after"]
"""Of a write to the API: before it is sent; done by the API, its answer unread; its answer read, and nothing done with
it. Of a write to disk: the bytes are written, and are not the document yet. Of a write to a shared state: not sent;
done, and nobody told."""
IN_STATE: Final = ("document", "state-before", "state-after")
FASTER: Final = 20
"""Waits for indexing and for lists are shortened so much."""


@dataclass(frozen=True)
class Kill:
    """Die at the moment of the `place`-th write, counted from 1; at none of them with 0."""

    moment: Moment
    place: int

    def __str__(self) -> str:
        return f"{self.moment}-{self.place}"


@dataclass
class Mortal:
    """Counts moments, and dies at one of them, or whatever else the signal does."""

    kill: Kill | None
    signal: int = signal.SIGKILL
    met: Counter[Moment] = field(default_factory=Counter)

    def reach(self, moment: Moment) -> None:
        self.met[moment] += 1
        if self.kill and self.kill.moment == moment and self.kill.place == self.met[moment]:
            os.kill(os.getpid(), self.signal)


class MortalTransport(httpx2.AsyncHTTPTransport):
    """One request at a time, so that the n-th write is the same one in every run."""

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
    """Plan and apply; with the number of moments of each sort that this came to."""
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


def apply_and_plan(root: Path, url: str, environ: Mapping[str, str]) -> tuple[ApplyResult, Plan]:
    """What a person does after a kill: the same command again; then a look at what is left."""

    async def run() -> tuple[ApplyResult, Plan]:
        workspace = open_workspace(root, environ)
        async with connected(url, Mortal(None)) as connection:
            result = await _applied(workspace, connection, await make_plan(workspace, connection))
            return result, (await make_plan(open_workspace(root, environ), connection)).planned.plan

    return asyncio.run(run())


LEASE: Final = 1.5
"""Seconds that a lock lasts here; and as many after that until others take it."""


def pausing(root: Path, url: str, environ: Mapping[str, str], pause: Kill) -> tuple[set[str], int]:
    """An apply, one change after the other, that sleeps until somebody wakes it; gives what it ended with, and the
    number of its writes to the API.
    """
    mortal = Mortal(pause, signal.SIGSTOP)
    walk.CONCURRENCY = 1  # type: ignore[misc]
    _short_leases()

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
    """An apply that finds the lock of a run that says nothing any more; whether it did all."""
    _short_leases()
    return attempt(root, url, environ)[1]


def _short_leases() -> None:
    lock.DURATION = lock.GRACE = LEASE  # type: ignore[misc]


def attempt(root: Path, url: str, environ: Mapping[str, str]) -> tuple[Plan, bool]:
    """The command once; the plan, and whether all of it was done."""

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
    """A group of completions in a segment is one: there are as many places inside the journal as there can be."""
    remember = Journal._wait

    def record(self: Journal, entry: Any) -> None:
        remember(self, entry)
        self.flush()

    Journal._wait = record  # type: ignore[method-assign]


def _watch_disk(mortal: Mortal) -> None:
    """A document is written beside its place and synchronised before it is put there."""
    synchronise = os.fsync

    def watched(handle: int) -> None:
        synchronise(handle)
        if stat.S_ISREG(os.fstat(handle).st_mode):
            mortal.reach("document")

    os.fsync = watched  # type: ignore[assignment]


def _watch_state(workspace: Workspace, mortal: Mortal) -> None:
    store = workspace.backend.store
    names = ["write_all"] if isinstance(store, BatchStore) else ["create", "replace", "delete"]
    for name in names:
        setattr(store, name, _watched(getattr(store, name), mortal))


def _watched(write: Any, mortal: Mortal) -> Any:
    def watched(*arguments: Any) -> Any:
        mortal.reach("state-before")
        done = write(*arguments)
        mortal.reach("state-after")
        return done

    return watched

"""A project whose next apply sends every type of request, and an API with injected faults."""

import asyncio
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from reconciler.emulator import Settings, create_app
from reconciler.emulator.fault_spec import parse
from reconciler.live.client import Endpoint, connect
from reconciler.live.pace import Pace
from reconciler.operations.apply import apply_plan
from reconciler.operations.plan import make_plan
from reconciler.project.workspace import open_workspace
from reconciler.resources.problems import ReconcilerError
from tests.support.world import PROJECT, Clock, Quiet, World, manifest

DATA = "api.sqlite"
FASTER = 100
"""Factor by which time passes faster, for the API and for waits."""
PATIENCE = 0.4
"""Real seconds until an answer counts as lost."""


STARTED, ORIGIN = time.time(), time.monotonic()


class Fast(Clock):
    """Time that passes in a hurry, the same for every API of this process."""

    def __call__(self) -> float:
        return STARTED + (time.monotonic() - ORIGIN) * FASTER

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / FASTER)


class Impatient(httpx2.ASGITransport):
    """A transport with a timeout, as of a client on a socket. The server completes the request."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        try:
            async with asyncio.timeout(PATIENCE):
                return await super().handle_async_request(request)
        except TimeoutError as error:
            raise httpx2.ReadTimeout("no answer in time", request=request) from error


@dataclass
class Troubled(World):
    """A world in which an apply may fail."""

    clock: Fast

    def suffers(self, faults: str) -> None:
        self.app.state.faults.set(*parse(faults))

    def hits(self) -> int:
        return sum(fault["hit"] for fault in self.app.state.faults.report())

    def attempt(self) -> set[str]:
        """Plan and apply; gives the codes of what went wrong."""
        workspace = open_workspace(self.root, self.environ)

        async def run() -> set[str]:
            try:
                observed = await make_plan(workspace, self.connection)
                if observed.planned.plan.refusals:
                    return {f"refused: {refusal.rule}" for refusal in observed.planned.plan.refusals}
                result = await apply_plan(workspace, self.connection, observed, Quiet(), resume="again")
            except ReconcilerError as error:
                return {problem.code for problem in error.problems}
            return {outcome.problem.code for outcome in result.outcomes if outcome.problem}

        return self.run(run())

    def settle(self, seconds: float = 5) -> None:
        """Wait until everything that was written can be read."""
        self.run(self.clock.sleep(seconds + 1))

    def contents(self) -> dict[str, str]:
        """Return the indexed text of the files of all stores by id."""

        async def look() -> dict[str, str]:
            stores = [store.id async for store in self.sdk.vector_stores.list()]
            return {
                entry.id: (await self.sdk.vector_stores.files.content(entry.id, vector_store_id=store)).data[0].text
                or ""
                for store in stores
                async for entry in self.sdk.vector_stores.files.list(store)
            }

        return self.by_hand(look())

    def live(self) -> dict[str, Any]:
        """Return the live objects: agents and stores by name, files of stores, and uploads by name."""

        async def look() -> dict[str, Any]:
            stores = [store async for store in self.sdk.vector_stores.list()]
            uploads = [file async for file in self.sdk.files.list()]
            names = {file.id: file.filename for file in uploads}
            agents = [agent async for agent in self.sdk.beta.agents.list()]
            return {
                "agents": sorted((agent.name, agent.instructions) for agent in agents),
                "stores": {
                    f"{store.name} ({(store.metadata or {}).get('reconciler-address')})": sorted(
                        [
                            (names.get(entry.id, "?"), entry.status, (entry.attributes or {}).get("lang"))
                            async for entry in self.sdk.vector_stores.files.list(store.id)
                        ]
                    )
                    for store in stores
                },
                "number of stores": len(stores),
                "uploads": sorted(Counter(names.values()).items()),
            }

        return self.by_hand(look())


def before(world: Troubled) -> None:
    """Return the manifests that are applied before faults are injected; changed objects come first."""
    world.file("kb/a.md", "Bills come monthly.")
    world.file("kb/b.md", "We are closed on Sundays.")
    world.wants(PROJECT, agent("goes", "Leave."), store("goes", "kb/a.md", lang="en"))
    assert world.attempt() == set()
    world.wants(agent("clerk", "File it."), store("kb", "kb/*.md", lang="en"))
    assert world.attempt() == set()


def after(world: Troubled) -> None:
    """Return the manifests to apply, which require every type of request."""
    world.wants(agent("clerk", "File it twice."), agent("new", "Welcome them."))
    world.drops("Assistant/goes", "VectorStore/goes")
    (world.root / "kb/b.md").unlink()
    world.file("kb/c.md", "We are closed on Mondays.")
    world.file("more/d.md", "Ask Ada.")
    world.wants(store("kb", "kb/*.md", lang="de"), store("more", "more/*.md", lang="en"))


WANTED: dict[str, Any] = {
    "agents": [("clerk", "File it twice."), ("new", "Welcome them.")],
    "stores": {
        "kb (vectorstore/kb)": [("a.md", "completed", "de"), ("c.md", "completed", "de")],
        "more (vectorstore/more)": [("d.md", "completed", "en")],
    },
    "number of stores": 2,
    "uploads": [("a.md", 1), ("c.md", 1), ("d.md", 1)],
}


def agent(name: str, instructions: str) -> dict[str, Any]:
    return manifest("Assistant", name, {"target": "agents", "model": "gpt-6-luna", "instructions": instructions})


def store(name: str, files: str, *, lang: str) -> dict[str, Any]:
    metadata = {"lang": lang}
    return manifest("VectorStore", name, {"files": [files], "attributes": {"lang": lang}, "metadata": metadata})


def copied(template: Path, root: Path) -> Path:
    shutil.copytree(template, root)
    return root


@contextmanager
def troubled(root: Path, **settings: Any) -> Iterator[Troubled]:
    """The project in `root`, and its API with `settings`, which keeps its objects there too."""
    root.mkdir(parents=True, exist_ok=True)
    clock = Fast()
    app = create_app(Settings(data=root / DATA, now=clock, **settings))
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        endpoint = Endpoint(transport=Impatient(app=app))
        pace = Pace({}, clock=clock, sleep=clock.sleep)
        connection = runner.run(stack.enter_async_context(connect(endpoint, pace=pace)))
        try:
            yield Troubled(root, app, clock, runner, connection, connection.client)
        finally:
            runner.run(stack.aclose())

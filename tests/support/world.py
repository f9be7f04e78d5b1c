"""A project in a folder, the embedded API in this process, and everybody who works on either of them.

`plan` and `apply` go the way of the commands; `by_hand` is somebody else at the API, with the real SDK.
"""

import asyncio
import json
import re
import shutil
from collections import Counter
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import httpx2
from openai import AsyncOpenAI
from starlette.applications import Starlette

from reconciler.applying.model import ApplyResult, Outcome
from reconciler.emulator import Settings, create_app
from reconciler.live.client import Connection, Endpoint, connect
from reconciler.live.pace import Pace
from reconciler.operations.apply import apply_plan
from reconciler.operations.plan import Observed, make_plan
from reconciler.planning.model import Action, Change, OnDrift, Plan
from reconciler.project.workspace import open_workspace
from reconciler.resources.problems import Problem

T = TypeVar("T")
Document = dict[str, Any]

STATE = Path(".reconciler", "state")
BUNDLES = Path(".reconciler", "bundles")
PROJECT: Document = {"kind": "Project", "metadata": {"name": "acme"}, "spec": {"defaults": {"target": "responses"}}}


def manifest(kind: str, name: str, spec: Mapping[str, Any], **more: Any) -> Document:
    """A document of `kind`; `more` goes beside `spec`."""
    return {"kind": kind, "metadata": {"name": name}, "spec": spec, **more}


def as_yaml(documents: list[Document]) -> str:
    """JSON that is YAML too, whatever characters are in it."""
    texts = (json.dumps({"apiVersion": "reconciler/v1", **document}, ensure_ascii=False) for document in documents)
    return "\n---\n".join(re.sub(r"[^ -~]", lambda found: f"\\U{ord(found[0]):08x}", text) for text in texts)


class Clock:
    """Time as the embedded API sees it."""

    def __init__(self) -> None:
        self.seconds = 1_795_000_000.0

    def __call__(self) -> float:
        return self.seconds


class Quiet:
    """Listens to an apply and says nothing."""

    def started(self, address: str, action: Action) -> None: ...

    def finished(self, outcome: Outcome) -> None: ...


@dataclass
class World:
    """One project folder and one API."""

    root: Path
    app: Starlette
    clock: Clock
    runner: asyncio.Runner
    connection: Connection
    sdk: AsyncOpenAI
    documents: dict[str, Document] = field(default_factory=dict)
    """The manifests by `Kind/name`."""
    environ: Mapping[str, str] = field(default_factory=lambda: {"RECONCILER_ENDPOINT": "embedded"})

    def wants(self, *documents: Document) -> None:
        """Write manifests, each over the one of its kind and name."""
        for document in documents:
            self.documents[f"{document['kind']}/{document['metadata']['name']}"] = document
        project, *others = self.documents.values()
        self.file("project.yaml", as_yaml([project]))
        self.file("manifests.yaml", as_yaml(others))

    def drops(self, *names: str) -> None:
        """Remove manifests, by `Kind/name`."""
        for name in names:
            del self.documents[name]
        self.wants()

    def file(self, path: str, content: str | bytes) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode())

    def plan(self, on_drift: OnDrift = "revert") -> Plan:
        return self.observed(on_drift).planned.plan

    def observed(self, on_drift: OnDrift = "revert") -> Observed:
        workspace = open_workspace(self.root, self.environ)
        return self.run(make_plan(workspace, self.connection, on_drift=on_drift))

    def apply(self, on_drift: OnDrift = "revert") -> ApplyResult:
        """Plan and apply; a plan that refuses fails the test."""
        workspace = open_workspace(self.root, self.environ)

        async def run() -> ApplyResult:
            observed = await make_plan(workspace, self.connection, on_drift=on_drift)
            assert observed.planned.plan.refusals == ()
            return await apply_plan(workspace, self.connection, observed, Quiet(), resume="reconciler apply")

        result = self.run(run())
        assert result.complete, [outcome.problem for outcome in result.outcomes if outcome.problem]
        return result

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def by_hand(self, work: Coroutine[Any, Any, T]) -> T:
        """What somebody does with the SDK, of which `requests` tells nothing."""
        before = list(self.app.state.requests)
        done = self.run(work)
        self.app.state.requests[:] = before
        return done

    def requests(self) -> Counter[str]:
        """Requests since this was last called, by method and path template."""
        asked = Counter(f"{method} {path}" for method, path in self.app.state.requests)
        self.app.state.requests.clear()
        return asked

    def id_of(self, address: str) -> str:
        """The live id that the state knows."""
        live = self.observed().planned.matched.live
        return next(found.id for known, found in live.items() if str(known) == address)

    def lose_state(self) -> None:
        shutil.rmtree(self.root / STATE)

    def memory(self) -> dict[str, bytes]:
        """Every byte of state and bundles, by path."""
        paths = (path for path in (self.root / ".reconciler").rglob("*") if path.is_file())
        return {path.relative_to(self.root).as_posix(): path.read_bytes() for path in paths}


@contextmanager
def world(root: Path, **settings: Any) -> Iterator[World]:
    """An empty project in `root` and an empty API; `settings` are the emulator's."""
    clock = Clock()
    app = create_app(replace(Settings(now=clock), **settings))
    root.mkdir(parents=True, exist_ok=True)
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        transport = httpx2.ASGITransport(app=app)
        connection = runner.run(stack.enter_async_context(connect(Endpoint(transport=transport), pace=Pace({}))))
        made = World(root, app, clock, runner, connection, connection.client)
        made.wants(PROJECT)
        try:
            yield made
        finally:
            runner.run(stack.aclose())


def problem_of(outcome: Outcome) -> Problem:
    """Why a change failed."""
    assert outcome.problem is not None
    return outcome.problem


def is_silent(plan: Plan) -> bool:
    """Whether there is nothing to say at all."""
    return not (plan.changes or plan.drift or plan.refusals or plan.warnings or plan.unmanaged)


def told(changes: tuple[Change, ...]) -> list[str]:
    """What a test compares: `update assistant/triage: instructions, model`."""
    return [
        f"{change.action} {change.address}" + (": " if change.fields else "") + ", ".join(f.path for f in change.fields)
        for change in changes
    ]

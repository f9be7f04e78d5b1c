"""A project folder with the embedded API in the test process.

`plan` and `apply` call the operations of the commands; `by_hand` changes live objects with the SDK, without Reconciler.
"""

import asyncio
import json
import re
import shutil
from collections import Counter
from collections.abc import AsyncIterable, Coroutine, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import httpx2
from openai import AsyncOpenAI
from starlette.applications import Starlette

from reconciler.applying.model import ApplyResult, Outcome
from reconciler.emulator import Settings, create_app
from reconciler.emulator.resources import threads
from reconciler.live.client import Connection, Endpoint, connect
from reconciler.live.pace import Pace
from reconciler.operations.apply import apply_plan
from reconciler.operations.opening import reading_ahead
from reconciler.operations.plan import Observed, make_plan
from reconciler.operations.state_rebuild import rebuild_state
from reconciler.planning.model import Action, Change, OnDrift, Plan
from reconciler.project.endpoint import EMBEDDED, WITH_ASSISTANTS
from reconciler.project.workspace import open_workspace
from reconciler.resources.address import Address
from reconciler.resources.problems import Problem
from reconciler.state.edits import StateRebuild
from reconciler.state.lock import this_process
from reconciler.state.model import State

T = TypeVar("T")
Document = dict[str, Any]

STATE = Path(".reconciler", "state")
BUNDLES = Path(".reconciler", "bundles")
PROJECT: Document = {"kind": "Project", "metadata": {"name": "acme"}, "spec": {"defaults": {"target": "responses"}}}


def manifest(kind: str, name: str, spec: Mapping[str, Any], **more: Any) -> Document:
    """Return a manifest of `kind`, with `more` as top-level fields."""
    return {"kind": kind, "metadata": {"name": name}, "spec": spec, **more}


def as_yaml(documents: list[Document]) -> str:
    """Return YAML documents, in JSON with escapes for all special characters."""
    texts = (json.dumps({"apiVersion": "reconciler/v1", **document}, ensure_ascii=False) for document in documents)
    return "\n---\n".join(re.sub(r"[^ -~]", lambda found: f"\\U{ord(found[0]):08x}", text) for text in texts)


class Clock:
    """The clock of the embedded API."""

    def __init__(self) -> None:
        self.seconds = 1_795_000_000.0

    def __call__(self) -> float:
        return self.seconds


class Quiet:
    """A listener of an apply that ignores all events."""

    def started(self, address: str, action: Action) -> None: ...

    def finished(self, outcome: Outcome) -> None: ...


@dataclass
class World:
    """A project folder and an API."""

    root: Path
    app: Starlette
    clock: Clock
    runner: asyncio.Runner
    connection: Connection
    sdk: AsyncOpenAI
    documents: dict[str, Document] = field(default_factory=dict)
    """Manifests by `Kind/name`."""
    environ: Mapping[str, str] = field(default_factory=lambda: {"RECONCILER_ENDPOINT": "embedded"})

    def wants(self, *documents: Document) -> None:
        """Write manifests. Each replaces the manifest of its kind and name."""
        for document in documents:
            self.documents[f"{document['kind']}/{document['metadata']['name']}"] = document
        project, *others = self.documents.values()
        self.file("project.yaml", as_yaml([project]))
        self.file("manifests.yaml", as_yaml(others))

    def drops(self, *names: str) -> None:
        """Remove manifests by `Kind/name`."""
        for name in names:
            del self.documents[name]
        self.wants()

    def file(self, path: str, content: str | bytes) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode())

    def plan(self, on_drift: OnDrift = "revert", targets: tuple[str, ...] = ()) -> Plan:
        return self.observed(on_drift, targets).planned.plan

    def observed(self, on_drift: OnDrift = "revert", targets: tuple[str, ...] = ()) -> Observed:
        """Plan with reads ahead of the manifests, as commands do with a server. `apply` plans without them."""
        scope = list(map(Address.parse, targets))

        async def run() -> Observed:
            workspace = open_workspace(self.root, self.environ)
            async with reading_ahead(self.connection, workspace.backend) as ahead:
                return await make_plan(workspace, self.connection, on_drift=on_drift, targets=scope, ahead=ahead)

        return self.run(run())

    def apply(self, on_drift: OnDrift = "revert", targets: tuple[str, ...] = ()) -> ApplyResult:
        """Plan and apply. Fail the test if the plan is refused."""
        workspace, scope = open_workspace(self.root, self.environ), list(map(Address.parse, targets))

        async def run() -> ApplyResult:
            observed = await make_plan(workspace, self.connection, on_drift=on_drift, targets=scope)
            assert observed.planned.plan.refusals == ()
            return await apply_plan(workspace, self.connection, observed, Quiet(), resume="reconciler apply")

        result = self.run(run())
        assert result.complete, [outcome.problem for outcome in result.outcomes if outcome.problem]
        return result

    def carry_out(self, observed: Observed) -> ApplyResult:
        """Apply a plan that was made before, as it is."""
        workspace = open_workspace(self.root, self.environ)
        work = apply_plan(workspace, self.connection, observed, Quiet(), resume="reconciler apply")
        return self.run(work)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def by_hand(self, work: Coroutine[Any, Any, T]) -> T:
        """Run `work` outside Reconciler. Its requests are not counted by `requests`."""
        before = list(self.app.state.requests)
        done = self.run(work)
        self.app.state.requests[:] = before
        return done

    def ids(self, pages: AsyncIterable[Any]) -> set[str]:
        """Return the ids in a list, such as `world.sdk.files.list()`, without counting the requests."""

        async def walk() -> set[str]:
            return {one.id async for one in pages}

        return self.by_hand(walk())

    def requests(self) -> Counter[str]:
        """Return the number of requests since the last call, by method and path template."""
        asked = Counter(f"{method} {path}" for method, path in self.app.state.requests)
        self.app.state.requests.clear()
        return asked

    def id_of(self, address: str) -> str:
        """Return the live id of a managed object."""
        live = self.observed().planned.matched.live
        return next(found.id for known, found in live.items() if str(known) == address)

    def load_thread(self, *messages: Document, **thread: Any) -> str:
        """Load a thread with messages, oldest first, into an API with `assistants=True`, and return its id."""
        store = self.app.state.store
        with store.transaction(write=True):
            return str(threads.add(store, {**thread, "messages": messages}, int(self.clock()))["id"])

    def lose_state(self) -> None:
        shutil.rmtree(self.root / STATE)

    def lose_entries(self) -> None:
        """Restore an older state: it has the same lineage, and no entry."""
        self.restore(open_workspace(self.root, self.environ).backend.read().state.lineage)

    def restore(self, lineage: str | None) -> None:
        """Replace the state with one that has this lineage, and no entry."""
        workspace = open_workspace(self.root, self.environ)
        state = State(workspace.identity, lineage=lineage)
        shutil.rmtree(self.root / STATE, ignore_errors=True)
        with workspace.backend.lock(this_process({})) as lease:
            base = workspace.backend.read()
            workspace.backend.rewrite(base, replace(base, state=state), lease, "restore")

    def rebuild(self, lineage: str | None = None) -> StateRebuild:
        """Rebuild the state, and confirm that it takes over what is live."""
        workspace = open_workspace(self.root, self.environ)
        return self.run(rebuild_state(workspace, self.connection, lambda _: True, lineage))

    def memory(self) -> dict[str, bytes]:
        """Return the content of the state and the bundles by path."""
        paths = (path for path in (self.root / ".reconciler").rglob("*") if path.is_file())
        return {path.relative_to(self.root).as_posix(): path.read_bytes() for path in paths}


@contextmanager
def world(root: Path, **settings: Any) -> Iterator[World]:
    """Create an empty project in `root` and an emulator with `settings`, such as `assistants=True`."""
    clock = Clock()
    app = create_app(replace(Settings(now=clock), **settings))
    root.mkdir(parents=True, exist_ok=True)
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        transport = httpx2.ASGITransport(app=app)
        with_assistants = bool(settings.get("assistants"))
        api = Endpoint(transport=transport, mirrors_openai=not with_assistants)
        connection = runner.run(stack.enter_async_context(connect(api, pace=Pace({}))))
        endpoint = WITH_ASSISTANTS if with_assistants else EMBEDDED
        environ = {"RECONCILER_ENDPOINT": endpoint}
        made = World(root, app, clock, runner, connection, connection.client, environ=environ)
        made.wants(PROJECT)
        try:
            yield made
        finally:
            runner.run(stack.aclose())


def problem_of(outcome: Outcome) -> Problem:
    """Return the problem of a failed change."""
    assert outcome.problem is not None
    return outcome.problem


def is_silent(plan: Plan) -> bool:
    """Return True if the plan is empty and has no warnings."""
    return not (plan.changes or plan.drift or plan.refusals or plan.warnings or plan.unmanaged)


def is_silent_but_for_names(plan: Plan) -> bool:
    """Return True if the plan is empty, and warns at most of names in releases that only the state resolves."""
    others = tuple(notice for notice in plan.warnings if notice.code != "only-in-state")
    return is_silent(replace(plan, warnings=others))


def told(changes: tuple[Change, ...]) -> list[str]:
    """Return each change as text: `update assistant/triage: instructions, model`."""
    return [
        f"{change.action} {change.address}" + (": " if change.fields else "") + ", ".join(f.path for f in change.fields)
        for change in changes
    ]

"""Reads of a plan that begin while the manifests are loaded, from an API behind HTTP."""

import gc
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from reconciler.applying.model import ApplyResult
from reconciler.operations import opening
from reconciler.operations.plan import planned
from reconciler.operations.run import applied
from reconciler.planning.model import Plan
from reconciler.project.workspace import Workspace, open_workspace
from reconciler.resources.problems import ReconcilerError
from reconciler.state.lock import this_process
from reconciler.state.lock_wait import LOCK_WAIT, LockWait
from tests.support import keyed_api, processes
from tests.support.world import Document, Quiet, as_yaml, manifest

KEY: Final = "sk-acme"
PATIENCE: Final = 60.0
AGENTS: Final = "GET /v1/agents"
PROJECT: Final = manifest("Project", "acme", {"defaults": {"target": "agents"}})
SUPPORT: Final = manifest("Assistant", "support", {"model": "gpt-6-luna"})
INVALID: Final = manifest("Assistant", "support", {"model": "gpt-6-luna", "tool": []})


class Listening(Quiet):
    def note(self, text: str) -> None: ...


def apply(root: Path, environ: Mapping[str, str]) -> int:
    """Apply the project, and return the number of outcomes."""
    result = applied(
        root,
        environ,
        None,
        None,
        "revert",
        (),
        saved=None,
        confirm=lambda _plan: True,
        listen=lambda _steps: nullcontext(Listening()),
        resume="reconciler apply",
    )
    assert isinstance(result, ApplyResult)
    return len(result.outcomes)


@dataclass
class Project:
    """A project folder, and the API that it is applied to."""

    root: Path
    environ: dict[str, str]
    app: Any

    def wants(self, *documents: Document) -> None:
        self.root.mkdir(exist_ok=True)
        (self.root / "project.yaml").write_text(as_yaml([documents[0]]))
        (self.root / "manifests.yaml").write_text(as_yaml(list(documents[1:])))

    def plan(self) -> Plan:
        return planned(self.root, self.environ).plan

    def requests(self) -> Counter[str]:
        """Return the requests since the last call."""
        asked = Counter(f"{method} {path}" for method, path in self.app.state.requests)
        self.app.state.requests.clear()
        return asked

    def codes(self) -> list[str]:
        """Return the codes of the problems that end a plan."""
        with pytest.raises(ReconcilerError) as caught:
            self.plan()
        return [problem.code for problem in caught.value.problems]


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """Return a project with an agent, after an apply."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with keyed_api.serve({KEY: "proj_acme"}) as served:
        made = Project(tmp_path / "acme", {"RECONCILER_ENDPOINT": served.url}, served.apps["proj_acme"])
        made.wants(PROJECT, SUPPORT)
        assert apply(made.root, made.environ) == 1
        made.requests()
        yield made


def loading(monkeypatch: pytest.MonkeyPatch, before: Callable[[], object]) -> None:
    """Call `before` when manifests are loaded, before they are read."""

    def load(*arguments: Any, **named: Any) -> Workspace:
        before()
        return open_workspace(*arguments, **named)

    monkeypatch.setattr(opening, "open_workspace", load)


def test_lists_of_the_types_in_the_state_are_read_before_the_manifests_are_loaded(
    acme: Project, monkeypatch: pytest.MonkeyPatch
):
    seen: list[Counter[str]] = []

    def wait_for_the_list() -> None:
        deadline = time.monotonic() + PATIENCE
        while not acme.app.state.requests and time.monotonic() < deadline:
            time.sleep(0.01)
        seen.append(acme.requests())

    loading(monkeypatch, wait_for_the_list)
    assert acme.plan().work == ()
    assert (seen, acme.requests()) == ([Counter({AGENTS: 1})], Counter())


def test_plan_reads_the_same_lists_as_without_reads_ahead(acme: Project, monkeypatch: pytest.MonkeyPatch):
    store = manifest("VectorStore", "kb", {"files": []})
    acme.wants(PROJECT, SUPPORT, store)
    ahead, work = acme.plan().work, acme.requests()
    monkeypatch.setattr(opening, "read_project", lambda *_arguments, **_named: None)
    assert acme.plan().work == ahead
    assert acme.requests() == work


def test_errors_of_manifests_come_first_and_end_the_reads(
    acme: Project, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    acme.wants(PROJECT, INVALID)
    with caplog.at_level(logging.ERROR, "asyncio"):
        with_key = acme.codes()
        assert {request.split()[0] for request in acme.requests()} <= {"GET"}
        monkeypatch.setenv("OPENAI_API_KEY", "sk-other")
        with_another_key = acme.codes()
        monkeypatch.delenv("OPENAI_API_KEY")
        without_key = acme.codes()
        gc.collect()
    assert with_key == with_another_key == without_key == ["unknown-field"]
    assert caplog.messages == []


@pytest.mark.parametrize(("key", "code"), [("", "no-api-key"), ("sk-other", "unauthorized")])
def test_errors_of_the_reads_end_the_plan_of_valid_manifests(
    acme: Project, monkeypatch: pytest.MonkeyPatch, key: str, code: str
):
    monkeypatch.setenv("OPENAI_API_KEY", key)
    assert acme.codes() == [code]


def test_another_project_in_the_folder_uses_nothing_that_was_read_ahead(acme: Project, monkeypatch: pytest.MonkeyPatch):
    other = manifest("Project", "other", {"defaults": {"target": "agents"}})
    loading(monkeypatch, lambda: acme.wants(other, manifest("Assistant", "billing", {"model": "gpt-6-luna"})))
    plan = acme.plan()
    assert plan.identity == "other"
    assert [change.action for change in plan.changes] == ["create"]


def test_apply_that_waited_for_the_lock_reads_again(acme: Project):
    """The run that held the lock applied the same manifests meanwhile."""
    acme.wants(PROJECT, manifest("Assistant", "support", {"model": "gpt-6-luna", "instructions": "Be brief."}))
    lock = open_workspace(acme.root, acme.environ).backend.lock(this_process({}))

    def while_waiting(_seconds: float) -> None:
        lock.__exit__(None, None, None)
        assert processes.run({"OPENAI_API_KEY": KEY}, apply, acme.root, acme.environ) == 1

    lock.__enter__()
    waiting = LOCK_WAIT.set(LockWait(PATIENCE, sleep=while_waiting))
    try:
        outcomes = apply(acme.root, acme.environ)
    finally:
        LOCK_WAIT.reset(waiting)
    requests = acme.requests()
    assert (outcomes, requests["POST /v1/agents/{id}"]) == (0, 1)
    assert requests[AGENTS] >= 3  # ahead, of the other run, and again

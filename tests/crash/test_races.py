"""Tests of concurrent applies from several checkouts: the result is the same as of sequential applies."""

import random
import shutil
import time
from collections import Counter
from collections.abc import Mapping
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Final

import pytest

from reconciler.planning.model import Plan
from reconciler.project.workspace import open_workspace
from reconciler.resources.problems import ReconcilerError
from reconciler.state.lock import LockedError, this_process
from tests.crash.conftest import BACKENDS, Shared
from tests.crash.estate import DATA, KEYLESS, PROJECT, agent, found, pipeline, request, store
from tests.crash.runs import attempt
from tests.support.processes import CONTEXT, Process, api, run
from tests.support.world import as_yaml, manifest

BOTH: Final = "assistant/contested"
PATIENCE: Final = 400.0


def checkout(root: Path, revision: str) -> Path:
    """Create a project of which each revision has separate objects, and different values in common objects."""
    others = [
        agent("contested", f"As {revision} says."),
        *(agent(f"only-{revision}-{number}", "Be.") for number in range(3)),
        request("helper", f"Help as {revision}.", tools=[{"type": "file_search", "vector_store_ids": ["kb"]}]),
        store("kb", "kb/*.md", lang=revision),
        pipeline("contested", "helper"),
        manifest("Chatbot", "support", {"pipeline": "flow"}),
    ]
    (root / "kb").mkdir(parents=True)
    for name, text in {"same": "Same.", "hours": f"Hours of {revision}.", revision: "Own."}.items():
        (root / "kb" / f"{name}.md").write_text(text)
    (root / "project.yaml").write_text(as_yaml([PROJECT]))
    (root / "manifests.yaml").write_text(as_yaml(others))
    return root


def apply_until_done(root: Path, url: str, environ: Mapping[str, str]) -> list[str]:
    """Apply until an apply is complete, and return the error of each attempt and the change of the last one."""
    codes: list[str] = []
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            plan, complete = attempt(root, url, environ)
        except ReconcilerError as error:
            codes.append(error.problems[0].code)
        else:
            if complete:
                return [*codes, _transition(plan)]
            codes.append("partly")
        time.sleep(random.uniform(0.05, 0.5))
    raise AssertionError(codes)


def _transition(plan: Plan) -> str:
    """Return the live value that differs between the revisions."""
    for change in (*plan.changes, *plan.drift):
        for field in change.fields if change.address == BOTH else ():
            if field.path == "instructions":
                return f"{field.live if change.action == 'update' else None} > {field.desired}"
    return ""


def serial(tmp_path: Path, first: str, then: str) -> dict[str, list[str]]:
    """Return the result of applying one revision after the other."""
    roots = [checkout(tmp_path / f"{first}-{then}" / name, name) for name in (first, then)]
    with api(roots[0] / DATA) as url:
        run(KEYLESS, apply_until_done, roots[0], url, KEYLESS)
        shutil.move(roots[0] / ".reconciler", roots[1] / ".reconciler")
        run(KEYLESS, apply_until_done, roots[1], url, KEYLESS)
    return found(roots[1], KEYLESS, data=roots[0] / DATA, outlets=1)


@pytest.mark.parametrize(
    ("shared", "racers"),
    [pytest.param(backend, 8, marks=pytest.mark.long) for backend in BACKENDS] + [("database", 3)],
    indirect=["shared"],
)
def test_two_revisions_applied_at_once_end_as_one_after_the_other(shared: Shared, tmp_path, racers):
    revisions = ["a", "b"] * 4
    roots = [checkout(tmp_path / f"{number}", revisions[number]) for number in range(racers)]
    for root in roots:
        shared.join(root)
    with api(roots[0] / DATA) as url:
        racing = [Process(shared.environ, apply_until_done, root, url, shared.environ) for root in roots]
        came_to = [process.result() for process in racing]
    ends = found(roots[0], shared.environ, data=roots[0] / DATA, outlets=1)
    assert ends in [serial(tmp_path, "a", "b"), serial(tmp_path, "b", "a")], came_to
    steps = Counter(attempts[-1] for attempts in came_to if attempts[-1])
    assert_a_path(steps)


def assert_a_path(steps: Counter[str]) -> None:
    """Assert that every change started from the result of another, so that no unseen value was overwritten."""
    begins, ends = Counter[str](), Counter[str]()
    for step, times in steps.items():
        before, _, after = step.partition(" > ")
        begins[before] += times
        ends[after] += times
    assert begins["None"] == 1
    begins -= Counter(["None"])
    assert sum((begins - ends).values()) == 0
    assert sum((ends - begins).values()) == 1


def try_to_lock(root: Path, environ: Mapping[str, str], together: Barrier) -> bool:
    """Return True if this process has the lock while all others have tried to acquire it."""
    backend = open_workspace(root, environ).backend
    together.wait(PATIENCE)
    won = True
    try:
        with backend.lock(this_process(environ)):
            together.wait(PATIENCE)
    except LockedError:
        won = False
        together.wait(PATIENCE)
    return won


@pytest.mark.long
def test_of_many_that_want_the_lock_one_gets_it(shared: Shared, tmp_path):
    root = checkout(tmp_path / "acme", "a")
    racers, together = 32, CONTEXT.Barrier(32)
    roots = [root] if not shared.remote else [shutil.copytree(root, tmp_path / f"{number}") for number in range(racers)]
    for each in roots:
        shared.join(each)
    racing = [
        Process(shared.environ, try_to_lock, roots[number % len(roots)], shared.environ, together)
        for number in range(racers)
    ]
    assert sum(process.result() for process in racing) == 1

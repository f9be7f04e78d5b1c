"""Tests that decisions do not depend on wording: with every sentence replaced by its code, results are equal."""

import inspect
import json
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from openai import AsyncOpenAI

from reconciler.emulator import Settings
from reconciler.reports import wording
from reconciler.reports.wording import phrases, remedies
from reconciler.reports.wording.remedies import Step, Way
from reconciler.resources.problems import Finding, Problem
from tests.support.cli import Cli, Done, by_hand, delete_store, edit, rename_store

TEXTS = frozenset({"text", "message", "hint"})
"""Keys of documents that hold sentences."""
MADE = re.compile(r"\b[a-z]+_[0-9a-f]{32}\b|\d{4}-\d\d-\d\dT[\d:]+\+00:00|\bfile-[0-9a-f]+\b")
"""Ids and times that differ between two runs of one command."""
TAGS = re.compile(r'<(\w+)(?:[^>]* class="([^"]*)")?[^>]*>')


@contextmanager
def bare(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Sentences, and the messages and hints of problems, are their codes."""
    with monkeypatch.context() as patched:
        patched.setattr(phrases, "sentence", lambda _phrases, code, _args: code)
        for module in (wording, remedies):
            patched.setattr(module, "ways_of", lambda remedy, _environment=None: (Way((Step(remedy.code),)),))
        for kind in (Problem, Finding):
            patched.setattr(kind, "__init__", _coded(kind.__init__))
        yield


def _coded(init: Callable[..., None]) -> Callable[..., None]:
    signature = inspect.signature(init)

    def coded(*args: Any, **more: Any) -> None:
        given = signature.bind(*args, **more)
        code = given.arguments["code"]
        given.arguments |= {name: code for name in ("message", "hint") if given.arguments.get(name)}
        init(*given.args, **given.kwargs)

    return coded


@dataclass(frozen=True)
class Scenario:
    """A change, and the command that runs after it."""

    command: tuple[str, ...]
    code: int
    prepare: Callable[[Path, Cli], None] = lambda _project, _cli: None
    faults: str = ""
    days: int = 0
    """Days between the change and the command, by the clock of the embedded API."""


def apply(_project: Path, cli: Cli) -> None:
    assert cli("apply", "--yes").code == 0


def without_store(project: Path, cli: Cli) -> None:
    apply(project, cli)
    (project / "stores/handbook.yaml").unlink()


def renamed(project: Path, cli: Cli) -> None:
    apply(project, cli)
    rename_store(project, "by hand")
    edit(project / "prompts/helper.md", "You", "Thou")


def deleted(project: Path, cli: Cli) -> None:
    apply(project, cli)
    delete_store(project)


def expiring(project: Path, cli: Cli) -> None:
    edit(project / "stores/handbook.yaml", "spec:", "spec:\n  expires_after: {anchor: last_active_at, days: 7}")
    apply(project, cli)


def both(project: Path, cli: Cli) -> None:
    """The store is renamed in the manifest and live."""
    apply(project, cli)
    rename_store(project, "by hand")
    edit(project / "stores/handbook.yaml", "spec:", "spec:\n  name: here")


def unmanaged(**metadata: str) -> Callable[[Path, Cli], None]:
    """A vector store that the manifest could be of."""

    def prepare(project: Path, _cli: Cli) -> None:
        async def make(sdk: AsyncOpenAI) -> None:
            await sdk.vector_stores.create(name="handbook", metadata=metadata)

        by_hand(project, make)

    return prepare


def mistaken(project: Path, _cli: Cli) -> None:
    """A field, a value, a reference and a path that are almost right."""
    edit(project / "assistants/helper.yaml", "model:", "modle: x\n  model:")
    edit(project / "assistants/helper.yaml", "file_search", "file_serch")
    edit(project / "chatbots/helper.yaml", "assistant: helper", "assistant: helpr")
    edit(project / "stores/handbook.yaml", "kb/*.md", "kbb/*.md")


def structured(project: Path, _cli: Cli) -> None:
    """Include a JSON file in place of text."""
    (project / "prompts/helper.json").write_text(json.dumps({"role": "helper"}))
    edit(project / "assistants/helper.yaml", "prompts/helper.md", "prompts/helper.json")


def released(project: Path, cli: Cli) -> None:
    apply(project, cli)
    assert cli("release", "helper", "--vendor").code == 0


def published(project: Path, cli: Cli) -> None:
    released(project, cli)
    assert cli("publish", "helper", "1").code == 0
    apply(project, cli)


def saved(project: Path, cli: Cli) -> None:
    assert cli("plan", "--out", "plan.json").code == 0


def applied_twice(project: Path, cli: Cli) -> None:
    saved(project, cli)
    assert cli("apply", "plan.json", "--yes").code == 0


def stale(project: Path, cli: Cli) -> None:
    without_drift = renamed
    without_drift(project, cli)
    saved(project, cli)
    rename_store(project, "another name")


def interrupted(project: Path, cli: Cli) -> None:
    """A run that failed half-way."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("RECONCILER_FAULTS", "quota:POST:*:2")
        assert cli("apply", "--yes").code == 4


PLAN = ("plan", "-o", "json")
SCENARIOS = {
    "validate": Scenario(("validate", "-o", "json"), 1, mistaken),
    "a file that is structure or text": Scenario(("validate", "-o", "json"), 0, structured),
    "a plan": Scenario((*PLAN, "--detailed-exitcode"), 2),
    "a plan without work": Scenario((*PLAN, "--detailed-exitcode"), 0, apply),
    "a plan of an unknown target": Scenario((*PLAN, "--target", "assistant/hlper"), 1),
    "a refused plan": Scenario(PLAN, 3, without_store),
    "a plan that reverts drift": Scenario(PLAN, 0, renamed),
    "a plan that keeps drift": Scenario((*PLAN, "--on-drift", "keep"), 0, renamed),
    "a plan that refuses drift": Scenario((*PLAN, "--on-drift", "refuse"), 3, renamed),
    "a plan of a conflict": Scenario((*PLAN, "--on-drift", "keep"), 3, both),
    "a plan of what was deleted": Scenario(PLAN, 0, deleted),
    "a plan after a failure": Scenario(PLAN, 0, interrupted),
    "a plan with a release": Scenario(PLAN, 0, released),
    "a plan offline": Scenario((*PLAN, "--offline"), 3, without_store),
    "a plan as a page": Scenario(("plan", "-o", "html"), 3, without_store),
    "a plan of drift as a page": Scenario(("plan", "-o", "html"), 0, deleted),
    "drift": Scenario(("drift", "-o", "json"), 2, renamed),
    "drift of what was deleted": Scenario(("drift", "-o", "json"), 2, deleted),
    "drift of what has expired": Scenario(("drift", "-o", "json"), 2, expiring, days=30),
    "a plan of what has expired": Scenario((*PLAN, "--on-drift", "keep"), 0, expiring, days=30),
    "drift as a page": Scenario(("drift", "-o", "html"), 2, deleted),
    "status": Scenario(("status", "-o", "json"), 0, renamed),
    "pull": Scenario(("pull", "--all", "--dry-run", "-o", "json"), 0, renamed),
    "pull of what was deleted": Scenario(("pull", "--all", "--dry-run", "-o", "json"), 1, deleted),
    "apply": Scenario(("apply", "--yes", "-o", "json"), 0),
    "apply as a page": Scenario(("apply", "--yes", "-o", "html"), 0),
    "apply, partly": Scenario(("apply", "--yes", "-o", "json"), 4, faults="quota:POST:*:2"),
    "apply, partly, as a page": Scenario(("apply", "--yes", "-o", "html"), 4, faults="quota:POST:*:2"),
    "apply, in vain": Scenario(("apply", "--yes", "-o", "json"), 1, faults="error-before=400:POST:*:*"),
    "apply after a failure": Scenario(("apply", "--yes", "-o", "json"), 0, interrupted),
    "apply, refused": Scenario(("apply", "--yes", "-o", "json"), 3, without_store),
    "a saved plan": Scenario(("apply", "plan.json", "--yes", "-o", "json"), 0, saved),
    "a saved plan again": Scenario(("apply", "plan.json", "--yes", "-o", "json"), 0, applied_twice),
    "a stale plan": Scenario(("apply", "plan.json", "--yes", "-o", "json"), 5, stale),
    "adopt": Scenario(("adopt", "--dry-run", "-o", "json"), 0, unmanaged()),
    "adopt without room": Scenario(
        ("adopt", "--dry-run", "-o", "json"), 0, unmanaged(**{f"k{number}": "x" for number in range(13)})
    ),
    "adopt what is not there": Scenario(("adopt", "assistant/helper", "--dry-run", "-o", "json"), 1),
    "archive, refused": Scenario(("archive", "assistant/helper", "-o", "json"), 3),
    "archive": Scenario(("archive", "chatbot/helper", "-o", "json"), 0, released),
    "archive what is published": Scenario(("archive", "release/helper@1", "-o", "json"), 3, published),
    "publish": Scenario(("publish", "helper", "1", "-o", "json"), 0, released),
    "publish what does not exist": Scenario(("publish", "helper", "7", "-o", "json"), 1, released),
    "release without a change": Scenario(("release", "helper", "-o", "json"), 1, released),
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_same_is_decided(name, project, cli, monkeypatch, tmp_path):
    scenario = SCENARIOS[name]
    scenario.prepare(project, cli)
    monkeypatch.setenv("RECONCILER_FAULTS", scenario.faults)
    later = partial(Settings, now=lambda: time.time() + scenario.days * 86400.0)
    monkeypatch.setattr("reconciler.emulator.Settings", later)
    kept = tmp_path / "kept"
    shutil.copytree(project, kept)
    worded = cli(*scenario.command)
    files = contents(project)
    for entry in project.iterdir():
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    shutil.copytree(kept, project, dirs_exist_ok=True)
    with bare(monkeypatch):
        coded = cli(*scenario.command)
    assert worded.code == scenario.code, worded.err
    assert coded.code == worded.code, coded.err
    assert shown(coded, scenario) == shown(worded, scenario)
    assert contents(project) == files


def test_sentences_are_replaced(project, cli, monkeypatch):
    """Check that the compared outputs contain codes only."""
    without_store(project, cli)
    with bare(monkeypatch):
        document = cli(*PLAN).document
    (refusal,) = document["refusals"]
    assert refusal["cause"]["text"] == refusal["cause"]["code"] == "referenced"
    assert {item["text"] for item in refusal["remedies"]} == {"repoint-referrers", "restore-manifest"}


def test_messages_and_hints_are_replaced(project, cli, monkeypatch):
    mistaken(project, cli)
    with bare(monkeypatch):
        problems = cli("validate", "-o", "json").document["problems"]
    assert {problem["code"] for problem in problems} >= {"unknown-field", "unknown-type"}
    assert all(problem["message"] == problem["code"] for problem in problems)
    assert {problem["hint"] for problem in problems} <= {"", *(problem["code"] for problem in problems)}


def shown(done: Done, scenario: Scenario) -> Any:
    """A document without its sentences; of a page, its elements and how they look."""
    if "html" in scenario.command:
        return TAGS.findall(done.out)
    return without_texts(json.loads(MADE.sub("…", done.out)))


def without_texts(document: Any) -> Any:
    if isinstance(document, dict):
        return {key: without_texts(value) for key, value in document.items() if key not in TEXTS}
    return [without_texts(item) for item in document] if isinstance(document, list) else document


def contents(project: Path) -> dict[str, str]:
    """The manifests, which some commands edit."""
    files = (path for path in project.rglob("*") if path.is_file() and ".reconciler" not in path.parts)
    return {str(path.relative_to(project)): path.read_text(encoding="utf-8") for path in files}

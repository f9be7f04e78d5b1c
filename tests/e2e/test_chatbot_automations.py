"""Automations of chatbots: the release that they run, and the plan that moves them when another one is published."""

import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest

from reconciler.planning.model import Plan
from reconciler.releases.release import release
from tests.support.world import Document, World, is_silent, manifest, told, world

NIGHTLY: Document = {"expression": "0 3 * * *", "timezone": "Europe/London"}
TARGET: Document = {"agent": "chatbot/support", "environment": {"type": "none"}, "input": "Write the digest."}


def triage(instructions: str = "Be brief.") -> Document:
    return manifest("Assistant", "triage", {"target": "agents", "model": "gpt-6-luna", "instructions": instructions})


def bot(**spec: Any) -> Document:
    return manifest("Chatbot", "support", {"assistant": "triage", **spec})


def nightly(**spec: Any) -> Document:
    return manifest("Automation", "nightly", {**NIGHTLY, "target": TARGET, **spec})


class Desk(World):
    """A chatbot that is one assistant, in a Git repository, and its automation."""

    def git(self, *words: str) -> None:
        subprocess.run(["git", "-C", str(self.root), *words], check=True, capture_output=True)

    def release(self, instructions: str, **bot_spec: Any) -> None:
        """Write the next release, and the manifest of the chatbot. Nothing is applied."""
        self.wants(triage(instructions))
        self.git("add", "--all")
        self.git("-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "--quiet", "-m", "work")
        release(self.root, self.environ, "support")
        self.wants(bot(**bot_spec))

    def live(self) -> list[Document]:
        """Return the automations at OpenAI."""
        return self.by_hand(self.connection.page("agents", "automations"))["data"]

    def runs(self) -> str:
        """Return the instructions of the agent that the automation runs."""
        (found,) = self.live()
        agent = self.by_hand(self.connection.read("agents", found["target"]["agent_id"]))
        assert agent is not None
        return str(agent["instructions"])


@pytest.fixture
def empty(tmp_path) -> Iterator[Desk]:
    with world(tmp_path, now=time.time) as made:
        desk = Desk(**{name: getattr(made, name) for name in made.__dataclass_fields__})
        desk.git("init", "--quiet")
        desk.file(".gitignore", ".reconciler/\n")
        desk.wants(triage(), bot(), nightly())
        yield desk


@pytest.fixture
def desk(empty) -> Desk:
    """A chatbot that publishes release 1, and release 2, which is not published; applied."""
    empty.release("First.")
    empty.release("Second.", published=1)
    empty.apply()
    return empty


def test_x(desk):
    print(desk.live())
    print(desk.runs())
    assert is_silent(desk.plan()), desk.plan()
    desk.wants(bot(published=2))
    plan = desk.plan()
    print(told(plan.changes), plan.requests, plan.changes)
    desk.requests()
    desk.apply()
    print(desk.requests())
    assert desk.runs() == "Second."
    assert is_silent(desk.plan()), desk.plan()
    desk.wants(bot())
    plan = desk.plan()
    print(told(plan.changes), plan.requests, plan.changes)
    desk.apply()
    assert is_silent(desk.plan()), desk.plan()
    desk.wants(bot(published=1))
    plan = desk.plan()
    print(told(plan.changes), plan.requests, plan.changes)
    desk.apply()
    assert is_silent(desk.plan()), desk.plan()
    assert desk.runs() == "First."
    print(desk.live())


def test_y(empty):
    plan = empty.plan()
    print(told(plan.changes), plan.warnings)
    empty.apply()
    empty.release("First.", published=1)
    plan = empty.plan()
    print(told(plan.changes), plan.warnings)
    empty.apply()
    assert is_silent(empty.plan()), empty.plan()


def test_z(empty):
    empty.drops("Automation/nightly")
    empty.release("First.", published=1)
    empty.apply()
    empty.wants(bot())
    empty.apply()
    assert is_silent(empty.plan()), empty.plan()
    empty.wants(bot(published=1))
    plan = empty.plan()
    print(told(plan.changes), told(plan.drift), empty.observed().snapshot.state.objects)
    assert not plan.drift

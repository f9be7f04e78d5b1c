"""A chatbot that is one agent, its releases, and an automation that runs what it publishes."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from reconciler.releases.release import release
from tests.support.world import Document, World, manifest, world

NIGHTLY: Document = {"expression": "0 3 * * *", "timezone": "Europe/London"}
TARGET: Document = {"agent": "chatbot/support", "environment": {"type": "none"}, "input": "Write the digest."}


def triage(instructions: str = "Be brief.", **spec: Any) -> Document:
    """The assistant that answers."""
    return manifest(
        "Assistant", "triage", {"target": "agents", "model": "gpt-6-luna", "instructions": instructions, **spec}
    )


def bot(**spec: Any) -> Document:
    return manifest("Chatbot", "support", {"assistant": "triage", **spec})


def nightly(*, target: Document | None = None, lifecycle: Any = None, **spec: Any) -> Document:
    """The automation, with other fields of its target."""
    more = {"lifecycle": lifecycle} if lifecycle else {}
    return manifest("Automation", "nightly", {**NIGHTLY, "target": {**TARGET, **(target or {})}, **spec}, **more)


class Desk(World):
    """A project in a Git repository, with the chatbot and the automation."""

    def git(self, *words: str) -> None:
        subprocess.run(["git", "-C", str(self.root), *words], check=True, capture_output=True)

    def release(self, instructions: str, **spec: Any) -> None:
        """Write the next release, then the manifest of the chatbot. Nothing is applied."""
        self.wants(triage(instructions))
        self.git("add", "--all")
        self.git("-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "--quiet", "-m", "work")
        release(self.root, self.environ, "support")
        self.wants(bot(**spec))

    def live(self) -> Document:
        """Return the automation at OpenAI."""
        (found,) = self.by_hand(self.connection.page("agents", "automations"))["data"]
        return dict(found)

    def runs(self) -> str:
        """Return the instructions of the agent that the automation runs."""
        agent = self.by_hand(self.connection.read("agents", self.live()["target"]["agent_id"]))
        assert agent is not None
        return str(agent["instructions"])


@contextmanager
def desk(root: Path, **settings: Any) -> Iterator[Desk]:
    """Create a project without releases. Nothing is applied."""
    with world(root, **{"now": time.time, **settings}) as made:
        found = Desk(**{name: getattr(made, name) for name in made.__dataclass_fields__})
        found.git("init", "--quiet")
        found.file(".gitignore", ".reconciler/\n")
        found.wants(triage(), bot(), nightly())
        yield found


def two_releases(found: Desk) -> None:
    """Apply releases 1, `First.`, which is published, and 2, `Second.`"""
    found.release("First.")
    found.release("Second.", published=1)
    found.apply()
    found.requests()

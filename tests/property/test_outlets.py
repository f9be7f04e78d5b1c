"""Any history of a project with outlets: what is written, what is kept, and what a plan says afterwards."""

import json
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, given, settings, strategies as st

from reconciler.planning.model import drift_class
from reconciler.planning.published import OUTLETS
from tests.support.world import PROJECT, World, manifest, world

PATHS = ("b", "c")
EVENTS = st.sampled_from(("edit", "empty", "delete", "drop-blobs", "alter", "add", "remove", "apply"))
HISTORIES = st.lists(st.tuples(EVENTS, st.sampled_from(PATHS)), min_size=1, max_size=7)


class History:
    """A project, and by outlet the documents that were written there and since altered."""

    def __init__(self, made: World) -> None:
        self.made = made
        self.named: list[str] = []
        self.altered: set[str] = set()
        self.edits = 0

    def wants(self) -> None:
        outlets = [{"directory": path} for path in self.named]
        spec = {**PROJECT["spec"], "outlets": outlets}
        assistant: dict[str, Any] = {"model": "gpt-6-luna", "instructions": f"Help {self.edits}."}
        self.made.wants({**PROJECT, "spec": spec}, manifest("Assistant", "one", assistant))

    def pointer(self, path: str) -> Path:
        return self.made.root / path / "acme/assistant/one.json"

    def happens(self, event: str, path: str) -> None:
        if event == "edit":
            self.edits += 1
        elif event == "add" and path not in self.named:
            self.named.append(path)
            self.altered.discard(path)
        elif event == "remove" and path in self.named:
            self.named.remove(path)
            self.altered.discard(path)
        elif event == "empty":
            shutil.rmtree(self.made.root / path, ignore_errors=True)
            self.altered.discard(path)
        elif event == "delete":
            self.pointer(path).unlink(missing_ok=True)
            self.altered.discard(path)
        elif event == "drop-blobs" and path not in self.altered:
            shutil.rmtree(self.made.root / path / "acme/blobs", ignore_errors=True)
        elif event == "alter" and path in self.named and self.pointer(path).exists():
            document = json.loads(self.pointer(path).read_text())
            self.pointer(path).write_text(json.dumps({**document, "ids": {"vectorstore/x": "vs_x"}}))
            self.altered.add(path)
        self.wants()
        if event == "apply":
            self.applied()

    def applied(self) -> None:
        plan = self.made.plan("keep")
        tampered = {
            item.keys[1]
            for change in plan.drift
            if drift_class(change) == "tampered"
            for item in change.fields
            if item.keys[0] == OUTLETS
        }
        assert tampered == self.altered & set(self.named) & self.recorded()
        if plan.refusals:
            assert tampered
            assert {refusal.rule for refusal in plan.refusals} == {"conflict"}
            self.made.apply("revert")
            self.altered.clear()
        else:
            self.made.apply("keep")
            self.altered &= tampered
        assert self.made.plan("keep").work == ()
        self.check()

    def recorded(self) -> set[str]:
        outlets = self.made.observed().snapshot.state.outlets or {}
        return {outlet for outlet, pointers in outlets.items() if pointers}

    def check(self) -> None:
        """Compare the named outlets with the built-in one."""
        expected = json.loads((self.made.root / ".reconciler/bundles/acme/assistant/one.json").read_text())
        for path in self.named:
            found = json.loads(self.pointer(path).read_text())
            assert (found == expected) == (path not in self.altered)
            assert found["blob"] == expected["blob"]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(HISTORIES)
def test_every_named_outlet_is_filled_and_only_altered_documents_are_kept(history):
    with TemporaryDirectory() as folder, world(Path(folder)) as made:
        story = History(made)
        story.wants()
        made.apply()
        for event, path in (*history, ("apply", "b")):
            story.happens(event, path)

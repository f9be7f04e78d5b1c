"""Automations that are renamed, kept, protected, lost, imported, adopted and pulled."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from reconciler.emulator.fault_spec import parse
from reconciler.importing.destination import destination
from reconciler.importing.live_inventory import project_context
from reconciler.importing.live_objects import import_objects
from reconciler.importing.model import Imported
from reconciler.importing.selection import selection
from reconciler.manifests import load
from reconciler.operations.adopt import planned_adoption
from reconciler.operations.apply import apply_plan
from reconciler.operations.pull import accepted
from reconciler.planning.model import Plan
from reconciler.project.edits import write
from reconciler.project.workspace import open_workspace
from reconciler.resources.address import Address
from tests.support.automations import AGENT, TARGET, automation, automations, by_hand, change, live
from tests.support.world import Quiet, World, is_silent, told, world


@pytest.fixture
def estate(tmp_path) -> Iterator[World]:
    """An agent and an automation of it; applied."""
    with world(tmp_path, now=time.time) as made:
        made.wants(AGENT, automation())
        made.apply()
        made.requests()
        yield made


def rules(plan: Plan) -> list[tuple[str, str]]:
    return [(one.rule, one.address) for one in plan.refusals]


class TestLifecycle:
    def test_a_renamed_automation_keeps_its_id(self, estate):
        before = live(estate)["id"]
        estate.drops("Automation/nightly")
        estate.wants(automation("daily", name="nightly", lifecycle={"moved_from": "nightly"}))
        estate.apply()
        assert [one["id"] for one in automations(estate)] == [before]
        assert is_silent(estate.plan())

    def test_an_automation_of_a_renamed_agent_stays_as_it_is(self, estate):
        before = live(estate)
        estate.drops("Assistant/digest")
        estate.wants({**AGENT, "metadata": {"name": "brief"}, "lifecycle": {"moved_from": "digest"}})
        estate.wants(automation(target={**TARGET, "agent": "brief"}))
        estate.apply()
        assert live(estate)["target"] == before["target"]
        assert is_silent(estate.plan())

    def test_an_automation_of_an_agent_with_a_new_id_is_repointed_in_the_same_run(self, estate):
        estate.by_hand(estate.connection.remove("agents", estate.id_of("assistant/digest")))
        estate.apply()
        assert live(estate)["target"]["agent_id"] == estate.id_of("assistant/digest")
        assert is_silent(estate.plan())

    def test_a_kept_automation_loses_its_labels_only(self, estate):
        estate.wants(automation(lifecycle={"keep_on_delete": True}))
        estate.apply()
        estate.drops("Automation/nightly")
        estate.apply()
        assert live(estate)["metadata"] == {}

    def test_a_protected_automation_is_not_deleted(self, estate):
        estate.wants(automation(lifecycle={"protect": True}))
        estate.apply()
        estate.drops("Automation/nightly")
        assert rules(estate.plan()) == [("protected", "automation/nightly")]

    def test_an_ignored_target_is_written_once(self, estate):
        estate.wants(automation(lifecycle={"ignore": ["target"]}))
        estate.apply()
        change(estate, live(estate)["id"], target={**as_sent(live(estate)["target"]), "metadata": {"by": "hand"}})
        assert is_silent(estate.plan())

    def test_a_target_of_a_plan_takes_its_agent_along(self, tmp_path):
        with world(tmp_path) as made:
            made.wants(AGENT, automation(), automation("weekly"))
            made.apply(targets=("automation/nightly",))
            assert [one["name"] for one in automations(made)] == ["nightly"]
            made.apply()
            assert is_silent(made.plan())


def as_sent(target: Any) -> Any:
    """Return a live target in the form of a request."""
    return {name: value for name, value in target.items() if value is not None}


class TestDrift:
    def test_what_somebody_else_changed_is_reverted(self, estate):
        change(estate, live(estate)["id"], expression="0 5 * * *", name="Edited")
        assert told(estate.plan().drift) == ["update automation/nightly: expression, name"]
        estate.apply()
        assert live(estate)["expression"] == "0 3 * * *"
        assert is_silent(estate.plan())

    def test_a_deleted_automation_is_made_again(self, estate):
        estate.by_hand(estate.connection.remove("agents", "automations", live(estate)["id"]))
        assert [change.action for change in estate.plan().drift] == ["create"]
        estate.apply()
        assert is_silent(estate.plan())

    def test_drift_is_pulled_into_the_manifest(self, estate):
        target = as_sent(live(estate)["target"])
        say = [{"role": "user", "content": [{"type": "input_text", "text": "Write a short digest."}]}]
        change(estate, live(estate)["id"], expression="0 5 * * *", target={**target, "input": say})
        workspace = open_workspace(estate.root, estate.environ)
        pulled = accepted(workspace, estate.observed("keep").planned, force=False)
        write(estate.root, pulled.edits, pulled.files)
        found = load(estate.root, env=None)
        resource = next(one for one in found.resources if str(one.address) == "automation/nightly")
        assert resource.written() == {
            "expression": "0 5 * * *",
            "timezone": "Europe/London",
            "target": {**TARGET, "input": "Write a short digest."},
        }
        assert told(estate.plan("keep").changes) == ["adopt automation/nightly"]

    def test_a_content_that_cannot_be_read_is_named_and_not_pulled(self, estate):
        file = {"type": "inline", "path": "/workspace/hi.md", "text": "Hi."}
        hosted = {"type": "openai_hosted", "network": {"access": "disabled"}, "files": [file]}
        estate.wants(automation(target={**TARGET, "environment": hosted}))
        estate.apply()
        theirs = {"type": "inline", "path": "/workspace/hi.md", "data": "SGVsbG8u"}
        target = as_sent(live(estate)["target"])
        environment = {**hosted, "files": [theirs]}
        change(estate, live(estate)["id"], expression="0 5 * * *", target={**target, "environment": environment})
        workspace = open_workspace(estate.root, estate.environ)
        pulled = accepted(workspace, estate.observed("keep").planned, force=False)
        assert [one.path for _, one in pulled.accepted] == ["expression"]
        (problem,) = pulled.problems
        assert problem.code == "not-pulled"
        assert problem.message.endswith("OpenAI does not return the content of /workspace/hi.md")


class TestLostResponses:
    @pytest.mark.parametrize("agent", ["digest", {"model": "gpt-6-luna"}], ids=str)
    def test_a_lost_create_is_not_repeated(self, tmp_path, agent):
        with world(tmp_path, now=time.time) as made:
            made.wants(AGENT, automation(paused=True, target={**TARGET, "agent": agent}))
            made.app.state.faults.set(*parse("drop-after:POST:/v1/agents/automations:1"))
            made.apply()
            assert [one["status"] for one in automations(made)] == ["paused"]
            assert is_silent(made.plan())

    def test_a_lost_state_is_rebuilt_from_labels(self, estate):
        estate.wants(automation(paused=True))
        estate.apply()
        before = live(estate)["id"]
        estate.lose_state()
        estate.rebuild()
        assert is_silent(estate.plan())
        assert live(estate)["id"] == before


class TestImport:
    def imported(self, estate: World, *kinds: str) -> Imported:
        here = project_context(estate.root, estate.environ, env=None, endpoint=None)
        target = destination(estate.root, None, here)
        return estate.run(import_objects(here, estate.connection, target, selection(kinds, None), lambda _text: None))

    def adopt(self, estate: World) -> None:
        workspace = open_workspace(estate.root, estate.environ)
        observed, _ = estate.run(planned_adoption(workspace, estate.connection, {}))
        assert estate.run(apply_plan(workspace, estate.connection, observed, Quiet(), resume="adopt")).complete

    def test_an_imported_and_adopted_automation_needs_no_change(self, estate):
        by_hand(estate, "weekly")
        assert [(one.type, one.name) for one in estate.plan().unmanaged] == [("automation", "weekly")]
        found = self.imported(estate, "automation")
        assert not [problem for problem in found.problems if problem.severity == "error"]
        resource = next(
            one for one in load(estate.root, env=None).resources if one.address == Address("automation", "weekly")
        )
        assert resource.written()["target"] == TARGET
        self.adopt(estate)
        assert is_silent(estate.plan())
        assert "reconciler-address" in live(estate, "weekly")["metadata"]

    def test_an_inline_agent_and_an_environment_are_imported(self, estate):
        environment = {"type": "openai_hosted", "network": {"access": "disabled"}, "packages": {"python": ["pandas"]}}
        by_hand(estate, "weekly", agent_id=None, agent={"model": "gpt-6-luna"}, environment=environment)
        self.imported(estate, "automation")
        self.adopt(estate)
        plan = estate.plan()
        assert (plan.changes, plan.drift, plan.refusals) == ((), (), ())

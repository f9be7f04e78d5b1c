"""Automations of chatbots: the release that they run, and the plan that moves them when another one is published."""

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.applying.steps import lower
from reconciler.importing.destination import destination
from reconciler.importing.live_inventory import project_context
from reconciler.importing.live_objects import import_objects
from reconciler.importing.selection import selection
from reconciler.operations.pull import pull
from reconciler.operations.pull_result import Pulled
from reconciler.planning.adoption import pair
from reconciler.planning.drift import drift_report
from reconciler.planning.model import Plan
from reconciler.releases.release import release
from reconciler.reports.style import Style
from reconciler.reports.text.plan import plan_text
from reconciler.resources.address import Address
from reconciler.resources.problems import Problem, ReconcilerError
from tests.support.chatbot_automations import TARGET, Desk, bot, desk as desks, nightly, triage, two_releases
from tests.support.cli import Cli
from tests.support.world import Document, is_silent, manifest, told

RUN = "automation/nightly"
PUBLISH = "publish chatbot/support: published"
MOVE = f"update {RUN}: target.agent_id"


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Desk]:
    with desks(tmp_path / "acme", data=tmp_path / "acme" / ".reconciler" / "emulator.sqlite") as made:
        yield made


@pytest.fixture
def desk(empty: Desk) -> Desk:
    """A chatbot that publishes release 1, and release 2, which is not published; applied."""
    two_releases(empty)
    return empty


def rules(plan: Plan) -> list[tuple[str, str]]:
    return [(one.rule, one.address) for one in plan.refusals]


def reasons(plan: Plan, address: str = RUN) -> list[tuple[str, Any]]:
    return [(one.code, one.args) for change in plan.changes if change.address == address for one in change.reasons]


def imported(desk: Desk, agent: str) -> str:
    """Create an automation of a live agent outside Reconciler, and return the manifest that `import` writes."""
    target = {key: value for key, value in desk.live()["target"].items() if value is not None} | {"agent_id": agent}
    body = {"type": "periodic", "name": "By hand", "expression": "0 4 * * *", "timezone": "UTC", "target": target}
    desk.by_hand(desk.connection.replace("agents", "automations", body=body))
    here = project_context(desk.root, desk.environ, env=None, endpoint=None)
    into, chosen = destination(desk.root, None, here), selection(["automation"], None)
    done = desk.run(import_objects(here, desk.connection, into, chosen, lambda _: None))
    assert [one.address for one in done.origins] == ["automation/by-hand"]
    return (desk.root / "automations/by-hand.yaml").read_text()


def state(desk: Desk) -> dict[str, bytes]:
    """Return the state and the bundles, without the emulator."""
    return {path: content for path, content in desk.memory().items() if "emulator" not in path}


class TestPublication:
    def test_an_automation_is_created_after_the_release_that_it_runs(self, empty):
        empty.release("First.", published=1)
        made = told(empty.plan().changes)
        assert made[-2:] == [PUBLISH, f"create {RUN}: expression, name, target, timezone, type"]
        empty.apply()
        assert (empty.runs(), empty.live()["status"]) == ("First.", "active")
        assert is_silent(empty.plan())

    @pytest.mark.parametrize(("before", "after", "runs"), [(1, 2, "Second."), (2, 1, "First.")])
    def test_another_published_release_is_one_write_after_the_pointer(self, desk, before, after, runs):
        desk.wants(bot(published=before))
        desk.apply()
        desk.requests()
        desk.wants(bot(published=after))
        observed = desk.observed()
        plan = observed.planned.plan
        assert (told(plan.changes), plan.requests) == ([PUBLISH, MOVE], {"POST": 1})
        runs_release = {"publisher": "chatbot/support", "release": f"release/support@{after}"}
        assert reasons(plan) == [("runs-release", runs_release)]
        needs = lower(observed.planned)
        (move,) = (step for step in needs if str(step.address) == RUN)
        assert "publish" in {one.verb for one in needs[move]}
        desk.requests()
        desk.apply()
        assert desk.runs() == runs
        writes = {request: number for request, number in desk.requests().items() if not request.startswith("GET")}
        assert writes == {"POST /v1/agents/automations/{id}": 1}
        assert is_silent(desk.plan())

    def test_a_plan_that_does_not_publish_reads_no_more_than_the_lists(self, desk):
        assert is_silent(desk.plan())
        assert desk.requests() == {"GET /v1/agents": 1, "GET /v1/agents/automations": 1}

    def test_the_working_chatbot_does_not_change_what_runs(self, desk):
        desk.wants(triage("Third."))
        assert told(desk.plan().changes) == ["update assistant/triage: instructions"]

    def test_a_plan_for_the_chatbot_alone_has_its_automations(self, desk):
        desk.wants(bot(published=2), manifest("Assistant", "other", {"target": "agents", "model": "gpt-6-luna"}))
        assert told(desk.plan(targets=("chatbot/support",)).changes) == [PUBLISH, MOVE]
        desk.apply(targets=("chatbot/support",))
        assert desk.runs() == "Second."

    def test_the_report_says_why_and_what_it_costs(self, desk):
        desk.wants(bot(published=2))
        text = plan_text(desk.plan(), style=Style())
        assert "chatbot/support, which it runs, publishes release/support@2" in text
        assert "1 write to OpenAI: 1 POST." in text

    def test_an_edit_of_the_automation_goes_with_the_move(self, desk):
        desk.wants(bot(published=2), nightly(target={"input": "Write less."}, expression="0 4 * * *"))
        assert told(desk.plan().changes) == [PUBLISH, f"update {RUN}: expression, target.agent_id, target.input"]
        desk.apply()
        assert is_silent(desk.plan())

    def test_with_kept_drift_an_interrupted_publication_is_completed(self, desk):
        desk.wants(bot(published=2))
        plan = desk.plan("keep")
        assert (told(plan.changes), plan.drift) == ([PUBLISH, MOVE], ())
        desk.apply("keep")
        assert desk.runs() == "Second."

    def test_a_rebuilt_state_is_silent(self, desk):
        desk.lose_state()
        desk.rebuild()
        assert is_silent(desk.plan())

    def test_a_pinned_copy_is_run_without_another_write(self, desk):
        desk.wants(manifest("Chatbot", "support", {"assistant": "triage@support.1", "published": 1}))
        assert MOVE not in told(desk.plan().changes)

    def test_a_renamed_chatbot_keeps_running(self, desk):
        renamed = manifest(
            "Chatbot", "care", {"assistant": "triage", "published": 1}, lifecycle={"moved_from": "support"}
        )
        del desk.documents["Chatbot/support"]
        desk.wants(renamed, nightly(target={"agent": "chatbot/care"}))
        assert RUN not in {change.address for change in desk.plan().work}
        desk.apply()
        assert (desk.runs(), is_silent(desk.plan())) == ("First.", True)


class TestWithoutRelease:
    def test_it_waits_for_the_first_publication(self, empty):
        plan = empty.plan()
        made = [told((change,))[0].partition(":")[0] for change in plan.changes]
        assert made == ["create assistant/triage", "create chatbot/support"]
        assert [(one.code, one.address, one.args) for one in plan.warnings] == [
            ("waits-for-release", RUN, {"publisher": "chatbot/support", "number": None})
        ]
        text = " ".join(plan_text(plan, style=Style()).split())
        assert f"{RUN} is not created before chatbot/support, which it runs, publishes a release" in text
        assert "`reconciler release support --publish`" in text
        empty.apply()
        assert empty.by_hand(empty.connection.page("agents", "automations"))["data"] == []

    def test_it_is_paused_when_the_chatbot_is_unpublished_and_resumed_with_the_next_release(self, desk):
        desk.wants(bot())
        plan = desk.plan()
        assert (told(plan.changes), plan.requests) == ([PUBLISH, f"update {RUN}: paused"], {"POST": 1})
        assert reasons(plan) == [("not-run", {"publisher": "chatbot/support"})]
        desk.apply()
        assert (desk.live()["status"], desk.runs()) == ("paused", "First.")
        assert is_silent(desk.plan())
        desk.wants(bot(published=2))
        plan = desk.plan()
        assert (told(plan.changes), plan.drift) == ([PUBLISH, f"update {RUN}: target.agent_id, paused"], ())
        assert plan.requests == {"POST": 2}
        desk.apply()
        assert (desk.live()["status"], desk.runs()) == ("active", "Second.")
        assert is_silent(desk.plan())

    def test_one_that_ran_another_agent_is_paused_and_waits(self, empty):
        empty.wants(nightly(target={"agent": "triage"}))
        empty.apply()
        assert is_silent(empty.plan())
        empty.wants(nightly())
        waits = ("waits-for-release", RUN, {"publisher": "chatbot/support", "number": None, "is_live": True})
        plan = empty.plan()
        assert told(plan.changes) == [f"update {RUN}: paused"]
        assert reasons(plan) == [("not-run", {"publisher": "chatbot/support"})]
        assert [(one.code, one.address, one.args) for one in plan.warnings] == [waits]
        empty.apply()
        planned = empty.observed().planned
        assert (planned.plan.changes, planned.plan.drift) == ((), ())
        for warnings in (planned.plan.warnings, drift_report(planned).plan.warnings):
            assert [(one.code, one.address, one.args) for one in warnings] == [waits]
        text = " ".join(plan_text(planned.plan, style=Style()).split())
        assert f"{RUN} is not active before chatbot/support, which it runs, publishes a release" in text
        empty.release("First.", published=1)
        empty.apply()
        assert (empty.runs(), empty.live()["status"]) == ("First.", "active")
        assert is_silent(empty.plan())

    def test_one_that_is_not_created_yet_is_not_adopted(self, empty):
        planned = empty.observed().planned
        found = pair(planned.inputs, planned.matched, {Address.parse(RUN): "auto_1"}, {})
        assert [(one.code, one.message) for one in found.problems] == [
            ("not-adoptable", f"chatbot/support, which {RUN} runs, publishes no release")
        ]

    def test_one_that_its_manifest_pauses_stays_paused(self, desk):
        desk.wants(nightly(paused=True))
        desk.apply()
        for published in ({}, {"published": 2}):
            desk.wants(bot(**published))
            desk.apply()
            assert desk.live()["status"] == "paused"
            assert is_silent(desk.plan())

    def test_a_resume_by_hand_is_drift(self, desk):
        desk.wants(bot())
        desk.apply()
        desk.by_hand(desk.connection.replace("agents", "automations", desk.live()["id"], "resume", body={}))
        plan = desk.plan()
        assert told(plan.drift) == [f"update {RUN}: paused"]
        assert [(one.code, one.args) for one in plan.drift[0].reasons] == [
            ("not-run", {"publisher": "chatbot/support", "fields": ["paused"]})
        ]
        assert not drift_report(desk.observed().planned).is_pullable
        desk.apply()
        assert desk.live()["status"] == "paused"

    def test_a_resume_by_hand_is_not_pulled(self, desk):
        desk.wants(bot())
        desk.apply()
        desk.by_hand(desk.connection.replace("agents", "automations", desk.live()["id"], "resume", body={}))
        desk.by_hand(desk.connection.replace("agents", "automations", desk.live()["id"], body={"timezone": "UTC"}))
        pulled = pull(desk.root, desk.environ, (), env=None, endpoint=None, dry_run=False)
        assert isinstance(pulled, Pulled)
        assert [(address, item.path) for address, item in pulled.accepted] == [(RUN, "timezone")]
        (problem,) = pulled.problems
        assert problem.code == "not-pulled"
        assert "chatbot/support, which it runs, publishes no release" in problem.message

    def test_one_that_was_deleted_by_hand_waits(self, desk):
        desk.wants(bot())
        desk.apply()
        desk.by_hand(desk.connection.remove("agents", "automations", desk.live()["id"]))
        assert told(desk.plan().changes) == [f"forget {RUN}"]
        desk.apply()
        desk.wants(bot(published=2))
        desk.apply()
        assert desk.runs() == "Second."

    def test_one_that_has_run_is_not_paused(self, desk):
        once = {"run_at": int(time.time()) + 3600, "target": TARGET}
        desk.wants(manifest("Automation", "launch", once))
        desk.apply()
        desk.drops("Automation/nightly")
        desk.apply()
        id_ = desk.live()["id"]
        with desk.app.state.store.transaction(write=True):
            body = desk.app.state.store.get("agent.automation", id_)
            desk.app.state.store.put("agent.automation", {**body, "run_at": 1_700_000_000})
        desk.wants(manifest("Automation", "launch", {**once, "run_at": 1_700_000_000}))
        assert desk.live()["status"] == "completed"
        desk.wants(bot())
        assert not [one for one in desk.plan().changes if "paused" in told((one,))[0]]

    def test_after_the_state_was_rebuilt_it_is_resumed(self, desk):
        desk.wants(bot())
        desk.apply()
        desk.lose_state()
        desk.rebuild()
        assert is_silent(desk.plan())
        desk.wants(bot(published=2))
        desk.apply()
        assert (desk.live()["status"], desk.runs()) == ("active", "Second.")

    def test_the_release_that_it_keeps_is_not_archived_by_the_limit(self, desk):
        desk.wants(bot())
        desk.apply()
        desk.release("Third.", releases={"keep": 1})
        assert "archive release/support@1" not in told(desk.plan().changes)
        assert "archive release/support@2" in told(desk.plan().changes)
        desk.apply()
        desk.wants(bot(published=3, releases={"keep": 1}))
        assert "archive release/support@1" in told(desk.plan().changes)
        desk.apply()
        assert desk.runs() == "Third."
        assert is_silent(desk.plan())

    def test_in_each_environment_it_follows_the_release_of_that_environment(self, empty):
        environments: Document = {"staging": {}, "production": {}}
        empty.wants({"kind": "Project", "metadata": {"name": "acme"}, "spec": {"environments": environments}})
        empty.release("First.", published={"staging": 1})
        for name, exists in (("staging", True), ("production", False)):
            empty.environ = {**empty.environ, "RECONCILER_ENV": name}
            plan = empty.plan()
            assert (RUN in {change.address for change in plan.changes}) == exists
            assert [one.args for one in plan.warnings if one.code == "waits-for-release"] == (
                [] if exists else [{"publisher": "chatbot/support", "number": 1, "environment": "production"}]
            )
            empty.apply()


class TestDrift:
    def test_another_agent_set_by_hand_is_drift(self, desk):
        other = desk.id_of("assistant/triage@support.2")
        target = {**desk.live()["target"], "agent_id": other}
        del target["agent"]
        desk.by_hand(desk.connection.replace("agents", "automations", desk.live()["id"], body={"target": target}))
        assert told(desk.plan().drift) == [MOVE]
        desk.apply()
        assert desk.runs() == "First."

    def test_another_agent_set_by_hand_while_the_chatbot_is_unpublished_is_drift(self, desk):
        desk.wants(bot())
        desk.apply()
        other = desk.id_of("assistant/triage@support.2")
        target = {**desk.live()["target"], "agent_id": other}
        del target["agent"]
        desk.by_hand(desk.connection.replace("agents", "automations", desk.live()["id"], body={"target": target}))
        assert told(desk.plan().drift) == [MOVE]

    def test_a_copy_that_was_deleted_by_hand_is_created_again_and_run(self, desk):
        desk.by_hand(desk.connection.remove("agents", desk.id_of("assistant/triage@support.1")))
        desk.apply()
        assert desk.runs() == "First."
        assert is_silent(desk.plan())


class TestGuard:
    def test_the_old_release_is_archived_after_the_automation_has_moved(self, desk):
        desk.wants(bot(published=2, releases={"keep": 1}))
        plan = desk.plan()
        assert rules(plan) == []
        assert [told((change,))[0].partition(":")[0] for change in plan.changes] == [
            "publish chatbot/support",
            f"update {RUN}",
            "archive release/support@1",
            "archive assistant/triage@support.1",
        ]
        desk.app.state.requests.clear()
        desk.apply()
        writes = [f"{method} {path}" for method, path in desk.app.state.requests if method != "GET"]
        assert writes == ["POST /v1/agents/automations/{id}", "DELETE /v1/agents/{id}"]
        assert is_silent(desk.plan())

    def test_a_release_with_a_pipeline_waits_for_an_automation_of_its_agent(self, empty):
        nodes = {"first": {"type": "assistant", "assistant": "triage"}}
        edges = [{"from": "start", "to": "first"}, {"from": "first", "to": "end"}]
        flow = manifest("Pipeline", "flow", {"nodes": nodes, "edges": edges})

        def published(number: int, **spec: Any) -> Document:
            return manifest("Chatbot", "support", {"pipeline": "flow", "published": number, **spec})

        empty.wants(flow, published(1), nightly(target={"agent": "triage@support.1"}))
        for text in ("First.", "Second."):
            empty.wants(triage(text))
            release(empty.root, empty.environ, "support")
        empty.apply()
        empty.wants(published(2, releases={"keep": 1}), nightly(target={"agent": "triage@support.2"}))
        steps = lower(empty.observed().planned)
        (archive,) = (step for step in steps if (step.verb, str(step.address)) == ("remove", "release/support@1"))
        assert RUN in {str(one.address) for one in steps[archive]}
        empty.apply()
        assert is_silent(empty.plan())

    def test_if_the_automation_cannot_be_moved_the_old_release_stays(self, desk, monkeypatch):
        desk.wants(bot(published=2, releases={"keep": 1}))
        replace = desk.connection.replace

        async def fails(*path: str, **more: Any) -> Any:
            if path[:2] == ("agents", "automations"):
                raise ReconcilerError(Problem("server-error", "it is down"))
            return await replace(*path, **more)

        with monkeypatch.context() as broken:
            broken.setattr(desk.connection, "replace", fails)
            result = desk.carry_out(desk.observed())
        assert {one.address: one.status for one in result.outcomes} == {
            "chatbot/support": "done",
            RUN: "failed",
            "release/support@1": "skipped",
            "assistant/triage@support.1": "skipped",
        }
        assert desk.runs() == "First."
        desk.apply()
        assert desk.runs() == "Second."
        assert is_silent(desk.plan())

    def test_a_release_that_an_automation_stays_with_is_not_archived(self, desk):
        desk.wants(nightly(lifecycle={"ignore": ["target"]}))
        desk.apply()
        desk.wants(bot(published=2, releases={"keep": 1}))
        plan = desk.plan()
        assert rules(plan) == [("referenced", "assistant/triage@support.1")]
        assert [str(one.node) for one in plan.refusals[0].sections["Other references"]] == [RUN]

    @pytest.mark.parametrize("drops", [("Chatbot/support", "Assistant/triage"), ()])
    def test_an_unmanaged_automation_blocks_what_it_runs(self, desk, drops):
        target = {
            "type": "new_session",
            "agent_id": desk.id_of("assistant/triage@support.2"),
            "environment": {"type": "none"},
            "input": [{"role": "user", "content": [{"type": "input_text", "text": "Hi."}]}],
        }
        body = {"type": "once", "run_at": 4_000_000_000, "name": "by hand", "target": target}
        desk.by_hand(desk.connection.replace("agents", "automations", body=body))
        shutil.rmtree(desk.root / "releases")
        desk.wants(bot())
        desk.drops("Automation/nightly", *drops)
        assert {rule for rule, _ in rules(desk.plan())} == {"referenced"}

    def test_a_chatbot_is_deleted_with_its_automation_in_order(self, desk):
        shutil.rmtree(desk.root / "releases")
        desk.drops("Automation/nightly", "Chatbot/support", "Assistant/triage")
        plan = desk.plan()
        assert rules(plan) == []
        desk.app.state.requests.clear()
        desk.apply()
        writes = [f"{method} {path}" for method, path in desk.app.state.requests if method != "GET"]
        assert writes[0] == "DELETE /v1/agents/automations/{id}"
        assert set(writes[1:]) == {"DELETE /v1/agents/{id}"}

    def test_a_missing_secret_stops_a_publication_before_the_first_write(self, desk):
        hosted: Document = {
            "type": "openai_hosted",
            "network": {"access": "disabled"},
            "env": {"CRM_TOKEN": {"$env": "CRM_TOKEN"}},
        }
        desk.environ = {**desk.environ, "CRM_TOKEN": "secret"}
        desk.wants(nightly(target={"environment": hosted}))
        desk.apply()
        desk.environ = {name: value for name, value in desk.environ.items() if name != "CRM_TOKEN"}
        desk.wants(bot(published=2))
        desk.requests()
        before = state(desk)
        with pytest.raises(ReconcilerError) as error:
            desk.apply()
        assert [problem.code for problem in error.value.problems] == ["secret-missing"]
        assert [request for request in desk.requests() if not request.startswith("GET")] == []
        assert state(desk) == before
        desk.environ = {**desk.environ, "CRM_TOKEN": "secret"}
        desk.apply()
        assert desk.runs() == "Second."


class TestRollback:
    @pytest.fixture
    def published(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
        desk.wants(bot(published=2))
        desk.apply()
        monkeypatch.chdir(desk.root)
        monkeypatch.setenv("RECONCILER_ENDPOINT", "embedded")
        return desk

    def test_it_moves_the_pointer_and_the_automation_and_says_what_it_costs(self, published, cli: Cli, monkeypatch):
        output = published.root / ".reconciler" / "output"
        monkeypatch.setenv("GITHUB_OUTPUT", str(output))
        published.wants(triage("Some day."))
        plan = published.root.parent / "rollback.json"
        done = cli("ci", "rollback", "support", 1, "--out", plan)
        assert done.code == 0
        assert "1 write to OpenAI: 1 POST." in done.out
        assert output.read_text() == "branch=rollback/acme/support\nwrites=true\n"
        changes = [(one["action"], one["address"]) for one in json.loads(plan.read_text())["changes"]]
        assert changes == [("publish", "chatbot/support"), ("update", RUN)]
        assert cli("apply", plan, "--yes").code == 0
        assert published.runs() == "First."

    def test_pending_edits_of_the_automation_and_what_they_need_go_with_it(self, published, cli: Cli):
        published.wants(
            triage("Some day."), manifest("Vault", "team", {}), nightly(target={"vault_ids": ["team"]}, name="Later")
        )
        plan = published.root.parent / "rollback.json"
        assert cli("ci", "rollback", "support", 1, "--out", plan).code == 0
        changes = {(one["action"], one["address"]) for one in json.loads(plan.read_text())["changes"]}
        assert changes == {("publish", "chatbot/support"), ("update", RUN), ("create", "vault/team")}
        assert cli("apply", plan, "--yes").code == 0
        assert published.runs() == "First."

    def test_an_automation_that_is_not_live_yet_is_left_out(self, published, cli: Cli):
        hourly = {"expression": "0 * * * *", "timezone": "UTC", "target": TARGET}
        published.wants(manifest("Automation", "hourly", hourly))
        plan = published.root.parent / "rollback.json"
        assert cli("ci", "rollback", "support", 1, "--out", plan).code == 0
        changes = {(one["action"], one["address"]) for one in json.loads(plan.read_text())["changes"]}
        assert changes == {("publish", "chatbot/support"), ("update", RUN)}
        assert cli("apply", plan, "--yes").code == 0

    def test_without_a_saved_plan_it_is_one_command(self, published, cli: Cli):
        published.wants(triage("Some day."))
        done = cli("rollback", "support", "--yes", "-o", "json")
        assert done.code == 0
        assert published.runs() == "First."
        made = [(one["action"], one["address"]) for one in done.document["outcomes"]]
        assert made == [("publish", "chatbot/support"), ("update", RUN)]
        assert cli("publish", "support", 1).code == 0
        assert {one["address"] for one in cli("plan", "-o", "json").document["changes"]} == {"assistant/triage"}

    def test_an_error_in_the_manifest_of_the_automation_stops_it(self, published, cli: Cli):
        published.wants(nightly(odd=1))
        done = cli("rollback", "support", "--yes")
        assert (done.code, "unknown field `odd`" in done.err) == (1, True)
        assert published.runs() == "Second."


class TestImport:
    def test_the_agent_of_the_published_release_is_named_by_its_chatbot(self, desk):
        text = imported(desk, desk.live()["target"]["agent_id"])
        assert "  agent: chatbot/support\n" in text
        plan = desk.plan()
        assert [(one.rule, one.address) for one in plan.refusals] == [("duplicate", "automation/by-hand")]
        assert not plan.drift

    def test_the_agent_of_another_release_keeps_its_id(self, desk):
        agent = desk.id_of("assistant/triage@support.2")
        assert f"  agent: {agent}  # triage@support.2\n" in imported(desk, agent)

    def test_the_working_agent_is_named_by_its_manifest(self, desk):
        assert "  agent: triage\n" in imported(desk, desk.id_of("assistant/triage"))

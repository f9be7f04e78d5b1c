"""Automations from creation to deletion: silence, schedules, targets, pauses, and what they block."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest

from reconciler.planning.codec import seal_change
from reconciler.planning.model import Plan
from reconciler.planning.schedules import with_runs
from reconciler.resources.problems import ReconcilerError
from tests.support.automations import AGENT, TARGET, automation, automations, by_hand, live, targeting
from tests.support.credentials import SECRETS, with_secrets
from tests.support.world import Document, World, is_silent, manifest, told, world

TEAM = manifest("Vault", "team", {})


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


class TestApply:
    def test_an_automation_is_created_with_the_id_of_its_agent(self, estate):
        found = live(estate)
        assert (found["expression"], found["timezone"], found["status"]) == ("0 3 * * *", "Europe/London", "active")
        assert found["target"]["agent_id"] == estate.id_of("assistant/digest")

    def test_an_unchanged_plan_is_empty_after_one_list_of_automations(self, estate):
        assert is_silent(estate.plan())
        assert estate.requests() == {"GET /v1/agents": 1, "GET /v1/agents/automations": 1}

    @pytest.mark.parametrize(
        "target",
        [
            {
                "input": [
                    {
                        "content": [
                            {"type": "input_text", "text": "Look."},
                            {"type": "input_image", "image_url": "https://example.com/a.png"},
                        ]
                    }
                ]
            },
            {"vault_ids": ["team"], "metadata": {"team": "night"}},
            {"environment": {"type": "self_hosted", "workspace_directory": "/work"}},
            {"environment": {"type": "openai_hosted", "network": {"access": "disabled"}, "container_size": "small"}},
            {
                "environment": {
                    "type": "openai_hosted",
                    "network": {"access": "restricted", "blocked_domains": ["example.com"]},
                    "packages": {"python": ["pandas==2.2"]},
                    "files": [
                        {"type": "file_id", "file_id": "kb/hours.md", "path": "/workspace/hours.md"},
                        {"type": "inline", "text": "Hi.", "path": "/workspace/hi.md"},
                    ],
                    "env": {"MODE": "night"},
                    "setup_commands": [{"command": "make"}],
                    "capability_directories": ["/workspace/caps"],
                    "desktop": {"enabled": True},
                }
            },
            {"agent": {"model": "gpt-6-luna"}},
            {
                "agent": {
                    "model": "gpt-6-luna",
                    "instructions": "Be brief.",
                    "reasoning": {"effort": "low"},
                    "tools": [
                        {"type": "tool_search"},
                        {"type": "web_search"},
                        {
                            "type": "mcp",
                            "server_label": "crm",
                            "transport": {
                                "type": "http",
                                "server_url": "https://mcp.example.com",
                                "headers": {"X-Team": "a"},
                            },
                        },
                    ],
                }
            },
        ],
        ids="-".join,
    )
    def test_the_plan_after_an_apply_is_empty(self, tmp_path, target):
        with world(tmp_path) as made:
            made.file("kb/hours.md", "Always.")
            made.wants(AGENT, TEAM, targeting(**target))
            made.apply()
            assert is_silent(made.plan())

    def test_a_schedule_is_changed_where_it_is(self, estate):
        id_ = live(estate)["id"]
        estate.wants(automation(expression="0  4 * * *", name="  Nightly digest "))
        assert told(estate.plan().changes) == ["update automation/nightly: expression, name"]
        assert estate.plan().requests == {"POST": 1}
        estate.apply()
        found = live(estate, "Nightly digest")
        assert (found["id"], found["expression"]) == (id_, "0 4 * * *")
        assert is_silent(estate.plan())

    def test_a_changed_target_is_sent_whole(self, estate):
        estate.wants(TEAM, targeting(vault_ids=["team"], metadata={"team": "night"}))
        estate.apply()
        estate.wants(targeting(vault_ids=["team"], input="Write a short digest."))
        assert told(estate.plan().changes) == ["update automation/nightly: target.input, target.metadata.team"]
        estate.apply()
        target = live(estate)["target"]
        assert (target["vault_ids"], target["metadata"]) == ([estate.id_of("vault/team")], {})
        assert is_silent(estate.plan())

    def test_an_edited_file_is_uploaded_and_the_environment_gets_it(self, estate):
        file = {"type": "file_id", "file_id": "kb/hours.md", "path": "/workspace/hours.md"}
        hosted = {"type": "openai_hosted", "network": {"access": "disabled"}, "files": [file], "env": {"MODE": "night"}}
        estate.file("kb/hours.md", "Always.")
        estate.wants(targeting(environment=hosted))
        estate.apply()
        (before,) = live(estate)["target"]["environment"]["files"]
        estate.file("kb/hours.md", "Never.")
        estate.apply()
        (after,) = live(estate)["target"]["environment"]["files"]
        assert after["file_id"] == estate.id_of("file/kb/hours.md") != before["file_id"]
        assert estate.ids(estate.sdk.files.list()) == {after["file_id"]}
        assert is_silent(estate.plan())

    def test_parts_that_no_response_has_are_sent_with_every_target(self, estate):
        hosted = {"type": "openai_hosted", "network": {"access": "disabled"}, "env": {"MODE": "night"}}
        estate.wants(targeting(environment=hosted))
        estate.apply()
        sent: list[Document] = []
        replace = estate.connection.replace

        async def recorded(*path: str, body: Document, **more: Any) -> Document:
            sent.append(body)
            answer: Document = await replace(*path, body=body, **more)
            return answer

        estate.connection.replace = recorded
        estate.wants(targeting(environment={**hosted, "setup_commands": [{"command": "make"}]}))
        assert told(estate.plan().changes) == ["update automation/nightly: setup_commands"]
        estate.apply()
        estate.wants(targeting(environment={**hosted, "setup_commands": [{"command": "make"}]}, input="Write."))
        estate.apply()
        environments = [body["target"]["environment"] for body in sent]
        assert [one["env"] for one in environments] == [{"MODE": "night"}] * 2
        assert [one["setup_commands"] for one in environments] == [[{"command": "make", "cwd": "/workspace"}]] * 2
        assert is_silent(estate.plan())


class TestSecrets:
    """Values of an environment that are read when a request is sent."""

    HOSTED: ClassVar[Document] = {
        "type": "openai_hosted",
        "network": {"access": "disabled"},
        "env": {"MODE": "night", "CRM_TOKEN": {"$env": "CRM_TOKEN"}},
    }

    @pytest.fixture
    def sent(self, estate) -> list[Document]:
        """The environments of the targets that are sent."""
        found: list[Document] = []
        call = estate.connection.call

        async def recorded(request: Any) -> Any:
            if "automations" in request.path and "target" in (request.body or {}):
                found.append(request.body["target"]["environment"])
            return await call(request)

        estate.connection.call = recorded
        return found

    def test_a_secret_is_sent_and_stored_nowhere(self, estate, sent):
        with_secrets(estate).wants(targeting(environment=self.HOSTED))
        assert told(estate.plan().changes)[0].startswith("update automation/nightly: ")
        estate.apply()
        assert sent[-1]["env"] == {"MODE": "night", "CRM_TOKEN": SECRETS["CRM_TOKEN"]}
        assert not any(SECRETS["CRM_TOKEN"].encode() in content for content in estate.memory().values())
        assert is_silent(estate.plan())

    def test_a_missing_secret_is_an_error_before_the_first_write(self, estate):
        estate.wants(manifest("Vault", "team", {}), targeting(environment=self.HOSTED))
        with pytest.raises(ReconcilerError) as error:
            estate.apply()
        assert [problem.code for problem in error.value.problems] == ["secret-missing"]
        assert not any(method == "POST" for method, _ in estate.app.state.requests)

    def test_a_changed_target_is_sent_with_the_secret(self, estate, sent):
        with_secrets(estate).wants(targeting(environment=self.HOSTED))
        estate.apply()
        estate.wants(targeting(environment=self.HOSTED, input="Write."))
        with_secrets(estate, CRM_TOKEN="another").apply()
        assert sent[-1]["env"]["CRM_TOKEN"] == "another"

    def test_a_generation_sends_the_secret_again(self, estate, sent):
        with_secrets(estate).wants(targeting(environment=self.HOSTED))
        estate.apply()
        estate.wants(automation(target={**TARGET, "environment": self.HOSTED}, generation=2))
        assert told(estate.plan().changes) == ["update automation/nightly: generation"]
        with_secrets(estate, CRM_TOKEN="another").apply()
        assert (len(sent), sent[-1]["env"]["CRM_TOKEN"]) == (2, "another")
        assert is_silent(estate.plan())

    def test_other_changes_need_no_secret(self, estate, sent):
        with_secrets(estate).wants(targeting(environment=self.HOSTED))
        estate.apply()
        estate.environ = {"RECONCILER_ENDPOINT": "embedded"}
        estate.wants(automation(target={**TARGET, "environment": self.HOSTED}, expression="0 4 * * *"))
        estate.apply()
        assert (len(sent), is_silent(estate.plan())) == (1, True)


class TestTemplates:
    @pytest.fixture
    def kitchen(self, estate: World) -> World:
        """An automation in an environment of a template with a skill."""
        estate.file("skills/notes/SKILL.md", "---\nname: notes\ndescription: Take notes.\n---\nWrite it down.\n")
        reference = {"type": "skill_reference", "skill_id": "notes"}
        estate.wants(
            manifest("Skill", "notes", {"folder": "skills/notes"}),
            manifest("EnvironmentTemplate", "kitchen", {"network": {"access": "disabled"}, "skills": [reference]}),
            targeting(environment="kitchen"),
        )
        estate.apply()
        return estate

    def test_a_template_is_named_by_its_manifest(self, kitchen):
        environment = live(kitchen)["target"]["environment"]
        assert environment["environment_template_id"] == kitchen.id_of("template/kitchen")
        assert is_silent(kitchen.plan())

    def test_a_template_and_a_skill_can_be_named_in_an_environment(self, kitchen):
        skills = [{"type": "skill_reference", "skill_id": "notes"}]
        hosted = {"type": "openai_hosted", "environment_template_id": "kitchen", "skills": skills}
        kitchen.wants(targeting(environment=hosted))
        kitchen.apply()
        assert live(kitchen)["target"]["environment"]["skills"][0]["skill_id"] == kitchen.id_of("skill/notes")
        assert is_silent(kitchen.plan())

    def test_everything_is_deleted_in_order(self, kitchen):
        kitchen.drops("Automation/nightly", "EnvironmentTemplate/kitchen", "Skill/notes")
        deleted = [change.address for change in kitchen.plan().changes]
        assert deleted.index("automation/nightly") < deleted.index("template/kitchen") < deleted.index("skill/notes")
        kitchen.apply()

    def test_a_template_that_an_unmanaged_automation_uses_is_not_deleted(self, kitchen):
        used = {"type": "openai_hosted", "environment_template_id": kitchen.id_of("template/kitchen")}
        by_hand(kitchen, environment=used)
        kitchen.drops("Automation/nightly", "EnvironmentTemplate/kitchen")
        assert rules(kitchen.plan()) == [("referenced", "template/kitchen")]


class TestTypes:
    def test_another_type_of_schedule_is_another_automation(self, estate):
        old = live(estate)["id"]
        estate.wants(automation(run_at=int(time.time()) + 3600))
        (change,) = estate.plan().changes
        assert (change.action, change.reasons[0].args) == ("replace", {"fields": ["type"]})
        estate.apply()
        assert (live(estate)["type"], live(estate)["id"] != old) == ("once", True)
        assert is_silent(estate.plan())

    def test_another_type_of_target_is_another_automation(self, estate):
        body = {"agent_id": estate.id_of("assistant/digest"), "environment": {"type": "openai_hosted"}}
        session = estate.by_hand(estate.connection.replace("agents", "sessions", body=body))
        old = live(estate)["id"]
        estate.wants(automation(target={"session_id": session["id"], "instructions": "Wake up."}))
        (change,) = estate.plan().changes
        assert (change.action, change.reasons[0].args) == ("replace", {"fields": ["target"]})
        estate.apply()
        assert live(estate)["id"] != old
        assert is_silent(estate.plan())


class TestRuns:
    """The next times in a plan. They depend on the time of the plan, and nothing else does."""

    def runs(self, estate: World) -> list[Any]:
        reasons = [reason for change in estate.plan().changes for reason in change.reasons]
        return [len(reason.args["times"]) for reason in reasons if reason.code == "next-runs"]

    def test_a_changed_schedule_is_shown_with_three_runs(self, estate):
        estate.wants(automation(expression="0 4 * * *"))
        assert self.runs(estate) == [3]

    def test_a_created_automation_is_shown_with_its_runs_unless_it_is_paused(self, estate):
        estate.wants(automation("weekly", expression="0 3 * * 1"))
        assert self.runs(estate) == [3]
        estate.wants(automation("weekly", expression="0 3 * * 1", paused=True))
        assert self.runs(estate) == []

    def test_other_changes_have_no_runs(self, estate):
        estate.wants(automation(name="Nightly"))
        assert self.runs(estate) == []

    def test_a_resumed_automation_is_shown_with_its_runs(self, estate):
        estate.wants(automation(paused=True))
        estate.apply()
        estate.wants(automation(paused=False))
        assert self.runs(estate) == [3]

    def test_a_plan_that_is_made_later_has_the_same_digest(self, estate):
        estate.wants(automation(expression="* * * * *"))
        planned = estate.observed().planned
        later = planned.plan.created_at.replace("20", "21", 1)
        runs = with_runs(planned.inputs, planned.matched, replace(planned.plan, changes=()), datetime.now(UTC))
        assert runs.changes == ()
        (change,) = planned.plan.changes
        plain = replace(planned.plan, changes=(replace(change, reasons=()),))
        (shown,) = with_runs(planned.inputs, planned.matched, plain, datetime.fromisoformat(later)).changes
        assert shown.reasons != change.reasons
        assert seal_change(plain.identity, shown).digest == change.digest

    def test_a_time_that_has_passed_is_an_error_with_its_place(self, estate):
        estate.wants(automation("launch", run_at="2020-01-01T00:00:00Z"))
        with pytest.raises(ReconcilerError) as error:
            estate.plan()
        (problem,) = error.value.problems
        assert (problem.code, problem.place is not None) == ("time-passed", True)
        assert problem.message.startswith("automation/launch: `run_at` has passed")


class TestPause:
    def paused(self, estate: World, verb: str = "pause") -> None:
        estate.by_hand(estate.connection.replace("agents", "automations", live(estate)["id"], verb, body={}))

    def test_a_new_automation_is_paused_in_a_second_request(self, tmp_path):
        with world(tmp_path) as made:
            made.wants(AGENT, automation(paused=True))
            assert made.plan().requests == {"POST": 3}
            made.apply()
            assert live(made)["status"] == "paused"
            assert is_silent(made.plan())

    def test_it_is_paused_and_resumed_in_one_request_each(self, estate):
        for paused, status in ((True, "paused"), (False, "active")):
            estate.wants(automation(paused=paused))
            assert estate.plan().requests == {"POST": 1}
            estate.requests()
            estate.apply()
            assert live(estate)["status"] == status
            assert is_silent(estate.plan())

    def test_without_the_field_a_paused_automation_stays_paused(self, estate):
        self.paused(estate)
        assert is_silent(estate.plan())

    def test_a_field_that_is_removed_resumes_it(self, estate):
        estate.wants(automation(paused=True))
        estate.apply()
        estate.wants(automation())
        estate.apply()
        assert live(estate)["status"] == "active"

    def test_a_pause_by_somebody_else_is_drift(self, estate):
        estate.wants(automation(paused=True))
        estate.apply()
        estate.wants(automation(paused=False))
        estate.apply()
        self.paused(estate)
        assert told(estate.plan().drift) == ["update automation/nightly: paused"]
        estate.apply()
        assert live(estate)["status"] == "active"

    def test_a_pause_by_openai_is_no_drift_until_the_target_changes(self, estate):
        estate.wants(automation(paused=False))
        estate.apply()
        store, id_ = estate.app.state.store, live(estate)["id"]
        with store.transaction(write=True):
            failed = {"paused": True, "pause_reason": "target_session_failed"}
            store.put("agent.automation", {**store.get("agent.automation", id_), **failed})
        assert live(estate)["pause_reason"] == "target_session_failed"
        assert is_silent(estate.plan())
        estate.wants(automation(paused=False, target={**TARGET, "input": "Try again."}))
        estate.apply()
        assert (live(estate)["status"], live(estate)["pause_reason"]) == ("active", None)
        assert is_silent(estate.plan())


class TestOneRun:
    @pytest.fixture
    def launch(self, tmp_path) -> Iterator[World]:
        with world(tmp_path) as made:
            made.clock.seconds = time.time()
            made.wants(AGENT, automation("launch", run_at=int(made.clock()) + 60, paused=False))
            made.apply()
            yield made

    def test_a_completed_automation_is_no_drift(self, launch):
        launch.clock.seconds += 120
        assert live(launch, "launch")["status"] == "completed"
        assert is_silent(launch.plan())

    def test_another_time_is_an_update_before_the_run_and_a_new_automation_after_it(self, launch):
        launch.wants(automation("launch", run_at=int(launch.clock()) + 90, paused=False))
        assert told(launch.plan().changes) == ["update automation/launch: run_at"]
        launch.apply()
        launch.clock.seconds += 120
        launch.wants(automation("launch", run_at=int(launch.clock()) + 60, paused=False))
        assert told(launch.plan().changes) == ["replace automation/launch: run_at"]
        launch.apply()
        assert live(launch, "launch")["status"] == "active"
        assert is_silent(launch.plan())


class TestGuard:
    def test_a_managed_automation_blocks_the_delete_of_its_agent(self, estate):
        estate.drops("Assistant/digest")
        id_ = estate.id_of("assistant/digest")
        estate.wants(targeting(agent=id_))
        assert rules(estate.plan()) == [("referenced", "assistant/digest")]

    def test_an_unmanaged_automation_blocks_the_delete_of_its_agent_and_vault(self, estate):
        estate.wants(TEAM)
        estate.apply()
        by_hand(estate, vault_ids=[estate.id_of("vault/team")])
        estate.drops("Automation/nightly", "Assistant/digest", "Vault/team")
        assert rules(estate.plan()) == [("referenced", "assistant/digest"), ("referenced", "vault/team")]

    def test_an_automation_is_deleted_before_its_agent(self, estate):
        estate.drops("Automation/nightly", "Assistant/digest")
        assert told(estate.plan().changes) == ["delete automation/nightly", "delete assistant/digest"]
        estate.apply()
        assert automations(estate) == []

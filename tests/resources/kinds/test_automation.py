import json

import pytest
from hypothesis import given, strategies as st
from pydantic import ValidationError

from reconciler.resources.base import Live
from reconciler.resources.kinds.assistant import KIND as ASSISTANT
from reconciler.resources.kinds.automation import AUTOMATION, KIND, AutomationSpec
from reconciler.resources.values import reference

NIGHTLY = {"expression": "0 3 * * *", "timezone": "Europe/London"}
TARGET = {"agent": "digest", "environment": {"type": "none"}, "input": "Write the digest."}
SAY = [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Write the digest."}]}]
FILE = {"type": "file_id", "file_id": "a.md"}
WAKING = {"session_id": "sess_1", "instructions": "Wake up."}


@pytest.fixture
def automation(resource, scope):
    """The automation that a spec asks for."""

    def build(target=TARGET, **spec):
        return next(iter(KIND.desired(resource(KIND, "nightly", {**NIGHTLY, "target": target, **spec}), scope)))

    return build


@pytest.fixture
def findings(resource, scope):
    def check(**spec):
        return [
            (one.path, one.code) for one in KIND.check(resource(KIND, "nightly", {"target": TARGET, **spec}), scope)
        ]

    return check


def hosted(**environment):
    return {"type": "openai_hosted", "network": {"access": "disabled"}, **environment}


def targeting(**target):
    return {**NIGHTLY, "target": {**TARGET, **target}}


KEY = "ghp_abcdefghijklmnopqrstuvwx"


class TestDesired:
    def test_fields_have_the_names_of_the_api(self, automation):
        assert automation().fields == {
            "name": "nightly",
            "type": "periodic",
            **NIGHTLY,
            "target": {
                "type": "new_session",
                "agent_id": reference("assistant/digest"),
                "environment": {"type": "none"},
                "input": SAY,
                "vault_ids": [],
                "metadata": {},
            },
        }

    def test_a_time_is_seconds_with_any_offset(self, resource, scope):
        for text in ("2026-12-24T18:00:00+01:00", "2026-12-24T17:00:00Z", 1_798_131_600):
            (made,) = KIND.desired(resource(KIND, "launch", {"run_at": text, "target": TARGET}), scope)
            assert (made.fields["type"], made.fields["run_at"]) == ("once", 1_798_131_600)

    def test_a_name_of_a_template_is_an_environment(self, automation):
        made = automation({**TARGET, "environment": "reports"}).fields["target"]["environment"]
        assert made["type"] == "openai_hosted"
        assert made["environment_template_id"] in ("reports", reference("template/reports"))

    def test_a_literal_id_stays_literal(self, automation):
        target = {**TARGET, "agent": "agent_1", "environment": "envtmpl_1", "vault_ids": ["vault_1"]}
        made = automation(target).fields["target"]
        assert (made["agent_id"], made["vault_ids"]) == ("agent_1", ["vault_1"])
        assert made["environment"]["environment_template_id"] == "envtmpl_1"

    def test_an_existing_session_gets_instructions(self, automation):
        assert automation(WAKING).fields["target"] == {"type": "existing_session", **WAKING}

    def test_parts_that_no_response_has_are_hashed(self, automation):
        environment = {
            "type": "openai_hosted",
            "network": {"access": "restricted", "blocked_domains": ["example.com"]},
            "env": {"MODE": "night"},
            "setup_commands": [{"command": "make"}],
        }
        made = automation({**TARGET, "environment": environment})
        assert made.fields["target"]["environment"] == {
            "type": "openai_hosted",
            "network": {"access": "restricted", "allowed_domains": []},
        }
        assert sorted(made.write_only) == ["blocked_domains", "env.MODE", "setup_commands"]
        assert made.unreadable["env"] == {"MODE": "night"}

    def test_files_of_the_project_are_uploaded(self, resource, scope, folder):
        folder.add("kb/hours.md")
        environment = {"type": "openai_hosted", "network": {"access": "disabled"}}
        files = [{"type": "file_id", "file_id": "kb/hours.md", "path": "/workspace/hours.md"}]
        spec = targeting(environment={**environment, "files": files})
        made = list(KIND.desired(resource(KIND, "nightly", spec), scope))
        assert [str(one.address) for one in made] == ["automation/nightly", "file/kb/hours.md"]


class TestCanonical:
    ENVIRONMENTS = st.sampled_from(
        [
            {"type": "none"},
            {"type": "self_hosted", "workspace_directory": "/work", "environment_id": None},
            {"type": "openai_hosted", "files": None, "network": {"access": "enabled"}, "packages": {"python": ["a"]}},
            {"type": "openai_hosted", "skills": [{"type": "skill_reference", "skill_id": "skill_1", "version": None}]},
        ]
    )
    TARGETS = st.fixed_dictionaries(
        {"type": st.just("new_session"), "environment": ENVIRONMENTS, "input": st.just(SAY)},
        optional={
            "agent_id": st.sampled_from([None, "agent_1"]),
            "agent": st.sampled_from([None, {"model": "gpt-6-luna", "tools": [{"type": "web_search"}]}]),
            "metadata": st.sampled_from([None, {}, {"team": "a"}]),
            "vault_ids": st.sampled_from([None, [], ["vault_2", "vault_1"]]),
        },
    )

    @given(TARGETS)
    def test_it_is_idempotent(self, target):
        once = AUTOMATION.canonical("target", target)
        assert AUTOMATION.canonical("target", json.loads(json.dumps(once))) == once

    def test_null_means_the_same_as_nothing(self):
        plain = {"type": "new_session", "agent_id": "agent_1", "environment": {"type": "openai_hosted"}, "input": SAY}
        filled = {
            **plain,
            "agent": None,
            "environment": {"type": "openai_hosted", "environment_id": None, "files": None, "network": None},
            "metadata": {},
            "vault_ids": [],
        }
        assert AUTOMATION.canonical("target", plain) == AUTOMATION.canonical("target", filled)

    def test_an_empty_list_overrides_a_template_and_is_kept(self):
        target = {"type": "new_session", "environment": {"type": "openai_hosted", "files": []}, "input": SAY}
        assert AUTOMATION.canonical("target", target)["environment"] == {"type": "openai_hosted", "files": []}

    def test_names_are_trimmed_and_expressions_have_single_spaces(self):
        assert AUTOMATION.canonical("name", "  Nightly ") == "Nightly"
        assert AUTOMATION.canonical("expression", "0  3 * *\t*") == "0 3 * * *"


class TestCheck:
    @pytest.mark.parametrize(
        ("spec", "place", "code"),
        [
            ({}, ("spec",), "one-of"),
            ({**NIGHTLY, "run_at": "2026-12-24T18:00:00Z"}, ("spec", "run_at"), "one-of"),
            ({"run_at": "2026-12-24T18:00:00Z", "timezone": "UTC"}, ("spec", "timezone"), "one-of"),
            ({"expression": "0 3 * * *"}, ("spec", "expression"), "missing-field"),
            ({**NIGHTLY, "expression": "0 0 31 2 *"}, ("spec", "expression"), "never-fires"),
            ({**NIGHTLY, "timezone": "Europe/Lodnon"}, ("spec", "timezone"), "unknown-timezone"),
            (
                targeting(environment={"type": "openai_hosted"}),
                ("spec", "target", "environment", "network"),
                "missing-field",
            ),
            (
                targeting(
                    environment={"type": "openai_hosted", "environment_template_id": "kb", "env": {"API_KEY": "x"}}
                ),
                ("spec", "target", "environment", "env", "API_KEY"),
                "secret-as-text",
            ),
            (targeting(environment="none"), ("spec", "target", "environment"), "wrong-type"),
            (targeting(vault_ids=["crm", "vault/crm"]), ("spec", "target", "vault_ids", 1), "listed-twice"),
            (targeting(input=f"Log in with {KEY}."), ("spec", "target", "input"), "secret-as-text"),
            (targeting(metadata={"a": KEY}), ("spec", "target", "metadata", "a"), "secret-as-text"),
            ({**NIGHTLY, "metadata": {"a": KEY}}, ("spec", "metadata", "a"), "secret-as-text"),
            (
                targeting(agent={"model": "m", "instructions": f"Use {KEY}."}),
                ("spec", "target", "agent", "instructions"),
                "secret-as-text",
            ),
            (
                {**NIGHTLY, "target": {**WAKING, "instructions": KEY}},
                ("spec", "target", "instructions"),
                "secret-as-text",
            ),
            (targeting(environment="openai_hosted"), ("spec", "target", "environment"), "wrong-type"),
            (
                targeting(environment=hosted(environment_id="env_1")),
                ("spec", "target", "environment", "environment_id"),
                "one-of",
            ),
            (
                targeting(agent={"model": "m", "tools": [{"type": "web_search"}, {"type": "web_search"}]}),
                ("spec", "target", "agent", "tools", 1, "type"),
                "duplicate-tool",
            ),
        ],
        ids=str,
    )
    def test_a_violation_has_a_place(self, findings, spec, place, code):
        assert findings(**spec) == [(place, code)]

    def test_valid_specs_have_no_findings(self, findings):
        assert findings(**NIGHTLY) == []
        assert findings(run_at="2020-01-01T00:00:00Z") == []
        assert findings(**NIGHTLY, target=WAKING) == []
        assert findings(**targeting(environment={"type": "openai_hosted", "environment_id": "env_1"})) == []

    @pytest.mark.parametrize(
        "spec",
        [
            {"run_at": "2026-12-24T18:00:00", "target": TARGET},
            {"run_at": "tomorrow", "target": TARGET},
            {**NIGHTLY, "target": {**TARGET, **WAKING}},
            {**NIGHTLY, "target": {**TARGET, "agent": {"instructions": "No model."}}},
            {**NIGHTLY, "target": {**TARGET, "agent": {"model": "m", "name": "not-saved"}}},
            {**NIGHTLY, "target": {**TARGET, "input": ""}},
            {**NIGHTLY, "target": {**TARGET, "input": []}},
            {**NIGHTLY, "target": {**TARGET, "metadata": {"n": "x" * 513}}},
            {**NIGHTLY, "target": {**TARGET, "metadata": {"": "x"}}},
            {**NIGHTLY, "target": {**TARGET, "metadata": {"n" * 65: "x"}}},
            {**NIGHTLY, "target": {**WAKING, "session_id": ""}},
            {**NIGHTLY, "target": {**WAKING, "session_id": "my session"}},
            targeting(
                environment={
                    "type": "openai_hosted",
                    "files": [{"type": "file_id", "file_id": "a.md", "path": "/etc/a.md"}],
                }
            ),
            targeting(
                environment={
                    "type": "openai_hosted",
                    "files": [{"type": "file_id", "file_id": "a.md", "path": "/workspace/../a"}],
                }
            ),
            targeting(
                environment={"type": "openai_hosted", "network": {"access": "restricted", "allowed_domains": ["*.a"]}}
            ),
            {**NIGHTLY, "target": TARGET, "paused": "yes"},
            {**NIGHTLY, "target": TARGET, "status": "paused"},
        ],
        ids=str,
    )
    def test_an_invalid_spec_is_refused(self, spec):
        with pytest.raises(ValidationError):
            AutomationSpec.model_validate(spec)

    def test_an_assistant_of_another_target_is_not_an_agent(self, resource):
        assistants = [
            resource(ASSISTANT, name, {"target": target, "model": "m"}, target)
            for name, target in (("digest", "agents"), ("chat", "responses"))
        ]
        automations = [resource(KIND, name, targeting(agent=name)) for name in ("digest", "chat")]
        ((wrong, finding),) = KIND.check_all([*assistants, *automations])
        assert (str(wrong.address), finding.path) == ("automation/chat", ("spec", "target", "agent"))
        assert "has target `responses`" in finding.message


EXPECTED = {"target": {"type": "new_session", "environment": {"type": "none"}, "input": SAY}, "paused": False}


class TestLocalise:
    def localised(self, expected=EXPECTED, **fields):
        return AUTOMATION.localise({**EXPECTED, **fields}, lambda _id: (), expected)

    def test_a_pause_by_openai_is_as_expected_while_the_target_is(self):
        assert self.localised(paused="target_session_failed")["paused"] is False
        changed = {**EXPECTED, "target": {"type": "new_session"}}
        assert self.localised(changed, paused="target_session_failed")["paused"] is True

    def test_the_pause_of_a_completed_automation_is_as_expected(self):
        assert self.localised({**EXPECTED, "paused": True}, paused=None)["paused"] is True

    def test_members_that_this_version_does_not_know_are_no_difference(self):
        agent = {"model": "m", "new_setting": "default"}
        environment = {"type": "openai_hosted", "disk": "10g"}
        target = {"type": "new_session", "environment": environment, "agent": agent, "input": SAY, "priority": 1}
        found = self.localised(target=AUTOMATION.canonical("target", target))["target"]
        assert found["environment"] == {"type": "openai_hosted"}
        assert not {"priority", "new_setting"} & {*found, *found["agent"]}

    def test_a_member_that_the_manifest_sets_with_extra_is_compared(self):
        def targeting(value):
            agent = {"model": "m", "new_setting": value}
            return AUTOMATION.canonical(
                "target", {"type": "new_session", "environment": {"type": "none"}, "agent": agent, "input": SAY}
            )

        found = self.localised({"target": targeting("ours")}, target=targeting("theirs"))["target"]
        assert found["agent"]["new_setting"] == "theirs"

    def test_ids_at_the_places_of_references_are_replaced(self):
        target = {"type": "new_session", "agent_id": "agent_1", "environment": {"type": "none"}, "input": SAY}
        fields = {"target": {**target, "vault_ids": ["vault_1"], "metadata": {"id": "agent_1"}}}
        names = {"agent_1": ("assistant/digest",), "vault_1": ("vault/team",)}
        found = AUTOMATION.localise(fields, lambda id_: names.get(id_, ()), {})["target"]
        assert (found["agent_id"], found["vault_ids"]) == (reference("assistant/digest"), [reference("vault/team")])
        assert found["metadata"] == {"id": "agent_1"}


class TestRisks:
    """An agent that is not saved has the risks and the costs of one that is."""

    def fields(self, **agent):
        agent = {"model": "gpt-6-luna", **agent}
        target = {"type": "new_session", "agent": agent, "environment": {"type": "none"}, "input": SAY}
        return {"target": AUTOMATION.canonical("target", target)}

    def test_the_model_and_the_instructions_are_those_of_the_agent(self):
        fields = self.fields(instructions="Be brief.", tools=[{"type": "web_search"}])
        assert [*AUTOMATION.models(fields)] == ["gpt-6-luna"]
        assert AUTOMATION.prompt(fields) == "Be brief."

    def test_a_lower_effort_is_a_risk(self):
        before, after = (self.fields(reasoning={"effort": effort}) for effort in ("high", "low"))
        assert [hazard.rule for hazard in AUTOMATION.risks(before, after)] == ["reasoning-lowered"]

    def test_a_saved_agent_has_its_own(self):
        fields = {"target": {"type": "new_session", "agent_id": "agent_1", "environment": {}, "input": SAY}}
        assert ([*AUTOMATION.models(fields)], AUTOMATION.prompt(fields)) == ([], "")
        assert [*AUTOMATION.risks(fields, self.fields())] == []


class TestToManifest:
    def draft(self, **fields):
        given = {"name": "nightly", "type": "periodic", **NIGHTLY, "metadata": {}, "paused": False, **fields}
        given = {**given, "target": AUTOMATION.canonical("target", given["target"])}
        return KIND.to_manifest["automation"](Live("automation", "auto_1", given), "nightly", str).spec

    def test_a_spec_is_as_short_as_a_person_writes_it(self):
        target = {"type": "new_session", "agent_id": "agent_1", "environment": {"type": "none"}, "input": SAY}
        assert self.draft(target=target) == {**NIGHTLY, "target": {**TARGET, "agent": "agent_1"}}

    def test_a_template_alone_is_named(self):
        environment = {"type": "openai_hosted", "environment_template_id": "envtmpl_1"}
        target = {"type": "new_session", "agent_id": "agent_1", "environment": environment, "input": SAY}
        assert self.draft(target=target)["target"]["environment"] == "envtmpl_1"

    def test_an_inline_agent_has_no_defaults(self):
        agent = {"model": "gpt-6-luna", "tools": [{"type": "web_search"}], "service_tier": "auto"}
        target = {"type": "new_session", "agent": agent, "environment": {"type": "none"}, "input": SAY}
        assert self.draft(target=target)["target"]["agent"] == {
            "model": "gpt-6-luna",
            "tools": [{"type": "web_search"}],
        }

    def test_a_time_is_text(self):
        spec = self.draft(
            type="once",
            expression=None,
            timezone=None,
            run_at=1_798_131_600,
            target={"type": "existing_session", **WAKING},
        )
        assert spec == {"run_at": "2026-12-24T17:00:00+00:00", "target": WAKING}

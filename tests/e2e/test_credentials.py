"""Vaults and credentials from creation to deletion: silence, costs, rotation, replacement, and what blocks a delete."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from reconciler.importing.destination import destination
from reconciler.importing.live_inventory import project_context
from reconciler.importing.live_objects import import_objects
from reconciler.importing.selection import selection
from reconciler.operations.adopt import planned_adoption
from reconciler.operations.apply import apply_plan
from reconciler.planning.model import Plan
from reconciler.project.workspace import open_workspace
from reconciler.releases.release import release
from reconciler.resources.problems import ReconcilerError
from reconciler.state.journal import Journal
from tests.support.asking import listed
from tests.support.credentials import (
    BEARER,
    OAUTH,
    SERVER,
    VARIABLE,
    agent,
    credential,
    credentials,
    used_by,
    vault,
    with_secrets,
)
from tests.support.world import PROJECT, Document, Quiet, World, is_silent, manifest, told, world

LISTS = {"GET /v1/agents": 1, "GET /v1/vaults": 1, "GET /v1/vaults/{id}/credentials": 1}
OTHER_SERVER = {**BEARER, "mcp_server_url": "https://mcp2.example.com/crm"}


@pytest.fixture
def estate(tmp_path) -> Iterator[World]:
    """A vault with a credential, and an agent that uses it; applied."""
    with world(tmp_path, now=time.time) as made:
        with_secrets(made).wants(vault(), credential(), agent())
        made.apply()
        made.requests()
        yield made


def holders(plan: Plan) -> list[list[str]]:
    """Return the holders of each credential that stays after it was replaced."""
    return [list(one.args["holders"]) for change in plan.changes for one in change.reasons if one.code == "still-held"]


def rules(plan: Plan) -> list[tuple[str, str]]:
    return [(one.rule, one.address) for one in plan.refusals]


def by_other(estate: World, name: str, credential_id: str) -> Document:
    """Create an agent of another identity that uses a credential."""
    labels = {"reconciler-project": "other", "reconciler-address": f"assistant/{name}", "reconciler-spec": "v1"}
    tool = {"type": "mcp", "server_label": "crm", "transport": {"type": "http", "server_url": SERVER}}
    body = {"model": "gpt-6-luna", "name": name, "metadata": labels, "tools": [tool | {"credential_id": credential_id}]}
    made: Document = estate.by_hand(estate.connection.replace("agents", body=body))
    return made


class TestSilence:
    @pytest.mark.parametrize("auth", [BEARER, OAUTH, VARIABLE], ids=lambda auth: auth["type"])
    def test_the_plan_after_an_apply_is_empty(self, tmp_path, auth):
        with world(tmp_path) as made:
            named = {"name": "  CRM  ", "metadata": {"team": "support"}}
            with_secrets(made).wants(manifest("Vault", "crm", named), credential(auth=auth, generation=1, **named))
            made.apply()
            assert is_silent(made.plan())

    def test_a_plan_lists_vaults_once_and_credentials_once_for_each_vault(self, estate):
        estate.wants(vault("erp"))
        estate.apply()
        estate.requests()
        estate.plan()
        assert estate.requests() == {**LISTS, "GET /v1/vaults/{id}/credentials": 2}

    def test_a_project_without_them_lists_neither(self, tmp_path):
        with world(tmp_path) as made:
            made.wants(agent(credential_id=None))
            made.apply()
            assert not [path for path in made.requests() if "vaults" in path]

    def test_a_credential_that_the_list_does_not_have_yet_is_read_below_its_vault(self, estate):
        found = estate.observed().adapters["credential"]
        found.place({"cred_new": estate.id_of("vault/crm")})
        estate.requests()
        assert estate.run(found.read("cred_new")) is None
        assert estate.requests() == {"GET /v1/vaults/{id}/credentials/{credential_id}": 1}


class TestSecretsOfAnApply:
    @pytest.mark.parametrize("environ", [{}, {"CRM_TOKEN": ""}, {"CRM_TOKEN": "two\nlines"}], ids=str)
    def test_an_unusable_secret_is_an_error_before_the_first_write(self, tmp_path, environ):
        with world(tmp_path) as made:
            made.environ = {**made.environ, **environ}
            made.wants(vault(), credential(), agent())
            with pytest.raises(ReconcilerError) as raised:
                made.apply()
            assert [problem.place and problem.place.file for problem in raised.value.problems] == ["manifests.yaml"]
            assert not [request for request in made.requests() if not request.startswith("GET")]
            assert not any("journal" in path for path in made.memory())

    def test_ci_reads_only_what_the_workflow_names(self, tmp_path):
        with world(tmp_path) as made:
            made.wants(PROJECT, vault(), credential())
            with_secrets(made, CI="true")
            with pytest.raises(ReconcilerError, match="must not read the environment variable CRM_TOKEN"):
                made.apply()
            with_secrets(made, CI="true", RECONCILER_ENV_ALLOW="OTHER, CRM_TOKEN")
            made.apply()

    def test_plans_and_unrelated_changes_need_none(self, estate):
        estate.environ = {"RECONCILER_ENDPOINT": "embedded"}
        estate.wants(credential(metadata={"team": "sales"}))
        estate.apply()
        assert is_silent(estate.plan())


class TestRotation:
    def test_a_new_generation_sends_the_secret_to_the_same_credential(self, estate):
        (before,) = credentials(estate)
        estate.wants(credential(generation=2))
        assert told(estate.plan().changes) == ["update credential/crm-token: generation"]
        estate.requests()
        estate.apply()
        assert estate.requests()["POST /v1/vaults/{id}/credentials/{credential_id}"] == 1
        (after,) = credentials(estate)
        assert after["id"] == before["id"]
        assert is_silent(estate.plan())

    def test_scope_is_changed_in_place_without_the_secret(self, estate):
        estate.wants(credential("erp", auth=OAUTH))
        estate.apply()
        estate.environ = {"RECONCILER_ENDPOINT": "embedded"}
        estate.wants(credential("erp", auth={**OAUTH, "refresh": {**OAUTH["refresh"], "scope": "read"}}))
        assert told(estate.plan().changes) == ["update credential/erp: auth.refresh.scope"]
        estate.apply()
        assert is_silent(estate.plan())

    def test_an_expiry_is_sent_with_a_new_token_and_cleared_without_one(self, estate):
        oauth = {name: value for name, value in OAUTH.items() if name != "refresh"}
        estate.wants(credential("erp", auth={**oauth, "expires_at": "2027-01-31T01:00:00+01:00"}))
        estate.apply()
        estate.wants(credential("erp", auth={**oauth, "expires_at": "2027-01-31T00:00:00Z"}, generation=2))
        estate.apply()
        assert is_silent(estate.plan())
        estate.wants(credential("erp", auth=oauth, generation=2))
        estate.apply()
        assert [one["auth"]["expires_at"] for one in credentials(estate) if one["name"] == "erp"] == [None]
        assert is_silent(estate.plan())


class TestReplacement:
    def test_the_agent_uses_the_new_credential_before_the_old_one_is_deleted(self, estate):
        (before,) = credentials(estate)
        estate.wants(credential(auth=OTHER_SERVER), agent(server=OTHER_SERVER["mcp_server_url"]))
        plan = estate.plan()
        assert told(plan.changes) == [
            "replace credential/crm-token: auth.mcp_server_url",
            "update assistant/triage: tools.mcp:crm.credential_id, tools.mcp:crm.transport.server_url",
        ]
        assert plan.requests == {"DELETE": 1, "POST": 2}
        estate.apply()
        (after,) = credentials(estate)
        assert used_by(estate) == after["id"] != before["id"]
        assert is_silent(estate.plan())

    def test_it_stays_while_an_agent_of_another_identity_uses_it(self, estate):
        (before,) = credentials(estate)
        by_other(estate, "theirs", before["id"])
        estate.wants(credential(name="New"))
        plan = estate.plan()
        assert [one[0].startswith("agent theirs") for one in holders(plan)] == [True]
        assert plan.requests == {"POST": 2}
        estate.apply()
        assert {one["id"] for one in credentials(estate)} == {before["id"], used_by(estate)}
        assert estate.plan().changes == ()

    def test_it_is_deleted_when_nothing_uses_it_any_more(self, estate):
        (before,) = credentials(estate)
        theirs = by_other(estate, "theirs", before["id"])
        estate.wants(credential(name="New"))
        estate.apply()
        estate.by_hand(estate.connection.remove("agents", theirs["id"]))
        assert told(estate.plan().changes) == [f"delete credential/replaced@{before['id']}"]
        estate.apply()
        assert [one["id"] for one in credentials(estate)] == [used_by(estate)]

    def test_it_stays_while_a_session_in_progress_uses_it(self, estate):
        (before,) = credentials(estate)
        body = {"agent_id": estate.id_of("assistant/triage"), "environment": {"type": "none"}, "input": "Hello"}
        session = estate.by_hand(estate.connection.replace("agents", "sessions", body=body))
        estate.wants(credential(name="New"))
        assert holders(estate.plan()) == [[f"session in progress ({session['id']})"]]
        estate.apply()
        assert before["id"] in {one["id"] for one in credentials(estate)}
        assert estate.plan().changes == ()

    def test_an_agent_outside_the_target_keeps_the_old_one_until_it_is_in_a_plan(self, estate):
        (before,) = credentials(estate)
        estate.wants(credential(name="New"))
        assert holders(estate.plan(targets=("credential/crm-token",))) == [["assistant/triage"]]
        estate.apply(targets=("credential/crm-token",))
        assert used_by(estate) == before["id"]
        for on_drift in ("keep", "revert"):
            plan = estate.plan(on_drift)
            assert told(plan.drift) == []
            assert told(plan.changes) == [
                "update assistant/triage: tools.mcp:crm.credential_id",
                f"delete credential/replaced@{before['id']}",
            ]
        estate.apply("keep")
        assert [one["id"] for one in credentials(estate)] == [used_by(estate)]
        assert is_silent(estate.plan())

    def test_a_frozen_copy_keeps_the_old_one(self, estate):
        estate.wants(manifest("Chatbot", "support", {"assistant": "triage"}))
        release(estate.root, estate.environ, "support")
        estate.wants(manifest("Chatbot", "support", {"assistant": "triage", "published": 1}))
        estate.apply()
        (before,) = credentials(estate)
        estate.wants(credential(name="New"))
        assert holders(estate.plan()) == [["assistant/triage@support.1"]]
        estate.apply()
        assert used_by(estate, "assistant/triage@support.1") == before["id"] != used_by(estate)
        plan = estate.plan()
        assert (plan.changes, plan.drift, plan.refusals) == ((), (), ())
        estate.wants(credential(name="New", generation=2))
        (change,) = estate.plan().changes
        (reason,) = change.reasons
        holding = {"id": before["id"], "type": "credential", "holders": ["assistant/triage@support.1"]}
        assert (reason.code, reason.args) == ("former-secret", holding)


class TestARelease:
    """A release refers to credentials by name, and its copies keep the ones that they were created with."""

    @pytest.fixture
    def released(self, estate: World) -> World:
        estate.wants(manifest("Chatbot", "support", {"assistant": "triage"}))
        release(estate.root, estate.environ, "support")
        estate.wants(manifest("Chatbot", "support", {"assistant": "triage", "published": 1}))
        estate.apply()
        return estate

    def test_nothing_is_released_after_other_changes_of_a_credential(self, released):
        released.wants(credential(generation=2, metadata={"team": "sales"}))
        released.apply()
        with pytest.raises(ReconcilerError, match="no changes since release/support@1"):
            release(released.root, released.environ, "support")

    @pytest.mark.parametrize("spec", [{"name": "New"}, {"vault": "erp"}], ids=str)
    @pytest.mark.parametrize("applied", [False, True], ids=["pending", "applied"])
    def test_a_replaced_credential_is_released(self, released, spec, applied):
        (before,) = credentials(released)
        released.wants(vault("erp"), credential(**spec))
        if applied:
            released.apply()
        done = release(released.root, released.environ, "support", publish=True)
        assert done.replaced == ("credential/crm-token",)
        released.apply()
        assert used_by(released, "assistant/triage@support.2") == used_by(released) != before["id"]
        with pytest.raises(ReconcilerError, match="no changes since release/support@2"):
            release(released.root, released.environ, "support")


class Killed(BaseException):
    """The end of a process."""


class TestAnInterruptedReplacement:
    @pytest.mark.parametrize("last", ["credential.create", "agent.update"])
    def test_the_next_run_goes_on_with_the_new_credential(self, estate, monkeypatch, last):
        """The journal has the announcement of the create, and no completion."""
        (before,) = credentials(estate)
        estate.wants(credential(name="New"))
        observed = estate.observed()
        type_, _, method = last.partition(".")
        send = getattr(observed.adapters[type_], method)

        async def killed(*args: Any) -> None:
            await send(*args)
            raise Killed

        with monkeypatch.context() as patch:
            patch.setattr(observed.adapters[type_], method, killed)
            patch.setattr(Journal, "record", lambda _self, _completed: None)
            with pytest.raises(Killed):
                estate.carry_out(observed)
        made = {one["id"] for one in credentials(estate)} - {before["id"]}
        estate.apply()
        assert {one["id"] for one in credentials(estate)} == made == {used_by(estate)}
        assert is_silent(estate.plan())


class TestDeletes:
    def test_a_vault_goes_with_its_credential_and_agent(self, estate):
        estate.drops("Vault/crm", "Credential/crm-token", "Assistant/triage")
        assert told(estate.plan().changes) == [
            "delete assistant/triage",
            "delete credential/crm-token",
            "delete vault/crm",
        ]
        estate.apply()
        assert estate.ids(estate.sdk.beta.agents.vaults.list()) == set()

    def test_an_agent_that_nobody_here_manages_blocks_the_credential_and_the_vault(self, estate):
        (held,) = credentials(estate)
        theirs = by_other(estate, "theirs", held["id"])
        estate.drops("Vault/crm", "Credential/crm-token", "Assistant/triage")
        plan = estate.plan()
        assert rules(plan) == [("referenced", "credential/crm-token"), ("referenced", "vault/crm")]
        assert {name for one in plan.refusals for name in listed(one)["Other references"]} == {
            f"agent theirs ({theirs['id']})"
        }

    def test_a_credential_that_is_not_managed_blocks_its_vault(self, estate):
        auth = {"type": "static_bearer", "mcp_server_url": SERVER, "token": "t"}
        body = {"name": "by hand", "auth": auth}
        made = estate.by_hand(estate.connection.replace("vaults", estate.id_of("vault/crm"), "credentials", body=body))
        estate.drops("Vault/crm", "Credential/crm-token", "Assistant/triage")
        (refusal,) = estate.plan().refusals
        assert (refusal.rule, refusal.address) == ("referenced", "vault/crm")
        assert listed(refusal)["Other references"] == (f"credential by hand ({made['id']})",)

    def test_a_credential_that_an_agent_names_is_not_deleted(self, estate):
        estate.drops("Credential/crm-token")
        assert rules(estate.plan()) == [("referenced", "credential/crm-token")]


class TestOwnership:
    def test_a_renamed_credential_keeps_its_id(self, estate):
        (before,) = credentials(estate)
        estate.drops("Credential/crm-token")
        estate.wants(
            credential("crm-key", name="crm-token", lifecycle={"moved_from": "crm-token"}),
            agent(credential_id="crm-key"),
        )
        estate.apply()
        assert [one["id"] for one in credentials(estate)] == [before["id"]]
        assert is_silent(estate.plan())

    def test_a_kept_credential_loses_its_labels_only(self, estate):
        estate.wants(credential("spare", lifecycle={"keep_on_delete": True}))
        estate.apply()
        estate.drops("Credential/spare")
        estate.apply()
        assert [one["metadata"] for one in credentials(estate) if one["name"] == "spare"] == [{}]

    def test_a_protected_credential_is_not_replaced(self, estate):
        estate.wants(credential(lifecycle={"protect": True}))
        estate.apply()
        estate.wants(credential(name="New", lifecycle={"protect": True}))
        assert rules(estate.plan()) == [("protected", "credential/crm-token")]

    def test_a_lost_state_is_rebuilt(self, estate):
        estate.wants(credential(generation=3))
        estate.apply()
        (before,) = credentials(estate)
        estate.lose_state()
        estate.rebuild()
        # Nothing shows which secret is live, so that the next plan sends it.
        assert told(estate.plan().changes) == ["update credential/crm-token: generation"]
        estate.apply()
        assert ([one["id"] for one in credentials(estate)], is_silent(estate.plan())) == ([before["id"]], True)

    def test_a_rebuilt_state_has_a_replaced_credential_that_is_in_use(self, estate):
        (before,) = credentials(estate)
        by_other(estate, "theirs", before["id"])
        estate.wants(credential(name="New"))
        estate.apply()
        estate.lose_state()
        estate.rebuild()
        plan = estate.plan()
        assert (plan.changes, plan.drift, plan.refusals) == ((), (), ())
        assert before["id"] in {one["id"] for one in credentials(estate)}

    def test_imported_and_adopted_ones_need_no_change_and_no_secret(self, estate, tmp_path):
        live = {"vault": estate.id_of("vault/crm"), "agent": estate.id_of("assistant/triage")}
        with_labels_removed(estate, live["vault"], live["agent"])
        estate.lose_state()
        estate.drops("Vault/crm", "Credential/crm-token", "Assistant/triage")
        imported(estate, "vault", "credential", "assistant")
        adopted(estate)
        estate.environ = {"RECONCILER_ENDPOINT": "embedded"}
        plan = estate.plan()
        assert (plan.changes, plan.drift, plan.refusals, plan.unmanaged) == ((), (), (), ())


def with_labels_removed(estate: World, vault_id: str, agent_id: str) -> None:
    for one in credentials(estate, vault_id):
        estate.by_hand(estate.connection.replace("vaults", vault_id, "credentials", one["id"], body={"metadata": {}}))
    estate.by_hand(estate.connection.replace("vaults", vault_id, body={"metadata": {}}))
    estate.by_hand(estate.connection.replace("agents", agent_id, body={"metadata": {}}))


def imported(estate: World, *kinds: str) -> None:
    here = project_context(estate.root, estate.environ, env=None, endpoint=None)
    target = destination(estate.root, None, here)
    made = estate.run(import_objects(here, estate.connection, target, selection(kinds, None), lambda _text: None))
    assert not [problem for problem in made.problems if problem.severity == "error"]


def adopted(estate: World) -> None:
    workspace = open_workspace(estate.root, estate.environ)
    observed, _ = estate.run(planned_adoption(workspace, estate.connection, {}))
    done = estate.run(apply_plan(workspace, estate.connection, observed, Quiet(), resume="adopt"))
    assert done.complete

"""Tests of plans without an API key: the manifests compared with the state."""

import pytest

from tests.support.cli import Cli, edit, rename_store

PROMPT = "prompts/helper.md"
STORE = "stores/handbook.yaml"


@pytest.fixture
def offline(cli: Cli, monkeypatch: pytest.MonkeyPatch):
    """Plan offline, with an unreachable API."""

    def offline(*words: object):
        with monkeypatch.context() as nowhere:
            nowhere.setenv("RECONCILER_ENDPOINT", "http://127.0.0.1:9/v1")
            return cli("plan", "--offline", *words)

    return offline


def test_an_unchanged_project_has_an_empty_plan(applied, offline):
    done = offline("--detailed-exitcode", "-o", "json")
    assert (done.code, done.document["changes"], done.document["drift"]) == (0, [], [])
    assert done.document["warnings"][0]["code"] == "offline"


def test_edits_are_the_changes_that_a_plan_with_a_key_shows(applied, cli: Cli, offline):
    """The changes equal those of an online plan, including their digests."""
    edit(applied / PROMPT, "You", "Thou")
    edit(applied / STORE, "name: handbook\nspec:", "name: handbook\nspec:\n  name: manual")
    (applied / "kb" / "hours.md").write_text("From nine to five.")
    (applied / "chatbots" / "helper.yaml").unlink()
    found = offline("-o", "json").document["changes"]
    assert found == cli("plan", "-o", "json").document["changes"]
    assert len(found) > 3


def test_drift_is_not_detected_and_the_plan_warns(applied, offline):
    rename_store(applied, "by hand")
    done = offline()
    assert "No changes" in done.out
    assert "made offline" in done.out


def test_before_the_first_apply_everything_is_created(project, offline):
    assert {change["action"] for change in offline("-o", "json").document["changes"]} == {"create"}


def test_an_unknown_target_is_an_error(applied, offline):
    assert offline("--target", "assistant/nobody").code == 1


def test_refusals_from_manifests_are_found_offline(applied, offline):
    (applied / "assistants" / "helper.yaml").unlink()
    assert offline().code == 3


def test_a_renamed_vault_does_not_replace_its_credentials(project, cli: Cli, offline, monkeypatch):
    monkeypatch.setenv("CRM_TOKEN", "hidden")
    vault = project / "vault.yaml"
    credential = project / "credential.yaml"
    vault.write_text("apiVersion: reconciler/v1\nkind: Vault\nmetadata: {name: crm}\n")
    auth = "{type: static_bearer, mcp_server_url: 'https://mcp.example.com', token: {$env: CRM_TOKEN}}"
    head = "apiVersion: reconciler/v1\nkind: Credential\nmetadata: {name: token}\nspec:\n"
    credential.write_text(f"{head}  vault: crm\n  auth: {auth}\n")
    assert cli("apply", "--yes").code == 0
    edit(vault, "{name: crm}", "{name: sales}\nlifecycle: {moved_from: crm}\nspec: {name: crm}")
    edit(credential, "vault: crm", "vault: sales")
    found = [(change["address"], change["action"]) for change in offline("-o", "json").document["changes"]]
    assert ("vault/sales", "update") in found
    assert ("credential/token", "replace") not in found

"""Commands with a key that may not list every kind, and with a server that does not have every API."""

import pytest

from tests.support.cli import Cli, edit

AGENTS = "GET:/v1/agents*"
COMMANDS = ["plan", "drift", "status", "inventory", "import", "state rebuild --yes", "adopt --dry-run"]


@pytest.fixture
def fault(monkeypatch: pytest.MonkeyPatch):
    return lambda spec: monkeypatch.setenv("RECONCILER_FAULTS", spec)


def test_an_upload_that_stays_names_the_scope(applied, cli: Cli, fault):
    (applied / "kb" / "welcome.md").write_text("Other.", encoding="utf-8")
    fault(f"403:{AGENTS}")
    assert "(the API key needs api.agents.read)" in " ".join(cli("plan").out.split())
    assert cli("apply", "--yes").code == 0
    assert cli("plan", "--detailed-exitcode").code == 0


def test_a_refused_delete_names_the_scope(applied, cli: Cli, fault):
    (applied / "kb" / "more.md").write_text("More.", encoding="utf-8")
    assert cli("apply", "--yes").code == 0
    (applied / "kb" / "more.md").unlink()
    fault(f"403:{AGENTS}")
    done = cli("plan")
    assert done.code == 3
    assert "refused[unlisted]" in done.out
    assert "Grant the API key api.agents.read" in done.out
    assert "~ update  vectorstore/handbook" in done.out
    assert cli("apply", "--yes").code == 3


def test_a_server_without_the_api_is_named(applied, cli: Cli, fault):
    (applied / "kb" / "welcome.md").write_text("Other.", encoding="utf-8")
    fault(f"404:{AGENTS}")
    done = cli("plan")
    assert done.code == 0
    assert "this server does not have GET /v1/agents/automations (404)" in done.out
    assert cli("apply", "--yes").code == 0
    assert cli("plan", "--detailed-exitcode").code == 0


@pytest.mark.parametrize("words", COMMANDS)
def test_a_server_without_agents_is_no_error(applied, cli: Cli, fault, words):
    fault(f"404:{AGENTS}")
    assert cli(*words.split()).code == 0


@pytest.mark.parametrize("words", COMMANDS)
def test_a_key_without_agents(applied, cli: Cli, fault, words):
    """Commands that list every kind report it; the others do not need the list."""
    fault(f"403:{AGENTS}")
    done = cli(*words.split())
    assert done.code == (1 if words in ("inventory", "import") else 0)
    if done.code:
        assert "`api.agents.read`" in done.err


@pytest.mark.parametrize("words", ["plan", "drift", "status"])
def test_a_kind_in_use_is_required(applied, cli: Cli, fault, words):
    fault("403:GET:/v1/vector_stores")
    done = cli(words)
    assert done.code == 1
    assert "error[forbidden]" in done.err
    assert "`api.vector_stores.read`" in done.err


def test_models_are_optional(applied, cli: Cli, fault):
    edit(applied / "prompts" / "helper.md", "You", "Thou")
    fault("403:GET:/v1/models")
    done = cli("plan")
    assert done.code == 0
    assert "Grant the API key api.model.read" in " ".join(done.out.split())

"""`state`: looking into what was applied."""

from tests.cli.conftest import Cli


def test_an_empty_state(project, cli: Cli):
    assert cli("state", "list").out == "The state is empty: nothing was applied yet.\n"
    assert cli("state", "list", "-o", "json").document == []


def test_everything_applied_by_address(applied, cli: Cli):
    lines = cli("state", "list").out.splitlines()
    addresses = ["assistant/helper", "chatbot/helper", "file/kb/welcome.md", "vectorstore/handbook"]
    assert [line.split()[0] for line in lines] == ["ADDRESS", *addresses]
    assert [entry["address"] for entry in cli("state", "list", "-o", "json").document] == addresses


def test_one_entry_in_full(applied, cli: Cli):
    entry = cli("state", "show", "vectorstore/handbook").document
    assert entry["id"].startswith("vs_")
    assert entry["fields"]["name"] == "handbook"


def test_an_address_that_is_not_there(applied, cli: Cli):
    done = cli("state", "show", "assistant/helpr")
    assert done.code == 1
    assert "did you mean `assistant/helper`" in done.err


def test_neither_needs_the_api(applied, cli: Cli, monkeypatch):
    monkeypatch.setenv("RECONCILER_ENDPOINT", "http://127.0.0.1:9/v1")
    assert cli("state", "list").code == 0

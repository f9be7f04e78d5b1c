"""`state`: looking into what was applied."""

from reconciler.operations.workspace import open_workspace
from reconciler.state.lock import Holder
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
    assert "Did you mean 'assistant/helper'" in done.err


def test_who_applied_what(applied, cli: Cli):
    (only,) = cli("state", "history", "-o", "json").document
    assert (only["summary"], only["outcome"]) == ("4 created", "complete")
    assert cli("state", "history").out.splitlines()[1].split("complete")[1].split()[1:] == ["4", "created"]


def test_neither_needs_the_api(applied, cli: Cli, monkeypatch):
    monkeypatch.setenv("RECONCILER_ENDPOINT", "http://127.0.0.1:9/v1")
    assert cli("state", "list").code == 0


def test_a_lock_is_freed_once_a_person_says_so(applied, cli: Cli, monkeypatch):
    assert cli("state", "unlock", "--yes").out == "Nobody holds the lock of acme.\n"
    with open_workspace(applied, {}).backend.lock(Holder("kim", "laptop", "another machine", 4242)):
        assert cli("apply", "--yes").code == 6
        refused = cli("state", "unlock")
        assert refused.code == 64
        assert "pass --yes" in refused.err
        assert cli("apply", "--yes").code == 6
        freed = cli("state", "unlock", "--yes")
        assert (freed.code, freed.out) == (0, "Freed: the lock of acme that kim@laptop (process 4242) held.\n")
        assert cli("apply", "--yes").code == 0

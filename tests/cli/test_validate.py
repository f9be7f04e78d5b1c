"""`validate`: everything that can be checked offline."""

from tests.support.cli import Cli, edit


def test_a_valid_project(project, cli: Cli):
    done = cli("validate")
    assert (done.code, done.out, done.err) == (0, "acme: 3 manifests, all valid.\n", "")


def test_all_problems_by_place(project, cli: Cli):
    edit(project / "assistants" / "helper.yaml", "gpt-6-luna", "7")
    edit(project / "chatbots" / "helper.yaml", "assistant: helper", "assistant: nobody")
    done = cli("validate")
    assert (done.code, done.out) == (1, "")
    assert done.err.index("assistants/helper.yaml:7") < done.err.index("chatbots/helper.yaml:7")
    assert done.err.endswith("2 errors\n")


def test_validate_as_json(project, cli: Cli):
    assert cli("validate", "-o", "json").document["problems"] == []
    edit(project / "chatbots" / "helper.yaml", "assistant: helper", "assistant: nobody")
    done = cli("validate", "-o", "json")
    assert done.code == 1
    assert [problem["code"] for problem in done.document["problems"]] == ["dangling-reference"]


def test_validate_needs_neither_key_nor_state(project, cli: Cli, monkeypatch):
    monkeypatch.delenv("RECONCILER_ENDPOINT")
    monkeypatch.setenv("CI", "true")
    assert cli("validate").code == 0

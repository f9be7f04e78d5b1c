"""`validate`: everything that can be checked offline."""

import pytest

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


class TestEndedTargets:
    """OpenAI ended the API of the target `assistants`; the machine that applies may have another endpoint."""

    @pytest.fixture(autouse=True)
    def ended(self, project):
        edit(project / "assistants" / "helper.yaml", "spec:\n", "spec:\n  target: assistants\n")
        text = (project / "assistants" / "helper.yaml").read_text()
        (project / "assistants" / "helper.yaml").write_text(text[: text.index("  tools:")])

    @pytest.mark.parametrize("endpoint", [None, "https://api.openai.com/v1", "https://us.api.openai.com/v1"])
    def test_target_is_a_warning_if_the_endpoint_is_openai(self, cli: Cli, monkeypatch, endpoint):
        monkeypatch.delenv("RECONCILER_ENDPOINT")
        if endpoint:
            monkeypatch.setenv("RECONCILER_ENDPOINT", endpoint)
        done = cli("validate", "-o", "json")
        assert done.code == 0
        (problem,) = done.document["problems"]
        assert (problem["code"], problem["severity"]) == ("target-ended", "warning")
        assert problem["place"] == {"file": "assistants/helper.yaml", "line": 7, "column": 11}

    @pytest.mark.parametrize("endpoint", ["embedded+assistants", "https://gateway.example.com/v1"])
    def test_target_is_valid_at_another_server(self, cli: Cli, monkeypatch, endpoint):
        monkeypatch.setenv("RECONCILER_ENDPOINT", endpoint)
        assert cli("validate", "-o", "json").document["problems"] == []

    def test_target_is_valid_if_project_yaml_names_another_server(self, project, cli: Cli, monkeypatch):
        monkeypatch.delenv("RECONCILER_ENDPOINT")
        monkeypatch.setenv("CI", "true")
        edit(project / "project.yaml", "spec:\n", "spec:\n  endpoint: https://gateway.example.com/v1\n")
        assert cli("validate", "-o", "json").document["problems"] == []

    @pytest.mark.parametrize(
        "command",
        [("plan",), ("apply", "--yes"), ("drift",), ("pull", "assistant/helper"), ("state", "rebuild", "--yes")],
    )
    def test_online_command_is_refused_without_a_key(self, cli: Cli, monkeypatch, command):
        monkeypatch.delenv("RECONCILER_ENDPOINT")
        done = cli(*command)
        assert (done.code, done.out) == (1, "")
        assert "assistants/helper.yaml:7:11: error[target-ended]" in done.err
        assert "2026-08-26" in done.err
        assert "reconciler migrate --live URL" in done.err

    def test_offline_plan_has_a_warning(self, cli: Cli, monkeypatch):
        monkeypatch.delenv("RECONCILER_ENDPOINT")
        warnings = cli("plan", "--offline", "-o", "json").document["warnings"]
        assert [one["code"] for one in warnings] == ["offline", "target-ended"]


class TestEnvironments:
    """All environments are checked, unless one is selected."""

    @pytest.fixture(autouse=True)
    def environments(self, project):
        edit(
            project / "project.yaml",
            "spec:\n",
            "spec:\n  environments:\n    dev: {}\n    staging: {variables: {tone: calm}}\n    production: {}\n",
        )

    def test_valid_project_names_the_environments(self, cli: Cli):
        done = cli("validate")
        assert (done.code, done.out, done.err) == (
            0,
            "acme: 3 manifests, all valid in dev, staging, production.\n",
            "",
        )

    def test_problem_of_some_environments_names_them(self, project, cli: Cli):
        edit(project / "assistants" / "helper.yaml", "gpt-6-luna", "gpt-6-luna\n  truncation: ${var.tone}")
        done = cli("validate")
        assert done.code == 1
        assert "the variable `tone` is not defined (only in dev, production)" in done.err
        assert "(only in staging)" in done.err  # there the value is not valid

    def test_problem_of_all_environments_is_shown_once(self, project, cli: Cli):
        edit(project / "chatbots" / "helper.yaml", "assistant: helper", "assistant: nobody")
        done = cli("validate")
        assert done.err.count("no manifest defines assistant/nobody") == 1
        assert "only in" not in done.err
        assert done.err.endswith("1 error\n")

    def test_json_names_the_environments(self, project, cli: Cli):
        assert cli("validate", "-o", "json").document["environments"] == ["dev", "staging", "production"]
        edit(project / "assistants" / "helper.yaml", "gpt-6-luna", "gpt-6-luna\n  prompt_cache_key: ${var.tone}")
        edit(project / "chatbots" / "helper.yaml", "assistant: helper", "assistant: nobody")
        found = cli("validate", "-o", "json").document["problems"]
        assert [(one["code"], one.get("environments")) for one in found] == [
            ("unknown-variable", ["dev", "production"]),
            ("dangling-reference", None),
        ]

    def test_env_selects_one(self, project, cli: Cli, monkeypatch):
        edit(project / "assistants" / "helper.yaml", "gpt-6-luna", "gpt-6-luna\n  prompt_cache_key: ${var.tone}")
        done = cli("validate", "--env", "staging")
        assert (done.code, done.out) == (0, "acme/staging: 3 manifests, all valid.\n")
        monkeypatch.setenv("RECONCILER_ENV", "production")
        done = cli("validate", "-o", "json")
        assert (done.code, done.document["environments"]) == (1, ["production"])
        assert [one.get("environments") for one in done.document["problems"]] == [None]

    def test_unknown_environment_is_an_error(self, cli: Cli):
        done = cli("validate", "--env", "stagign")
        assert done.code == 1
        assert "did you mean `staging`?" in done.err

    def test_online_commands_still_need_one(self, cli: Cli):
        assert "environment-required" in cli("plan").err


def test_a_dangling_store_is_reported_beside_a_tool_that_the_target_does_not_support(project, cli: Cli):
    edit(project / "assistants" / "helper.yaml", "[handbook]", "[handbok]")
    edit(project / "assistants" / "helper.yaml", "spec:\n", "spec:\n  target: agents\n")
    done = cli("validate")
    assert (done.code, "error[other-target]" in done.err) == (1, True)
    assert "error[dangling-reference]: no manifest defines vectorstore/handbok" in done.err

"""Tests of `reconciler explain`."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.cli import Cli
from tests.support.imports import NEVER_OFFLINE, loaded


@pytest.fixture(autouse=True)
def outside_of_a_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("topic", "said"),
    [
        ("", "  vectorstore\n"),
        ("assistant", "  Fields\n    apiVersion"),
        ("assistant.spec.tools.mcp", "assistant.spec.tools.mcp (target: responses)\n"),
        ("assistant.spec.tools", "  Values of type\n    function\n"),
        ("referenced", "referenced (refusal)\n"),
        ("error[unknown-field]:", "unknown-field (error)\n"),
        ("guardrail-removed", "guardrail-removed (risk)\n"),
        ("odd-extension", "  Solution\n"),
        ("in sync", "in sync (glossary)\n"),
    ],
)
def test_topic_is_explained_without_a_project(cli: Cli, topic, said):
    done = cli("explain", *topic.split())
    assert (done.code, done.err) == (0, "")
    assert said in done.out


def test_json_has_fields_and_codes(cli: Cli):
    document = cli("explain", "project.spec.safety.max_deletes", "-o", "json").document
    assert document["format"] == "reconciler/explanation/v1"
    assert document["fields"][0]["limits"] == ["at least 0"]
    document = cli("explain", "foreign-owner", "-o", "json").document
    assert [one["is_a"] for one in document["codes"]] == ["error", "refusal"]
    assert len(cli("explain", "-o", "json").document["kinds"]) > 5


def test_wrong_word_is_an_error_with_a_suggestion(cli: Cli):
    done = cli("explain", "assistant.model")
    assert (done.code, done.out) == (1, "")
    assert "did you mean `assistant.spec.model`?" in done.err
    assert cli("explain", "assistant.model", "-o", "json").document["problems"][0]["code"] == "unknown-topic"


@pytest.mark.parametrize("topic", ["assistant.spec.tools.mcp", "unknown-field", ""])
def test_explanation_imports_no_kind_and_no_parser(topic):
    assert not loaded("explain", *([topic] if topic else [])) & {*NEVER_OFFLINE, "pydantic", "ruamel", "asyncio"}


@pytest.mark.parametrize("columns", [80, 120])
def test_output_fits_the_terminal(columns):
    environ = {**os.environ, "COLUMNS": str(columns)}
    command = [sys.executable, "-m", "reconciler.cli.main", "explain", "assistant.spec"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environ)
    assert max(map(len, done.stdout.splitlines())) <= columns

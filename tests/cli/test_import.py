import json

import pytest

from reconciler.manifests.writing import SCHEMA_FILE
from tests.support.cli import by_hand


@pytest.fixture
def nowhere(project):
    """Create a folder without a project, and an API with an unmanaged agent."""
    for path in project.rglob("*.yaml"):
        path.unlink()
    by_hand(project, lambda sdk: sdk.beta.agents.create(model="gpt-6-luna", name="Support Bot"))
    return project


def test_import_writes_a_project(nowhere, cli):
    done = cli("import")
    assert done.code == 0
    assert done.out.startswith("assistant/support-bot  from agent agent_")
    assert "Wrote 2 files" in done.out
    assert "agent: 1 found" in done.err
    assert cli("validate").code == 0


def test_the_result_as_json(nowhere, cli):
    done = cli("import", "--into", "new", "-o", "json")
    assert done.document["format"] == "reconciler/import/v1"
    assert done.document["written"] == ["project.yaml", "assistants/support-bot.yaml", SCHEMA_FILE]


@pytest.mark.parametrize("has_schema", [True, False])
def test_import_into_a_project_names_the_schema_that_is_there(project, cli, has_schema):
    by_hand(project, lambda sdk: sdk.beta.agents.create(model="gpt-6-luna", name="Support Bot"))
    if not has_schema:
        (project / SCHEMA_FILE).unlink()
    assert cli("import").code == 0
    first = (project / "assistants/support-bot.yaml").read_text().splitlines()[0]
    assert (first == f"# yaml-language-server: $schema=../{SCHEMA_FILE}") == has_schema
    assert (project / SCHEMA_FILE).exists() == has_schema


def test_a_missing_id_is_an_error_and_the_rest_is_imported(applied, cli):
    done = cli("import", "vs_gone")
    assert done.code == 1
    assert "error[not-live]: vs_gone was not found" in done.err


@pytest.mark.parametrize("words", [["request"], ["response"], ["request", "x.json", "--name", "a*"]])
def test_responses_and_requests_are_named_one_by_one(project, cli, words):
    assert cli("import", *words).code == 64


def test_import_of_a_request_body(project, cli):
    (project / "body.json").write_text(json.dumps({"model": "gpt-6-luna", "input": "Hello"}))
    done = cli("import", "request", "body.json")
    assert done.code == 0
    assert "not imported: `input`: sent by the application with each request" in done.out
    assert cli("validate").code == 0

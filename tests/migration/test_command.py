"""`reconciler migrate`: what it prints where, and how it ends."""

import json

import pytest

from reconciler.cli import codes
from reconciler.cli.main import run
from reconciler.manifests.writing import SCHEMA_FILE
from tests.migration.exports import assistant, saved


@pytest.fixture
def export(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return saved(tmp_path, assistant("one"))


def test_json_is_the_only_output_on_stdout(export, capsys):
    assert run(["migrate", str(export), "--target", "agents", "-o", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["format"] == "reconciler/migration/v1"
    assert document["written"] == ["project.yaml", "assistants/one.yaml", SCHEMA_FILE]


def test_an_unmigratable_object_is_an_error_and_the_rest_is_written(export, tmp_path, capsys):
    torn = tmp_path / "torn.json"
    torn.write_text('{"id": "asst_torn"', encoding="utf-8")
    assert run(["migrate", export.name, torn.name, "none", "--target", "responses"]) == 1
    done = capsys.readouterr()
    assert "error[truncated]: the JSON ends in the middle of an object (asst_torn)" in done.err
    assert "error[unreadable-file]" in done.err
    assert (tmp_path / "assistants" / "one.yaml").is_file()


def test_a_dry_run_is_reported(export, tmp_path, capsys):
    assert run(["migrate", str(export), "--target", "responses", "--dry-run"]) == 0
    assert "nothing was written" in capsys.readouterr().err
    assert not (tmp_path / "project.yaml").exists()


def test_a_target_is_required(export, capsys):
    assert run(["migrate", str(export)]) == codes.USAGE
    assert "--target" in capsys.readouterr().err


def test_a_folder_beside_a_project_becomes_its_own_project(export, tmp_path):
    assert run(["migrate", str(export), "--target", "responses", "--into", "first"]) == 0
    assert run(["migrate", str(export), "--target", "agents", "--into", "first/../second"]) == 0
    assert (tmp_path / "second" / "assistants" / "one.yaml").is_file()

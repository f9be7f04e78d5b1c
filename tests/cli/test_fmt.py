"""Tests of `reconciler fmt`."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.support.cli import Cli

UNTIDY = "kind: Assistant\napiVersion: reconciler/v1\nmetadata: {name: desk}\nspec:\n    model: 'gpt-6-luna'  # cheap\n"
TIDY = "apiVersion: reconciler/v1\nkind: Assistant\nmetadata: {name: desk}\nspec:\n  model: gpt-6-luna  # cheap\n"


@pytest.fixture
def desk(project: Path) -> Path:
    """Return a manifest of the project that is not in the canonical layout."""
    file = project / "desk.yaml"
    file.write_text(UNTIDY)
    return file


def test_project_that_init_writes_is_in_the_layout(project, cli: Cli):
    done = cli("fmt", "--check")
    assert (done.code, done.err) == (0, "")
    assert done.out.endswith(" unchanged.\n")


def test_manifests_of_the_project_are_formatted(desk, cli: Cli):
    desk.chmod(0o640)
    before = {file: file.stat().st_mtime_ns for file in desk.parent.glob("*.yaml") if file != desk}
    done = cli("fmt")
    assert (done.code, done.err) == (0, "")
    assert "formatted desk.yaml\n1 file formatted, " in done.out
    assert desk.read_text() == TIDY
    assert desk.stat().st_mode & 0o777 == 0o640
    assert {file: file.stat().st_mtime_ns for file in before} == before
    assert "formatted" not in cli("fmt").out


def test_check_writes_nothing_and_ends_with_code_2(desk, cli: Cli):
    done = cli("fmt", "--check")
    assert done.code == 2
    assert "would format desk.yaml\n1 file to format, " in done.out
    assert desk.read_text() == UNTIDY


def test_diff_writes_nothing_and_can_be_applied(desk, cli: Cli, tmp_path):
    done = cli("fmt", "--diff")
    assert done.code == 0
    assert desk.read_text() == UNTIDY
    (tmp_path / "desk.patch").write_text(done.out)
    command = ["git", "apply", "--unsafe-paths", "-p1", str(tmp_path / "desk.patch")]
    subprocess.run(command, cwd=desk.parent, check=True, env={**os.environ, "GIT_CEILING_DIRECTORIES": "/"})
    assert desk.read_text() == TIDY
    assert cli("fmt", "--check", "--diff").out == ""


def test_check_and_diff_can_be_combined(desk, cli: Cli):
    done = cli("fmt", "--check", "--diff")
    assert done.code == 2
    assert "-    model: 'gpt-6-luna'  # cheap\n+  model: gpt-6-luna  # cheap" in done.out


def test_files_and_folders_need_no_project(tmp_path, monkeypatch, cli: Cli):
    monkeypatch.chdir(tmp_path)
    for name in ("a.yaml", "inner/b.yaml", "inner/c.txt", "inner/.hidden.yaml"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(UNTIDY)
    assert cli("fmt", "a.yaml", "inner").code == 0
    assert (tmp_path / "a.yaml").read_text() == (tmp_path / "inner/b.yaml").read_text() == TIDY
    assert (tmp_path / "inner/c.txt").read_text() == (tmp_path / "inner/.hidden.yaml").read_text() == UNTIDY


def test_unreadable_file_is_reported_and_others_are_formatted(desk, cli: Cli):
    (desk.parent / "broken.yaml").write_text("kind: [\n")
    (desk.parent / "latin.yaml").write_bytes(b"kind: \xe9\n")
    done = cli("fmt")
    assert done.code == 1
    assert "broken.yaml:2:1: error[syntax]" in done.err
    assert "latin.yaml:1:1: error[not-utf-8]" in done.err
    assert desk.read_text() == TIDY
    assert (desk.parent / "broken.yaml").read_text() == "kind: [\n"


def test_other_yaml_files_are_unchanged(project, cli: Cli):
    (project / "values.yaml").write_text("a:   'b'\n")
    assert cli("fmt").code == 0
    assert (project / "values.yaml").read_text() == "a:   'b'\n"


def test_json_lists_the_files(desk, cli: Cli):
    document = cli("fmt", "--check", "-o", "json").document
    assert document["format"] == "reconciler/format/v1"
    assert document["files"] == [{"file": "desk.yaml", "after": TIDY}]
    assert document["summary"]["changed"] == 1
    document = cli("fmt", "-o", "json").document
    assert (document["written"], document["files"]) == (True, [{"file": "desk.yaml"}])


def test_link_to_a_manifest_stays_a_link(desk, cli: Cli):
    link = desk.parent / "link.yaml"
    link.symlink_to("desk.yaml")
    assert cli("fmt", link).code == 0
    assert link.is_symlink()
    assert desk.read_text() == TIDY


def test_file_that_is_named_twice_is_formatted_once(desk, cli: Cli):
    (desk.parent / "link.yaml").symlink_to("desk.yaml")
    done = cli("fmt", "desk.yaml", "./desk.yaml", "link.yaml", ".")
    assert (done.code, done.err) == (0, "")
    assert desk.read_text() == TIDY


def test_missing_path_is_wrong_usage(project, cli: Cli):
    done = cli("fmt", "nowhere.yaml")
    assert done.code == 64
    assert "does not exist" in done.err

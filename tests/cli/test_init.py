"""`init`: a project that works at once, wherever it is made."""

import shlex

import pytest

from reconciler.manifests.writing import SCHEMA_FILE
from tests.support.cli import Cli


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("acme", "acme"),
        ("My Bots!", "my-bots"),
        ("123", "project-123"),
        ("1e3", "project-1e3"),
        ("true", "project-true"),
        ("Füße", "f-e"),
        ("日本", "project"),
        ("--", "project"),
        ("x" * 100, "x" * 63),
        ("deep/er/still", "still"),
    ],
)
def test_what_it_writes_is_valid_whatever_the_folder_is_called(tmp_path, monkeypatch, cli: Cli, folder, name):
    monkeypatch.chdir(tmp_path)
    made = cli("init", "--", folder)
    assert made.code == 0
    checked = cli("validate", "-C", folder)
    assert (checked.code, checked.out) == (0, f"{name}: 3 manifests, all valid.\n")


def test_the_commands_it_names_plan_and_apply_at_once(tmp_path, monkeypatch, cli: Cli):
    monkeypatch.chdir(tmp_path)
    lines = [line.strip() for line in cli("init", "my bots").out.splitlines()]
    name, _, value = lines[-3].removeprefix("export ").partition("=")
    monkeypatch.setenv(name, value)
    program, *plan = shlex.split(lines[-2])
    assert program == "reconciler"
    assert cli(*plan).out.startswith("4 changes: my-bots")
    assert cli(*shlex.split(lines[-1])[1:], "--yes").code == 0
    assert cli(*plan).out.startswith("Nothing to do")


def test_into_the_working_directory(tmp_path, monkeypatch, cli: Cli):
    monkeypatch.chdir(tmp_path)
    assert cli("init").code == 0
    assert (tmp_path / "project.yaml").is_file()


def test_existing_files_are_not_overwritten(tmp_path, cli: Cli):
    (tmp_path / "stores").mkdir()
    (tmp_path / "stores" / "handbook.yaml").write_text("mine")
    done = cli("init", tmp_path)
    assert (done.code, done.out) == (1, "")
    assert "handbook.yaml already exists; nothing was written" in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["stores"]


def test_an_unwritable_folder_is_an_error(tmp_path, cli: Cli):
    (tmp_path / "assistants").write_text("a file where a folder is needed")
    done = cli("init", tmp_path)
    assert done.code == 1
    assert "error[io]" in done.err
    assert cli("init", tmp_path / "assistants").code == 64


def test_a_project_inside_another_is_an_error(tmp_path, monkeypatch, cli: Cli):
    monkeypatch.chdir(tmp_path)
    assert cli("init", "acme").code == 0
    done = cli("init", "acme/sub")
    assert done.code == 1
    assert "error[inside-project]" in done.err
    assert not (tmp_path / "acme" / "sub").exists()


def test_init_writes_the_schema_that_its_manifests_name(tmp_path, cli: Cli):
    assert f"wrote {tmp_path / 'acme' / SCHEMA_FILE}" in cli("init", tmp_path / "acme").out
    manifests = sorted((tmp_path / "acme").rglob("*.yaml"))
    assert len(manifests) == 4
    for path in manifests:
        name, _, schema = path.read_text().splitlines()[0].partition("=")
        assert name == "# yaml-language-server: $schema"
        assert (path.parent / schema).resolve() == tmp_path / "acme" / SCHEMA_FILE
    assert (tmp_path / "acme" / SCHEMA_FILE).read_text() == cli("schema").out


def test_init_uses_the_schema_of_the_repository(tmp_path, cli: Cli):
    (tmp_path / ".git").mkdir()
    (tmp_path / SCHEMA_FILE).parent.mkdir()
    (tmp_path / SCHEMA_FILE).write_text("{}")
    assert cli("init", tmp_path / "bots" / "acme").code == 0
    first = (tmp_path / "bots/acme/stores/handbook.yaml").read_text().splitlines()[0]
    assert first == f"# yaml-language-server: $schema=../../../{SCHEMA_FILE}"
    assert not (tmp_path / "bots" / "acme" / SCHEMA_FILE).exists()

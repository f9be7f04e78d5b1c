"""Every command that reads a project reads unchanged manifests from the cache: it parses only `project.yaml`."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click
import pytest

from reconciler.cli.main import cli as group
from reconciler.manifests import markdown, reading
from tests.support.cli import Cli

SOURCES: Final = Path(__file__).parents[2] / "reconciler"
ENVIRONMENTS: Final = "  environments: {staging: {}, production: {}}\n"
STAGING: Final = ("--env", "staging")
EXPORT: Final = '{"id": "asst_1", "object": "assistant", "name": "old", "model": "gpt-4o", "instructions": "Help."}'
LOADING: Final[dict[str, tuple[str, ...]]] = {
    "validate": (),
    "plan": STAGING,
    "apply": (*STAGING, "--yes"),
    "drift": STAGING,
    "pull": (*STAGING, "--all"),
    "status": (*STAGING, "-o", "html"),
    "graph": (*STAGING, "assistant/helper"),
    "inventory": (*STAGING, "-o", "json"),
    "import": (*STAGING, "assistant"),
    "adopt": (*STAGING, "--dry-run"),
    "migrate": ("assistant.json", "--to", "agents", "--offline", "--dry-run"),
    "release": ("helper", "--vendor", "--allow-unchanged"),
    "publish": ("helper", "1"),
    "rollback": (*STAGING, "helper", "1", "--dry-run"),
    "promote": ("helper", "--from", "staging", "--to", "production"),
    "archive": ("release/helper@2",),
    "destroy": (*STAGING, "--out", "destroy.json"),
    "diff": ("helper@1", "helper"),
    "state migrate-backend": (*STAGING, "git"),
    "state mv": (*STAGING, "assistant/helper", "assistant/other"),
    "state rebuild": STAGING,
    "state rm": (*STAGING, "assistant/helper"),
    "consent": (*STAGING, "assistant/helper", "referenced", "--reason", "tested", "--expires", "30d", "--dry-run"),
    "doctor": (),
    "init": (".", "--ci", "github", "--source", "uses=acme/setup@" + "0" * 40),
    "ci reviewed": (*STAGING, "--out", "reviewed.json"),
    "ci rollback": (*STAGING, "helper", "1", "--out", "rollback.json"),
}
"""The commands that load manifests, with words with which they do."""
APPLIED: Final = frozenset(
    {"export", "state history", "state list", "state pull", "state push", "state show", "state unlock"}
)
"""Commands that read what was applied."""
WITHOUT_PROJECT: Final = frozenset(
    {
        *("show", "explain", "schema", "completion", "help", "version", "demo", "emulator serve"),
        *("ci comment", "ci issue", "ci pull-request"),
    }
)
FORMATTING: Final = frozenset({"fmt"})
"""Reads the layout of manifests, which the cache does not have."""


def commands(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    """Yield all commands, with their names and the names of their groups."""
    if not isinstance(command, click.Group):
        yield " ".join(path), command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        inner = command.get_command(context, name)
        assert inner is not None
        yield from commands(inner, (*path, name))


@pytest.fixture
def released(
    project: Path, cli: Cli, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Return a project with two environments and two releases, of which the first is published and applied, and a cache
    that has its manifests.
    """
    with (project / "project.yaml").open("a") as file:
        file.write(ENVIRONMENTS)
    for number in (1, 2):
        text = (project / "prompts/helper.md").read_text()
        (project / "prompts/helper.md").write_text(f"{text}Line {number}.\n")
        assert cli("release", "helper", "--vendor").code == 0
    (project / "assistant.json").write_text(EXPORT)
    assert cli("publish", "helper", 1).code == 0
    assert cli("apply", *STAGING, "--yes").code == 0
    monkeypatch.setenv("RECONCILER_CACHE_DIR", str(tmp_path_factory.mktemp("cache") / "manifests"))
    monkeypatch.delenv("RECONCILER_NO_CACHE")
    assert cli("validate").code == 0
    return project


def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that gets the path of each manifest that a load parses."""
    found: list[str] = []
    documents_of = markdown.documents_of

    def noted(text: str, file: str, *args: Any) -> Any:
        found.append(file)
        return documents_of(text, file, *args)

    monkeypatch.setattr(reading, "documents_of", noted)
    return found


def texts(folder: Path) -> dict[str, str]:
    """Return the texts of the manifests."""
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*.yaml")}


def test_every_command_is_classified():
    assert {*dict(commands(group))} == {*LOADING, *APPLIED, *WITHOUT_PROJECT, *FORMATTING}


@pytest.mark.parametrize("command", LOADING)
def test_command_that_loads_manifests_has_an_option_that_turns_the_cache_off(command: str):
    assert "--no-cache" in [name for option in dict(commands(group))[command].params for name in option.opts]


@pytest.mark.parametrize("command", LOADING)
def test_command_parses_no_manifest_that_is_unchanged(
    released: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch, command: str
):
    before = texts(released)
    found = parsed(monkeypatch)
    done = cli(*command.split(), *LOADING[command])
    after = texts(released)
    edited = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    assert {*found} - edited == {"project.yaml"}, done


@pytest.mark.parametrize("command", LOADING)
def test_command_without_cache_parses_every_manifest(
    released: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch, command: str
):
    found = parsed(monkeypatch)
    cli(*command.split(), "--no-cache", *LOADING[command])
    assert {*found} >= {"project.yaml", "assistants/helper.yaml"}


@pytest.mark.parametrize("command", ["export", "state list"])
def test_commands_about_what_was_applied_parse_no_manifest(
    released: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch, command: str
):
    found = parsed(monkeypatch)
    words = ("assistant/helper",) if command == "export" else ()
    assert cli(*command.split(), *words, *STAGING).code == 0
    assert found == []


def test_projects_are_loaded_in_one_place():
    """Only `project.loading` knows the cache. Drafts of an import are checked in a temporary folder, without it."""
    importing = {
        path.relative_to(SOURCES).as_posix()
        for path in SOURCES.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module in ("reconciler.manifests", "reconciler.manifests.loading")
        if any(name.name == "load" for name in node.names)
    }
    assert importing == {"manifests/__init__.py", "project/loading.py", "importing/destination.py"}

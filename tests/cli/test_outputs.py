"""The files that options name for output: what is not an earlier output is not replaced."""

import gc
import json
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from reconciler.cli.main import cli as commands
from reconciler.cli.migrate import threads
from reconciler.cli.parameter_types import Output
from tests.support.cli import Cli

WRITERS = {
    "plan --out": ("plan",),
    "drift --out": ("drift",),
    "status --out": ("status", "-o", "html"),
    "graph --out": ("graph", "-o", "svg"),
    "adopt --out": ("adopt", "--dry-run"),
    "adopt --json-events": ("adopt", "--yes"),
    "apply --out": ("apply", "--yes"),
    "apply --json-events": ("apply", "--yes"),
    "rollback --out": ("rollback", "helper", "1", "--dry-run"),
    "rollback --json-events": ("rollback", "helper", "1", "--yes"),
    "destroy --out": ("destroy",),
    "destroy --json-events": ("destroy", "--confirm", "acme"),
    "export --out": ("export", "assistant/helper"),
    "state pull --out": ("state", "pull"),
    "ci reviewed --out": ("ci", "reviewed"),
    "ci rollback --out": ("ci", "rollback", "helper", "1"),
    "migrate threads --out": ("migrate", "threads", "project.yaml"),
}
"""Every option that names an output file, with a command line of its command."""


def writers(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield the options of a command and its subcommands that name an output file."""
    ctx = click.Context(command)
    for name in command.list_commands(ctx) if isinstance(command, click.Group) else ():
        found = command.get_command(ctx, name)  # type: ignore[attr-defined]
        yield from writers(found, (*path, name))
    for param in command.params:
        if isinstance(param.type, Output):
            yield " ".join((*path, param.opts[0]))
        else:
            assert not {"--out", "--json-events"} & {*param.opts} or path == ("schema",)


def snapshot(folder: Path) -> dict[str, bytes | str]:
    """Return the content of every file below a folder, and the targets of links."""
    return {
        str(file.relative_to(folder)): str(file.readlink()) if file.is_symlink() else file.read_bytes()
        for file in folder.rglob("*")
        if file.is_symlink() or file.is_file()
    }


@pytest.fixture
def precious(applied: Path) -> Path:
    """Return an applied project with files that no command may replace."""
    outside = applied.parent / "outside.md"
    outside.write_text("Not part of the project.\n")
    (applied / "link").symlink_to(outside)
    (applied / "dangling").symlink_to(applied.parent / "new")
    (applied / "to-state").symlink_to(".reconciler")
    (applied / "twin.json").hardlink_to(applied / "project.yaml")
    (applied / "page.html").write_text("<!doctype html>\n<html><body>Ours.</body></html>\n")
    (applied / "prompt.md").write_text('{"role": "You answer in JSON."}\n')
    return applied


def places(project: Path) -> list[str]:
    state = next((project / ".reconciler").rglob("state.json"))
    return [
        "project.yaml",
        "assistants/helper.yaml",
        next(str(one) for one in Path("prompts").iterdir()),
        "kb/welcome.md",
        "twin.json",
        "page.html",
        "prompt.md",
        "link",
        "dangling",
        str(state.relative_to(project)),
        str(state.with_name("lock.json").relative_to(project)),
        "to-state/new.json",
        f"/proc/self/cwd/{state.relative_to(project)}",
        "/proc/self/cwd/project.yaml",
    ]


def test_every_option_that_names_an_output_file_is_in_the_table():
    found = {*writers(commands), *writers(threads, ("migrate", "threads"))}
    assert found == set(WRITERS)


@pytest.mark.parametrize("option", WRITERS)
def test_no_file_of_the_user_is_replaced(precious: Path, cli: Cli, option: str):
    before = snapshot(precious.parent)
    for place in places(precious):
        done = cli(*WRITERS[option], option.rpartition(" ")[2], place)
        assert (done.code, done.out) == (1, ""), place
        assert done.err.startswith(f"error[unwritable]: cannot write {place}: "), done.err
        assert "Nothing was changed." in done.err
        assert snapshot(precious.parent) == before, place


def test_data_of_the_embedded_api_is_closed_when_a_command_ends(applied: Path, cli: Cli):
    """Otherwise the next garbage collection changes the folder."""
    gc.disable()
    try:
        assert cli("plan").code == 0
        assert [one.name for one in (applied / ".reconciler").glob("*.sqlite*")] == ["emulator.sqlite"]
    finally:
        gc.enable()


@pytest.mark.parametrize("option", WRITERS)
def test_a_folder_is_not_replaced(precious: Path, cli: Cli, option: str):
    before = snapshot(precious.parent)
    assert cli(*WRITERS[option], option.rpartition(" ")[2], "kb").code in (1, 64)
    assert snapshot(precious.parent) == before


@pytest.mark.parametrize(
    "words",
    [
        ("plan",),
        ("drift",),
        *(("status", "-o", format_) for format_ in ("text", "json", "html")),
        *(("graph", "-o", format_) for format_ in ("mermaid", "dot", "svg", "json")),
        ("adopt", "--dry-run"),
        ("apply", "--yes"),
        ("export", "assistant/helper"),
        ("state", "pull"),
    ],
    ids=" ".join,
)
def test_an_earlier_output_and_an_empty_file_are_replaced(applied: Path, cli: Cli, words: tuple[str, ...]):
    Path("out").touch()
    assert "unwritable" not in cli(*words, "--out", "out").err
    first = Path("out").stat()
    assert first.st_size > 0
    assert "unwritable" not in cli(*words, "--out", "out").err
    assert Path("out").stat().st_ino != first.st_ino


INSTEAD = [
    *(("status", "-o", format_) for format_ in ("text", "json", "html")),
    *(("graph", "-o", format_) for format_ in ("mermaid", "dot", "svg", "json")),
    ("export", "assistant/helper"),
    ("state", "pull"),
    ("migrate", "threads", "old.json"),
]
"""Commands that write a file instead of printing."""


@pytest.mark.parametrize("words", INSTEAD, ids=" ".join)
def test_a_command_that_writes_its_output_to_a_file_says_so(applied: Path, cli: Cli, words: tuple[str, ...]):
    message = {"role": "user", "content": [{"type": "text", "text": {"value": "Hello", "annotations": []}}]}
    Path("old.json").write_text(json.dumps({"thread": {"id": "thread_1"}, "messages": [message]}))
    done = cli(*words, "--out", "result.out")
    assert (done.code, done.out) == (0, ""), done.err
    assert "wrote result.out" in done.err.splitlines()


def test_every_command_with_an_output_file_also_prints_or_says_what_it_wrote():
    prints = {"plan", "apply", "adopt", "drift", "rollback", "destroy", "ci"}
    assert {words[0] for words in WRITERS.values()} == prints | {words[0] for words in INSTEAD}


def test_the_plan_that_is_applied_is_not_replaced(project: Path, cli: Cli):
    assert cli("plan", "--out", "plan.json").code == 0
    before = snapshot(project)
    for option in ("--out", "--json-events"):
        done = cli("apply", "./plan.json", "--yes", option, "plan.json")
        assert done.code == 1
        assert "cannot write plan.json: the same command also names it as another file" in done.err
    assert snapshot(project) == before
    assert cli("apply", "plan.json", "--yes", "--out", "result.json", "--json-events", "events").code == 0


def test_two_outputs_in_one_file_are_refused(project: Path, cli: Cli):
    done = cli("apply", "--yes", "--out", "new", "--json-events", "./new")
    assert done.code == 1
    assert "error[unwritable]" in done.err
    assert not Path("new").exists()


def test_a_word_that_is_also_a_value_is_a_file_name(project: Path, cli: Cli):
    assert cli("graph", "-o", "svg", "--offline", "--out", "svg").code == 0


def test_schemas_replace_only_schemas(project: Path, cli: Cli):
    Path("schemas").mkdir()
    assert cli("schema", "--out", "schemas").code == 0
    assert cli("schema", "--out", "schemas").code == 0
    Path("schemas/plan.schema.json").write_text("mine\n")
    before = snapshot(project)
    done = cli("schema", "--out", "schemas")
    assert done.code == 1
    assert "error[unwritable]: cannot write schemas/plan.schema.json: it exists" in done.err
    assert snapshot(project) == before


def test_events_are_added_to_an_open_file(project: Path, cli: Cli):
    Path("log").write_text("before\n")
    with Path("log").open("a") as log:
        assert cli("apply", "--yes", "--json-events", f"/dev/fd/{log.fileno()}").code == 0
    assert Path("log").read_text().startswith('before\n{"format"')

"""The files that each command may write, besides those that its options name: see test_outputs.py."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath

import click
import pytest
from openai import AsyncOpenAI

from reconciler.cli.main import cli as commands, run
from tests.support.cli import Cli, by_hand

EMULATOR = ".reconciler/emulator*"
"""The data of the embedded API, which stands for OpenAI here."""
STATE = (".reconciler/state/**", ".reconciler/.gitignore")
BUNDLES = ".reconciler/bundles/**"
SOON = datetime.now(UTC).date() + timedelta(days=30)
MANIFEST = "assistants/helper.yaml"
CHATBOT = "chatbots/helper.yaml"


@dataclass(frozen=True)
class Row:
    """A command line, and the files that it may write, as patterns below the project folder."""

    words: Sequence[str]
    files: Sequence[str] = ()
    code: int = 0
    """The exit code: other than 0 only where the command needs a service that is not there."""


READS = {
    "validate": Row(["validate"]),
    "plan": Row(["plan"]),
    "show": Row(["show", "../plan.json"]),
    "drift": Row(["drift"], code=2),
    "status": Row(["status"]),
    "graph": Row(["graph"]),
    "inventory": Row(["inventory"]),
    "diff": Row(["diff", "helper@1", "helper@2"]),
    "export": Row(["export", "assistant/helper"]),
    "state history": Row(["state", "history"]),
    "state list": Row(["state", "list"]),
    "state pull": Row(["state", "pull"]),
    "state show": Row(["state", "show", "assistant/helper"]),
    "doctor": Row(["doctor"]),
    "explain": Row(["explain", "drift"]),
    "completion": Row(["completion", "bash"]),
    "help": Row(["help", "plan"]),
    "version": Row(["version"]),
    "ci comment": Row(["ci", "comment", "../plan.json"], code=64),
    "ci issue": Row(["ci", "issue", "../plan.json", "--drift", "../plan.json"], code=1),
    "ci pull-request": Row(["ci", "pull-request"], code=64),
    "ci reviewed": Row(["ci", "reviewed", "--out", "../reviewed.json"], code=1),
}
WRITES = {
    "init": Row(["init", "../other"], ["../other/**"]),
    "ci rollback": Row(["ci", "rollback", "helper", "1", "--out", "../rollback.json"], [CHATBOT]),
    "fmt": Row(["fmt"], [MANIFEST]),
    "apply": Row(["apply", "--yes"], [*STATE, BUNDLES]),
    "pull": Row(["pull", "--all"], ["stores/handbook.yaml"]),
    "import": Row(["import", "vectorstore"], ["stores/*"]),
    "adopt": Row(["adopt", "--yes"], STATE),
    "migrate": Row(
        ["migrate", "../export.json", "--to", "responses"], ["assistants/*", "prompts/*", "tools/*", "migration*"]
    ),
    "release": Row(["release", "helper"], ["releases/helper/v3.yaml"]),
    "publish": Row(["publish", "helper", "1"], [CHATBOT]),
    "rollback": Row(["rollback", "helper", "1", "--yes"], [CHATBOT, *STATE, BUNDLES]),
    "promote": Row(["promote", "helper", "--from", "a", "--to", "b"], [CHATBOT], code=1),
    "archive": Row(["archive", "release/helper@1"], ["releases/helper/v1.yaml"]),
    "destroy": Row(["destroy", "--confirm", "acme"], [*STATE, BUNDLES], code=3),
    "state migrate-backend": Row(["state", "migrate-backend", "git"], [], code=1),
    "state mv": Row(["state", "mv", "vectorstore/handbook", "vectorstore/other"], STATE),
    "state push": Row(["state", "push", "../state.json"], STATE),
    "state rebuild": Row(["state", "rebuild", "--yes"], STATE),
    "state rm": Row(["state", "rm", "vectorstore/handbook"], STATE),
    "state unlock": Row(["state", "unlock", "--yes"], STATE),
    "consent": Row(
        ["consent", "assistant/helper", "protected", "--reason", "r", "--expires", str(SOON)], ["consents/*"], code=1
    ),
    "schema": Row(["schema", "--out", "kb"], ["kb/*.schema.json"]),
}
ROWS = READS | WRITES
ELSEWHERE = {
    "demo": "writes to a temporary folder, or to --keep DIR; tests/e2e runs it",
    "emulator serve": "runs until it is stopped, and writes only to --data FILE; tests/cli/test_emulator.py runs it",
}
"""Commands that are not run here, with the reason."""


def verbs(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield every command that has no subcommands."""
    if not isinstance(command, click.Group):
        yield " ".join(path)
        return
    ctx = click.Context(command)
    for name in command.list_commands(ctx):
        found = command.get_command(ctx, name)
        assert found is not None
        yield from verbs(found, (*path, name))


def contents(folder: Path) -> dict[str, bytes]:
    files = (file for file in folder.rglob("*") if file.is_file() and ".git" not in file.relative_to(folder).parts)
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


def fits(path: str, pattern: str) -> bool:
    if pattern.endswith("/**"):
        return path.startswith(pattern.removesuffix("**"))
    return PurePosixPath(path).match(pattern) and path.count("/") == pattern.count("/")


async def drift(sdk: AsyncOpenAI) -> None:
    """Rename the working vector store."""
    async for store in sdk.vector_stores.list():
        if (store.metadata or {})["reconciler-address"] == "vectorstore/handbook":
            await sdk.vector_stores.update(store.id, name="by hand")


@pytest.fixture(scope="module")
def prepared(starter: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a project in Git, two releases, of which the second is published, drift, and an edit."""
    folder = tmp_path_factory.mktemp("prepared")
    project = folder / "acme"
    shutil.copytree(starter, project)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project)
        patch.setenv("RECONCILER_ENDPOINT", "embedded")
        git("init", "-q")
        for number in (1, 2, 3):
            (project / "prompts/helper.md").write_text(f"Edition {number}.\n")
            commit()
            for words in (["release", "helper", "--publish"], ["apply", "--yes"]) if number < 3 else ():
                assert run(words) == 0
        assert run(["state", "pull", "--out", "../state.json"]) == 0
        (project / MANIFEST).write_text((project / MANIFEST).read_text().replace("kind: ", "kind:   "))
        commit()
        by_hand(project, drift)
        assert run(["plan", "--out", "../plan.json"]) == 0
    (folder / "export.json").write_text('{"object": "assistant", "id": "asst_1", "model": "gpt-6-luna"}')
    return folder


def git(*words: str) -> None:
    subprocess.run(["git", "-c", "user.name=x", "-c", "user.email=x@example.com", *words], check=True)


def commit() -> None:
    git("add", ".")
    git("commit", "-qm", "work")


@pytest.fixture
def estate(prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the project as the working directory."""
    shutil.copytree(prepared, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy" / "acme")
    monkeypatch.setenv("RECONCILER_ENDPOINT", "embedded")
    return tmp_path / "copy" / "acme"


def test_every_command_is_in_the_table():
    assert sorted(verbs(commands)) == sorted({*ROWS, *ELSEWHERE})


@pytest.mark.parametrize("verb", ROWS)
def test_a_command_writes_only_its_files(estate: Path, cli: Cli, verb: str):
    row = ROWS[verb]
    before = contents(estate.parent)
    done = cli(*row.words)
    assert done.code == row.code, (done.out, done.err)
    after = contents(estate.parent)
    changed = [path for path in {*before, *after} if before.get(path) != after.get(path)]
    named = {row.words[at + 1].removeprefix("../") for at, word in enumerate(row.words) if word == "--out"}
    allowed = [os.path.normpath(f"acme/{pattern}") for pattern in (*row.files, EMULATOR)]
    assert [path for path in changed if path not in named and not any(fits(path, one) for one in allowed)] == []

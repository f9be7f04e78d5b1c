"""Commands that write files of the user, and a project for each of them."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from reconciler.cli.main import run as run_command
from reconciler.manifests.folder import undo_interrupted
from tests.support.cli import by_hand, edit
from tests.support.file_operations import before_each, killing, tree

EMBEDDED: Final = {"RECONCILER_ENDPOINT": "embedded"}
BODY: Final = {"model": "gpt-6-luna", "instructions": "Be short.", "input": "Hello"}
EARLIER: Final = {"format": "reconciler/plan/v2"}
FUNCTION: Final = {"name": "look_up", "parameters": {"type": "object", "properties": {}}}
EXPORT: Final = {
    "id": "asst_1",
    "object": "assistant",
    "created_at": 1709251200,
    "name": "Claims",
    "model": "gpt-4o",
    "instructions": "Be short.",
    "tools": [{"type": "function", "function": FUNCTION}],
}
COMMANDS: Final[Mapping[str, str]] = {
    "init": "init new",
    "init-ci": "init acme --ci github",
    "import-request": "import request body.json more.json --into new",
    "import-live": "import -C acme --into new",
    "import-into-a-project": "import request body.json more.json -C acme",
    "migrate": "migrate export.json --target responses --into new --offline",
    "release": "release helper -C acme --vendor --publish --allow-unchanged",
    "publish": "publish helper 1 -C acme",
    "archive": "archive chatbot/helper -C acme",
    "pull": "pull --all -C acme",
    "rollback": "ci rollback helper 1 -C acme --out plan.json",
    "schema": "schema --out schemas",
    "plan": "plan -C acme --out plan.json",
    "state-pull": "state pull -C acme --out state.json",
}
"""Commands by name, which run in the folder around the project."""
DRAFTS: Final = (".writing-", ".reconciler-draft-", ".edit-", ".store.tmp")
Files = dict[str, tuple[int, bytes | str]]


@dataclass(frozen=True)
class Ran:
    """The exit code of a command, and the operations on files that it made."""

    code: int
    operations: tuple[str, ...]


def make(folder: Path) -> None:
    """Create the project `acme` with two releases and drift, and the files that the commands read."""
    os.chdir(folder)
    _run("init acme")
    (folder / "acme/.git/refs").mkdir(parents=True)
    (folder / "acme/.git/objects").mkdir()
    (folder / "acme/.git/HEAD").write_text("ref: refs/heads/main\n")
    _run("apply --yes -C acme")
    for number in (1, 2):
        edit(folder / "acme/prompts/helper.md", "You", f"You, {number}")
        _run("release helper --vendor --publish -C acme")
        _run("apply --yes -C acme")
    by_hand(folder / "acme", _drift)
    (folder / "schemas").mkdir()
    (folder / "schemas/manifest.schema.json").write_text('{"$schema": "", "title": "Reconciler manifest"}\n')
    (folder / "plan.json").write_text(f"{json.dumps(EARLIER)}\n")
    for name, document in {"body": BODY, "more": {**BODY, "tools": []}, "export": EXPORT}.items():
        (folder / f"{name}.json").write_text(json.dumps(document))


async def _drift(sdk: Any) -> None:
    for store in [found async for found in sdk.vector_stores.list()]:
        if "@" not in store.metadata["reconciler-address"]:
            await sdk.vector_stores.update(store.id, name="Renamed", metadata={**store.metadata, "team": "support"})


def _run(line: str) -> None:
    assert run_command(line.split()) == 0, line


def running(folder: Path, line: str, kill: int) -> Ran:
    """Run a command in `folder`, and kill it before an operation; run it to its end for 0."""
    os.chdir(folder)
    with before_each(killing(kill)) as met:
        code = run_command(line.split())
    return Ran(code, tuple(met))


def files_of(folder: Path) -> Files:
    """Return the files outside of `.reconciler` and `.git`, with their modes. Documents that contain times have no
    content.
    """
    found = {path: one for path, one in tree(folder).items() if not {".git", ".reconciler"} & {*Path(path).parts}}
    for name in {"plan.json", "state.json"} & found.keys():
        if json.loads(found[name][1]) != EARLIER:
            found[name] = (found[name][0], "")
    return found


def is_complete(folder: Path, wanted: Files) -> bool:
    """Return True if a killed command has written all files; then the next command removes what is left of it."""
    done = files_of(folder) == wanted and not any(folder.rglob("record.json"))
    if done:
        for project in (folder / "new", folder / "acme", folder / "schemas"):
            assert not undo_interrupted(project)
    return done


def left_in(folder: Path) -> list[str]:
    """Return the drafts in a folder."""
    return [str(path) for path in folder.rglob("*") if path.name.startswith(DRAFTS)]

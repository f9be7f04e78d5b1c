"""Fixture projects written by version 893cbbb, and the current command line on copies of them."""

import asyncio
import json
import shutil
import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import httpx2
import pytest
from openai import AsyncOpenAI

from reconciler.cli.main import run
from reconciler.emulator import Settings, create_app

T = TypeVar("T")

DATA: Final = Path(__file__).parent / "data"
API: Final = Path(".reconciler", "emulator.sqlite")
STATE: Final = Path(".reconciler", "state")
IGNORED: Final = ".reconciler/\npublished/\nkb/private/\n"
FOLDERS: Final = {
    "project": ".",
    "state": ".reconciler/state",
    "bundles": ".reconciler/bundles",
    "published": "published",
}
"""Locations in a project of the folders of a fixture. Without `published`, the outlet is a copy of `bundles`."""


@dataclass(frozen=True)
class Done:
    """The result of a command."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The JSON document on stdout."""
        return json.loads(self.out)

    @property
    def error(self) -> str:
        """The content of stderr in one line."""
        return " ".join(self.err.split())


Cli = Callable[..., Done]


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Return a function that runs a command in the test process, with the embedded API of the project."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("RECONCILER_ENDPOINT", "embedded")

    def cli(*words: object) -> Done:
        args = [str(word) for word in words]
        monkeypatch.setattr("sys.argv", ["reconciler", *args])
        capsys.readouterr()
        code = run(args)
        return Done(code, *capsys.readouterr())

    return cli


Restore = Callable[..., Path]


@pytest.fixture
def restore(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Restore:
    """Copy a fixture project, named by its folder in `data`, to a new working directory.

    `case` names edits of it, made by the old version; with an API of their own, where somebody changed that.
    """

    def restore(name: str, case: str | None = None) -> Path:
        root = tmp_path / name.replace("/", "-")
        _copy(DATA / name, root)
        api = DATA / name / "api.sql"
        if case:
            edits = DATA / name / "cases" / case
            shutil.copytree(edits / "changes", root, dirs_exist_ok=True)
            for path in (edits / "removed.txt").read_text(encoding="utf-8").splitlines():
                (root / path).unlink()
            api = edits / "api.sql" if (edits / "api.sql").exists() else api
        load_api(api, root)
        monkeypatch.chdir(root)
        return root

    return restore


def _copy(source: Path, root: Path) -> None:
    for name, target in FOLDERS.items():
        if (source / name).exists():
            shutil.copytree(source / name, root / target, dirs_exist_ok=True)
    if not (root / "published").exists() and (source / "bundles").exists():
        shutil.copytree(source / "bundles", root / "published")
    (root / ".gitignore").write_text(IGNORED)


def load_api(dump: Path, root: Path) -> None:
    """Create the embedded API of `root` from an SQL dump."""
    (root / API).parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(root / API)) as database:
        database.executescript("DROP TABLE IF EXISTS objects; DROP TABLE IF EXISTS contents;")
        database.executescript(dump.read_text(encoding="utf-8"))


def by_hand(root: Path, change: Callable[[AsyncOpenAI], Awaitable[T]]) -> T:
    """Change the embedded API of `root` with the SDK, without Reconciler, and return the result."""

    async def run() -> T:
        transport = httpx2.ASGITransport(create_app(Settings(data=root / API)))
        client = httpx2.AsyncClient(transport=transport)
        async with AsyncOpenAI(api_key="x", base_url="http://embedded/v1", http_client=client) as sdk:
            return await change(sdk)

    return asyncio.run(run())


def live(root: Path) -> Counter[str]:
    """Count the live objects by kind and address; unlabelled ones and uploads by name; files by store."""

    async def look(sdk: AsyncOpenAI) -> Counter[str]:
        found = Counter[str]()
        names = {}
        async for file in sdk.files.list():
            names[file.id] = file.filename
            found[f"file {file.filename} of {file.bytes} bytes"] += 1
        async for agent in sdk.beta.agents.list():
            found[f"agent {_called(agent)}"] += 1
        async for store in sdk.vector_stores.list():
            found[f"store {_called(store)}"] += 1
            async for held in sdk.vector_stores.files.list(store.id):
                found[f"{names[held.id]} in {_called(store)}"] += 1
        return found

    return by_hand(root, look)


def live_of(name: str, scratch: Path) -> Counter[str]:
    """Return the counts of `live` for a fixture project."""
    load_api(DATA / name / "api.sql", scratch)
    return live(scratch)


def _called(item: Any) -> str:
    metadata = item.metadata or {}
    label = f"{metadata.get('reconciler-project', '')} {metadata.get('reconciler-address', '')}".strip()
    return label or f"unmanaged {item.name}"


def labels(root: Path) -> dict[str, dict[str, str]]:
    """Return the labels of every labelled object by identity and address."""

    async def look(sdk: AsyncOpenAI) -> list[dict[str, str]]:
        agents = [agent.metadata or {} async for agent in sdk.beta.agents.list()]
        return [*agents, *[store.metadata or {} async for store in sdk.vector_stores.list()]]

    ours = [{key: text for key, text in one.items() if key.startswith("reconciler-")} for one in by_hand(root, look)]
    return {f"{one['reconciler-project']} {one['reconciler-address']}": one for one in ours if one}


def marks(root: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the attributes of the files in every labelled store by identity and address."""

    async def look(sdk: AsyncOpenAI) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {}
        async for store in sdk.vector_stores.list():
            files = [dict(one.attributes or {}) async for one in sdk.vector_stores.files.list(store.id)]
            if store.metadata and files:
                found[_called(store)] = sorted(files, key=lambda one: str(one["reconciler-sha256"]))
        return found

    return by_hand(root, look)


def pins() -> Any:
    """Return the digests that must never change."""
    return read(DATA / "pins.json")


def read(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))


def contents(folder: Path) -> dict[str, bytes]:
    """Return the content of every file below `folder` by path."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def is_empty(plan: Any) -> bool:
    return not (plan["changes"] or plan["drift"] or plan["refusals"])

"""The command line, run in the test process on a small project with the embedded API."""

import asyncio
import json
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import pytest
from openai import AsyncOpenAI

from reconciler.cli.codes import USAGE
from reconciler.cli.main import run
from reconciler.emulator import Settings, create_app
from reconciler.operations.init import init
from reconciler.project.endpoint import DATA
from tests.support.commands import has_environments, lacking_environment

T = TypeVar("T")


@dataclass(frozen=True)
class Done:
    """The result of a command."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The JSON document on stdout. Fails if stdout contains any other text."""
        return json.loads(self.out)


Cli = Callable[..., Done]


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Return a function that runs a command. Arguments are converted to text.

    In a project with environments, each command that a message names must have `--env`.
    """

    monkeypatch.setenv("COLUMNS", "200")

    def cli(*words: object) -> Done:
        args = [str(word) for word in words]
        monkeypatch.setattr("sys.argv", ["reconciler", *args])
        capsys.readouterr()
        code = run(args)
        done = Done(code, *capsys.readouterr())
        folder = Path(args[args.index("-C") + 1]) if "-C" in args[:-1] else Path()
        if code != USAGE and args[:1] not in (["explain"], ["demo"]) and has_environments(folder):
            assert not lacking_environment(done.out + done.err), args
        return done

    return cli


@pytest.fixture(scope="session")
def starter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the project that `init` writes."""
    folder = tmp_path_factory.mktemp("starter") / "acme"
    init(folder)
    return folder


@pytest.fixture
def project(starter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the starter project as the working directory, with the embedded API as its endpoint."""
    folder = tmp_path / "acme"
    shutil.copytree(starter, folder)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("RECONCILER_ENDPOINT", "embedded")
    return folder


@pytest.fixture
def applied(project: Path, cli: Cli) -> Path:
    """Return the project after an apply."""
    assert cli("apply", "--yes").code == 0
    return project


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def by_hand(project: Path, change: Callable[[AsyncOpenAI], Awaitable[T]]) -> T:
    """Change the embedded API of `project` with the SDK, without Reconciler."""

    async def run() -> T:
        transport = httpx2.ASGITransport(create_app(Settings(data=project / DATA, assistants=True)))
        async with AsyncOpenAI(
            api_key="key", base_url="http://embedded/v1", http_client=httpx2.AsyncClient(transport=transport)
        ) as sdk:
            return await change(sdk)

    return asyncio.run(run())


def rename_store(project: Path, name: str) -> None:
    """Rename the only vector store, without Reconciler."""

    async def change(sdk: AsyncOpenAI) -> None:
        (store,) = [found async for found in sdk.vector_stores.list()]
        await sdk.vector_stores.update(store.id, name=name)

    by_hand(project, change)


def delete_store(project: Path) -> None:
    """Delete the only vector store, without Reconciler."""

    async def change(sdk: AsyncOpenAI) -> None:
        (store,) = [found async for found in sdk.vector_stores.list()]
        await sdk.vector_stores.delete(store.id)

    by_hand(project, change)


def stores(project: Path) -> list[str]:
    """Return the names of the live vector stores."""

    async def look(sdk: AsyncOpenAI) -> list[str]:
        return [found.name async for found in sdk.vector_stores.list()]

    return by_hand(project, look)

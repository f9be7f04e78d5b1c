"""The command line in this process, on a small project with the embedded API."""

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

from reconciler.cli.main import run
from reconciler.emulator import Settings, create_app
from reconciler.operations.init import init
from reconciler.project.endpoint import DATA

T = TypeVar("T")


@dataclass(frozen=True)
class Done:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Standard output, which is one JSON document and nothing else."""
        return json.loads(self.out)


Cli = Callable[..., Done]


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Run a command; a file of the line is given as text."""

    monkeypatch.setenv("COLUMNS", "200")

    def cli(*words: object) -> Done:
        args = [str(word) for word in words]
        monkeypatch.setattr("sys.argv", ["reconciler", *args])
        capsys.readouterr()
        code = run(args)
        return Done(code, *capsys.readouterr())

    return cli


@pytest.fixture(scope="session")
def starter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project that `init` writes."""
    folder = tmp_path_factory.mktemp("starter") / "acme"
    init(folder)
    return folder


@pytest.fixture
def project(starter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of its own, the working directory, with the embedded API as its endpoint."""
    folder = tmp_path / "acme"
    shutil.copytree(starter, folder)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("RECONCILER_ENDPOINT", "embedded")
    return folder


@pytest.fixture
def applied(project: Path, cli: Cli) -> Path:
    """The project, applied."""
    assert cli("apply", "--yes").code == 0
    return project


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def by_hand(project: Path, change: Callable[[AsyncOpenAI], Awaitable[T]]) -> T:
    """What somebody else does at the embedded API of `project`, with the SDK."""

    async def run() -> T:
        transport = httpx2.ASGITransport(create_app(Settings(data=project / DATA)))
        async with AsyncOpenAI(
            api_key="key", base_url="http://embedded/v1", http_client=httpx2.AsyncClient(transport=transport)
        ) as sdk:
            return await change(sdk)

    return asyncio.run(run())


def rename_store(project: Path, name: str) -> None:
    """A change by hand to the one vector store there is."""

    async def change(sdk: AsyncOpenAI) -> None:
        (store,) = [found async for found in sdk.vector_stores.list()]
        await sdk.vector_stores.update(store.id, name=name)

    by_hand(project, change)


def delete_store(project: Path) -> None:
    """The one vector store there is, deleted by hand."""

    async def change(sdk: AsyncOpenAI) -> None:
        (store,) = [found async for found in sdk.vector_stores.list()]
        await sdk.vector_stores.delete(store.id)

    by_hand(project, change)


def stores(project: Path) -> list[str]:
    """The names of the vector stores that are live."""

    async def look(sdk: AsyncOpenAI) -> list[str]:
        return [found.name async for found in sdk.vector_stores.list()]

    return by_hand(project, look)

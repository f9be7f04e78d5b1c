"""Run `docs/tutorial.md` on an account that is created with the SDK, with a repository that takes pushes."""

import asyncio
import re
import subprocess
from pathlib import Path
from unittest import mock

import httpx2
from openai import AsyncOpenAI

from reconciler.emulator import Settings, create_app
from reconciler.project.endpoint import DATA
from tests.e2e.pages import DOCS, answered, as_it_runs, stable

PAGE = DOCS / "tutorial.md"
BILLING = """\
Answer questions about bills.
Never promise a refund.
If you are not sure, hand over to a colleague.
"""


def make_account(folder: Path) -> None:
    """Create what the page describes: three agents and a vector store with two files."""

    async def make() -> None:
        data = folder / "bots" / DATA
        data.parent.mkdir(parents=True)
        http = httpx2.AsyncClient(transport=httpx2.ASGITransport(create_app(Settings(data=data))))
        async with AsyncOpenAI(api_key="key", base_url="http://embedded/v1", http_client=http) as sdk:
            files = [
                await sdk.files.create(file=(f"{name}.md", f"# {name}".encode()), purpose="assistants")
                for name in ("hours", "tariffs")
            ]
            await sdk.vector_stores.create(name="Handbook", file_ids=[file.id for file in files])
            for name, text in (
                ("Billing helper", BILLING),
                ("Night shift", "Say when we open."),
                ("Triage", "Be kind."),
            ):
                await sdk.beta.agents.create(model="gpt-6-luna", name=name, instructions=text)

    asyncio.run(make())


def edit_by_hand(folder: Path) -> None:
    """Change the instructions of one agent with the SDK."""

    async def edit() -> None:
        http = httpx2.AsyncClient(transport=httpx2.ASGITransport(create_app(Settings(data=folder / "bots" / DATA))))
        async with AsyncOpenAI(api_key="key", base_url="http://embedded/v1", http_client=http) as sdk:
            [agent] = [one async for one in sdk.beta.agents.list() if one.name == "Night shift"]
            await sdk.beta.agents.update(agent.id, instructions="Say when we open, and apologise.")

    asyncio.run(edit())


def make_repository(folder: Path) -> None:
    """Add an empty repository as the remote of the project, which is the working directory."""
    subprocess.run(["git", "init", "--quiet", "--bare", folder / "origin.git"], check=True)
    subprocess.run(["git", "remote", "add", "origin", folder / "origin.git"], check=True)


def steady(text: str) -> str:
    """Return `text` with the values that differ between runs replaced."""
    text = re.sub(r"(?<=Wrote \d files to )\S*/bots\b", "bots", stable(text))
    return re.sub(r"\b20\d\d-\d\d-\d\d\b", "2026-11-21", text)


BY_HAND = {
    "the account": make_account,
    "the empty repository at GitHub": make_repository,
    "the edit by hand": edit_by_hand,
}


def followed(scratch: Path) -> str:
    """Return the page with the outputs of its commands, run in `scratch`."""
    with mock.patch.dict("os.environ", RECONCILER_ENDPOINT="embedded"):
        return as_it_runs(PAGE, scratch, BY_HAND, reconciler=answered, steady=steady)


def test_tutorial_outputs_equal_command_outputs(tmp_path):
    assert followed(tmp_path) == PAGE.read_text(encoding="utf-8")

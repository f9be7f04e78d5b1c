"""Run `docs/adopting-an-existing-project.md` on a small account that is created with the SDK."""

import asyncio
import re
from pathlib import Path

import httpx2
from openai import AsyncOpenAI

from reconciler.emulator import Settings, create_app
from reconciler.project.endpoint import DATA
from tests.e2e.pages import answered, as_it_runs

PAGE = Path(__file__).parents[2] / "docs" / "adopting-an-existing-project.md"


def make_estate(folder: Path) -> None:
    """Create what the page describes: two agents and a vector store with one file."""
    folder.mkdir()

    async def make() -> None:
        transport = httpx2.ASGITransport(create_app(Settings(data=folder / DATA)))
        http = httpx2.AsyncClient(transport=transport)
        async with AsyncOpenAI(api_key="key", base_url="http://embedded/v1", http_client=http) as sdk:
            file = await sdk.files.create(file=("hours.md", b"# Hours"), purpose="assistants")
            await sdk.vector_stores.create(name="Handbook", file_ids=[file.id], metadata={"team": "support"})
            await sdk.beta.agents.create(model="gpt-6-luna", name="Support Bot", instructions="Be kind.\nBe short.")
            await sdk.beta.agents.create(model="gpt-6-luna", name="Night shift", instructions="Say when we open.")

    asyncio.run(make())


def steady(text: str) -> str:
    """Return `text` with the values that differ between runs replaced."""
    text = re.sub(r"\b(agent_|vs_|file-)[0-9a-f]{32}\b", r"\1…", text)
    text = re.sub(r"(?<=Wrote \d files to )\S*/acme\b", "acme", text)
    return re.sub(r"\b20\d\d-\d\d-\d\d\b", "2026-11-21", text)


def followed(scratch: Path) -> str:
    """Return the page with the outputs of its commands, run in `scratch`."""
    make_estate(scratch / "acme")
    return as_it_runs(PAGE, scratch, reconciler=answered, steady=steady)


def test_adopting_page_outputs_equal_command_outputs(tmp_path):
    assert followed(tmp_path) == PAGE.read_text(encoding="utf-8")


def test_adopting_page_uses_every_adoption_command():
    text = PAGE.read_text(encoding="utf-8")
    commands = re.findall(r"^\$ reconciler (\w+)", text, flags=re.MULTILINE)
    assert {"inventory", "import", "validate", "adopt", "apply", "plan"} <= {*commands}

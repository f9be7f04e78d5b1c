"""`docs/adopting-an-existing-project.md`, followed command by command on a small estate made with the SDK."""

import asyncio
import re
from pathlib import Path

import httpx2
from openai import AsyncOpenAI

from reconciler.emulator import Settings, create_app
from reconciler.project.endpoint import DATA
from tests.e2e.pages import Shell, answered, reading

PAGE = Path(__file__).parents[2] / "docs" / "adopting-an-existing-project.md"
SESSION = re.compile(r"^```console\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
STEP = re.compile(r"^\$ ", flags=re.MULTILINE)


def make_estate(folder: Path) -> None:
    """What the page says is there: two agents and a store with one file."""

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
    """`text` with what differs from run to run replaced."""
    text = re.sub(r"\b(agent_|vs_|file-)[0-9a-f]{32}\b", r"\1…", text)
    text = re.sub(r"(?<= into )\S*/acme\b", "acme", text)
    return re.sub(r"\b20\d\d-\d\d-\d\d\b", "2026-11-21", text)


def test_every_command_does_what_the_page_shows(tmp_path):
    folder = tmp_path / "acme"
    folder.mkdir()
    make_estate(folder)
    with reading(tmp_path):
        for session in SESSION.findall(PAGE.read_text(encoding="utf-8")):
            for step in STEP.split(session)[1:]:
                command, _, shown = step.partition("\n")
                assert steady(Shell(answered).run(command)).strip() == shown.strip(), command


def test_the_page_shows_what_there_is_to_run():
    text = PAGE.read_text(encoding="utf-8")
    commands = re.findall(r"^\$ reconciler (\w+)", text, flags=re.MULTILINE)
    assert {"inventory", "import", "validate", "adopt", "apply", "plan"} <= {*commands}

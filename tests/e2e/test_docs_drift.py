"""Run `docs/drift.md` on the project that it shows, with the edits of somebody else."""

import asyncio
import re
from pathlib import Path
from typing import Any

import httpx2
from openai import AsyncOpenAI

from reconciler.emulator import Settings, create_app
from reconciler.project.endpoint import DATA
from tests.e2e.pages import answered, as_it_runs

PAGE = Path(__file__).parents[2] / "docs" / "drift.md"


BETA: Any = {"headers": {"OpenAI-Beta": "assistants=v2"}}


async def listed(sdk: AsyncOpenAI) -> list[dict[str, Any]]:
    """Return the assistants of the embedded API."""
    page = await sdk.get("/assistants", cast_to=dict[str, Any], options=BETA)
    found: list[dict[str, Any]] = page["data"]
    return found


def edit(folder: Path) -> None:
    """Change the assistant and its store as the page says, and add a page to the handbook."""

    async def change() -> None:
        transport = httpx2.ASGITransport(create_app(Settings(data=folder / DATA, assistants=True)))
        http = httpx2.AsyncClient(transport=transport)
        async with AsyncOpenAI(api_key="key", base_url="http://embedded/v1", http_client=http) as sdk:
            (ours,) = [found async for found in sdk.vector_stores.list()]
            theirs = await sdk.files.create(file=("draft.md", b"# Draft"), purpose="assistants")
            await sdk.vector_stores.files.create(ours.id, file_id=theirs.id)
            tariffs = await sdk.files.create(file=("tariffs.pdf", b"# Tariffs"), purpose="assistants")
            store = await sdk.vector_stores.create(name="Tariffs", file_ids=[tariffs.id])
            (assistant,) = await listed(sdk)
            body = {"model": "gpt-6-sol", "tool_resources": {"file_search": {"vector_store_ids": [store.id]}}}
            await sdk.post(f"/assistants/{assistant['id']}", cast_to=object, body=body, options=BETA)

    asyncio.run(change())
    (folder / "kb" / "arrival.md").write_text("Arrive before ten.\n", encoding="utf-8")


def steady(text: str) -> str:
    """Return `text` with the live ids replaced."""
    return re.sub(r"\b(asst_|vs_|file-)[0-9a-f]{32}\b", r"\1…", text)


def followed(scratch: Path) -> str:
    """Return the page with the outputs of its commands, run in `scratch`."""
    by_hand = {"somebody edits the assistant, and you add a page": edit}
    return as_it_runs(PAGE, scratch, by_hand, reconciler=answered, steady=steady)


def test_drift_page_outputs_equal_command_outputs(tmp_path):
    assert followed(tmp_path) == PAGE.read_text(encoding="utf-8")

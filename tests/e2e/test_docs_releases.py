"""Run `docs/releases.md`."""

import asyncio
import re
from pathlib import Path

import httpx2
from openai import AsyncOpenAI

from reconciler import bundles
from reconciler.emulator import Settings, create_app
from reconciler.project.endpoint import DATA
from tests.e2e.pages import DOCS, as_it_runs

PAGE = DOCS / "releases.md"


def remove_a_file(folder: Path) -> None:
    """Remove a file from the store of the release that is published in production."""
    bundle = bundles.load(folder / ".reconciler" / "bundles", "acme/production", "chatbot/support")
    (store,) = bundle.request("assistant/clerk")["tools"][0]["vector_store_ids"]

    async def take() -> None:
        transport = httpx2.ASGITransport(create_app(Settings(data=folder / DATA)))
        http = httpx2.AsyncClient(transport=transport)
        async with AsyncOpenAI(api_key="key", base_url="http://embedded/v1", http_client=http) as sdk:
            held = await sdk.vector_stores.files.list(store)
            names = {(await sdk.files.retrieve(file.id)).filename: file.id for file in held.data}
            await sdk.vector_stores.files.delete(names["night.md"], vector_store_id=store)

    asyncio.run(take())


BY_HAND = {"a file is removed from the frozen store": remove_a_file}


def followed(scratch: Path) -> str:
    """Return the page with the outputs of its commands, run in `scratch`."""
    return as_it_runs(PAGE, scratch / "acme", BY_HAND)


def test_releases_page_outputs_equal_command_outputs(tmp_path):
    assert followed(tmp_path) == PAGE.read_text(encoding="utf-8")


def test_releases_page_uses_every_release_command():
    commands = re.findall(r"^\$ .*?reconciler (\w+)", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert {"release", "diff", "plan", "apply", "publish", "drift", "archive"} <= {*commands}

"""Clones of live objects that a person makes with the SDK, with the labels of the originals."""

from typing import Any

from openai import AsyncOpenAI

AGENT_FIELDS = ("model", "name", "instructions", "tools", "reasoning", "metadata")


async def clone_agent(sdk: AsyncOpenAI, id_: str, **edits: Any) -> str:
    """Clone an agent with its metadata, and return the id of the clone."""
    agent = (await sdk.beta.agents.retrieve(id_)).to_dict()
    given: Any = {**{name: agent[name] for name in AGENT_FIELDS if agent.get(name) is not None}, **edits}
    return (await sdk.beta.agents.create(**given)).id


async def clone_store(sdk: AsyncOpenAI, id_: str, **edits: Any) -> str:
    """Clone a vector store with its metadata and its files, and return the id of the clone."""
    store = await sdk.vector_stores.retrieve(id_)
    files = [file.id async for file in sdk.vector_stores.files.list(id_)]
    given: Any = {"name": store.name, "metadata": store.metadata, "file_ids": files, **edits}
    return (await sdk.vector_stores.create(**given)).id


async def unlabel_agent(sdk: AsyncOpenAI, id_: str) -> None:
    await sdk.beta.agents.update(id_, metadata={})


async def unlabel_store(sdk: AsyncOpenAI, id_: str) -> None:
    await sdk.vector_stores.update(id_, metadata={})

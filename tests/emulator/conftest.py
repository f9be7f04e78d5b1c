"""The emulator behind the real SDK. Every response is checked against the models of the SDK."""

import asyncio
from collections.abc import AsyncIterable, Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx2
import pytest
from openai import AsyncOpenAI
from openai.types import (
    ContainerCreateResponse,
    DeletedSkill,
    FileDeleted,
    FileObject,
    Model,
    Skill,
    VectorStore,
    VectorStoreDeleted,
)
from openai.types.beta import (
    Agent,
    AgentDeleted,
    AgentSession,
    AgentSessionDeleted,
    Assistant,
    AssistantDeleted,
    Thread,
)
from openai.types.beta.agents import AutomationDeleted, OneTimeAutomation, PeriodicAutomation, Vault, VaultDeleted
from openai.types.beta.agents.environments import EnvironmentTemplate, EnvironmentTemplateDeleted
from openai.types.beta.agents.vaults import Credential, CredentialDeleted
from openai.types.beta.threads import Message
from openai.types.containers import FileCreateResponse
from openai.types.conversations import Conversation, ConversationDeletedResource
from openai.types.skills import DeletedSkillVersion, SkillVersion
from openai.types.vector_stores import VectorStoreFile, VectorStoreFileBatch, VectorStoreFileDeleted
from pydantic import BaseModel
from starlette.applications import Starlette

from reconciler.emulator import Settings, create_app

T = TypeVar("T")

RESPONSES: dict[str, type[BaseModel]] = {
    "agent": Agent,
    "agent.deleted": AgentDeleted,
    "agent.automation": OneTimeAutomation,
    "agent.automation.deleted": AutomationDeleted,
    "agent.environment.template": EnvironmentTemplate,
    "agent.environment.template.deleted": EnvironmentTemplateDeleted,
    "agent.session": AgentSession,
    "agent.session.deleted": AgentSessionDeleted,
    "assistant": Assistant,
    "assistant.deleted": AssistantDeleted,
    "container": ContainerCreateResponse,
    "container.file": FileCreateResponse,
    "conversation": Conversation,
    "conversation.deleted": ConversationDeletedResource,
    "file": FileObject,
    "model": Model,
    "skill": Skill,
    "skill.deleted": DeletedSkill,
    "skill.version": SkillVersion,
    "skill.version.deleted": DeletedSkillVersion,
    "thread": Thread,
    "thread.message": Message,
    "vault": Vault,
    "vault.credential": Credential,
    "vault.credential.deleted": CredentialDeleted,
    "vault.deleted": VaultDeleted,
    "vector_store": VectorStore,
    "vector_store.deleted": VectorStoreDeleted,
    "vector_store.file": VectorStoreFile,
    "vector_store.file.deleted": VectorStoreFileDeleted,
    "vector_store.files_batch": VectorStoreFileBatch,
}


class Clock:
    def __init__(self) -> None:
        self.seconds = 1_795_000_000.5

    def __call__(self) -> float:
        return self.seconds

    def advance(self, seconds: float) -> None:
        self.seconds += seconds


@dataclass
class Api:
    """An emulator with the clients `sdk` and `http`; `run` awaits their results."""

    app: Starlette
    sdk: AsyncOpenAI
    http: httpx2.AsyncClient
    runner: asyncio.Runner

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def all(self, pages: AsyncIterable[T]) -> list[T]:
        async def collect() -> list[T]:
            return [item async for item in pages]

        return self.run(collect())

    def call(self, method: str, path: str, **options: Any) -> httpx2.Response:
        return self.run(self.http.request(method, path, **options))

    def agent(self, **given: Any) -> dict[str, Any]:
        """Create an agent from the given body."""
        response = self.call("POST", "/agents", json={"model": "gpt-5", **given})
        assert response.status_code == 201, response.text
        created: dict[str, Any] = response.json()
        return created

    def refusal(self, method: str, path: str, status: int = 400, **options: Any) -> dict[str, Any]:
        """Return the error of a response, which has all four keys."""
        response = self.call(method, path, **options)
        assert response.status_code == status, response.text
        error: dict[str, Any] = response.json()["error"]
        assert error.keys() == {"message", "type", "code", "param"}
        return error

    def upload(self, name: str = "guide.md", content: bytes = b"text", purpose: Any = "assistants") -> str:
        return self.run(self.sdk.files.create(file=(name, content), purpose=purpose)).id


class Checked(httpx2.ASGITransport):
    """A transport that fails for responses with members or values that the models of the SDK do not have."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await super().handle_async_request(request)
        await response.aread()
        assert response.headers["x-request-id"].startswith("req_")
        if response.is_success and response.headers.get("content-type") == "application/json":
            body = response.json()
            for item in body["data"] if body.get("object") == "list" else [body]:
                check(item)
        return response


def check(item: dict[str, Any]) -> None:
    if item.get("object") not in RESPONSES or item.get("purpose") == "evals":  # the SDK's own gap
        return
    model = RESPONSES[item["object"]]
    if item["object"] == "file" and "deleted" in item:
        model = FileDeleted
    elif item.get("type") == "periodic":
        model = PeriodicAutomation
    nothing_unknown(model.model_validate(item, strict=True))


def nothing_unknown(value: Any) -> None:
    if isinstance(value, BaseModel):
        assert not value.model_extra, f"{type(value).__name__} does not know {value.model_extra}"
        for name in type(value).model_fields:
            nothing_unknown(getattr(value, name))
    elif isinstance(value, list):
        for element in value:
            nothing_unknown(element)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def embed(clock: Clock) -> Iterator[Callable[..., Api]]:
    """Return a function that creates an emulator with settings and the clock of the test."""
    with asyncio.Runner() as runner:
        opened: list[Api] = []

        def embed(**settings: Any) -> Api:
            app = create_app(Settings(now=clock, **settings))
            client = httpx2.AsyncClient(transport=Checked(app))
            headers = {"authorization": "Bearer key", "openai-beta": "agents=v1, assistants=v2"}
            http = httpx2.AsyncClient(transport=Checked(app), base_url="http://api/v1", headers=headers)
            sdk = AsyncOpenAI(api_key="key", base_url="http://api/v1", max_retries=0, http_client=client)
            opened.append(Api(app, sdk, http, runner))
            return opened[-1]

        yield embed
        for api in opened:
            runner.run(api.http.aclose())
            runner.run(api.sdk.close())


@pytest.fixture
def api(embed: Callable[..., Api]) -> Api:
    return embed()

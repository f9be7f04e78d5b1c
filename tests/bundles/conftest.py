from typing import Any

import pytest

from reconciler.bundles.outlets import DirectoryOutlet
from reconciler.resources.address import Address, Identity
from reconciler.resources.base import Desired, Lifecycle, LocalFile, Resource, Scope
from reconciler.resources.problems import Place
from reconciler.resources.registry import kinds
from reconciler.resources.releases.content import Content, content_digest

PLACE = Place("manifests/a.yaml")

NO_ARGUMENTS = {"type": "object", "properties": {}}
TICKET = {"type": "function", "name": "create_ticket", "parameters": NO_ARGUMENTS, "strict": False}
MANIFESTS: list[tuple[str, str, str, dict[str, Any]]] = [
    (
        "Assistant",
        "responses",
        "billing",
        {
            "model": "gpt-6-luna",
            "instructions": "Answer questions on bills.",
            "tools": [
                {"type": "file_search", "vector_store_ids": ["handbook"], "max_num_results": 8},
                TICKET,
                {"type": "code_interpreter", "container": {"type": "auto", "file_ids": ["data/tariffs.csv"]}},
            ],
            "temperature": 0.2,
            "metadata": {"tier": "gold"},
        },
    ),
    ("Assistant", "agents", "technical", {"model": "gpt-6-sol", "instructions": "Help with faults."}),
    ("Assistant", "assistants", "greeter", {"model": "gpt-4o", "instructions": "Say hello."}),
    ("Assistant", "responses", "followup", {"model": "gpt-6-luna"}),
    ("Assistant", "responses", "unused", {"model": "gpt-6-luna"}),
    (
        "Pipeline",
        "",
        "flow",
        {
            "nodes": {
                "triage": {"type": "router", "keywords": ["BILL", "FAULT"]},
                "bill": {"type": "assistant", "assistant": "billing"},
                "fault": {"type": "assistant", "assistant": "technical"},
                "hello": {"type": "assistant", "assistant": "greeter"},
                "polish": {"type": "llm", "vector_stores": ["handbook"]},
            },
            "edges": [
                {"from": "start", "to": "hello"},
                {"from": "hello", "to": "triage"},
                {"from": "triage.BILL", "to": "bill"},
                {"from": "triage.FAULT", "to": "fault"},
                {"from": ["bill", "fault"], "to": "polish"},
                {"from": "polish", "to": "end"},
            ],
        },
    ),
    (
        "Pipeline",
        "",
        "checkin",
        {
            "nodes": {"ask": {"type": "assistant", "assistant": "followup"}},
            "edges": [{"from": "start", "to": "ask"}, {"from": "ask", "to": "end"}],
        },
    ),
    ("Chatbot", "", "support", {"pipeline": "flow", "starts": ["checkin"]}),
    ("Chatbot", "", "simple", {"assistant": "technical"}),
]
IDS = {
    "vectorstore/handbook": "vs_1",
    "file/data/tariffs.csv": "file-1",
    "assistant/technical": "agent_1",
    "assistant/greeter": "asst_1",
    "vectorstore/unrelated": "vs_9",
}


COPIES = {
    "vectorstore/handbook@": "vs_kept",
    "file/data/tariffs.csv@": "file-kept",
    "assistant/technical@": "agent_kept",
    "assistant/greeter@": "asst_kept",
}
"""Live ids of objects kept by releases, by prefix of the address."""


class NoFiles:
    def glob(self, pattern: str) -> list[str]:
        return []

    def read(self, path: str) -> LocalFile:
        return LocalFile(path, "0" * 64, 1)

    def text(self, path: str) -> str:
        return path


def all_wanted(kind_name: str, target: str, name: str, spec: dict[str, Any]) -> list[Desired]:
    """Return the desired objects of a manifest."""
    kind = kinds()[kind_name]
    resource = Resource(
        kind=kind,
        address=Address(kind.prefix, name),
        spec=kind.models[target].model_validate(({"target": target} if target else {}) | spec),
        labels={},
        lifecycle=Lifecycle(),
        place=PLACE,
        where=lambda _path: PLACE,
    )
    return list(kind.desired(resource, Scope(files=NoFiles())))


def release(number: int, **changes: dict[str, Any]) -> list[Desired]:
    """Return the copies of a release of the support chatbot, and the release; `changes` are by assistant."""
    specs = {
        f"{kinds()[kind].prefix}/{name}": ({"target": target} if target else {}) | spec | changes.get(name, {})
        for kind, target, name, spec in MANIFESTS
        if name not in {"simple", "unused"}
    }
    kept = {"data/tariffs.csv": {"sha256": "0" * 64, "bytes": 1}}
    content = Content.model_validate({"objects": {**specs, "vectorstore/handbook": {"files": []}}, "files": kept})
    spec = {"digest": content_digest(content), "content": content.model_dump(mode="json", exclude_unset=True)}
    return all_wanted("ChatbotVersion", "", f"support@{number}", spec)


@pytest.fixture(scope="session")
def objects() -> dict[Address, Desired]:
    """A sample project: two chatbots, two pipelines, and assistants of both targets."""
    found = [all_wanted(*manifest)[0] for manifest in MANIFESTS]
    return {desired.address: desired for desired in found}


@pytest.fixture(scope="session")
def releases() -> dict[Address, Desired]:
    """Two releases of the support chatbot with different instructions of one assistant."""
    found = [*release(1), *release(2, billing={"instructions": "Answer questions on bills, with sources."})]
    return {desired.address: desired for desired in found}


@pytest.fixture
def kept_ids(releases) -> dict[str, str]:
    """The live ids of the objects kept by releases."""
    names = [str(address) for address in releases]
    return {name: live for name in names for start, live in COPIES.items() if name.startswith(start)}


@pytest.fixture
def ids() -> dict[str, str]:
    return dict(IDS)


@pytest.fixture
def identity() -> Identity:
    return Identity("acme", "production")


@pytest.fixture
def outlet(tmp_path) -> DirectoryOutlet:
    return DirectoryOutlet(tmp_path / "outlet")

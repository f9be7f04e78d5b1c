"""A plan of single targets does not read the files of stores that it does not depend on, and no result shows that.

Manifests and live objects are edited in any order, and each target is planned with and without the lists of files.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from openai import OpenAIError

from reconciler.operations import plan_inputs
from reconciler.operations.drift import drift_of
from reconciler.planning.codec import to_json
from reconciler.planning.drift import DriftReport
from reconciler.planning.drift_codec import drift_json
from reconciler.planning.model import Refusal
from reconciler.project.workspace import open_workspace
from reconciler.resources.address import Address
from reconciler.resources.problems import ReconcilerError
from tests.property.projects import new_world
from tests.support.budget import count
from tests.support.world import World, manifest

TARGETS: Final = (
    *(f"assistant/{name}" for name in ("agent", "searching", "coding", "plain", "old")),
    *("chatbot/desk", "vectorstore/kb", "vectorstore/other", "file/kb/a.md", "vault/crm"),
)
KINDS: Final = {
    "assistant": "Assistant",
    "chatbot": "Chatbot",
    "file": "",
    "vault": "Vault",
    "vectorstore": "VectorStore",
}
ALONE: Final = ("assistant/agent", "assistant/coding", "assistant/plain", "assistant/old", "vault/crm")
"""Objects to which no other refers."""
FILES: Final = "GET /v1/vector_stores/{id}/files"
EVENTS: Final = st.tuples(
    st.sampled_from(
        [
            *("edit", "rename", "drop", "take store", "give store", "file", "apply", "lose entries", "upload"),
            *("edit live", "delete live", "unlabel", "give store live", "detach live"),
        ]
    ),
    st.sampled_from(TARGETS),
)


@dataclass
class Estate:
    """Assistants with and without stores and files, a chatbot, and two stores that share a file."""

    world: World
    edits: int = 0
    specs: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for path in ("kb/a.md", "kb/b.md", "data/c.csv"):
            self.world.file(path, f"# {path}\n")
        search = {"type": "file_search", "vector_store_ids": ["kb"]}
        code = {"type": "code_interpreter", "container": {"type": "auto", "file_ids": ["data/c.csv"]}}
        responses = {"target": "responses", "model": "gpt-6-luna"}
        self.world.wants(
            manifest("Project", "acme", {"defaults": {"target": "agents"}}),
            manifest("VectorStore", "kb", {"files": ["kb/*.md"]}),
            manifest("VectorStore", "other", {"files": ["kb/a.md"]}),
            manifest("Vault", "crm", {}),
            manifest("Assistant", "agent", {"model": "gpt-6-luna"}),
            manifest("Assistant", "plain", dict(responses)),
            manifest("Assistant", "searching", {**responses, "tools": [search]}),
            manifest("Assistant", "coding", {**responses, "tools": [code]}),
            manifest("Assistant", "old", {"target": "assistants", "model": "gpt-6-luna"}),
            manifest("Chatbot", "desk", {"assistant": "searching"}),
        )
        self.world.apply()

    def happens(self, what: str, target: str) -> None:
        self.edits += 1
        kind, name = target.split("/", 1)
        key = f"{KINDS[kind]}/{name}"
        known = self.world.documents.get(key)
        if what == "file":
            self.world.file("kb/a.md", f"# {self.edits}\n")
        elif what == "apply":
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(plan_inputs, "may_do_without_parts", lambda *_: False)
                if not self.world.plan().refusals:
                    self.world.apply()
        elif what == "lose entries":
            self.world.lose_entries()
        elif what == "upload":
            self.world.by_hand(self.upload())
        elif what.endswith("live") or what == "unlabel":
            self.happens_live(what, target)
        elif known is not None:
            self.edited(what, target, key, known)

    def edited(self, what: str, target: str, key: str, known: dict[str, Any]) -> None:
        spec = known["spec"]
        if what == "drop":
            self.world.drops(key)
        elif what == "rename" and target in ALONE:
            kind, name = key.split("/")
            self.world.drops(key)
            lifecycle = {"moved_from": [name]}
            self.world.wants(manifest(kind, f"{name}-{self.edits}", spec, lifecycle=lifecycle))
        elif key.startswith("Assistant/") and what == "edit":
            spec["instructions"] = f"Edited {self.edits}."
            self.world.wants(known)
        elif key.startswith("Assistant/") and spec.get("target") == "responses":
            tools = [] if what == "take store" else [{"type": "file_search", "vector_store_ids": ["other"]}]
            self.world.wants({**known, "spec": {**spec, "tools": tools}})

    def happens_live(self, what: str, target: str) -> None:
        state = open_workspace(self.world.root, self.world.environ).backend.read().state
        entry = state.objects.get(Address.parse(target))
        sdk = self.world.sdk
        if entry is None:
            return
        if entry.type == "assistant" and what == "give store live":
            self.world.by_hand(self.assistant(entry.id))
        elif entry.type == "agent":
            self.world.by_hand(self.agent(what, entry.id))
        elif entry.type == "vector_store" and what == "delete live":
            self.world.by_hand(_quietly(sdk.vector_stores.delete(entry.id)))
        elif entry.type == "vector_store" and what == "unlabel":
            self.world.by_hand(_quietly(sdk.vector_stores.update(entry.id, metadata={})))
        elif entry.type == "vector_store" and what == "detach live":
            self.world.by_hand(_quietly(self.detach(entry.id)))

    async def agent(self, what: str, id_: str) -> None:
        agents = self.world.sdk.beta.agents
        if what == "delete live":
            await _quietly(agents.delete(id_))
        elif what == "edit live":
            await _quietly(agents.update(id_, instructions="By hand."))

    async def upload(self) -> None:
        """Upload a file with the name and the content of one of ours."""
        await self.world.sdk.files.create(file=("a.md", b"# kb/a.md\n"), purpose="assistants")

    async def assistant(self, id_: str) -> None:
        state = open_workspace(self.world.root, self.world.environ).backend.read().state
        store = state.objects[Address.parse("vectorstore/other")].id
        resources: Any = {"file_search": {"vector_store_ids": [store]}}
        await _quietly(
            self.world.sdk.beta.assistants.update(id_, tools=[{"type": "file_search"}], tool_resources=resources)
        )

    async def detach(self, id_: str) -> None:
        async for one in self.world.sdk.vector_stores.files.list(id_):
            await self.world.sdk.vector_stores.files.delete(one.id, vector_store_id=id_)
            return

    def planned(self, target: str) -> tuple[Any, int]:
        """Return the plan and the drift of a target as documents, or the problems, and the number of lists of files."""
        self.world.requests()
        try:
            workspace, addresses = open_workspace(self.world.root, self.world.environ), [Address.parse(target)]
            plan = self.world.plan(targets=(target,))
            drift = self.world.run(drift_of(workspace, self.world.connection, addresses))
            found: Any = [{**to_json(plan), "created_at": ""}, _without_time(drift)]
        except ReconcilerError as error:
            found = error.problems
        return found, self.world.requests()[FILES]

    def check(self) -> None:
        for target in TARGETS:
            found, few = self.planned(target)
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(plan_inputs, "may_do_without_parts", lambda *_: False)
                expected, all_ = self.planned(target)
            assert found == expected, target
            assert few <= all_


def _without_time(drift: DriftReport | Refusal) -> Any:
    if isinstance(drift, Refusal):
        return drift
    return drift_json(replace(drift, plan=replace(drift.plan, created_at="")))


async def _quietly(work: Any) -> None:
    with suppress(OpenAIError):  # it was deleted before, for example
        await work


@settings(max_examples=count(3, full=60), deadline=None, suppress_health_check=list(HealthCheck))
@given(events=st.lists(EVENTS, max_size=6))
def test_plan_of_a_target_is_the_same_with_all_files_of_stores(
    events: Sequence[tuple[str, str]],
) -> None:
    with new_world() as world:
        estate = Estate(world)
        estate.check()
        for what, target in events:
            estate.happens(what, target)
            estate.check()

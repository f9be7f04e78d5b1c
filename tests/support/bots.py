"""An assistant of each target that sets as much as its target permits, and its live counterpart, edited by hand."""

import json
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

import rfc8785

from reconciler.bundles.documents import blob_key, pointer_key
from reconciler.operations.drift import report_of
from reconciler.planning.drift import DriftReport
from reconciler.planning.model import FieldChange, Plan
from reconciler.planning.sync_status import SyncStatus
from reconciler.resources.values import ADDRESS_KEY, digest, is_reference
from tests.support.world import BUNDLES, Document, World, manifest

TRIAGE: Final = "assistant/triage"
HANDBOOK: Final = "vectorstore/handbook"
FIND: Final[Document] = {
    "type": "function",
    "name": "find",
    "description": "Find.",
    "parameters": {"type": "object", "properties": {}},
}
MAKE: Final[Document] = {**FIND, "name": "make", "description": "Make."}
MCP: Final[Document] = {
    "type": "mcp",
    "server_label": "crm",
    "transport": {"type": "http", "server_url": "https://mcp.example.com"},
}
SEARCH: Final[Document] = {"type": "web_search", "mode": "live"}
JSON_FORMAT: Final[Document] = {"type": "json_schema", "schema": {"type": "object"}}


@dataclass
class Bot:
    """The assistant `triage` in a project."""

    target: ClassVar[str]
    functions: ClassVar[dict[str, Document]]
    """Two functions, by name, in the form of the target."""
    other_tools: ClassVar[list[Document]]
    settings: ClassVar[Document]
    """All fields but the tools."""
    has_files: ClassVar[bool] = True
    """True if a tool of the target reads files or vector stores."""
    knows_temperature: ClassVar[bool] = True

    world: World
    spec: Document = field(default_factory=dict)

    def wants(self, **spec: Any) -> None:
        """Write the manifest with `spec`."""
        self.spec = {"target": self.target, **spec}
        self.world.wants(manifest("Assistant", "triage", self.spec))

    def changes(self, **spec: Any) -> None:
        self.wants(**{**self.spec, **spec})

    def sets_everything(self) -> None:
        self.wants(**self.settings, tools=self.tools("find"))

    def tools(self, *functions: str) -> list[Document]:
        return [*(self.functions[name] for name in functions), *self.other_tools]

    def reads(self, *paths: str, stores: tuple[str, ...] = ()) -> Document:
        """Return the fields by which code reads these files, and by which a search reads these stores."""
        raise NotImplementedError

    def live(self) -> Document:
        raise NotImplementedError

    def edit(self, **fields: Any) -> None:
        """Change fields by hand, in the form of the API."""
        raise NotImplementedError

    def read_by_hand(self, *files: str, stores: tuple[str, ...] = ()) -> None:
        """Replace the files and stores of the tools by hand, given their ids."""
        self.edit(**self.reads(*files, stores=stores))

    def stores(self) -> list[str]:
        """Return the ids of the stores that are searched."""
        raise NotImplementedError

    def function_names(self) -> set[str]:
        tools = [{**tool, **tool.get("function", {})} for tool in self.live()["tools"] if tool["type"] == "function"]
        return {tool["name"] for tool in tools}

    def report(self) -> DriftReport:
        return self.world.run(report_of(self.world.observed()))

    def status(self) -> SyncStatus:
        """Return the sync status of the assistant, as `status` and `drift` have it."""
        (found,) = [one for one in self.report().assistants if one.address == TRIAGE]
        return found


class AgentBot(Bot):
    target = "agents"
    functions: ClassVar = {"find": FIND, "make": MAKE}
    other_tools: ClassVar = [SEARCH, MCP]
    settings: ClassVar = {
        "model": "gpt-6.1-sol",
        "name": "Triage",
        "instructions": "Be brief.",
        "text": {"format": JSON_FORMAT, "verbosity": "low"},
        "metadata": {"tier": "gold"},
    }
    has_files = False
    knows_temperature = False

    def live(self) -> Document:
        found = self.world.by_hand(self.world.sdk.beta.agents.retrieve(self.world.id_of(TRIAGE)))
        return found.model_dump(by_alias=True)

    def edit(self, **fields: Any) -> None:
        self.world.by_hand(self.world.sdk.beta.agents.update(self.world.id_of(TRIAGE), **fields))


class RequestBot(Bot):
    target = "responses"
    functions: ClassVar = {"find": {**FIND, "strict": None}, "make": {**MAKE, "strict": None}}
    other_tools: ClassVar = [{"type": "web_search"}]
    settings: ClassVar = {
        "model": "gpt-6.1-sol",
        "instructions": "Be brief.",
        "temperature": None,
        "text": {"verbosity": "low"},
        "metadata": {"tier": "gold"},
    }

    def reads(self, *paths: str, stores: tuple[str, ...] = ()) -> Document:
        search = {"type": "file_search", "vector_store_ids": list(stores)}
        code = {"type": "code_interpreter", "container": {"type": "auto", "file_ids": list(paths)}}
        return {"tools": [*self.tools("find"), *([search] if stores else []), *([code] if paths else [])]}

    def live(self) -> Document:
        return published(self.world)

    def edit(self, **fields: Any) -> None:
        publish_by_hand(self.world, **fields)

    def stores(self) -> list[str]:
        found = next(tool for tool in self.live()["tools"] if tool["type"] == "file_search")["vector_store_ids"]
        ids = json.loads((self.world.root / BUNDLES / pointer_key("acme", TRIAGE)).read_bytes())["ids"]
        return [ids[one[ADDRESS_KEY]] if is_reference(one) else one for one in found]


class AssistantBot(Bot):
    target = "assistants"
    functions: ClassVar = {
        tool["name"]: {"type": "function", "function": {key: tool[key] for key in tool if key != "type"}}
        for tool in (FIND, MAKE)
    }
    other_tools: ClassVar = [{"type": "code_interpreter"}, {"type": "file_search"}]
    settings: ClassVar = {
        "model": "gpt-4o",
        "name": "Triage",
        "description": "First contact.",
        "instructions": "Be brief.",
        "temperature": None,
        "response_format": {"type": "json_object"},
        "metadata": {"tier": "gold"},
    }

    def reads(self, *paths: str, stores: tuple[str, ...] = ()) -> Document:
        resources = {
            "code_interpreter": {"file_ids": list(paths)},
            "file_search": {"vector_store_ids": list(stores)},
        }
        return {"tools": self.tools("find"), "tool_resources": resources}

    def live(self) -> Document:
        return self.world.by_hand(self.world.sdk.get(self._path, cast_to=dict[str, Any], options=_BETA))

    def edit(self, **fields: Any) -> None:
        self.world.by_hand(self.world.sdk.post(self._path, cast_to=object, body=fields, options=_BETA))

    def stores(self) -> list[str]:
        found: list[str] = self.live()["tool_resources"]["file_search"]["vector_store_ids"]
        return found

    @property
    def _path(self) -> str:
        return f"/assistants/{self.world.id_of(TRIAGE)}"


_BETA: Final[Any] = {"headers": {"OpenAI-Beta": "assistants=v2"}}
BOTS: Final[dict[str, type[Bot]]] = {made.target: made for made in (AgentBot, RequestBot, AssistantBot)}


def published(world: World) -> Document:
    """Return the request that applications load now."""
    outlet = world.root / BUNDLES
    pointer = json.loads((outlet / pointer_key("acme", TRIAGE)).read_bytes())
    request: Document = json.loads((outlet / blob_key("acme", pointer["blob"])).read_bytes())["assistants"][TRIAGE]
    sent: Document = request["request"]
    return sent


def publish_by_hand(world: World, **fields: Any) -> None:
    """Publish another request by hand: a blob of its own, and the pointer turned to it."""
    outlet = world.root / BUNDLES
    path = outlet / pointer_key("acme", TRIAGE)
    pointer = json.loads(path.read_bytes())
    content = json.loads((outlet / blob_key("acme", pointer["blob"])).read_bytes())
    content["assistants"][TRIAGE]["request"].update(fields)
    (outlet / blob_key("acme", digest(content))).write_bytes(rfc8785.dumps(content))
    path.write_bytes(rfc8785.dumps({**pointer, "blob": digest(content)}))


def only_drift(plan: Plan) -> list[FieldChange]:
    """Return the fields of the only object that drifted. Fails if there is anything else in the plan."""
    assert (plan.changes, plan.refusals) == ((), ())
    (change,) = plan.drift
    assert {item.origin for item in change.fields} == {"drift"}
    return list(change.fields)

"""Tools of a saved agent: `openai.types.beta.persisted_agent_tool_param`."""

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field

from reconciler.resources.assistants.shared import ContextSize, Extensible, JSONObject, Location, Part


class Function(Extensible):
    """A function that the application defines. It has no `strict`."""

    type: Literal["function"]
    name: Annotated[str, Field(min_length=1)]
    description: str
    parameters: JSONObject
    """A JSON Schema whose root is an object."""
    defer_loading: bool = False
    """Found through tool search instead of being loaded with the session."""
    async_: bool = Field(default=False, alias="async")
    """Whether the agent goes on without waiting for the result."""


class ToolSearch(Extensible):
    type: Literal["tool_search"]


class ProgrammaticToolCalling(Extensible):
    type: Literal["programmatic_tool_calling"]
    enabled: bool = True


class Http(Part):
    type: Literal["http"]
    server_url: str
    headers: dict[str, str] | None = None
    """Not for secrets: they are stored with the agent and can be read back."""


class Stdio(Part):
    type: Literal["stdio"]
    command: str
    cwd: str
    args: list[str] | None = None
    env_vars: list[str] | None = None
    """Names that are inherited from the session's environment."""


class Mcp(Extensible):
    """A remote MCP server; secrets come from a vault credential."""

    type: Literal["mcp"]
    server_label: str
    transport: Annotated[Http | Stdio, Field(discriminator="type")]
    allowed_tools: list[str] | None = None
    """Null allows all, an empty list none."""
    connection_origin: Literal["service", "environment"] | None = None
    credential_id: str | None = None
    request_metadata: dict[str, Any] | None = None
    required: bool = False
    """Whether the server must answer before the first turn."""


class WebSearch(Extensible):
    type: Literal["web_search"]
    allowed_domains: list[str] | None = None
    context_size: ContextSize | None = None
    location: Location | None = None
    mode: Literal["disabled", "cached", "live"] | None = None


class ComputerUse(Extensible):
    type: Literal["computer_use"]
    include_screenshots: bool = False


class Automations(Extensible):
    """Lets the agent schedule its own wakeups."""

    type: Literal["automations"]


Tool: TypeAlias = Annotated[
    Function | ToolSearch | ProgrammaticToolCalling | Mcp | WebSearch | ComputerUse | Automations,
    Field(discriminator="type"),
]

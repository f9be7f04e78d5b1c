"""Tools of a saved agent: `openai.types.beta.persisted_agent_tool_param`."""

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field

from reconciler.resources.assistants.shared import NAMED_TOOL, ContextSize, Extensible, JSONObject, Location, Part
from reconciler.resources.names import CredentialId


class Function(Extensible):
    """A function of the application. Functions of agents are never strict."""

    type: Literal["function"]
    """Tool type. Always `function`."""
    name: Annotated[str, Field(min_length=1)]
    """Name of the function: letters, digits, `_` and `-`, at most 64 characters. Unique among the functions of the
    agent."""
    description: str
    """Description of the function. The model reads it to decide on a call."""
    parameters: JSONObject
    """JSON Schema of the parameters; its root must have type `object`. `{$file: …}` for a schema in a separate file.
    """
    defer_loading: bool = False
    """Load the tool only when tool search finds it. Default: `false`."""
    async_: bool = Field(default=False, alias="async")
    """Continue without waiting for the result of the call. Default: `false`."""


class ToolSearch(Extensible):
    """Search of deferred tools."""

    type: Literal["tool_search"]
    """Tool type. Always `tool_search`. At most one per assistant."""


class ProgrammaticToolCalling(Extensible):
    """Calls of tools from code that the model writes."""

    type: Literal["programmatic_tool_calling"]
    """Tool type. Always `programmatic_tool_calling`."""
    enabled: bool = True
    """Allow the calls. Default: `true`."""


class Http(Part):
    """A connection to an MCP server over HTTP."""

    type: Literal["http"]
    """Transport type. Always `http`."""
    server_url: str
    """URL of the MCP server."""
    headers: dict[str, str] | None = None
    """HTTP headers of requests to the server. Not for secrets: headers are stored with the agent and can be read back.
    Default: none."""


class Stdio(Part):
    """A connection to an MCP server that runs as a process in the environment of the session."""

    type: Literal["stdio"]
    """Transport type. Always `stdio`."""
    command: str
    """Program that starts the server."""
    cwd: str
    """Working directory of the process."""
    args: list[str] | None = None
    """Arguments of the command. Default: none."""
    env_vars: list[str] | None = None
    """Names of environment variables that the process inherits from the environment of the session. Default: none."""


class Mcp(Extensible):
    """Tools of a remote MCP server. Secrets come from a `Credential`."""

    type: Literal["mcp"]
    """Tool type. Always `mcp`."""
    server_label: str
    """Label of the server, which identifies it in tool calls."""
    transport: Annotated[Http | Stdio, Field(discriminator="type")]
    """Connection to the server, over HTTP or as a process."""
    allowed_tools: list[str] | None = None
    """Names of the tools that the agent may call. An empty list allows none. Default: all tools of the server."""
    connection_origin: Literal["service", "environment"] | None = None
    """Network that connections start from: `service` (OpenAI's) or `environment` (that of the session). Default: chosen
    by the API."""
    credential_id: CredentialId | None = None
    """Name of a `Credential` for the server, or the id of an unmanaged one. Default: the one attached credential that
    matches the URL of the server."""
    request_metadata: dict[str, Any] | None = None
    """Metadata that is sent with every request to the server. Default: none."""
    required: bool = False
    """Require that the server answers before the first turn. Default: `false`."""


class WebSearch(Extensible):
    """Web search."""

    type: Literal["web_search"]
    """Tool type. Always `web_search`. At most one per assistant."""
    allowed_domains: list[str] | None = None
    """Domains that results may come from. Default: all domains."""
    context_size: ContextSize | None = None
    """Amount of context that the agent gets from a search: `low`, `medium` or `high`. Default: `medium`."""
    location: Location | None = None
    """Approximate location that results are localised to. Default: none."""
    mode: Literal["disabled", "cached", "live"] | None = None
    """Source of results: `live`, `cached` or `disabled`. Default: `live`."""


class ComputerUse(Extensible):
    """Use of a browser in a session that OpenAI hosts."""

    type: Literal["computer_use"]
    """Tool type. Always `computer_use`."""
    include_screenshots: bool = False
    """Include screenshots in the output of the tool. Default: `false`."""


class Automations(Extensible):
    """A tool with which the agent schedules its own wakeups."""

    type: Literal["automations"]
    """Tool type. Always `automations`."""


Tool: TypeAlias = Annotated[
    Function | ToolSearch | ProgrammaticToolCalling | Mcp | WebSearch | ComputerUse | Automations,
    Field(discriminator="type"),
    NAMED_TOOL,
]

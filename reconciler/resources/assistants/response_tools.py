"""Tools of a request to the Responses API: `openai.types.responses.tool_param`."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, Tag

from reconciler.resources.assistants.containers import AutoContainer, ShellEnvironment
from reconciler.resources.assistants.hosted_tools import FileSearch, ImageGeneration, WebSearch, WebSearchPreview
from reconciler.resources.assistants.shared import (
    NAMED_TOOL,
    OMITTED,
    Count,
    Extensible,
    JSONObject,
    ListOrObject,
    Part,
    TextFormat,
    TextOrObject,
)

Callers: TypeAlias = list[Literal["direct", "programmatic"]]


class Function(Extensible):
    """A function of the application. `parameters` and `strict` are required, but may be null."""

    type: Literal["function"]
    """Tool type. Always `function`."""
    name: Annotated[str, Field(min_length=1)]
    """Name of the function: letters, digits, `_` and `-`, at most 64 characters. Unique among the functions of the
    assistant."""
    parameters: JSONObject | None
    """JSON Schema of the parameters, or null for a function without any. `{$file: …}` for a schema in a file of its
    own."""
    strict: bool | None
    """Enforce the schema of the parameters: `true`, `false`, or null for the API's choice. `true` requires that all
    properties are required and no others are allowed."""
    description: str | None = None
    """Description of the function. The model reads it to decide on a call. Default: none."""
    output_schema: JSONObject | None = None
    """JSON Schema of the result that the function returns as JSON text. Default: none."""
    allowed_callers: Callers | None = None
    """Callers of the tool: `direct` (the model), `programmatic` (code that the model writes), or both. Default: chosen
    by the API."""
    defer_loading: bool = False
    """Load the tool only when tool search finds it. Default: `false`."""
    async_: bool = Field(default=False, alias="async")
    """Continue without waiting for the result of the call. Default: `false`."""


class NamespaceFunction(Extensible):
    """A function inside a namespace. `parameters` and `strict` may be left out."""

    type: Literal["function"]
    """Tool type. Always `function`."""
    name: Annotated[str, Field(min_length=1)]
    """Name of the function: letters, digits, `_` and `-`, at most 64 characters. Unique inside its namespace."""
    parameters: JSONObject | None = None
    """JSON Schema of the parameters. `{$file: …}` for a schema in a separate file. Default: none."""
    strict: bool | None = None
    """Enforce the schema of the parameters. Default: enforced if the schema permits it."""
    description: str | None = None
    """Description of the function. The model reads it to decide on a call. Default: none."""
    output_schema: JSONObject | None = None
    """JSON Schema of the result that the function returns as JSON text. Default: none."""
    allowed_callers: Callers | None = None
    """Callers of the tool: `direct` (the model), `programmatic` (code that the model writes), or both. Default: chosen
    by the API."""
    defer_loading: bool = False
    """Load the tool only when tool search finds it. Default: `false`."""
    async_: bool = Field(default=False, alias="async")
    """Continue without waiting for the result of the call. Default: `false`."""


class Grammar(Part):
    """Text that follows a grammar."""

    type: Literal["grammar"]
    """Format type. Always `grammar`."""
    syntax: Literal["lark", "regex"]
    """Syntax of the definition: `lark` or `regex`."""
    definition: str
    """Definition of the grammar."""


class Custom(Extensible):
    """A tool of the application whose input is text instead of JSON."""

    type: Literal["custom"]
    """Tool type. Always `custom`."""
    name: Annotated[str, Field(min_length=1)]
    """Name of the tool in tool calls. Unique among the functions and custom tools of the assistant."""
    description: str = OMITTED
    """Description of the tool. The model reads it to decide on a call. Default: none."""
    format: Annotated[TextFormat | Grammar, Field(discriminator="type")] = OMITTED
    """Format of the input: plain text or a grammar. Default: plain text."""
    allowed_callers: Callers | None = None
    """Callers of the tool: `direct` (the model), `programmatic` (code that the model writes), or both. Default: chosen
    by the API."""
    defer_loading: bool = False
    """Load the tool only when tool search finds it. Default: `false`."""
    async_: bool = Field(default=False, alias="async")
    """Continue without waiting for the result of the call. Default: `false`."""


class Namespace(Extensible):
    """Functions and custom tools under one name."""

    type: Literal["namespace"]
    """Tool type. Always `namespace`."""
    name: Annotated[str, Field(min_length=1)]
    """Name of the namespace in tool calls, such as `crm`."""
    description: str
    """Description of the namespace, for the model."""
    tools: list[Annotated[NamespaceFunction | Custom, Field(discriminator="type"), NAMED_TOOL]]
    """Functions and custom tools of the namespace."""


class ToolFilter(Part):
    """A selection of the tools of an MCP server, by name or by `readOnlyHint`."""

    read_only: bool = OMITTED
    """Select tools by the `readOnlyHint` that the server gives them. Default: not considered."""
    tool_names: list[str] = OMITTED
    """Names of the selected tools. Default: not considered."""


class Approval(Part):
    """The tools of an MCP server whose calls need approval."""

    always: ToolFilter = OMITTED
    """Tools whose calls always need approval. Default: none."""
    never: ToolFilter = OMITTED
    """Tools whose calls never need approval. Default: none."""


class Mcp(Extensible):
    """Tools of a remote MCP server. Set exactly one of `server_url`, `connector_id` and `tunnel_id`. The application
    adds the token (`authorization`) to its request.
    """

    type: Literal["mcp"]
    """Tool type. Always `mcp`."""
    server_label: str
    """Label of the server, which identifies it in tool calls."""
    server_description: str = OMITTED
    """Description of the server, for the model. Default: none."""
    server_url: str = OMITTED
    """URL of the server. Set exactly one of `server_url`, `connector_id` and `tunnel_id`."""
    connector_id: Literal[
        "connector_dropbox",
        "connector_gmail",
        "connector_googlecalendar",
        "connector_googledrive",
        "connector_microsoftteams",
        "connector_outlookcalendar",
        "connector_outlookemail",
        "connector_sharepoint",
    ] = OMITTED
    """Connector of a service, instead of `server_url`. Deprecated for models released after 2026-09-01."""
    tunnel_id: str = OMITTED
    """Id of a Secure MCP Tunnel, instead of `server_url`."""
    headers: dict[str, str] | None = None
    """HTTP headers of requests to the server. Not for secrets: the application adds those. Default: none."""
    allowed_tools: (
        Annotated[Annotated[list[str], Tag("list")] | Annotated[ToolFilter, Tag("object")], ListOrObject] | None
    ) = None
    """Tools that the model may call: a list of names, or a filter. Default: all tools of the server."""
    require_approval: (
        Annotated[Annotated[Literal["always", "never"], Tag("text")] | Annotated[Approval, Tag("object")], TextOrObject]
        | None
    ) = None
    """Tool calls that need approval: `always`, `never`, or a filter for each. Default: chosen by the API."""
    allowed_callers: Callers | None = None
    """Callers of the tool: `direct` (the model), `programmatic` (code that the model writes), or both. Default: chosen
    by the API."""
    defer_loading: bool = False
    """Load the tools only when tool search finds them. Default: `false`."""


class CodeInterpreter(Extensible):
    """A tool that runs Python code in a container."""

    type: Literal["code_interpreter"]
    """Tool type. Always `code_interpreter`."""
    container: Annotated[Annotated[str, Tag("text")] | Annotated[AutoContainer, Tag("object")], TextOrObject]
    """Id of an existing container, or the settings of a container that is created for the request."""
    allowed_callers: Callers | None = None
    """Callers of the tool: `direct` (the model), `programmatic` (code that the model writes), or both. Default: chosen
    by the API."""


class Shell(Extensible):
    """A tool that runs shell commands."""

    type: Literal["shell"]
    """Tool type. Always `shell`."""
    environment: ShellEnvironment | None = None
    """Place in which commands run: a new container, an existing one, or the machine of the application. Default: chosen
    by the API."""
    allowed_callers: Callers | None = None
    """Callers of the tool: `direct` (the model), `programmatic` (code that the model writes), or both. Default: chosen
    by the API."""


class LocalShell(Extensible):
    """A tool that runs shell commands on the machine of the application."""

    type: Literal["local_shell"]
    """Tool type. Always `local_shell`."""


class ApplyPatch(Extensible):
    """A tool that creates, changes and deletes files by patches."""

    type: Literal["apply_patch"]
    """Tool type. Always `apply_patch`."""
    allowed_callers: Callers | None = None
    """Callers of the tool: `direct` (the model), `programmatic` (code that the model writes), or both. Default: chosen
    by the API."""


class Computer(Extensible):
    """A tool that controls a computer."""

    type: Literal["computer"]
    """Tool type. Always `computer`."""


class ComputerUsePreview(Extensible):
    """A preview version of the tool that controls a computer."""

    type: Literal["computer_use_preview"]
    """Tool type. Always `computer_use_preview`."""
    display_height: Count
    """Height of the display in pixels, at least 1."""
    display_width: Count
    """Width of the display in pixels, at least 1."""
    environment: Literal["windows", "mac", "linux", "ubuntu", "browser"]
    """System of the computer: `windows`, `mac`, `linux`, `ubuntu` or `browser`."""


class ProgrammaticToolCalling(Extensible):
    """Calls of tools from code that the model writes."""

    type: Literal["programmatic_tool_calling"]
    """Tool type. Always `programmatic_tool_calling`."""


class ToolSearch(Extensible):
    """Search of deferred tools. `description` and `parameters` are for `execution: client`."""

    type: Literal["tool_search"]
    """Tool type. Always `tool_search`."""
    execution: Literal["server", "client"] = OMITTED
    """Side that runs the search: `server` (the API) or `client` (the application). Default: chosen by the API."""
    description: str | None = None
    """Description of the search, for the model, with `execution: client`. Default: none."""
    parameters: JSONObject | None = None
    """JSON Schema of the parameters, with `execution: client`. Default: none."""


Tool: TypeAlias = Annotated[
    Function
    | FileSearch
    | Computer
    | ComputerUsePreview
    | WebSearch
    | WebSearchPreview
    | Mcp
    | CodeInterpreter
    | ProgrammaticToolCalling
    | ImageGeneration
    | LocalShell
    | Shell
    | Custom
    | Namespace
    | ToolSearch
    | ApplyPatch,
    Field(discriminator="type"),
    NAMED_TOOL,
]

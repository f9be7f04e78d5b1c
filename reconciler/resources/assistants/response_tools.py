"""Tools of a request to the Responses API: `openai.types.responses.tool_param`."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, Tag

from reconciler.resources.assistants.containers import AutoContainer, ShellEnvironment
from reconciler.resources.assistants.image_tools import ImageGeneration
from reconciler.resources.assistants.search_tools import FileSearch, WebSearch, WebSearchPreview
from reconciler.resources.assistants.shared import (
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
    """A function that the application defines. `parameters` and `strict` may be null, but not left out."""

    type: Literal["function"]
    name: Annotated[str, Field(min_length=1)]
    parameters: JSONObject | None
    strict: bool | None
    description: str | None = None
    output_schema: JSONObject | None = None
    allowed_callers: Callers | None = None
    defer_loading: bool = False
    async_: bool = Field(default=False, alias="async")


class NamespaceFunction(Extensible):
    """A function inside a namespace, where schema and strictness may be left out."""

    type: Literal["function"]
    name: Annotated[str, Field(min_length=1)]
    parameters: JSONObject | None = None
    strict: bool | None = None
    description: str | None = None
    output_schema: JSONObject | None = None
    allowed_callers: Callers | None = None
    defer_loading: bool = False
    async_: bool = Field(default=False, alias="async")


class Grammar(Part):
    type: Literal["grammar"]
    syntax: Literal["lark", "regex"]
    definition: str


class Custom(Extensible):
    """A tool of the application whose input is text instead of JSON."""

    type: Literal["custom"]
    name: Annotated[str, Field(min_length=1)]
    description: str = OMITTED
    format: Annotated[TextFormat | Grammar, Field(discriminator="type")] = OMITTED
    allowed_callers: Callers | None = None
    defer_loading: bool = False
    async_: bool = Field(default=False, alias="async")


class Namespace(Extensible):
    """Functions and custom tools under one name."""

    type: Literal["namespace"]
    name: Annotated[str, Field(min_length=1)]
    description: str
    tools: list[Annotated[NamespaceFunction | Custom, Field(discriminator="type")]]


class ToolFilter(Part):
    """Some tools of an MCP server: by name, or by its `readOnlyHint`."""

    read_only: bool = OMITTED
    tool_names: list[str] = OMITTED


class Approval(Part):
    always: ToolFilter = OMITTED
    never: ToolFilter = OMITTED


class Mcp(Extensible):
    """A remote MCP server: exactly one of `server_url`, `connector_id` and `tunnel_id`.

    The token, `authorization`, is for the application to add to its request.
    """

    type: Literal["mcp"]
    server_label: str
    server_description: str = OMITTED
    server_url: str = OMITTED
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
    """Deprecated for models released after 2026-09-01."""
    tunnel_id: str = OMITTED
    headers: dict[str, str] | None = None
    allowed_tools: (
        Annotated[Annotated[list[str], Tag("list")] | Annotated[ToolFilter, Tag("object")], ListOrObject] | None
    ) = None
    require_approval: (
        Annotated[Annotated[Literal["always", "never"], Tag("text")] | Annotated[Approval, Tag("object")], TextOrObject]
        | None
    ) = None
    allowed_callers: Callers | None = None
    defer_loading: bool = False


class CodeInterpreter(Extensible):
    type: Literal["code_interpreter"]
    container: Annotated[Annotated[str, Tag("text")] | Annotated[AutoContainer, Tag("object")], TextOrObject]
    """The id of a container, or how to make one."""
    allowed_callers: Callers | None = None


class Shell(Extensible):
    type: Literal["shell"]
    environment: ShellEnvironment | None = None
    allowed_callers: Callers | None = None


class LocalShell(Extensible):
    type: Literal["local_shell"]


class ApplyPatch(Extensible):
    type: Literal["apply_patch"]
    allowed_callers: Callers | None = None


class Computer(Extensible):
    type: Literal["computer"]


class ComputerUsePreview(Extensible):
    type: Literal["computer_use_preview"]
    display_height: Count
    display_width: Count
    environment: Literal["windows", "mac", "linux", "ubuntu", "browser"]


class ProgrammaticToolCalling(Extensible):
    type: Literal["programmatic_tool_calling"]


class ToolSearch(Extensible):
    """Loads deferred tools; `description` and `parameters` are for `execution: client`."""

    type: Literal["tool_search"]
    execution: Literal["server", "client"] = OMITTED
    description: str | None = None
    parameters: JSONObject | None = None


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
]

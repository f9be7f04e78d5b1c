"""Target `responses`: the constant part of a request to the Responses API.

Source: `openai.types.responses.response_create_params`, with the ranges of its field docs.
"""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, Tag

from reconciler.resources.assistants.response_tools import Tool
from reconciler.resources.assistants.shared import (
    NAMED_TOOL,
    OMITTED,
    Count,
    Effort,
    Extensible,
    Fraction,
    JSONObject,
    Model,
    Part,
    Summary,
    TextFormat,
    TextOrObject,
    Verbosity,
)
from reconciler.resources.list_items import IdentifiedBy
from reconciler.resources.metadata import Metadata


class JSONSchemaFormat(Part):
    """JSON that follows a schema."""

    type: Literal["json_schema"]
    """Format type. Always `json_schema`."""
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    """Name of the format: letters, digits, `_` and `-`, at most 64 characters."""
    schema_: JSONObject = Field(alias="schema")
    """JSON Schema of the answer; `{$file: …}` for a schema in a separate file."""
    description: str = OMITTED
    """Description of the format, for the model. Default: none."""
    strict: bool | None = None
    """Enforce the schema. `true` permits only a subset of JSON Schema. Default: chosen by the API."""


class JSONObjectFormat(Part):
    """The older JSON mode: any JSON object. `json_schema` is preferred."""

    type: Literal["json_object"]
    """Format type. Always `json_object`."""


class Text(Part):
    """Settings of the text that the model writes."""

    format: Annotated[TextFormat | JSONSchemaFormat | JSONObjectFormat, Field(discriminator="type")] = OMITTED
    """Output format. Default: plain text."""
    verbosity: Verbosity | None = None
    """Length of answers: `low`, `medium` or `high`. Default: `medium`."""


class Reasoning(Part):
    """Settings of reasoning models."""

    effort: Effort | None = None
    """Reasoning effort. Less effort means faster answers and fewer tokens; models support different values. Default:
    the default of the model."""
    summary: Summary | None = None
    """Level of detail of the reasoning summary. Default: no summary."""
    context: Literal["auto", "current_turn", "all_turns"] | None = None
    """Reasoning of earlier turns that the model sees again: `current_turn`, `all_turns`, or `auto` for the default of
    the model. Default: `auto`."""
    mode: str = OMITTED
    """Execution mode: `standard` or `pro`. Default: chosen by the API."""


class AllowedTools(Part):
    """A restriction to some of the assistant's `tools`."""

    type: Literal["allowed_tools"]
    """Choice type. Always `allowed_tools`."""
    mode: Literal["auto", "required"]
    """`auto` lets the model call the tools or answer; `required` demands at least one call."""
    tools: list[Annotated[JSONObject, NAMED_TOOL]]
    """Tools that may be called, such as `{type: function, name: get_balance}` or `{type: file_search}`."""


class ChosenType(Part):
    """A demand for a built-in tool."""

    type: Literal[
        "file_search",
        "web_search_preview",
        "computer",
        "computer_use_preview",
        "computer_use",
        "web_search_preview_2025_03_11",
        "image_generation",
        "code_interpreter",
    ]
    """Type of the built-in tool that must be called."""


class ChosenFunction(Part):
    """A demand for a function."""

    type: Literal["function"]
    """Choice type. Always `function`."""
    name: str
    """Name of the function that must be called."""


class ChosenCustom(Part):
    """A demand for a custom tool."""

    type: Literal["custom"]
    """Choice type. Always `custom`."""
    name: str
    """Name of the custom tool that must be called."""


class ChosenMcp(Part):
    """A demand for a tool of an MCP server."""

    type: Literal["mcp"]
    """Choice type. Always `mcp`."""
    server_label: str
    """Label of the MCP server."""
    name: str | None = None
    """Name of the tool that must be called. Default: any tool of the server."""


class ChosenProgrammaticToolCalling(Part):
    """A demand for programmatic tool calling."""

    type: Literal["programmatic_tool_calling"]
    """Choice type. Always `programmatic_tool_calling`."""


class ChosenApplyPatch(Part):
    """A demand for the tool `apply_patch`."""

    type: Literal["apply_patch"]
    """Choice type. Always `apply_patch`."""


class ChosenShell(Part):
    """A demand for the tool `shell`."""

    type: Literal["shell"]
    """Choice type. Always `shell`."""


Choice: TypeAlias = Annotated[
    AllowedTools
    | ChosenType
    | ChosenFunction
    | ChosenCustom
    | ChosenMcp
    | ChosenProgrammaticToolCalling
    | ChosenApplyPatch
    | ChosenShell,
    Field(discriminator="type"),
]
ToolChoice: TypeAlias = Annotated[
    Annotated[Literal["none", "auto", "required"], Tag("text")] | Annotated[Choice, Tag("object")], TextOrObject
]


class AccessPrograms(Part):
    """Access programs of special domains."""

    cyber: Literal["standard", "daybreak_blue", "daybreak_red"] = OMITTED
    """Access program for cyber security: `standard`, `daybreak_blue` or `daybreak_red`. Default: chosen by the API, by
    model and organisation."""


class ContextManagement(Part):
    """A rule for shortening the context."""

    type: str
    """Rule type. The API supports only `compaction`."""
    compact_threshold: Count | None = None
    """Number of tokens at which compaction starts, at least 1. Default: chosen by the API."""


class Image(Part):
    """Settings of image inputs."""

    context_compression: Literal["auto", "enabled", "disabled"] = "auto"
    """Compression of images in the context: `auto`, `enabled` (required) or `disabled`. Default: `auto`."""


class ModerationRule(Part):
    """The handling of flagged text."""

    mode: Literal["score", "block"]
    """`score` reports the result of moderation; `block` also blocks flagged text."""


class ModerationPolicy(Part):
    """The handling of flagged input and output."""

    input: ModerationRule | None = None
    """Handling of flagged input. Default: chosen by the API."""
    output: ModerationRule | None = None
    """Handling of flagged output. Default: chosen by the API."""


class Moderation(Part):
    """Moderation of input and output."""

    model: str
    """Name of the moderation model, such as `omni-moderation-latest`."""
    policy: ModerationPolicy | None = None
    """Handling of flagged input and output. Default: chosen by the API."""


class PromptCacheOptions(Part):
    """Settings of the prompt cache, for `gpt-5.6` and later models."""

    mode: Literal["implicit", "explicit"] = "implicit"
    """`implicit` sets one cache breakpoint automatically; `explicit` uses only those that the application sets.
    Default: `implicit`."""
    ttl: Literal["30m", "12h"] = "30m"
    """Minimum lifetime of cache entries: `30m` (30 minutes) or `12h` (12 hours). Default: `30m`."""


Includable: TypeAlias = Literal[
    "file_search_call.results",
    "web_search_call.results",
    "web_search_call.action.sources",
    "message.input_image.image_url",
    "computer_call_output.output.image_url",
    "code_interpreter_call.outputs",
    "reasoning.encrypted_content",
    "message.output_text.logprobs",
]


class ResponsesSpec(Extensible):
    """An assistant with target `responses`: the constant part of Responses API requests, published as a bundle."""

    target: Literal["responses"] = "responses"
    """Target of the assistant. `responses`: the constant part of requests that the application sends. Default: the
    project's `defaults.target`."""
    model: Model
    """Name of the model, such as `gpt-6-luna`."""
    instructions: str | None = None
    """Instructions, as a system message; `{$file: …}` for text in a separate file. The body of a manifest in Markdown.
    Default: none."""
    tools: list[Tool] = OMITTED
    """Tools that the model may call. Default: none."""
    tool_choice: ToolChoice = OMITTED
    """Use of tools: `none`, `auto`, `required`, or one particular tool. Default: chosen by the API."""
    parallel_tool_calls: bool | None = None
    """Allow several tool calls at a time. Default: chosen by the API."""
    max_tool_calls: Count | None = None
    """Largest number of calls of built-in tools in one response, at least 1. Further calls are ignored. Default: no
    limit."""
    text: Text = OMITTED
    """Format and verbosity of the text that the model writes. Default: plain text of medium verbosity."""
    reasoning: Reasoning | None = None
    """Settings of reasoning models. Default: the defaults of the model."""
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    """Sampling temperature, from 0 to 2. Lower values give more predictable answers. Set this or `top_p`, not both.
    Default: chosen by the API."""
    top_p: Fraction | None = None
    """Probability mass that nucleus sampling considers, from 0 to 1: 0.1 means the most likely 10 %. Set this or
    `temperature`, not both. Default: chosen by the API."""
    top_logprobs: Annotated[int, Field(ge=0, le=20)] | None = None
    """Number of most likely tokens to return at each position, with their log probabilities, from 0 to 20. Default:
    chosen by the API."""
    max_output_tokens: Count | None = None
    """Largest number of tokens of a response, reasoning tokens included, at least 1. Default: no limit."""
    truncation: Literal["auto", "disabled"] | None = None
    """Handling of input beyond the context window. `auto` drops the oldest items; `disabled` fails the request.
    Default: `disabled`."""
    context_management: list[Annotated[ContextManagement, IdentifiedBy(("type",))]] | None = None
    """Rules for shortening the context. Default: none."""
    include: list[Includable] | None = None
    """Additional output to include in responses. Default: none."""
    store: bool | None = None
    """Store responses at OpenAI, for later retrieval. Default: `true`."""
    service_tier: Literal["auto", "default", "flex", "scale", "priority", "fast", "ultrafast"] | None = None
    """Service tier of requests, which affects price and speed. Default: `auto`."""
    moderation: Moderation | None = None
    """Moderation of input and output. Default: none."""
    access_programs: AccessPrograms = OMITTED
    """Access programs of special domains. Default: chosen by the API."""
    image: Image = OMITTED
    """Settings of image inputs. Default: chosen by the API."""
    prompt_cache_key: str | None = None
    """Key that groups similar requests, for more hits in the prompt cache. Default: none."""
    prompt_cache_options: PromptCacheOptions = OMITTED
    """Settings of the prompt cache. Default: one implicit breakpoint, kept for at least 30 minutes."""
    metadata: Metadata | None = None
    """Metadata of responses: at most 12 pairs, keys of at most 64 characters, text values of at most 512. Keys that
    start with `reconciler-` are reserved. Default: none."""

"""Target `responses`: the part of a request to the Responses API that does not change from turn to turn, as
`openai.types.responses.response_create_params` has it. Ranges are those its field docs state.
"""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, Tag

from reconciler.resources.assistants.response_tools import Tool
from reconciler.resources.assistants.shared import (
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
from reconciler.resources.metadata import Metadata


class JSONSchemaFormat(Part):
    type: Literal["json_schema"]
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    schema_: JSONObject = Field(alias="schema")
    description: str = OMITTED
    strict: bool | None = None


class JSONObjectFormat(Part):
    """The older JSON mode."""

    type: Literal["json_object"]


class Text(Part):
    format: Annotated[TextFormat | JSONSchemaFormat | JSONObjectFormat, Field(discriminator="type")] = OMITTED
    verbosity: Verbosity | None = None


class Reasoning(Part):
    effort: Effort | None = None
    summary: Summary | None = None
    context: Literal["auto", "current_turn", "all_turns"] | None = None
    mode: str = OMITTED
    """`standard` or `pro`."""


class AllowedTools(Part):
    """Narrows the tools of this request to some of `tools`."""

    type: Literal["allowed_tools"]
    mode: Literal["auto", "required"]
    tools: list[JSONObject]


class ChosenType(Part):
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


class ChosenFunction(Part):
    type: Literal["function"]
    name: str


class ChosenCustom(Part):
    type: Literal["custom"]
    name: str


class ChosenMcp(Part):
    type: Literal["mcp"]
    server_label: str
    name: str | None = None


class ChosenProgrammaticToolCalling(Part):
    type: Literal["programmatic_tool_calling"]


class ChosenApplyPatch(Part):
    type: Literal["apply_patch"]


class ChosenShell(Part):
    type: Literal["shell"]


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
    cyber: Literal["standard", "daybreak_blue", "daybreak_red"] = OMITTED


class ContextManagement(Part):
    type: str
    """Only `compaction` today."""
    compact_threshold: Count | None = None
    """In tokens."""


class Image(Part):
    context_compression: Literal["auto", "enabled", "disabled"] = "auto"


class ModerationRule(Part):
    mode: Literal["score", "block"]


class ModerationPolicy(Part):
    input: ModerationRule | None = None
    output: ModerationRule | None = None


class Moderation(Part):
    model: str
    policy: ModerationPolicy | None = None


class PromptCacheOptions(Part):
    mode: Literal["implicit", "explicit"] = "implicit"
    ttl: Literal["30m", "12h"] = "30m"


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
    """The standing arguments of `responses.create`."""

    target: Literal["responses"] = "responses"
    model: Model
    instructions: str | None = None
    tools: list[Tool] = OMITTED
    tool_choice: ToolChoice = OMITTED
    parallel_tool_calls: bool | None = None
    max_tool_calls: Count | None = None
    text: Text = OMITTED
    reasoning: Reasoning | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Fraction | None = None
    top_logprobs: Annotated[int, Field(ge=0, le=20)] | None = None
    max_output_tokens: Count | None = None
    truncation: Literal["auto", "disabled"] | None = None
    context_management: list[ContextManagement] | None = None
    include: list[Includable] | None = None
    store: bool | None = None
    service_tier: Literal["auto", "default", "flex", "scale", "priority", "fast", "ultrafast"] | None = None
    moderation: Moderation | None = None
    access_programs: AccessPrograms = OMITTED
    image: Image = OMITTED
    prompt_cache_key: str | None = None
    prompt_cache_options: PromptCacheOptions = OMITTED
    metadata: Metadata | None = None

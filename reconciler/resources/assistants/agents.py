"""Target `agents`: a saved agent (`openai.types.beta.agent_create_params`).

Lengths and counts are those of the JSON schema of `POST /v1/agents`: 128 characters of name, 1,048,576 of instructions,
2,000 tools, 2^32 - 1 subagents.
"""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from reconciler.resources.assistants.agent_tools import Tool
from reconciler.resources.assistants.shared import (
    OMITTED,
    Effort,
    Extensible,
    JSONObject,
    Model,
    Part,
    Summary,
    TextFormat,
    Verbosity,
)
from reconciler.resources.metadata import Metadata


class JSONSchemaFormat(Part):
    """JSON that follows a schema."""

    type: Literal["json_schema"]
    """Format type. Always `json_schema`."""
    schema_: JSONObject = Field(alias="schema")
    """JSON Schema of the answer; `{$file: …}` for a schema in a separate file."""


Format: TypeAlias = Annotated[TextFormat | JSONSchemaFormat, Field(discriminator="type")]


class Text(Part):
    """Settings of the text that the agent writes."""

    format: Format | None = None
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


class MultiAgent(Part):
    """Settings of subagents. Subagents are disabled by default."""

    enabled: bool
    """Allow the agent to start subagents."""
    max_concurrent_subagents: Annotated[int, Field(ge=1, le=2**32 - 1)] = 6
    """Largest number of subagents at a time, from 1 to 4,294,967,295. Default: 6."""


class Compaction(Part):
    """Settings of context compaction."""

    async_: bool | None = Field(default=None, alias="async")
    """Compact the context in the background, which can use more tokens. Default: `false`."""


class Experimental(Part):
    """Experimental settings. All of them are disabled by default."""

    time_awareness: bool = False
    """Remind the model of the current time at intervals. Default: `false`."""


class AgentsSpec(Extensible):
    """An assistant with target `agents`: an agent that is saved at OpenAI (Agents API)."""

    target: Literal["agents"] = "agents"
    """Target of the assistant. `agents`: an agent that is saved at OpenAI. Default: the project's `defaults.target`."""
    model: Model
    """Name of the model, such as `gpt-6-luna`."""
    name: Annotated[str, Field(max_length=128)] | None = None
    """Name of the agent at OpenAI, at most 128 characters. Default: the name of the manifest."""
    instructions: Annotated[str, Field(max_length=1_048_576)] | None = None
    """Instructions of the agent, at most 1,048,576 characters. They are appended to the base instructions that every
    agent has; `{$file: …}` for text in a separate file. The body of a manifest in Markdown. Default: none."""
    tools: Annotated[list[Tool], Field(max_length=2000)] | None = None
    """Tools of the agent, at most 2,000 and together 3 MiB of JSON. Default: none."""
    text: Text | None = None
    """Format and verbosity of the text that the agent writes. Default: plain text of medium verbosity."""
    reasoning: Reasoning | None = None
    """Reasoning effort and summary. Default: the defaults of the model."""
    service_tier: Literal["auto", "default", "flex", "priority", "fast", "ultrafast"] | None = None
    """Service tier of requests, which affects price and speed. Default: `auto`."""
    multi_agent: MultiAgent | None = None
    """Settings of subagents. Default: disabled."""
    compaction: Compaction | None = None
    """Settings of context compaction. Default: compaction blocks the turn."""
    experimental: Experimental = OMITTED
    """Experimental settings. Default: all disabled."""
    metadata: Metadata | None = None
    """Metadata of the object at OpenAI: at most 12 pairs, keys of at most 64 characters, text values of at most 512.
    Keys that start with `reconciler-` are reserved. Default: none."""

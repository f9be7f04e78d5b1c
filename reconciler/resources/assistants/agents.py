"""Target `agents`: a saved agent, as `openai.types.beta.agent_create_params` has it.

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
    type: Literal["json_schema"]
    schema_: JSONObject = Field(alias="schema")


Format: TypeAlias = Annotated[TextFormat | JSONSchemaFormat, Field(discriminator="type")]


class Text(Part):
    format: Format | None = None
    verbosity: Verbosity | None = None


class Reasoning(Part):
    effort: Effort | None = None
    summary: Summary | None = None


class MultiAgent(Part):
    """Subagents; they are off by default."""

    enabled: bool
    max_concurrent_subagents: Annotated[int, Field(ge=1, le=2**32 - 1)] = 6


class Compaction(Part):
    async_: bool | None = Field(default=None, alias="async")
    """Whether context is compacted in the background, which may use more tokens."""


class Experimental(Part):
    time_awareness: bool = False


class AgentsSpec(Extensible):
    """A saved agent of the Agents API."""

    target: Literal["agents"] = "agents"
    model: Model
    name: Annotated[str, Field(max_length=128)] | None = None
    """The manifest's name where this is not set."""
    instructions: Annotated[str, Field(max_length=1_048_576)] | None = None
    """Appended to the base instructions that every agent has."""
    tools: Annotated[list[Tool], Field(max_length=2000)] | None = None
    text: Text | None = None
    reasoning: Reasoning | None = None
    service_tier: Literal["auto", "default", "flex", "priority", "fast", "ultrafast"] | None = None
    multi_agent: MultiAgent | None = None
    compaction: Compaction | None = None
    experimental: Experimental = OMITTED
    metadata: Metadata | None = None

"""Target `assistants`: an assistant that is saved at a server of the Assistants API, version 2.

Source: `openai.types.beta.assistant_create_params` and `assistant_update_params`, with the limits of their field docs.
"""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, Tag

from reconciler.resources.assistants.shared import (
    NAMED_PART,
    OMITTED,
    Effort,
    Extensible,
    Fraction,
    JSONObject,
    Model,
    Part,
    TextFormat,
    TextOrObject,
)
from reconciler.resources.metadata import Metadata
from reconciler.resources.names import FileName, VectorStoreName

MOST_TOOLS = 128


class FunctionDefinition(Extensible):
    """The definition of a function."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    """Name of the function: letters, digits, `_` and `-`, at most 64 characters. Unique among the functions of the
    assistant."""
    description: str = OMITTED
    """Description of the function. The model reads it to decide on a call. Default: none."""
    parameters: JSONObject = OMITTED
    """JSON Schema of the parameters; its root must have type `object`. `{$file: …}` for a schema in a separate file.
    Default: no parameters."""
    strict: bool | None = None
    """Enforce the schema of the parameters. `true` requires that all properties are required and no others are allowed.
    Default: `false`."""


class Function(Extensible):
    """A function of the application."""

    type: Literal["function"]
    """Tool type. Always `function`."""
    function: FunctionDefinition
    """Definition of the function."""


class CodeInterpreter(Extensible):
    """Code that the model writes and the server runs. Its files are in `tool_resources`."""

    type: Literal["code_interpreter"]
    """Tool type. Always `code_interpreter`. At most one per assistant."""


class RankingOptions(Part):
    """Settings of the ranking of search results."""

    score_threshold: Fraction
    """Smallest score of a result, from 0 to 1. Values close to 1 return only the best matches."""
    ranker: Literal["auto", "default_2024_08_21"] = "auto"
    """Ranker: `auto`, or a version. Default: `auto`."""


class FileSearchSettings(Part):
    """Settings of a search."""

    max_num_results: Annotated[int, Field(ge=1, le=50)] = OMITTED
    """Largest number of results, from 1 to 50. Default: 20, or 5 for models whose name starts with `gpt-3.5-turbo`."""
    ranking_options: RankingOptions = OMITTED
    """Settings of the ranking of results. Default: the ranker `auto`, and all results."""


class FileSearch(Extensible):
    """A search of the vector store in `tool_resources`."""

    type: Literal["file_search"]
    """Tool type. Always `file_search`. At most one per assistant."""
    file_search: FileSearchSettings = OMITTED
    """Settings of the search. Default: those of the API."""


Tool: TypeAlias = Annotated[Function | CodeInterpreter | FileSearch, Field(discriminator="type"), NAMED_PART]


class CodeInterpreterResources(Part):
    """Files of `code_interpreter`."""

    file_ids: Annotated[list[FileName], Field(max_length=20)] = OMITTED
    """Files that code can read, at most 20: paths relative to the project folder, or ids of unmanaged uploads
    (`file-…`). Default: none."""


class FileSearchResources(Part):
    """The vector store of `file_search`."""

    vector_store_ids: Annotated[list[VectorStoreName], Field(max_length=1)] = OMITTED
    """Vector store to search, at most one: the name of a manifest, or the id of an unmanaged store (`vs_…`). Default:
    none."""


class ToolResources(Part):
    """Files and vector stores of the tools. They are managed completely: a file or store that is not listed is removed
    from the assistant.
    """

    code_interpreter: CodeInterpreterResources = OMITTED
    """Files of `code_interpreter`. Default: none."""
    file_search: FileSearchResources = OMITTED
    """Vector store of `file_search`. Default: none."""


class JSONSchema(Part):
    """A format of answers, as a JSON Schema with a name."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    """Name of the format: letters, digits, `_` and `-`, at most 64 characters."""
    schema_: JSONObject = Field(default_factory=lambda: None, alias="schema")  # type: ignore[arg-type]
    """JSON Schema of the answer; `{$file: …}` for a schema in a separate file. Default: any object."""
    description: str = OMITTED
    """Description of the format, for the model. Default: none."""
    strict: bool | None = None
    """Enforce the schema. `true` permits only a subset of JSON Schema. Default: `false`."""


class JSONSchemaFormat(Part):
    """JSON that follows a schema."""

    type: Literal["json_schema"]
    """Format type. Always `json_schema`."""
    json_schema: JSONSchema
    """The format."""


class JSONObjectFormat(Part):
    """The older JSON mode: any JSON object. `json_schema` is preferred."""

    type: Literal["json_object"]
    """Format type. Always `json_object`."""


Format: TypeAlias = Annotated[TextFormat | JSONSchemaFormat | JSONObjectFormat, Field(discriminator="type")]
ResponseFormat: TypeAlias = Annotated[
    Annotated[Literal["auto"], Tag("text")] | Annotated[Format, Tag("object")], TextOrObject
]


class AssistantsSpec(Extensible):
    """An assistant with target `assistants`: an assistant that is saved at a server of the Assistants API (version 2).
    OpenAI's own servers ended this API on 2026-08-26.
    """

    target: Literal["assistants"] = "assistants"
    """Target of the assistant. `assistants`: an assistant that is saved at a server of the Assistants API, which
    api.openai.com no longer is. Default: the project's `defaults.target`."""
    model: Model
    """Name of the model, such as `gpt-4o`."""
    name: Annotated[str, Field(max_length=256)] | None = None
    """Name of the assistant at the server, at most 256 characters. Default: the name of the manifest."""
    description: Annotated[str, Field(max_length=512)] | None = None
    """Description of the assistant, at most 512 characters. Default: none."""
    instructions: Annotated[str, Field(max_length=256_000)] | None = None
    """Instructions of the assistant, at most 256,000 characters; `{$file: …}` for text in a separate file. The body of
    a manifest in Markdown. Default: none."""
    tools: Annotated[list[Tool], Field(max_length=MOST_TOOLS)] = OMITTED
    """Tools of the assistant, at most 128. Their order has no meaning. Default: none."""
    tool_resources: ToolResources | None = None
    """Files of `code_interpreter` and the vector store of `file_search`. Default: none."""
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    """Sampling temperature, from 0 to 2. Lower values give more predictable answers. Set this or `top_p`, not both.
    Default: 1."""
    top_p: Fraction | None = None
    """Probability mass that nucleus sampling considers, from 0 to 1: 0.1 means the most likely 10 %. Set this or
    `temperature`, not both. Default: 1."""
    response_format: ResponseFormat | None = None
    """Format of answers: `auto`, or an object of type `text`, `json_object` or `json_schema`. Default: `auto`."""
    reasoning_effort: Effort | None = None
    """Reasoning effort. Less effort means faster answers and fewer tokens; models support different values. The API
    does not return it, so that a change outside Reconciler is not found. Default: the default of the model."""
    metadata: Metadata | None = None
    """Metadata of the object at the server: at most 12 pairs, keys of at most 64 characters, text values of at most
    512. Keys that start with `reconciler-` are reserved. Default: none."""

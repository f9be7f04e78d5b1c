"""Nodes of a pipeline by type. Unknown parameters are passed on to the application that runs the pipeline."""

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Final, Literal, TypeAlias, get_args

from pydantic import BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from reconciler.resources import references
from reconciler.resources.base import Spec
from reconciler.resources.list_items import IdentifiedBy
from reconciler.resources.names import AssistantName, VectorStoreName
from reconciler.resources.values import JSON


class Node(Spec):
    """Base of every node."""

    model_config = ConfigDict(extra="allow", strict=True)

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the outputs, from which edges start as `NODE.NAME`; empty if edges start from the node itself."""
        return ()


class Llm(Node):
    """A node that sends a prompt to a model."""

    type: Literal["llm"]
    """Node type. Always `llm`."""
    prompt: str | None = None
    """Prompt of the model. Default: none."""
    model: str | None = None
    """Name of the model, such as `gpt-6-luna`. Default: chosen by the application."""
    history: str | None = None
    """Conversation history that the model sees, as the application defines it. Default: chosen by the application."""
    tools: list[Annotated[Any, IdentifiedBy(("type", "name", "server_label"))]] | None = None
    """Tools of the model, passed to the application unchanged. Default: none."""
    vector_stores: list[VectorStoreName] | None = Field(default=None, max_length=2)
    """Vector stores that the model searches, by name. At most 2, the limit of one request. Default: none."""
    functions_from: list[AssistantName] | None = None
    """Assistants whose function tools the model may call, by name. Default: none."""
    max_results: int | None = Field(default=None, ge=1, le=50)
    """Largest number of search results, from 1 to 50. Default: chosen by the application."""
    citations: bool | None = None
    """Cite sources in the answer. Default: chosen by the application."""


class AssistantNode(Node):
    """A node that is answered by an assistant."""

    type: Literal["assistant"]
    """Node type. Always `assistant`."""
    assistant: AssistantName
    """Assistant that answers, by name."""
    citations: bool | None = None
    """Cite sources in the answer. Default: chosen by the application."""
    input_format: str | None = None
    """Format of the input of the assistant, as the application defines it. Default: chosen by the application."""


class Routing(Node):
    """A node with one output per keyword."""

    keywords: list[str] = Field(min_length=1)
    """Keywords, at least one. Each is an output, so edges start from `NODE.KEYWORD`. Case is ignored."""
    default_keyword: str | None = None
    """Keyword that applies if no other does. Must be one of `keywords`. Default: none."""

    @property
    def outputs(self) -> tuple[str, ...]:
        return tuple(self.keywords)


class Router(Routing):
    """A node whose model chooses one of the keywords."""

    type: Literal["router"]
    """Node type. Always `router`."""
    prompt: str | None = None
    """Prompt that asks the model for one of the keywords. Default: none."""
    model: str | None = None
    """Name of the model that chooses, such as `gpt-6-luna`. Default: chosen by the application."""
    history: str | None = None
    """Conversation history that the model sees, as the application defines it. Default: chosen by the application."""


class StaticRouter(Routing):
    """A node that chooses one of the keywords by a value, without a model."""

    type: Literal["static_router"]
    """Node type. Always `static_router`."""
    data_source: str | None = None
    """Source of the value, as the application defines it. Default: chosen by the application."""
    route_key: str
    """Key of the value that is compared with the keywords."""


class Code(Node):
    """A node that runs Python code."""

    type: Literal["code"]
    """Node type. Always `code`."""
    code: str
    """Python source code that defines a function `main`."""


class Template(Node):
    """A node that renders a template."""

    type: Literal["template"]
    """Node type. Always `template`."""
    template: str
    """Text of the template, in the syntax of the application."""


class Email(Node):
    """A node that sends an email."""

    type: Literal["email"]
    """Node type. Always `email`."""
    recipients: str | list[str] | None = None
    """Email address of the recipient, or a list of addresses. Default: chosen by the application."""
    subject: str | None = None
    """Subject of the email. Default: chosen by the application."""
    body: str | None = None
    """Text of the email. Default: chosen by the application."""


class Extract(Node):
    """A node that extracts structured data from its input."""

    type: Literal["extract"]
    """Node type. Always `extract`."""
    data_schema: str | dict[str, Any]
    """JSON Schema of the extracted data, as a mapping or as text."""
    model: str | None = None
    """Name of the model that extracts, such as `gpt-6-luna`. Default: chosen by the application."""
    key_name: str | None = None
    """Key that the extracted data is stored under. Default: chosen by the application."""


class Custom(Node):
    """A node of a type that only the application defines. It may have any parameters and outputs."""

    type: Literal["custom"]
    """Node type. Always `custom`."""


_Known: TypeAlias = Llm | AssistantNode | Router | StaticRouter | Code | Template | Email | Extract | Custom
MODELS: Final[Mapping[str, type[Node]]] = {
    get_args(model.model_fields["type"].annotation)[0]: model for model in get_args(_Known)
}


def _check_type(value: JSON) -> JSON:
    """Refuse an unknown type, with a message that names the alternatives."""
    given = value.get("type") if isinstance(value, dict) else None
    if isinstance(given, str) and given not in MODELS:
        close = get_close_matches(given, MODELS, n=1)
        meant = f"did you mean {close[0]}? " if close else ""
        message = "{given} is not a type of node: {meant}Known are {known}; use `type: custom` for other types"
        context = {"given": repr(given), "meant": meant, "known": ", ".join(MODELS)}
        raise PydanticCustomError("unknown_node_type", message, context)
    return value


AnyNode: TypeAlias = Annotated[_Known, Field(discriminator="type"), BeforeValidator(_check_type)]


def models(found: Iterable[Mapping[str, JSON]]) -> Iterator[str]:
    """Yield the models of OpenAI that canonical nodes set."""
    yield from (node["model"] for node in found if isinstance(node.get("model"), str))


def canonical(node: Mapping[str, JSON]) -> dict[str, JSON]:
    """Return the canonical form of a node, with references instead of names."""
    return {**references.canonical(MODELS.get(node.get("type", ""), Custom), node)}

"""Nodes of a pipeline by type. Parameters we do not know are passed through to the application that runs it."""

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Annotated, Any, ClassVar, Final, Literal, TypeAlias, get_args

from pydantic import BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from reconciler.resources import names
from reconciler.resources.address import Address
from reconciler.resources.base import Path, Spec
from reconciler.resources.names import AssistantName, VectorStoreName
from reconciler.resources.values import JSON


class Node(Spec):
    """Base of every node."""

    model_config = ConfigDict(extra="allow", strict=True)

    refers_to: ClassVar[Mapping[str, str]] = {}
    """Parameters that name other objects, with the prefix of the kind they name."""

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names an edge may start from, as NODE.NAME; empty where an edge starts from the node itself."""
        return ()


class Llm(Node):
    type: Literal["llm"]
    prompt: str | None = None
    model: str | None = None
    history: str | None = None
    tools: list[Any] | None = None
    vector_stores: list[VectorStoreName] | None = Field(default=None, max_length=2)
    """At most two: more cannot be searched in one request."""
    functions_from: list[AssistantName] | None = None
    """Assistants whose function tools the node may call."""
    max_results: int | None = Field(default=None, ge=1, le=50)
    citations: bool | None = None

    refers_to: ClassVar[Mapping[str, str]] = {"vector_stores": "vectorstore", "functions_from": "assistant"}


class AssistantNode(Node):
    type: Literal["assistant"]
    assistant: AssistantName
    citations: bool | None = None
    input_format: str | None = None

    refers_to: ClassVar[Mapping[str, str]] = {"assistant": "assistant"}


class Routing(Node):
    """What both routers have: an output for each keyword."""

    keywords: list[str] = Field(min_length=1)
    default_keyword: str | None = None

    @property
    def outputs(self) -> tuple[str, ...]:
        return tuple(self.keywords)


class Router(Routing):
    type: Literal["router"]
    prompt: str | None = None
    model: str | None = None
    history: str | None = None


class StaticRouter(Routing):
    type: Literal["static_router"]
    data_source: str | None = None
    route_key: str


class Code(Node):
    type: Literal["code"]
    code: str
    """Python that defines `main`."""


class Template(Node):
    type: Literal["template"]
    template: str


class Email(Node):
    type: Literal["email"]
    recipients: str | list[str] | None = None
    subject: str | None = None
    body: str | None = None


class Extract(Node):
    type: Literal["extract"]
    data_schema: str | dict[str, Any]
    model: str | None = None
    key_name: str | None = None


class Custom(Node):
    """A node that only the application knows. It may have any outputs."""

    type: Literal["custom"]


_Known: TypeAlias = Llm | AssistantNode | Router | StaticRouter | Code | Template | Email | Extract | Custom
MODELS: Final[Mapping[str, type[Node]]] = {
    get_args(model.model_fields["type"].annotation)[0]: model for model in get_args(_Known)
}


def _check_type(value: JSON) -> JSON:
    """A message of our own where the type is not known: it has the way out."""
    given = value.get("type") if isinstance(value, dict) else None
    if isinstance(given, str) and given not in MODELS:
        close = get_close_matches(given, MODELS, n=1)
        meant = f"did you mean {close[0]}? " if close else ""
        message = "{given} is no type of node: {meant}Known are {known}; a type of your own is written `type: custom`"
        context = {"given": repr(given), "meant": meant, "known": ", ".join(MODELS)}
        raise PydanticCustomError("unknown_node_type", message, context)
    return value


AnyNode: TypeAlias = Annotated[_Known, Field(discriminator="type"), BeforeValidator(_check_type)]


def references(node: Node) -> Iterator[tuple[Path, Address]]:
    """The objects that a node names, each with the way to it from the node."""
    for field, prefix in node.refers_to.items():
        value = getattr(node, field)
        for inside, text in enumerate(value) if isinstance(value, list) else ((None, value),):
            if text is not None and (address := names.target(prefix, text)):
                yield (field,) if inside is None else (field, inside), address


def models(found: Iterable[Mapping[str, JSON]]) -> Iterator[str]:
    """The models of OpenAI that canonical nodes name themselves."""
    yield from (node["model"] for node in found if isinstance(node.get("model"), str))


def canonical(node: Mapping[str, JSON]) -> dict[str, JSON]:
    """A node as a mapping, with references where it names objects."""
    model = MODELS.get(node.get("type", ""), Custom)
    return {field: _canonical(model.refers_to.get(field), value) for field, value in node.items()}


def _canonical(prefix: str | None, value: JSON) -> JSON:
    if prefix is None:
        return value
    return (
        [names.canonical(prefix, item) for item in value] if isinstance(value, list) else names.canonical(prefix, value)
    )

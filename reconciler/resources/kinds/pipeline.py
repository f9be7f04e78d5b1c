"""Pipelines: graphs of nodes that applications run. Their graph and their references are checked."""

from collections.abc import Iterator
from typing import Annotated, Final

from reconciler.resources.base import Desired, Resource, Scope, Spec
from reconciler.resources.kind import Kind
from reconciler.resources.list_items import IdentifiedBy
from reconciler.resources.pipelines import graph, nodes
from reconciler.resources.problems import Finding
from reconciler.resources.resource_type import ResourceType
from reconciler.resources.risks import Hazard, guardrail_risks
from reconciler.resources.values import JSON, Fields


class PipelineSpec(Spec):
    """A graph of nodes that applications run."""

    nodes: dict[str, nodes.AnyNode]
    """Nodes by name: letters, digits, `-` and `_`, at most 63 characters. The nodes `start` and `end` always exist and
    are not listed."""
    edges: tuple[Annotated[graph.Edge, IdentifiedBy(("from", "to"))], ...]
    """Connections between nodes. They lead from `start` to `end` and contain no cycle."""


def _check(resource: Resource, _scope: Scope) -> Iterator[Finding]:
    spec: PipelineSpec = resource.spec
    yield from graph.check(spec.nodes, spec.edges)


def _desired(resource: Resource, _scope: Scope) -> Iterator[Desired]:
    written = resource.spec.model_dump(by_alias=True, exclude_unset=True)
    yield Desired(
        address=resource.address,
        type=PIPELINE.type,
        fields={field: _canonical(field, value) for field, value in written.items()},
        place=resource.place,
        lifecycle=resource.lifecycle,
    )


def _canonical(field: str, value: JSON) -> JSON:
    if field == "nodes":
        return {name: nodes.canonical(node) for name, node in (value or {}).items()}
    return graph.canonical(value or ()) if field == "edges" else value


def _prompt(fields: Fields) -> str:
    prompts = (node.get("prompt") for node in (fields.get("nodes") or {}).values())
    return "\n".join(text for text in prompts if isinstance(text, str))


def _risks(before: Fields, after: Fields) -> Iterator[Hazard]:
    return guardrail_risks(_prompt(before), _prompt(after))


PIPELINE: Final = ResourceType(
    type="pipeline",
    identity="document",
    delete_ranks=(None, 40),
    canonical=_canonical,
    render=dict,
    defaults={"nodes": {}, "edges": []},
    models=lambda fields: nodes.models((fields.get("nodes") or {}).values()),
    risks=_risks,
    prompt=_prompt,
)

KIND: Final = Kind(
    name="Pipeline",
    prefix="pipeline",
    models={"": PipelineSpec},
    desired=_desired,
    check=_check,
    frozen="release",
)

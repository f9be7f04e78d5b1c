"""Assistants: a saved agent (target `agents`), the constant part of a request to the Responses API (`responses`), or an
assistant at a server of the Assistants API (`assistants`).
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Final

from reconciler.resources.assistants import agent_form, assistant_form, assistant_manifest
from reconciler.resources.assistants.agent_form import agent_to_manifest
from reconciler.resources.assistants.agents import AgentsSpec
from reconciler.resources.assistants.assistants import AssistantsSpec
from reconciler.resources.assistants.canonical import canonical_request, rendered
from reconciler.resources.assistants.hints import HINTS
from reconciler.resources.assistants.limits import Spec, check
from reconciler.resources.assistants.model_parameters import moved_instructions, parameter_risks
from reconciler.resources.assistants.responses import ResponsesSpec
from reconciler.resources.base import Desired, Resource, Scope
from reconciler.resources.kind import Kind
from reconciler.resources.kinds.file import file_objects
from reconciler.resources.prices import BY_USE
from reconciler.resources.resource_type import ResourceType, Shutdown
from reconciler.resources.risks import Hazard
from reconciler.resources.values import JSON, Fields, digest

PREFIX: Final = "assistant"
RANKS: Final = (20, 30)


def _models(fields: Fields) -> Iterator[str]:
    if isinstance(fields.get("model"), str):
        yield fields["model"]


def _prompt(fields: Fields) -> str:
    return fields.get("instructions") or ""


def _paid(fields: Fields) -> set[str]:
    return {str(tool.get("type")) for tool in (fields.get("tools") or {}).values()} & BY_USE


def _request_risks(before: Fields, after: Fields) -> Iterator[Hazard]:
    yield from assistant_form.risks(before, after)
    yield from moved_instructions(before, after)


def _refused_of_assistant(fields: Fields, replaced: Mapping[str, Sequence[str]]) -> Iterator[Hazard]:
    yield from parameter_risks(assistant_form.as_request(fields), replaced)


AGENT: Final = ResourceType(
    type="agent",
    prefix=PREFIX,
    specs=(AgentsSpec,),
    canonical=agent_form.canonical,
    render=rendered,
    defaults=agent_form.DEFAULTS,
    delete_ranks=RANKS,
    owned_by_key=frozenset({"metadata", "reasoning"}),
    resolved=frozenset({"reasoning"}),
    models=_models,
    risks=assistant_form.risks,
    refused=parameter_risks,
    prompt=_prompt,
    paid=_paid,
)

REQUEST: Final = ResourceType(
    type="request",
    prefix=PREFIX,
    identity="document",
    specs=(ResponsesSpec,),
    canonical=canonical_request,
    render=rendered,
    defaults={},
    delete_ranks=RANKS,
    models=_models,
    risks=_request_risks,
    refused=parameter_risks,
    prompt=_prompt,
    paid=_paid,
)
"""A request is managed completely: a field that is dropped from the manifest is dropped from the request."""

ASSISTANT: Final = ResourceType(
    type="assistant",
    prefix=PREFIX,
    specs=(AssistantsSpec,),
    canonical=assistant_form.canonical,
    render=assistant_form.render,
    defaults=assistant_form.DEFAULTS,
    own_localise=assistant_form.localise,
    pins_deletes=True,
    delete_ranks=RANKS,
    owned_by_key=frozenset({"metadata"}),
    write_only=frozenset({"reasoning_effort"}),
    models=_models,
    risks=assistant_form.risks,
    refused=_refused_of_assistant,
    prompt=_prompt,
    paid=_paid,
    shutdown=Shutdown("the Assistants API", date(2026, 8, 26), "reconciler migrate --live URL --to responses"),
)

_TYPES: Final = {"agents": AGENT, "responses": REQUEST, "assistants": ASSISTANT}


def _desired(resource: Resource, scope: Scope) -> Iterator[Desired]:
    spec: Spec = resource.spec
    resource_type = _TYPES[spec.target]
    written = _written(spec)
    named = {} if resource_type.in_outlets else {"name": resource.address.name}
    fields = {field: resource_type.canonical(field, value) for field, value in (named | written).items()}
    unreadable = {name: value for name in resource_type.write_only if (value := fields.pop(name, None)) is not None}
    yield Desired(
        address=resource.address,
        type=resource_type.type,
        fields=fields,
        place=resource.place,
        lifecycle=resource.lifecycle,
        write_only={name: digest(value) for name, value in unreadable.items()},
        unreadable=unreadable,
    )
    yield from file_objects(written, scope)


def _written(spec: Spec) -> dict[str, JSON]:
    """Return the fields that the manifest sets, in the names of the API, with references instead of names and paths."""
    return spec.model_dump(by_alias=True, exclude_unset=True, exclude={"target"})


KIND: Final = Kind(
    name="Assistant",
    prefix=PREFIX,
    models={"agents": AgentsSpec, "responses": ResponsesSpec, "assistants": AssistantsSpec},
    desired=_desired,
    check=check,
    to_manifest={"agent": agent_to_manifest, "assistant": assistant_manifest.to_manifest},
    hints=HINTS,
    ended_targets=frozenset(target for target, one in _TYPES.items() if one.shutdown),
    body="instructions",
    frozen="release",
)

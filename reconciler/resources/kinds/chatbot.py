"""Chatbots, which are answered by a pipeline or by an assistant."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated, Final, TypeAlias

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from reconciler.resources.address import Address, release_address
from reconciler.resources.base import Desired, Reference, Resource, Scope, Spec
from reconciler.resources.kind import Kind
from reconciler.resources.names import ASSISTANT, PIPELINE, AssistantName, AutomationName, PipelineName
from reconciler.resources.problems import Finding
from reconciler.resources.references import declared
from reconciler.resources.releases.running import check_running
from reconciler.resources.resource_type import ResourceType
from reconciler.resources.values import ADDRESS_KEY, JSON, Fields, is_reference, reference

Number: TypeAlias = Annotated[int, Field(strict=True, ge=1, lt=10**9)]


class Retention(Spec):
    """The number of releases that are kept."""

    keep: int = Field(ge=1)
    """Number of newest releases to keep, at least 1. Older releases are archived unless they are published."""


class ChatbotSpec(Spec):
    """A chatbot: the pipeline or the assistant that answers, and the release that applications load. Set either
    `pipeline` or `assistant`.
    """

    pipeline: PipelineName | None = None
    """Pipeline that answers, by name."""
    assistant: AssistantName | None = None
    """Assistant that answers, by name."""
    starts: tuple[PipelineName, ...] = ()
    """Pipelines that the triggers of the chatbot start, by name. The application defines the triggers. Default: none.
    """
    published: Number | dict[str, Number] | None = None
    """Number of the release that applications load, or numbers by environment, such as `{staging: 2, production: 1}`.
    `reconciler publish` sets it. Default: none."""
    releases: Retention | None = None
    """Retention of releases. Default: all releases are kept."""
    automations: list[AutomationName] | None = None
    """Automations that run the published release, by name: those with `agent: chatbot/NAME`. If the field is set, it
    must name all of them. It is not part of releases. Default: they are not listed."""

    @model_validator(mode="after")
    def _answered_by_one(self) -> "ChatbotSpec":
        if (self.pipeline is None) == (self.assistant is None):
            raise PydanticCustomError("chatbot_answers", "set either `pipeline` or `assistant`")
        return self


def _references(resource: Resource) -> Iterator[Reference]:
    """Yield the references that the models declare, and those to published releases."""
    spec: ChatbotSpec = resource.spec
    for one in declared(resource):
        yield replace(one, is_listing=one.path[1] == "automations")
    if isinstance(spec.published, int):
        yield Reference(("spec", "published"), _release(resource, spec.published))
    for environment, number in spec.published.items() if isinstance(spec.published, dict) else ():
        target = _release(resource, number)
        yield Reference(("spec", "published", environment), target, environment)


def _release(resource: Resource, number: int) -> Address:
    """Return the address of a release. Releases of a renamed chatbot keep their names, and the numbers continue."""
    return resource.known_as(release_address(resource.address.name, number))


def _check(resource: Resource, scope: Scope) -> Iterator[Finding]:
    published = resource.spec.published
    for environment in published if isinstance(published, dict) else ():
        if environment not in scope.environments:
            known = ", ".join(f"`{name}`" for name in scope.environments) or "none"
            message = f"the environment `{environment}` does not exist"
            path = ("spec", "published", environment)
            yield Finding(path, "unknown-environment", message, f"environments of the project: {known}", on_key=True)


def published_in(spec: ChatbotSpec, environment: str | None) -> int | None:
    """Return the number of the release that is published in an environment."""
    return spec.published.get(environment or "") if isinstance(spec.published, dict) else spec.published


def publishing_spec(spec: ChatbotSpec, numbers: Mapping[str | None, int | None]) -> ChatbotSpec:
    """Return the spec with these published releases by environment. A project without environments has one number."""
    named = {environment: number for environment, number in numbers.items() if number is not None}
    return spec.model_copy(update={"published": named.get(None, named or None)})


def _desired(resource: Resource, scope: Scope) -> Iterator[Desired]:
    spec: ChatbotSpec = resource.spec
    written = spec.model_dump(mode="json", include={"pipeline", "assistant", "starts"}, exclude_unset=True)
    fields = {field: _canonical(field, value) for field, value in written.items()}
    if spec.published is not None:
        number = published_in(spec, scope.environment)
        release = None if number is None else reference(_release(resource, number))
        fields["published"] = release
    keep: dict[str, JSON] = {} if spec.releases is None else {"keep": spec.releases.keep}
    elsewhere = _published_elsewhere(resource, scope)
    yield Desired(
        address=resource.address,
        type=CHATBOT.type,
        fields=fields,
        place=resource.place,
        lifecycle=resource.lifecycle,
        options=keep | ({"published_elsewhere": elsewhere} if elsewhere else {}),
    )


def _published_elsewhere(resource: Resource, scope: Scope) -> list[str]:
    """Return the addresses of the releases that other environments publish."""
    others = (published_in(resource.spec, name) for name in scope.environments if name != scope.environment)
    return sorted({str(_release(resource, number)) for number in others if number is not None})


_NAMED: Final = {"assistant": ASSISTANT, "pipeline": PIPELINE}


def _canonical(field: str, value: JSON) -> JSON:
    if field == "starts":
        starts = [PIPELINE.canonical(name) for name in value or ()]
        by_name = {item[ADDRESS_KEY] if is_reference(item) else item: item for item in starts}
        return [by_name[name] for name in sorted(by_name)]
    ref = _NAMED.get(field)
    return ref.canonical(value) if ref else value


def _render(fields: Fields) -> dict[str, JSON]:
    """Return the content of the bundle of the working chatbot."""
    return {field: value for field, value in fields.items() if field not in CHATBOT.pointers}


CHATBOT: Final = ResourceType(
    type="chatbot",
    identity="document",
    canonical=_canonical,
    render=_render,
    defaults={"assistant": None, "pipeline": None, "starts": [], "published": None},
    pointers=frozenset({"published"}),
)

KIND: Final = Kind(
    name="Chatbot",
    prefix="chatbot",
    models={"": ChatbotSpec},
    references=_references,
    desired=_desired,
    check=_check,
    check_all=check_running,
)

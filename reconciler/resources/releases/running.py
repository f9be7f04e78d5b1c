"""Checks of chatbots that other manifests run, such as automations.

A manifest names the chatbot, and the object at OpenAI has the id of an agent. So the chatbot, and each release of it
that is published, must be exactly one assistant that is an agent.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Final, TypeAlias

from pydantic import ValidationError

from reconciler.resources.address import Address, release_address
from reconciler.resources.base import Reference, Resource, Scope
from reconciler.resources.kind import Kind
from reconciler.resources.names import ASSISTANT, AUTOMATION
from reconciler.resources.problems import Finding
from reconciler.resources.references import prefixes_in
from reconciler.resources.registry import kinds
from reconciler.resources.releases.content import KeptFiles, lacking, parts

CHATBOT: Final = "chatbot"
AGENTS: Final = "agents"
LISTED: Final = ("spec", "automations")
REQUIRED: Final = f"only a chatbot that is one assistant of target `{AGENTS}` can be run"
INSTEAD: Final = f"name an assistant of target `{AGENTS}` instead, or publish a release that is one"

Running: TypeAlias = Mapping[Address, Sequence[tuple[Resource, Reference]]]
"""Manifests that run a chatbot, each with its reference to it, by chatbot."""


def running(resources: Sequence[Resource]) -> Running:
    """Return the manifests that run each chatbot. Linear in the manifests of kinds that can."""
    found: dict[Address, list[tuple[Resource, Reference]]] = defaultdict(list)
    for resource in resources:
        if resource.kind.name in _runs_chatbots():
            for reference in resource.references:
                if reference.target.kind == CHATBOT:
                    found[reference.target].append((resource, reference))
    return found


@cache
def _runs_chatbots() -> frozenset[str]:
    """Return the names of the kinds whose manifests can refer to a chatbot."""
    return frozenset(kind.name for kind in kinds().values() if _can_run(kind))


def _can_run(kind: Kind) -> bool:
    return CHATBOT in prefixes_in(tuple(kind.models.values()))


def check_running(resources: Sequence[Resource]) -> Iterator[tuple[Resource, Finding]]:
    """Yield the references to chatbots that cannot be run, and lists of automations that are not as the automations."""
    chatbots = [one for one in resources if one.address.kind == CHATBOT]
    users = running(resources) if chatbots else {}
    listing = [one for one in chatbots if one.spec.automations is not None]
    known = {one.address: one for one in resources} if users or listing else {}
    for address, found in users.items():
        fault = next(_faults(known[address], known), None) if address in known else None
        for resource, reference in found if fault else ():
            yield resource, Finding(reference.path, "not-an-agent", f"{fault}; {REQUIRED}", INSTEAD)
    for chatbot in listing:
        yield from _unlisted(chatbot, known, users.get(chatbot.address, ()))


def _unlisted(
    chatbot: Resource, known: Mapping[Address, Resource], users: Sequence[tuple[Resource, Reference]]
) -> Iterator[tuple[Resource, Finding]]:
    listed: set[Address] = set()
    using = {resource.address for resource, _ in users}
    for index, text in enumerate(chatbot.spec.automations):
        address = AUTOMATION.target(text)
        if address is None:
            message = f"{text} is the id of an unmanaged automation, which a chatbot cannot list"
            yield chatbot, Finding((*LISTED, index), "not-run", message, "remove it, or import the automation")
        elif address in listed:
            yield chatbot, Finding((*LISTED, index), "listed-twice", f"{address} is listed twice", "remove one of both")
        elif address in known and address not in using:
            hint = f"set `agent: {chatbot.address}` in its `target`, or remove it here"
            message = f"{address} does not run {chatbot.address}"
            yield chatbot, Finding((*LISTED, index), "not-run", message, hint)
        if address is not None:
            listed.add(address)
    for resource, reference in users:
        if resource.address not in listed:
            message = f"{chatbot.address} lists its automations without {resource.address}"
            hint = f"add `{resource.address.name}` to `automations` at {chatbot.where(LISTED)}"
            yield resource, Finding(reference.path, "not-listed", message, hint)


def _faults(chatbot: Resource, known: Mapping[Address, Resource]) -> Iterator[str]:
    """Yield the reasons why a chatbot, or a release that it publishes, cannot be run."""
    if fault := _fault(chatbot, known):
        yield f"{chatbot.address} {fault}"
    for environment, number in _published(chatbot):
        release = known.get(chatbot.known_as(release_address(chatbot.address.name, number)))
        if release is not None and (fault := fault_of_release(release, environment, known)):
            yield f"{chatbot.address} publishes {release.address}, which {fault}"


def _published(chatbot: Resource) -> Iterator[tuple[str | None, int]]:
    """Yield the published releases, each with an environment in which it is published; None for all."""
    published = chatbot.spec.published
    if isinstance(published, dict):
        yield from published.items()
    elif published is not None:
        yield None, published


def fault_of_release(release: Resource, environment: str | None, known: Mapping[Address, Resource]) -> str:
    """Return the reason why a release cannot be run in an environment, or in the first that it has values for; empty if
    it can, or if it has other errors. `known` are the manifests of the project.
    """
    content = release.spec.content
    chosen = environment or next(iter(content.variables), None) if content else None
    if content is None or lacking(content, chosen):
        return ""
    try:
        found = parts(release, Scope(KeptFiles(content.files), environment=chosen))
    except (ValidationError, ValueError, StopIteration, KeyError):
        return ""
    chatbot = next((part for part in found if part.address.kind == CHATBOT), None)
    return _fault(chatbot, {**known, **{part.address: part for part in found}}) if chatbot else ""


def _fault(chatbot: Resource, known: Mapping[Address, Resource]) -> str:
    if chatbot.spec.pipeline is not None:
        return "is answered by a pipeline"
    if chatbot.spec.starts:
        return "starts pipelines"
    address = ASSISTANT.target(chatbot.spec.assistant)
    if address is None:
        return f"is answered by {chatbot.spec.assistant}, which no manifest defines"
    target = _target(address, known)
    return f"is answered by {address}, whose target is `{target}`" if target not in ("", AGENTS) else ""


def _target(address: Address, known: Mapping[Address, Resource]) -> str:
    """Return the target of an assistant or of a frozen copy; empty if it is not known, which is an error elsewhere."""
    if address.release is None:
        return str(known[address].spec.target) if address in known else ""
    release = known.get(address.release)
    content = release.spec.content if release else None
    written = content.objects.get(str(address.family), {}) if content else {}
    return str(written.get("target", ""))

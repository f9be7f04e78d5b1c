"""Chatbot versions: releases of chatbots with their complete content, written by `release`."""

from collections.abc import Iterator
from typing import Final

from pydantic import ValidationError

from reconciler.resources.address import NAME_RULE, RELEASE, VERSION_PATTERN, version_of
from reconciler.resources.base import Desired, Resource, Scope
from reconciler.resources.kind import Kind, Naming
from reconciler.resources.kinds.chatbot import CHATBOT
from reconciler.resources.problems import Finding
from reconciler.resources.releases.content import (
    ChatbotVersionSpec,
    content_digest,
    environment_text,
    frozen,
    lacking,
    parts,
    provided,
)
from reconciler.resources.resource_type import ResourceType
from reconciler.resources.values import JSON

NOT_EDITED: Final = (
    "releases cannot be edited; restore the file from Git, and release the chatbot again under a new number"
)


def _is_version(text: str) -> bool:
    return "@" in text and version_of(text) is not None


def _check(resource: Resource, scope: Scope) -> Iterator[Finding]:
    spec: ChatbotVersionSpec = resource.spec
    if spec.content is None:
        return
    if content_digest(spec.content) != spec.digest:
        message = "the content was edited after the release: it does not match `digest`"
        yield Finding(("spec", "digest"), "edited-release", message, NOT_EDITED)
        return
    missing = lacking(spec.content, scope.environment)
    if missing:
        environment = environment_text(scope.environment)
        message = f"the release has no value of {', '.join(missing)} for {environment}, and is not created there"
        hint = "to publish it there, release the chatbot again"
        yield Finding(("spec", "content", "variables"), "release-without-values", message, hint, "warning")
        return
    try:
        answering = [part.address.kind for part in parts(resource, scope) if not part.kind.frozen]
    except (ValidationError, ValueError, StopIteration, KeyError) as error:
        message = f"this version of Reconciler cannot read the release: {error}"
        yield Finding(("spec", "content"), "unusable-release", message, NOT_EDITED)
        return
    if answering != [CHATBOT.type]:
        message = "the release must contain exactly one chatbot, and what it uses"
        yield Finding(("spec", "content", "objects"), "unusable-release", message, NOT_EDITED)


def _desired(resource: Resource, scope: Scope) -> Iterator[Desired]:
    spec: ChatbotVersionSpec = resource.spec
    if spec.archived or spec.content is None or lacking(spec.content, scope.environment):
        return
    yield from frozen(resource, scope)


def _canonical(field: str, value: JSON) -> JSON:
    return value if field == "digest" else CHATBOT.canonical(field, value)


RESOURCE_TYPE: Final = ResourceType(
    type=RELEASE,
    identity="document",
    delete_ranks=(50, 50),
    canonical=_canonical,
    render=dict,
    defaults={"assistant": None, "pipeline": None, "starts": []},
)

KIND: Final = Kind(
    name="ChatbotVersion",
    prefix=RELEASE,
    models={"": ChatbotVersionSpec},
    desired=_desired,
    check=_check,
    naming=Naming(_is_version, f"CHATBOT@NUMBER, where a chatbot's name is {NAME_RULE}", f"^{VERSION_PATTERN}$"),
    has_lifecycle=False,
    verbatim=True,
    provides=provided,
)

"""Targets of automations: a new session for each run, or an existing session.

Source: `openai.types.beta.agents.automation_target_param` for requests, `automation_target` for responses.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import Discriminator, Field, Tag

from reconciler.resources.assistants.shared import Part, TextOrObject
from reconciler.resources.automations import environment as environments, inline_agent
from reconciler.resources.automations.environment import Environment, HostedEnvironment
from reconciler.resources.automations.inline_agent import InlineAgent
from reconciler.resources.base import Resource, Scope, Spec
from reconciler.resources.list_items import IdentifiedBy
from reconciler.resources.names import AgentName, SessionId, TemplateName, VaultName
from reconciler.resources.problems import Finding
from reconciler.resources.risks import Hazard, network_risks
from reconciler.resources.values import JSON, Fields, is_reference, references_in

TARGET: Final = "target"
NEW: Final = "new_session"
EXISTING: Final = "existing_session"
HIDDEN: Final = environments.HIDDEN | inline_agent.HIDDEN
"""Names of the values in a target that no response has."""


class InputText(Part):
    """Text of a message."""

    type: Literal["input_text"]
    """Content type. Always `input_text`."""
    text: str
    """Text of this part of the message."""


class InputImage(Part):
    """An image of a message."""

    type: Literal["input_image"]
    """Content type. Always `input_image`."""
    image_url: str
    """URL of the image, which the model reads."""


class Message(Part):
    """A message of the user."""

    type: Literal["message"] = "message"
    """Item type. Always `message`."""
    role: Literal["user"] = "user"
    """Author. Always `user`."""
    content: Annotated[
        list[
            Annotated[
                Annotated[InputText | InputImage, Field(discriminator="type")],
                IdentifiedBy(("type", "text", "image_url")),
            ]
        ],
        Field(min_length=1),
    ]
    """Content of the message."""


class NewSession(Part):
    """A new session for each run."""

    type: Literal["new_session"] = "new_session"
    """Type of the target. Always `new_session`."""
    agent: Annotated[Annotated[AgentName, Tag("text")] | Annotated[InlineAgent, Tag("object")], TextOrObject]
    """Agent of the session: the name of an `Assistant` of target `agents`, `chatbot/NAME` for the release that a
    chatbot publishes, the id of an unmanaged agent, or the configuration of an agent that is not saved."""
    environment: Annotated[Annotated[TemplateName, Tag("text")] | Annotated[Environment, Tag("object")], TextOrObject]
    """Environment of the session: the name of an `EnvironmentTemplate`, the id of an unmanaged template, or an
    environment."""
    input: Annotated[
        Annotated[str, Tag("text"), Field(min_length=1)]
        | Annotated[list[Annotated[Message, IdentifiedBy(("content",))]], Tag("object"), Field(min_length=1)],
        TextOrObject,
    ]
    """First message of the user in each session: a text, or a list of messages."""
    vault_ids: list[VaultName] | None = None
    """Vaults with the credentials of the session: names of manifests, or ids of unmanaged vaults. Default: none."""
    metadata: (
        Annotated[
            dict[Annotated[str, Field(min_length=1, max_length=64)], Annotated[str, Field(max_length=512)]],
            Field(max_length=16),
        ]
        | None
    ) = None
    """Metadata of each session: at most 16 pairs of texts. Default: none."""


class ExistingSession(Part):
    """An existing session, which gets instructions at each run."""

    type: Literal["existing_session"] = "existing_session"
    """Type of the target. Always `existing_session`."""
    session_id: SessionId
    """Id of the session."""
    instructions: Annotated[str, Field(min_length=1)]
    """Instructions that the session gets at each run."""


def _type(value: Any) -> str:
    given = value.get("type") if isinstance(value, Mapping) else getattr(value, "type", None)
    if given in (NEW, EXISTING):
        return str(given)
    is_existing = isinstance(value, Mapping) and not value.keys().isdisjoint(("session_id", "instructions"))
    return EXISTING if is_existing else NEW


Target: TypeAlias = Annotated[
    Annotated[NewSession, Tag(NEW)] | Annotated[ExistingSession, Tag(EXISTING)], Discriminator(_type)
]


class _LiveTarget(Spec):
    agent_id: AgentName


class LiveAutomation(Spec):
    """The references in the form of the API, where it differs from that of manifests."""

    target: _LiveTarget


def check(
    target: NewSession | ExistingSession, generation: int | None, resource: Resource, scope: Scope
) -> Iterator[Finding]:
    """Yield the violations of rules that the models of a target do not detect."""
    path = ("spec", TARGET)
    environment = target.environment if isinstance(target, NewSession) else None
    if isinstance(environment, HostedEnvironment):
        for finding in environments.check(environment, generation, resource, scope):
            is_inside = finding.path[:1] != path[:1]
            yield replace(finding, path=(*path, "environment", *finding.path)) if is_inside else finding
    elif environment in environments.TYPES:
        message = f"`{environment}` is a type of environment, and not the name of a template"
        yield Finding((*path, "environment"), "wrong-type", message, f"write `environment: {{type: {environment}}}`")
    elif generation is not None:
        message = "`generation` sends the secrets of the environment again, and there are none"
        yield Finding(("spec", "generation"), "no-secrets", message, "remove `generation`", on_key=True)
    if isinstance(target, NewSession):
        yield from _repeated(target.vault_ids or ())
    if isinstance(target, NewSession) and isinstance(target.agent, InlineAgent):
        for finding in inline_agent.check(target.agent, resource, scope):
            yield replace(finding, path=(*path, "agent", *finding.path))


def _repeated(vaults: Sequence[str]) -> Iterator[Finding]:
    seen = set[str]()
    for index, name in enumerate(one.removeprefix("vault/") for one in vaults):
        if name in seen:
            message = f"{name} is listed twice in `vault_ids`"
            yield Finding(("spec", TARGET, "vault_ids", index), "listed-twice", message, "remove one of both")
        seen.add(name)


def written(target: Fields) -> Fields:
    """Return a serialised target in the form of the API."""
    if target.get("type") == EXISTING or "session_id" in target:
        return {**target, "type": EXISTING}
    agent, environment, given = target["agent"], target["environment"], target["input"]
    if isinstance(environment, str) or is_reference(environment):
        environment = {"type": environments.HOSTED, environments.TEMPLATE: environment}
    if isinstance(given, str):
        given = [{"content": [{"type": "input_text", "text": given}]}]
    is_saved = isinstance(agent, str) or is_reference(agent)
    rest = {name: value for name, value in target.items() if name != "agent"}
    return {**rest, "type": NEW, "environment": environment, "input": given, "agent_id" if is_saved else "agent": agent}


def canonical(target: Fields) -> dict[str, JSON]:
    """Return a target as the API returns it, without null and without the values that no response has."""
    given = {name: value for name, value in target.items() if value is not None}
    if given.get("type") == EXISTING:
        return given
    if "agent" in given:
        given["agent"] = inline_agent.canonical(given["agent"])
    given["environment"] = environments.canonical(given.get("environment") or {})
    given["input"] = [{"type": "message", "role": "user", **message} for message in given.get("input") or []]
    given["vault_ids"] = sorted(given.get("vault_ids") or [], key=str)
    return {"metadata": {}, **given}


def rendered(target: Fields) -> dict[str, JSON]:
    """Return a canonical target for a request, without the values that no response has."""
    agent = target.get("agent")
    return {**target, "agent": inline_agent.rendered(agent)} if isinstance(agent, Mapping) else dict(target)


def target_risks(before: Fields, after: Fields) -> Iterator[Hazard]:
    """Yield the risks of a change of a target: its sessions reach more of the network, or get more credentials."""
    was, is_ = before.get(TARGET) or {}, after.get(TARGET) or {}
    yield from network_risks(was.get("environment") or {}, is_.get("environment") or {})
    known = was.get("vault_ids") or []
    vaults = [next(references_in(one), str(one)) for one in is_.get("vault_ids") or [] if one not in known]
    if was and vaults:
        yield Hazard("credentials-opened", {"vaults": sorted(vaults)})


def as_expected(target: Fields, expected: JSON) -> Fields:
    """Return a live target without what the server decides where `expected` leaves it open: the reasoning effort of the
    model, and members that this version does not know.
    """
    made, wanted = _known(target, expected, _MEMBERS), _members(expected)
    for name, members in (("environment", environments.MEMBERS), ("agent", inline_agent.MEMBERS)):
        if isinstance(made.get(name), Mapping):
            made[name] = _known(made[name], wanted.get(name), members)
    agent = made.get("agent")
    if isinstance(agent, Mapping) and isinstance(wanted.get("agent"), Mapping):
        asked = _members(wanted["agent"].get("reasoning"))
        live = _members(agent.get("reasoning"))
        kept = {name: value for name, value in live.items() if name != "effort" or name in asked}
        made["agent"] = {**agent, "reasoning": kept}
    return made


def _known(live: Fields, expected: JSON, members: frozenset[str]) -> dict[str, JSON]:
    wanted = _members(expected)
    return {name: value for name, value in live.items() if name in members or name in wanted}


def _members(value: JSON) -> Fields:
    """Return `value` if it is a mapping; else no members, as of a damaged entry of the state."""
    return value if isinstance(value, Mapping) else {}


_MEMBERS: Final = frozenset({"agent_id", *NewSession.model_fields, *ExistingSession.model_fields})

"""Automations: schedules that start sessions of an agent, or send instructions to a session."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, TypeAlias

from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from reconciler.resources.address import Address
from reconciler.resources.assistants.server_secrets import check_texts
from reconciler.resources.assistants.shared import Part
from reconciler.resources.automations.environment import HostedEnvironment, of_template
from reconciler.resources.automations.inline_agent import hidden
from reconciler.resources.automations.manifest import edited_target, edited_time, to_manifest, unknown_contents
from reconciler.resources.automations.schedule import (
    EXPRESSION,
    TIMEZONE,
    check_expression,
    check_timezone,
    has_passed,
    upcoming,
)
from reconciler.resources.automations.target import (
    HIDDEN,
    TARGET,
    LiveAutomation,
    NewSession,
    Target,
    as_expected,
    canonical,
    check,
    rendered,
    target_risks,
    written,
)
from reconciler.resources.base import Desired, Resource, Scope
from reconciler.resources.environment_settings import CONTENTS, GENERATION
from reconciler.resources.kind import Kind
from reconciler.resources.kinds.assistant import AGENT
from reconciler.resources.metadata import Metadata
from reconciler.resources.names import Title
from reconciler.resources.problems import Finding
from reconciler.resources.references import ids_in, localised, referred
from reconciler.resources.resource_type import ResourceType
from reconciler.resources.risks import Hazard
from reconciler.resources.values import JSON, Fields, digest, references_in, same

AGENTS: Final = "agents"
PAUSED: Final = "paused"
RUN_AT: Final = ("spec", "run_at")
_NOTHING: Final = Desired(Address("template", "none"), "environment_template", {})
"""The settings of a target without an environment that OpenAI hosts."""


def _seconds(value: Any) -> Any:
    """Return the Unix time of an RFC 3339 text."""
    if not isinstance(value, str):
        return value
    try:
        moment = datetime.fromisoformat(value.strip())
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        message = "{text} is not a date and time with an offset: write a text such as `2026-12-24T18:00:00+01:00`"
        raise PydanticCustomError("run_at", message, {"text": repr(value)})
    return int(moment.timestamp())


Moment: TypeAlias = Annotated[
    int,
    BeforeValidator(_seconds),
    Field(ge=0, le=253_402_300_799),
    WithJsonSchema({"anyOf": [{"type": "string", "format": "date-time"}, {"type": "integer", "minimum": 0}]}),
]


class AutomationSpec(Part):
    """A schedule that starts sessions of an agent, or sends instructions to a session."""

    target: Target
    """The work of a run: it starts a session of an agent, or sends instructions to an existing session."""
    expression: str | None = None
    """Cron expression of five fields: minute, hour, day of month, month, day of week. Requires `timezone`. Either this
    or `run_at` is required."""
    timezone: str | None = None
    """Time zone of `expression`, as an IANA name such as `Europe/London`."""
    run_at: Moment | None = None
    """Time of the only run, with an offset, in quotes: `"2026-12-24T18:00:00+01:00"`. Instead of `expression`."""
    paused: bool = False
    """Suspend the schedule. Without this field, a live automation stays paused or active. Default: `false`."""
    name: Title | None = None
    """Name of the automation at OpenAI: 1 to 256 bytes. Default: the name of the manifest."""
    metadata: Metadata | None = None
    """Metadata of the object at OpenAI: at most 12 pairs, keys of at most 64 characters, text values of at most 512.
    Keys that start with `reconciler-` are reserved. Default: none."""
    generation: int | None = Field(default=None, ge=1)
    """Number of the present secrets of the environment. Change it to send them again, after the environment variables
    have new values. Default: secrets are sent when another part of `target` changes."""


def _check(resource: Resource, scope: Scope) -> Iterator[Finding]:
    spec: AutomationSpec = resource.spec
    yield from _schedule(spec)
    yield from check(spec.target, spec.generation, resource, scope)
    yield from check_texts(spec, exclude={TARGET: {"environment": True, "agent": {"tools"}}})


def _schedule(spec: AutomationSpec) -> Iterator[Finding]:
    if spec.expression is None and spec.run_at is None:
        hint = "write `expression` and `timezone` for a repeated run, or `run_at` for one run"
        yield Finding(("spec",), "one-of", "the automation has no schedule", hint)
    if spec.expression is not None and spec.run_at is not None:
        yield Finding(RUN_AT, "one-of", "`run_at` and `expression` exclude each other", "remove one", on_key=True)
    elif spec.timezone is not None and spec.run_at is not None:
        hint = "remove it, and write the offset in `run_at`"
        yield Finding(TIMEZONE, "one-of", "`timezone` is only used with `expression`", hint, on_key=True)
    elif spec.expression is not None and spec.timezone is None:
        message = "`expression` requires a time zone"
        yield Finding(EXPRESSION, "missing-field", message, "add `timezone: UTC`, or another IANA name", on_key=True)
    if spec.expression is not None:
        yield from check_expression(spec.expression)
    if spec.timezone is not None:
        yield from check_timezone(spec.timezone)


def _agents(resources: Sequence[Resource]) -> Iterator[tuple[Resource, Finding]]:
    """Yield the automations whose agent is an assistant of another target."""
    automations = [resource for resource in resources if resource.kind is KIND]
    others = {
        resource.address: resource.spec.target
        for resource in (resources if automations else ())
        if resource.address.kind == "assistant" and resource.spec.target != AGENTS
    }
    for resource in automations if others else ():
        for path, address in referred(_written(resource)):
            if address in others:
                message = f"{address} has target `{others[address]}`, and an automation requires target `{AGENTS}`"
                hint = f"set `target: {AGENTS}` there, or name another assistant"
                yield resource, Finding(("spec", *path), "not-an-agent", message, hint)


def _written(resource: Resource) -> dict[str, JSON]:
    found: dict[str, JSON] = resource.spec.model_dump(by_alias=True, exclude_unset=True)
    return found


def _canonical(field: str, value: JSON) -> JSON:
    if field == TARGET:
        return canonical(value or {})
    if field == "metadata":
        return dict(value or {})
    if field == "expression" and isinstance(value, str):
        return " ".join(value.split())
    return value.strip() if field == "name" and isinstance(value, str) else value


def _desired(resource: Resource, scope: Scope) -> Iterator[Desired]:
    """Yield the automation, then the files of its environment. Values that no response has are those of a template."""
    spec: AutomationSpec = resource.spec
    given = {name: value for name, value in _written(resource).items() if value is not None and name != GENERATION}
    target = written(given[TARGET])
    kind = "once" if spec.expression is None else "periodic"
    fields = {"name": resource.address.name, "type": kind, **given, TARGET: target}
    environment = spec.target.environment if isinstance(spec.target, NewSession) else None
    template, *uploads = [_NOTHING]
    if isinstance(environment, HostedEnvironment):
        template, *uploads = of_template(environment, spec.generation, resource, scope)
    agent = dict(hidden(target["agent"])) if "agent" in target else {}
    yield Desired(
        address=resource.address,
        type=AUTOMATION.type,
        fields={name: _canonical(name, value) for name, value in fields.items()},
        place=resource.place,
        lifecycle=resource.lifecycle,
        write_only={**template.write_only, **{name: digest(value) for name, value in agent.items()}},
        unreadable={**template.unreadable, **agent},
        secrets={(TARGET, "environment", *path): name for path, name in template.secrets.items()},
        parts=template.parts,
    )
    yield from uploads


def _render(fields: Fields) -> dict[str, JSON]:
    """Return a request body, without the values that no response has. Pausing takes a request of its own."""
    own = {name: value for name, value in fields.items() if name not in HIDDEN | {PAUSED}}
    return {**own, TARGET: rendered(own[TARGET])} if TARGET in own else own


def _localise(fields: Fields, addresses: Callable[[str], Sequence[str]], expected: Fields) -> Fields:
    """Return live fields with references, and without what OpenAI decides: the reasoning effort that a model chose, and
    the pause of an automation that has ended, or whose target failed, as long as the manifest has the same target.
    """
    specs, wanted = AUTOMATION.specs, frozenset(references_in(dict(expected)))
    found = localised(specs, fields, addresses, wanted, frozenset(ids_in(specs, expected)))
    changed = {name: _canonical(name, value) for name, value in found.items() if value is not fields[name]}
    made = {**found, **changed}
    if isinstance(made.get(TARGET), Mapping):
        made[TARGET] = as_expected(made[TARGET], expected.get(TARGET))
    paused = made.get(PAUSED, False)
    if not isinstance(paused, bool):
        stays = paused is None or same(made.get(TARGET), expected.get(TARGET, made.get(TARGET)))
        made[PAUSED] = expected.get(PAUSED, False) if stays else True
    return made


def _fixed(detail: Mapping[str, JSON]) -> frozenset[str]:
    """Return the time of an automation that has run: the API accepts another one only before that."""
    return frozenset({"run_at"}) if detail.get("status") == "completed" else frozenset()


def _runs(fields: Fields, now: datetime) -> tuple[str, ...]:
    return () if fields.get(PAUSED) else upcoming(fields, now)


def _inline(fields: Fields) -> Fields:
    """Return the configuration of the agent that is not saved; empty if there is none."""
    found: Fields = (fields.get(TARGET) or {}).get("agent") or {}
    return found


def _risks(before: Fields, after: Fields) -> Iterator[Hazard]:
    was, wanted = _inline(before), _inline(after)
    if was and wanted:
        yield from AGENT.risks(was, wanted)
    yield from target_risks(before, after)


AUTOMATION: Final = ResourceType(
    type="automation",
    specs=(AutomationSpec, LiveAutomation),
    canonical=_canonical,
    render=_render,
    defaults={"metadata": {}, PAUSED: False},
    owned_by_key=frozenset({"metadata"}),
    immutable=frozenset({"type", TARGET}),
    changeable=frozenset(
        (TARGET, name)
        for name in ("agent", "agent_id", "environment", "input", "instructions", "metadata", "session_id", "vault_ids")
    ),
    fixed=_fixed,
    write_only=HIDDEN,
    renewed_by=GENERATION,
    unreadable_in=dict.fromkeys(HIDDEN, TARGET),
    inside_items=CONTENTS,
    is_confidential=True,
    apart=frozenset({PAUSED}),
    suspended={PAUSED: True},
    own_localise=_localise,
    models=lambda fields: AGENT.models(_inline(fields)),
    risks=_risks,
    refused=lambda fields, replaced: AGENT.refused(_inline(fields), replaced),
    prompt=lambda fields: AGENT.prompt(_inline(fields)),
    paid=lambda fields: AGENT.paid(_inline(fields)),
    runs=_runs,
    passed=has_passed,
)

KIND: Final = Kind(
    name="Automation",
    prefix="automation",
    models={"": AutomationSpec},
    desired=_desired,
    check=_check,
    check_all=_agents,
    to_manifest={"automation": to_manifest},
    stages=True,
    editors={TARGET: edited_target, "run_at": edited_time},
    unreadable=unknown_contents,
)

"""Environments of sessions: none, hosted by OpenAI, or hosted by the application.

Source: `openai.types.beta.environment_param` for requests, `automation_environment` for responses. A setting that is
not set is inherited from the template, and an empty list overrides it. A response has null in its place.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import Field

from reconciler.resources import environment_forms as forms
from reconciler.resources.assistants.shared import OMITTED, Part
from reconciler.resources.base import Desired, Path, Resource, Scope
from reconciler.resources.environment_settings import (
    GENERATION,
    AbsolutePath,
    Desktop,
    EnvironmentTemplateSpec,
    Files,
    Network,
    Packages,
    Plugins,
    SetupCommands,
    Skills,
    Variables,
)
from reconciler.resources.kinds.environment_template import INSIDE, KIND
from reconciler.resources.names import TemplateName
from reconciler.resources.problems import Finding
from reconciler.resources.values import JSON, Fields

HOSTED: Final = "openai_hosted"
SELF_HOSTED: Final = "self_hosted"
TYPES: Final = ("none", HOSTED, SELF_HOSTED)
TEMPLATE: Final = "environment_template_id"
HIDDEN: Final = frozenset({"env", "setup_commands", *INSIDE})
"""Names of the values that the API does not return."""
_SETTINGS: Final = frozenset({"network", *forms.DEFAULTS})


class NoEnvironment(Part):
    """A session without an environment."""

    type: Literal["none"]
    """Type of the environment. Always `none`."""


class HostedEnvironment(Part):
    """An environment that OpenAI hosts, from a template, from the fields here, or from a template with changes."""

    type: Literal["openai_hosted"]
    """Type of the environment. Always `openai_hosted`."""
    environment_template_id: TemplateName | None = None
    """Template of the environment: the name of a manifest, or the id of an unmanaged template. Other fields override
    its fields. Default: no template."""
    environment_id: Annotated[str, Field(min_length=1)] = OMITTED
    """Id of an environment that exists, in place of all other fields. Default: a new environment for each session."""
    container_size: Literal["small", "medium", "large"] = OMITTED
    """Size of the container. Default: `medium`."""
    network: Network | None = None
    """Network access. Required without a template, because the default depends on the version of the API."""
    packages: Packages | None = None
    """Packages to install. Default: those of the template."""
    files: Files | None = None
    """Files in the environment, at most 50. Default: those of the template."""
    skills: Skills | None = None
    """Skills in the environment, at most 200. Default: those of the template."""
    plugins: Plugins | None = None
    """Plugins in the environment, at most 32. Default: those of the template."""
    env: Variables | None = None
    """Environment variables, at most 1,024. A secret is written as `{$env: NAME}`. The API does not return them.
    Default: those of the template."""
    setup_commands: SetupCommands | None = None
    """Commands that are executed before the agent starts, at most 16, in this order. The API does not return them.
    Default: those of the template."""
    capability_directories: list[AbsolutePath] | None = None
    """Absolute paths of folders with skills and plugins for the agent. Default: those of the template."""
    desktop: Desktop | None = None
    """Desktop of the environment. Default: that of the template."""


class SelfHostedEnvironment(Part):
    """An environment that the application hosts."""

    type: Literal["self_hosted"]
    """Type of the environment. Always `self_hosted`."""
    workspace_directory: AbsolutePath
    """Absolute path of the project in the environment."""
    capability_directories: list[AbsolutePath] | None = None
    """Absolute paths of folders with skills and plugins for the agent. Default: none."""


Environment: TypeAlias = Annotated[
    NoEnvironment | HostedEnvironment | SelfHostedEnvironment, Field(discriminator="type")
]


MEMBERS: Final = frozenset({*HostedEnvironment.model_fields, *SelfHostedEnvironment.model_fields})


def check(
    environment: HostedEnvironment, generation: int | None, resource: Resource, scope: Scope
) -> Iterator[Finding]:
    """Yield the violations of the rules for templates, at paths inside the environment, and of those for automations.

    The path of a finding about the generation is that of `generation` in a template.
    """
    if "environment_id" in environment.model_fields_set:
        if environment.model_fields_set - {"type", "environment_id"}:
            message = "an environment that exists has its settings already"
            yield Finding(("environment_id",), "one-of", message, "remove it, or all other fields", on_key=True)
        return
    if environment.network is None and environment.environment_template_id is None:
        hint = "write `network: {access: disabled}`, or `enabled` or `restricted`"
        message = "the environment has neither a template nor `network`, whose default depends on the API"
        yield Finding(("network",), "missing-field", message, hint)
    for finding in KIND.check(_as_template(environment, generation, resource), scope):
        path: Path = finding.path if finding.path[1:] == (GENERATION,) else finding.path[1:]
        yield replace(finding, path=path)


def of_template(
    environment: HostedEnvironment, generation: int | None, resource: Resource, scope: Scope
) -> list[Desired]:
    """Return the objects of a template with the same settings: the template, then the uploads that it needs."""
    return list(KIND.desired(_as_template(environment, generation, resource), scope))


def _as_template(environment: HostedEnvironment, generation: int | None, resource: Resource) -> Resource:
    names = environment.model_fields_set & EnvironmentTemplateSpec.model_fields.keys()
    kept = {name: value for name in names if (value := getattr(environment, name)) is not None}
    found = {"network": Network(access="disabled"), "generation": generation, **kept}
    return resource.with_spec(EnvironmentTemplateSpec.model_construct({*kept, "network"}, **found))


def canonical(environment: Fields) -> dict[str, JSON]:
    """Return an environment as the API returns it, without null and without what the API does not return."""
    given = {name: value for name, value in environment.items() if value is not None and name not in HIDDEN}
    if given.get("type") == SELF_HOSTED:
        given.pop("environment_id", None)  # of the registration, which no request has
        return {"capability_directories": [], **given}
    return {name: forms.canonical(name, value) if name in _SETTINGS else value for name, value in given.items()}


def to_manifest(environment: Fields) -> tuple[JSON, tuple[str, ...]]:
    """Return a canonical environment as a manifest has it, and a message for each omission."""
    if environment.get("type") != HOSTED:
        return {name: value for name, value in environment.items() if value != []}, ()
    made = {name: forms.written(name, value) for name, value in environment.items()}
    inline = sorted(name for name in forms.LISTS if forms.inline_names(name, environment.get(name)))
    lost = ["variables, setup commands and blocked domains of the environment, which cannot be read"]
    for name in inline:
        del made[name]
        lost.append(f"`{name}` of the environment, because the content of an entry cannot be read")
    return (made[TEMPLATE] if made.keys() == {"type", TEMPLATE} else made), tuple(lost)


def unknown_contents(desired: Fields, live: Fields) -> list[str]:
    """Return the names of the entries of a live environment whose content the manifest does not have."""
    return [part for name in forms.LISTS for part in forms.unknown_contents(name, desired.get(name), live.get(name))]

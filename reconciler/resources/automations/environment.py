"""Environments of sessions: none, hosted by OpenAI, or hosted by the application.

Source: `openai.types.beta.environment_param` for requests, `automation_environment` for responses. A member that is not
set is inherited from the template, and an empty list overrides it. A response has null in its place.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from reconciler.resources.assistants.containers import SkillReference
from reconciler.resources.assistants.server_secrets import secret_headers
from reconciler.resources.assistants.shared import OMITTED, Part
from reconciler.resources.base import Path
from reconciler.resources.names import FileName, TemplateName
from reconciler.resources.problems import Finding
from reconciler.resources.secrets import ENV, INSTEAD, EnvReference, Secret
from reconciler.resources.values import JSON, Fields

WORKSPACE: Final = "/workspace"
HOSTED: Final = "openai_hosted"
TEMPLATE: Final = "environment_template_id"
_PACKAGES: Final = ("npm", "python", "system")


def _inside(path: str) -> str:
    if not path.startswith(f"{WORKSPACE}/") or ".." in path.split("/"):
        message = "{path} is not a path inside {workspace}: write a path such as `{workspace}/data.csv`"
        raise PydanticCustomError("workspace", message, {"path": repr(path), "workspace": WORKSPACE})
    return path


def _exact(domain: str) -> str:
    if not domain or any(character in domain for character in "*/:[] "):
        message = "{domain} is not an exact host name: write it without scheme, port, path and wildcard"
        raise PydanticCustomError("domain", message, {"domain": repr(domain)})
    return domain


Domains: TypeAlias = Annotated[list[Annotated[str, AfterValidator(_exact)]], Field(max_length=100)]


class Network(Part):
    """Network access of an environment."""

    access: Literal["enabled", "disabled", "restricted"]
    """Access: `enabled`, `disabled`, or `restricted` to some domains."""
    allowed_domains: Domains | None = None
    """Exact host names that may be accessed, at most 100, with `access: restricted`. Default: none."""
    blocked_domains: Domains | None = None
    """Exact host names that may not be accessed, instead of `allowed_domains`, with `access: restricted`. The API does
    not return them. Default: none."""


class Packages(Part):
    """Packages that are installed in an environment."""

    python: list[str] | None = None
    """Python packages, such as `pandas==2.2`. Default: none."""
    npm: list[str] | None = None
    """npm packages, installed globally. Default: none."""
    system: list[str] | None = None
    """System packages. Default: none."""


class Desktop(Part):
    """The desktop of an environment."""

    enabled: bool
    """Provide a desktop and a browser."""


class SetupCommand(Part):
    """A command that runs before the agent starts."""

    command: Annotated[str, Field(min_length=1, max_length=65_536)]
    """Shell command, at most 65,536 characters."""
    cwd: Annotated[str, Field(max_length=4096)] | None = None
    """Absolute working directory. Default: `/workspace`."""


class EnvironmentFile(Part):
    """A file that is available before the agent starts."""

    type: Literal["file_id"] = "file_id"
    """Source of the file. Always `file_id`."""
    file_id: FileName
    """Path of a file of the project, which is uploaded, or the id of an unmanaged upload (`file-…`)."""
    path: Annotated[str, AfterValidator(_inside), Field(max_length=4096)]
    """Absolute path inside `/workspace`."""


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
    container_size: Literal["small", "medium", "large"] = OMITTED
    """Size of the container. Default: `medium`."""
    network: Network | None = None
    """Network access. Required without a template, because the default depends on the version of the API."""
    packages: Packages | None = None
    """Packages to install. Default: those of the template."""
    files: Annotated[list[EnvironmentFile], Field(max_length=50)] | None = None
    """Files, at most 50. Default: those of the template."""
    skills: Annotated[list[SkillReference], Field(max_length=200)] | None = None
    """Skills, at most 200. Default: those of the template."""
    env: dict[Annotated[str, Field(min_length=1, max_length=256)], Secret | str] | None = None
    """Environment variables: text, or `{$env: NAME}` for a secret, which is read when a request is sent. The API does
    not return them. Default: those of the template."""
    setup_commands: Annotated[list[SetupCommand], Field(max_length=16)] | None = None
    """Commands that run before the agent starts, at most 16. The API does not return them. Default: those of the
    template."""
    capability_directories: list[str] | None = None
    """Absolute directories with capabilities of the agent. Default: those of the template."""
    desktop: Desktop | None = None
    """Desktop of the environment. Default: that of the template."""


class SelfHostedEnvironment(Part):
    """An environment that the application hosts."""

    type: Literal["self_hosted"]
    """Type of the environment. Always `self_hosted`."""
    workspace_directory: Annotated[str, Field(min_length=1)]
    """Absolute directory of the project in the environment."""
    capability_directories: list[str] | None = None
    """Absolute directories with capabilities of the agent. Default: none."""


Environment: TypeAlias = Annotated[
    NoEnvironment | HostedEnvironment | SelfHostedEnvironment, Field(discriminator="type")
]


def check(environment: HostedEnvironment, path: Path) -> Iterator[Finding]:
    """Yield the violations of rules over several fields of an environment, whose place is `path`."""
    if environment.network is None and environment.environment_template_id is None:
        hint = "write `network: {access: disabled}`, or `enabled` or `restricted`"
        message = "the environment has neither a template nor `network`, whose default depends on the API"
        yield Finding((*path, "network"), "missing-field", message, hint)
    if environment.network is not None:
        yield from _domains(environment.network, (*path, "network"))
    given = {name: value for name, value in (environment.env or {}).items() if not isinstance(value, EnvReference)}
    for name in secret_headers(given):
        message = f"the variable `{name}` may contain a secret, which must not be in Git"
        yield Finding((*path, "env", name), "secret", message, INSTEAD)


def _domains(network: Network, path: Path) -> Iterator[Finding]:
    given = [name for name in ("allowed_domains", "blocked_domains") if getattr(network, name)]
    if given and network.access != "restricted":
        message = f"`{given[0]}` requires `access: restricted`"
        yield Finding((*path, given[0]), "needs-restricted", message, "set `access: restricted`, or remove it")
    elif len(given) > 1:
        message = "`allowed_domains` and `blocked_domains` exclude each other"
        yield Finding((*path, given[1]), "one-of", message, "remove one of them")


def canonical(environment: Fields) -> dict[str, JSON]:
    """Return an environment as the API returns it, without null."""
    given = {name: value for name, value in environment.items() if value is not None and name not in _HIDDEN}
    if given.get("type") == "self_hosted":
        return {"capability_directories": [], **given}
    return {name: _COMPLETE[name](value) if name in _COMPLETE else value for name, value in given.items()}


def hidden(environment: Fields) -> Iterator[tuple[str, JSON]]:
    """Yield the parts of a written environment that the API does not return, by name; of a secret, the variable."""
    for name in _HIDDEN:
        if environment.get(name) is not None:
            yield name, _plain(environment[name])
    blocked = (environment.get("network") or {}).get("blocked_domains")
    if blocked:
        yield "blocked_domains", blocked


def _plain(value: JSON) -> JSON:
    if isinstance(value, EnvReference):
        return {ENV: value.name}
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def rendered(environment: Fields, parts: Fields) -> dict[str, JSON]:
    """Return the environment for a request, with the parts that the API does not return. Secrets are added later."""
    found = {**environment, **{name: parts[name] for name in _HIDDEN if parts.get(name) is not None}}
    if "env" in found:
        found["env"] = {name: value for name, value in found["env"].items() if isinstance(value, str)}
    if parts.get("blocked_domains"):
        found["network"] = {**found["network"], "blocked_domains": parts["blocked_domains"]}
    return found


def to_manifest(environment: Fields) -> tuple[JSON, tuple[str, ...]]:
    """Return a canonical environment as a manifest has it, and a message for each omission."""
    if environment.get("type") != HOSTED:
        return dict(environment), ()
    lost = ("variables, setup commands and blocked domains of the environment, which cannot be read",)
    if environment.keys() == {"type", TEMPLATE}:
        return environment[TEMPLATE], lost
    return dict(environment), lost


def _network(value: Fields) -> dict[str, JSON]:
    return {"access": value.get("access"), "allowed_domains": value.get("allowed_domains") or []}


def _packages(value: Fields) -> dict[str, JSON]:
    return {name: value.get(name) or [] for name in _PACKAGES}


def _files(value: JSON) -> list[JSON]:
    return [{"type": "file_id", **one} for one in value]


def _skills(value: JSON) -> list[JSON]:
    return [{name: item for name, item in one.items() if item is not None} for one in value]


_HIDDEN: Final = ("env", "setup_commands")
_COMPLETE: Final = {"files": _files, "network": _network, "packages": _packages, "skills": _skills}
PARTS: Final = (*_HIDDEN, "blocked_domains")
"""Names of the parts that the API does not return."""

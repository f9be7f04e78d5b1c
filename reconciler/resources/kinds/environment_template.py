"""Environment templates: the network, the packages, the files and the skills of environments that OpenAI hosts.

The API does not return `env`, `setup_commands`, blocked domains and the content of inline files, skills and plugins.
The state has their digests, but never those of secrets.
"""

import base64
import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from reconciler.resources.base import Desired, Live, LocalFile, Resource, Scope
from reconciler.resources.environment_forms import DEFAULTS, canonical, inline_names, unknown_contents, written
from reconciler.resources.environment_rules import check
from reconciler.resources.environment_settings import (
    CONTENTS,
    GENERATION,
    EnvironmentTemplateSpec,
    InlineFile,
    InlineSkill,
    Plugin,
    decoded,
)
from reconciler.resources.kind import Kind, SpecDraft
from reconciler.resources.kinds.file import file_objects
from reconciler.resources.resource_type import ResourceType
from reconciler.resources.risks import network_risks
from reconciler.resources.secrets import EnvReference
from reconciler.resources.values import JSON, digest

PREFIX: Final = "template"
EMPTY_ENV: Final = "empty_env"
"""The entry of a manifest that sets no variables, so that those of the template are removed."""
INSIDE: Final[Mapping[str, str]] = {
    "blocked_domains": "network",
    "file_contents": "files",
    "skill_sources": "skills",
    "plugin_sources": "plugins",
    GENERATION: "env",
    EMPTY_ENV: "env",
}
"""The entries that are in the items of a list, by the path or the name of the item."""
_READABLE: Final = frozenset({"network", *DEFAULTS})
_CWD: Final = "/workspace"


def _desired(resource: Resource, scope: Scope) -> Iterator[Desired]:
    spec: EnvironmentTemplateSpec = resource.spec
    written = spec.model_dump(by_alias=True, exclude_unset=True, include=set(_READABLE))
    named = {"name": resource.address.name if spec.name is None else spec.name, **written}
    parts = {source: local for source in _archives(spec) if isinstance(local := scope.files.read(source), LocalFile)}
    yield Desired(
        address=resource.address,
        type=TEMPLATE.type,
        fields={name: canonical(name, value) for name, value in named.items()},
        place=resource.place,
        lifecycle=resource.lifecycle,
        write_only={**dict(_settings(spec)), **dict(_contents(spec, parts))},
        unreadable=_unreadable(spec),
        secrets={("env", key): value.name for key, value in _env(spec).items() if isinstance(value, EnvReference)},
        parts=tuple(parts.values()),
    )
    yield from file_objects(written.get("files") or [], scope, is_staged=True)


def _env(spec: EnvironmentTemplateSpec) -> Mapping[str, EnvReference | str]:
    return spec.env or {}


def _commands(spec: EnvironmentTemplateSpec) -> list[dict[str, JSON]]:
    return [{"command": one.command, "cwd": one.cwd or _CWD} for one in spec.setup_commands or ()]


def _inline(spec: EnvironmentTemplateSpec) -> Iterator[tuple[str, InlineSkill | Plugin]]:
    """Yield the skills and plugins with a content of their own, each with the name of the entry for its source."""
    yield from (("skill_sources", one) for one in spec.skills or () if isinstance(one, InlineSkill))
    yield from (("plugin_sources", one) for one in spec.plugins or ())


def _archives(spec: EnvironmentTemplateSpec) -> list[str]:
    """Return the paths of the archives in the project folder."""
    return sorted({one.source for _, one in _inline(spec) if isinstance(one.source, str)})


def _settings(spec: EnvironmentTemplateSpec) -> Iterator[tuple[str, str]]:
    """Yield the digests of the settings that the API does not return; of a secret, the name of its variable."""
    if "env" in spec.model_fields_set and not spec.env:
        yield EMPTY_ENV, "true"
    for key, value in _env(spec).items():
        yield f"env.{key}", f"$env:{value.name}" if isinstance(value, EnvReference) else digest(value)
    if spec.generation is not None:
        yield GENERATION, str(spec.generation)
    if "setup_commands" in spec.model_fields_set:
        yield "setup_commands", digest(_commands(spec))
    if "blocked_domains" in spec.network.model_fields_set:
        yield "blocked_domains", digest(_blocked(spec))


def _contents(spec: EnvironmentTemplateSpec, parts: Mapping[str, LocalFile]) -> Iterator[tuple[str, str]]:
    """Yield the digests of the contents that the API does not return."""
    for file in spec.files or ():
        if isinstance(file, InlineFile):
            yield f"file_contents.{file.path}", _digest(file.content)
    for name, one in _inline(spec):
        if not isinstance(one.source, str):
            yield f"{name}.{one.name}", _digest(decoded(one.source.data))
        elif one.source in parts:
            yield f"{name}.{one.name}", f"sha256:{parts[one.source].sha256}"


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _blocked(spec: EnvironmentTemplateSpec) -> list[str]:
    return sorted(host.lower() for host in spec.network.blocked_domains or ())


def _unreadable(spec: EnvironmentTemplateSpec) -> dict[str, JSON]:
    """Return what the API does not return, except secrets. The source of an archive in the project is its path."""
    found: dict[str, JSON] = {}
    if "env" in spec.model_fields_set:
        found["env"] = {key: value for key, value in _env(spec).items() if isinstance(value, str)}
    if "setup_commands" in spec.model_fields_set:
        found["setup_commands"] = _commands(spec)
    if spec.network.blocked_domains:
        found["blocked_domains"] = _blocked(spec)
    found["file_contents"] = {
        one.path: base64.b64encode(one.content).decode() for one in spec.files or () if isinstance(one, InlineFile)
    }
    for name, one in _inline(spec):
        source = one.source if isinstance(one.source, str) else one.source.model_dump()
        found.setdefault(name, {})[one.name] = source
    return found


def _to_manifest(live: Live, name: str, called: Callable[[str], str]) -> SpecDraft:
    """Return the spec of a live template. A list with an entry whose content cannot be read is left out, so that it is
    not managed, and stays as it is.
    """
    fields, network = live.fields, live.fields["network"] or {}
    own = {"name": fields["name"]} if fields["name"] not in (None, name) else {}
    spec: dict[str, JSON] = {**own, "network": written("network", network)}
    losses = ["`env` and `setup_commands`, which cannot be read: they stay as they are until the manifest sets them"]
    if network.get("access") == "restricted" and not network.get("allowed_domains"):
        losses.append("`network.blocked_domains`, which cannot be read: the next write of `network` removes them")
    for field, default in DEFAULTS.items():
        inline = inline_names(field, fields[field])
        if inline:
            losses.append(f"`{field}`, which stays as it is: the content of {', '.join(inline)} cannot be read")
        elif fields[field] != default:
            spec[field] = written(field, fields[field])
    notes: dict[tuple[str, ...], str] = {
        (field, str(index), key): called(entry[key])
        for field, key in (("files", "file_id"), ("skills", "skill_id"))
        for index, entry in enumerate(spec.get(field, ()))
    }
    return SpecDraft(spec, notes, tuple(losses))


TEMPLATE: Final = ResourceType(
    type="environment_template",
    prefix=PREFIX,
    identity="state",
    specs=(EnvironmentTemplateSpec,),
    canonical=canonical,
    render=dict,
    defaults=DEFAULTS,
    write_only=frozenset({"env", "setup_commands", *INSIDE}),
    unreadable_in=INSIDE,
    inside_items=CONTENTS,
    is_confidential=True,
    renewed_by=GENERATION,
    risks=network_risks,
)

KIND: Final = Kind(
    name="EnvironmentTemplate",
    prefix=PREFIX,
    models={"": EnvironmentTemplateSpec},
    desired=_desired,
    check=check,
    to_manifest={"environment_template": _to_manifest},
    folder="templates",
    stages=True,
    unreadable=unknown_contents,
)

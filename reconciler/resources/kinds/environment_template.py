"""Environment templates: the network, the packages, the files and the skills of environments that OpenAI hosts.

The API does not return `env`, `setup_commands`, blocked domains and the content of inline files, skills and plugins.
The state has their digests, but never those of secrets.
"""

import base64
import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from posixpath import dirname
from typing import Final

from pydantic import Field

from reconciler.resources.assistants.containers import SkillReference
from reconciler.resources.assistants.server_secrets import contains_secret, is_secret_name
from reconciler.resources.base import Desired, Live, LocalFile, Path, Resource, Scope, Spec
from reconciler.resources.environment_settings import (
    ALL_INLINE_BYTES,
    ARCHIVE_BYTES,
    DEFAULTS,
    INLINE_BYTES,
    UPLOAD_BYTES,
    AbsolutePath,
    Desktop,
    Files,
    InlineFile,
    InlineSkill,
    Network,
    Packages,
    Plugin,
    Plugins,
    SetupCommands,
    Skills,
    UploadedFile,
    Variables,
    canonical,
    decoded,
)
from reconciler.resources.kind import Kind, SpecDraft
from reconciler.resources.kinds.file import file_objects, is_file_id
from reconciler.resources.problems import Finding
from reconciler.resources.resource_type import ResourceType
from reconciler.resources.risks import network_risks
from reconciler.resources.secrets import INSTEAD, EnvReference
from reconciler.resources.values import JSON, digest

PREFIX: Final = "template"
GENERATION: Final = "generation"
INSIDE: Final[Mapping[str, str]] = {
    "blocked_domains": "network",
    "file_contents": "files",
    "skill_sources": "skills",
    "plugin_sources": "plugins",
    GENERATION: "env",
}
_READABLE: Final = frozenset({"network", *DEFAULTS})
_CWD: Final = "/workspace"


class EnvironmentTemplateSpec(Spec):
    """An environment template: the configuration of the environments in which sessions of agents run."""

    network: Network
    """Network access after the setup. Required, because the default depends on the version of the API."""
    name: str | None = Field(default=None, min_length=1, max_length=256, pattern=r"\S")
    """Name of the template at OpenAI: 1 to 256 characters. Default: the name of the manifest."""
    packages: Packages | None = None
    """Packages to install. Default: none."""
    files: Files | None = None
    """Files in the environment, at most 50. Default: none."""
    skills: Skills | None = None
    """Skills in the environment, at most 200. Default: none."""
    plugins: Plugins | None = None
    """Plugins in the environment, at most 32. Default: none."""
    env: Variables | None = None
    """Environment variables, at most 1,024. A secret is written as `{$env: NAME}`. The API does not return them: a
    change in the manifest is applied, and a change outside Reconciler is not found. Default: none."""
    generation: int | None = Field(default=None, ge=1)
    """Number of the present secrets in `env`. Change it to send them again, after the environment variables have new
    values. Default: secrets are sent only when `env` is written."""
    setup_commands: SetupCommands | None = None
    """Commands that are executed before the agent starts, at most 16, in this order. The API does not return them.
    Default: none."""
    capability_directories: list[AbsolutePath] | None = None
    """Absolute paths of folders with skills and plugins for the agent. Default: none."""
    desktop: Desktop | None = None
    """Desktop of the environment. Default: disabled."""


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
        yield "env", digest({})
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


def _check(resource: Resource, scope: Scope) -> Iterator[Finding]:
    spec: EnvironmentTemplateSpec = resource.spec
    yield from _check_files(spec, scope)
    yield from _check_archives(spec, scope)
    yield from _check_names(spec)
    yield from _check_secrets(spec)


def _check_files(spec: EnvironmentTemplateSpec, scope: Scope) -> Iterator[Finding]:
    paths = Counter(one.path for one in spec.files or ())
    inline = 0
    for index, one in enumerate(spec.files or ()):
        at: Path = ("spec", "files", index)
        if paths[one.path] > 1:
            yield Finding((*at, "path"), "duplicate-path", f"{one.path} is the path of {paths[one.path]} files", _OTHER)
        elif above := next((path for path in _above(one.path) if path in paths), None):
            yield Finding((*at, "path"), "path-in-file", f"{above}, above {one.path}, is the path of a file", _OTHER)
        if isinstance(one, UploadedFile):
            yield from _check_upload(one, (*at, "file_id"), scope)
            continue
        size = len(one.content)
        inline += size
        if size > INLINE_BYTES:
            message = f"{one.path} has {size:,} bytes, and an inline file has at most {INLINE_BYTES:,} (5 MiB)"
            yield Finding(at, "file-too-large", message, _UPLOAD)
    if inline > ALL_INLINE_BYTES:
        message = f"the inline files have {inline:,} bytes, and at most {ALL_INLINE_BYTES:,} (10 MiB) are allowed"
        yield Finding(("spec", "files"), "files-too-large", message, _UPLOAD)


_OTHER: Final = "write another path"
_UPLOAD: Final = "add the file to the project, and set `type: file_id` and `file_id: PATH`"


def _above(path: str) -> Iterator[str]:
    while (path := dirname(path)) != "/":
        yield path


def _check_upload(one: UploadedFile, at: Path, scope: Scope) -> Iterator[Finding]:
    if is_file_id(one.file_id):
        return
    found = scope.files.read(one.file_id)
    if isinstance(found, Finding):
        yield Finding(at, found.code, found.message, found.hint, found.severity)
    elif found.bytes > UPLOAD_BYTES:
        message = f"{one.file_id} has {found.bytes:,} bytes, and at most {UPLOAD_BYTES:,} (50 MiB) are allowed"
        yield Finding(at, "file-too-large", message, "make the file smaller, or split it")


def _check_archives(spec: EnvironmentTemplateSpec, scope: Scope) -> Iterator[Finding]:
    for field, entries in (("skills", spec.skills), ("plugins", spec.plugins)):
        for index, one in enumerate(entries or ()):
            source, at = getattr(one, "source", None), ("spec", field, index, "source")
            size = 0
            if isinstance(source, str):
                found = scope.files.read(source)
                if isinstance(found, Finding):
                    yield Finding(at, found.code, found.message, found.hint, found.severity)
                else:
                    size = found.bytes
            elif source is not None:
                size = len(decoded(source.data))
            if size > ARCHIVE_BYTES:
                message = f"the archive has {size:,} bytes, and at most {ARCHIVE_BYTES:,} (50 MiB) are allowed"
                yield Finding(at, "archive-too-large", message, "remove files from the archive")


def _check_names(spec: EnvironmentTemplateSpec) -> Iterator[Finding]:
    for field, entries in (("skills", spec.skills), ("plugins", spec.plugins)):
        seen = set[str]()
        for index, one in enumerate(entries or ()):
            key = "skill_id" if isinstance(one, SkillReference) else "name"
            name = getattr(one, key).removeprefix("skill/" if key == "skill_id" else "")
            if name in seen:
                message = f"{name} is listed twice in `{field}`"
                yield Finding(("spec", field, index, key), "duplicate-name", message, "remove one of the two")
            seen.add(name)


def _check_secrets(spec: EnvironmentTemplateSpec) -> Iterator[Finding]:
    """Yield the secrets that are written as text. No message contains one."""
    for key, value in _env(spec).items():
        if isinstance(value, str) and value and (is_secret_name(key) or contains_secret(value)):
            yield Finding(
                ("spec", "env", key), "secret-as-text", f"{key} is a secret, which must not be in a manifest", INSTEAD
            )
    by_variable = "set it as a variable in `env` with `{$env: NAME}`, and use the variable here"
    for index, one in enumerate(spec.setup_commands or ()):
        if contains_secret(one.command):
            message = "the command contains a secret, which must not be in a manifest"
            yield Finding(("spec", "setup_commands", index, "command"), "secret-as-text", message, by_variable)
    for index, file in enumerate(spec.files or ()):
        if isinstance(file, InlineFile) and contains_secret(file.content.decode(errors="replace")):
            message = "the file contains a secret, which must not be in a manifest"
            yield Finding(("spec", "files", index), "secret-as-text", message, by_variable)
    if spec.generation is not None and not any(isinstance(value, EnvReference) for value in _env(spec).values()):
        message = "`generation` sends the secrets in `env` again, and there are none"
        yield Finding(("spec", GENERATION), "no-secrets", message, "remove `generation`")


def _to_manifest(live: Live, name: str, called: Callable[[str], str]) -> SpecDraft:
    """Return the spec of a live template. A list with an entry whose content cannot be read is left out, so that it is
    not managed, and stays as it is.
    """
    fields, network = live.fields, live.fields["network"] or {}
    own = {"name": fields["name"]} if fields["name"] not in (None, name) else {}
    spec: dict[str, JSON] = {**own, "network": {key: value for key, value in network.items() if value}}
    losses = ["`env` and `setup_commands`, which cannot be read: they stay as they are until the manifest sets them"]
    if network.get("access") == "restricted" and not network.get("allowed_domains"):
        losses.append("`network.blocked_domains`, which cannot be read: the next write of `network` removes them")
    for field, default in DEFAULTS.items():
        inline = _inline_names(field, fields[field])
        if inline:
            losses.append(f"`{field}`, which stays as it is: the content of {', '.join(inline)} cannot be read")
        elif fields[field] != default:
            spec[field] = _written(field, fields[field])
    notes: dict[tuple[str, ...], str] = {
        (field, str(index), key): called(entry[key])
        for field, key in (("files", "file_id"), ("skills", "skill_id"))
        for index, entry in enumerate(spec.get(field, ()))
    }
    return SpecDraft(spec, notes, tuple(losses))


def _inline_names(field: str, value: JSON) -> list[str]:
    """Return the names of the entries of a live list whose content cannot be read."""
    entries = value if field in _LISTS else ()
    return [one.get("path") or one["name"] for one in entries if one["type"] == "inline"]


_LISTS: Final = ("files", "skills", "plugins")


def _written(field: str, value: JSON) -> JSON:
    """Return a live value as a manifest has it, without what is not set."""
    if field == "packages":
        return {name: names for name, names in value.items() if names}
    if field == "skills":
        return [{name: item for name, item in one.items() if item is not None} for one in value]
    return value


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
    is_confidential=True,
    renewed_by=GENERATION,
    risks=network_risks,
)

KIND: Final = Kind(
    name="EnvironmentTemplate",
    prefix=PREFIX,
    models={"": EnvironmentTemplateSpec},
    desired=_desired,
    check=_check,
    to_manifest={"environment_template": _to_manifest},
    folder="templates",
    stages=True,
)

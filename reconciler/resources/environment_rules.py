"""Rules for environments over several values: paths, sizes, names, and secrets that are written as text."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from posixpath import dirname
from typing import Final

from reconciler.resources.assistants.containers import SkillReference
from reconciler.resources.assistants.server_secrets import check_texts, contains_secret, is_secret_name
from reconciler.resources.base import Path, Resource, Scope
from reconciler.resources.environment_settings import (
    ALL_INLINE_BYTES,
    ARCHIVE_BYTES,
    GENERATION,
    INLINE_BYTES,
    UPLOAD_BYTES,
    EnvironmentTemplateSpec,
    InlineFile,
    UploadedFile,
    decoded,
)
from reconciler.resources.names import SKILL, UPLOAD_ID
from reconciler.resources.problems import Finding
from reconciler.resources.secrets import INSTEAD, EnvReference

_OTHER: Final = "write another path"
_UPLOAD: Final = "add the file to the project, and set `type: file_id` and `file_id: PATH`"


def check(resource: Resource, scope: Scope) -> Iterator[Finding]:
    """Yield the violations of rules that the models cannot check."""
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


def _above(path: str) -> Iterator[str]:
    while (path := dirname(path)) != "/":
        yield path


def _check_upload(one: UploadedFile, at: Path, scope: Scope) -> Iterator[Finding]:
    if UPLOAD_ID.fullmatch(one.file_id):
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
            name = _name_of(one.skill_id) if isinstance(one, SkillReference) else one.name
            if name in seen:
                message = f"{name} is listed twice in `{field}`"
                yield Finding(("spec", field, index, key), "duplicate-name", message, "remove one of the two")
            seen.add(name)


def _name_of(skill: str) -> str:
    """Return the name of the manifest that a reference to a skill means, or the id."""
    target = SKILL.target(skill)
    return target.name if target else skill


def _check_secrets(spec: EnvironmentTemplateSpec) -> Iterator[Finding]:
    """Yield the secrets that are written as text. No message contains one."""
    for key, value in (spec.env or {}).items():
        if isinstance(value, str) and value and (is_secret_name(key) or contains_secret(value)):
            yield Finding(
                ("spec", "env", key), "secret-as-text", f"{key} is a secret, which must not be in a manifest", INSTEAD
            )
    by_variable = "set it as a variable in `env` with `{$env: NAME}`, and use the variable here"
    for finding in check_texts(spec, exclude={"env", "files"}):
        is_command = "setup_commands" in finding.path
        yield replace(finding, hint=by_variable) if is_command else finding
    for index, file in enumerate(spec.files or ()):
        if isinstance(file, InlineFile) and contains_secret(file.content.decode(errors="replace")):
            message = "the file contains a secret, which must not be in a manifest"
            yield Finding(("spec", "files", index), "secret-as-text", message, by_variable)
    if spec.generation is not None and not any(isinstance(value, EnvReference) for value in (spec.env or {}).values()):
        message = "`generation` sends the secrets in `env` again, and there are none"
        yield Finding(("spec", GENERATION), "no-secrets", message, "remove `generation`")

"""Skills: folders of the project with a SKILL.md, which hosted shells can open.

A skill at OpenAI has numbered versions, one of which is the default. Numbers of deleted versions are used again, so the
content is what identifies a version, never its number.
"""

import base64
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from posixpath import basename, dirname
from typing import Annotated, Final

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from reconciler.resources.address import NAME_PATTERN, NAME_RULE, composed, is_name
from reconciler.resources.base import Desired, Lifecycle, Live, LocalFile, Path, Resource, Scope, Spec
from reconciler.resources.front_matter import split
from reconciler.resources.kind import Kind, Naming, SpecDraft, may_be_manifest
from reconciler.resources.name_lists import few
from reconciler.resources.problems import Finding
from reconciler.resources.resource_type import ResourceType
from reconciler.resources.values import JSON

MANIFEST: Final = "SKILL.md"
CONTENT: Final = "content"
FILES: Final = "files"
"""The entry of a detail with the files of a skill, in Base64, by path."""
MOST_FILES: Final = 500
LARGEST_FILE: Final = 25 * 2**20
LARGEST_SKILL: Final = 50 * 2**20
"""Limits of the API: the guide "Skills"."""
_NAME: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_NAME_LENGTH: Final = 64
_DESCRIPTION_LENGTH: Final = 1024
_PROVIDED: Final = "openai-"
"""The start of the ids of skills that OpenAI provides."""
_WHERE: Final[Path] = ("spec", "folder")
_SHOWN: Final = 5


def _folder(path: str) -> str:
    names = [name for name in composed(path).split("/") if name not in ("", ".")]
    if not names or path.startswith("/") or ".." in names or re.search(r"[*?\[\\\x00-\x1f]", path):
        raise PydanticCustomError(
            "folder",
            "{path} is not a folder below the project folder: write a path such as `skills/notes`, without `..`, "
            "backslashes and patterns",
            {"path": repr(path)},
        )
    if hidden := next((name for name in names if name.startswith(".")), None):
        message = "{path} is in the hidden folder {name}, and hidden folders are not read: move it to another folder"
        raise PydanticCustomError("folder", message, {"path": repr(path), "name": hidden})
    return "/".join(names)


class SkillSpec(Spec):
    """A skill: instructions and files that an agent opens when a task requires them."""

    folder: Annotated[str, AfterValidator(_folder)] = Field(min_length=1)
    """Folder of the skill, relative to the project folder, with a `SKILL.md` whose front matter has the name and the
    description. All files below it belong to the skill, except hidden ones. Required."""


def members(parts: Iterable[LocalFile]) -> dict[str, LocalFile]:
    """Return the files of a skill by their path in it: relative to the folder of its SKILL.md."""
    found = {part.path: part for part in parts}
    folder = next((dirname(path) for path in found if _is_manifest(path)), "")
    return {path.removeprefix(f"{folder}/"): part for path, part in found.items()}


def front_matter(text: str) -> dict[str, JSON] | str:
    """Return the front matter of a SKILL.md, or the reason why there is none."""
    found = split(text)
    if found is None or not (found.closing and found.is_at_top):
        return "has no front matter: it must begin with a line `---`, and a second one must end the front matter"
    try:
        given = YAML(typ="safe", pure=True).load(found.yaml)
    except MarkedYAMLError as error:
        mark = error.problem_mark
        where = "" if mark is None else f" at line {mark.line + 2}, column {mark.column + 1}"
        fault = str(error.problem or error.context or "it cannot be read").splitlines()[0]
        return f"has front matter that is not valid YAML{where}: {fault}"
    except (YAMLError, ValueError, RecursionError) as error:
        return f"has front matter that is not valid YAML: {str(error).splitlines()[0]}"
    return given if isinstance(given, dict) else "has front matter that is not a mapping"


def _is_manifest(path: str) -> bool:
    return basename(path).casefold() == MANIFEST.casefold()


def _paths(spec: SkillSpec, scope: Scope) -> list[str]:
    return scope.files.glob(f"{spec.folder}/**/*")


def _check(resource: Resource, scope: Scope) -> Iterator[Finding]:
    spec: SkillSpec = resource.spec
    paths = _paths(spec, scope)
    found = [scope.files.read(path) for path in paths]
    yield from (replace(one, path=_WHERE) for one in found if isinstance(one, Finding))
    if not paths:
        hint = f"set `folder` to the folder that has the {MANIFEST}, relative to the project folder"
        yield Finding(_WHERE, "empty-folder", f"there are no files in {spec.folder}", hint)
        return
    files = [one for one in found if isinstance(one, LocalFile)]
    yield from _sizes(spec, files)
    yield from _links(spec, files)
    manifests = [path for path in paths if _is_manifest(path)]
    at_top = [path for path in manifests if dirname(path) == spec.folder]
    if len(at_top) == len(manifests) == 1:
        yield from _manifest(at_top[0], scope)
    else:
        yield _misplaced(spec, manifests, at_top)


def _misplaced(spec: SkillSpec, manifests: Sequence[str], at_top: Sequence[str]) -> Finding:
    """Return the finding for a folder that does not have exactly one SKILL.md, at the top."""
    if not manifests:
        hint = f"create {spec.folder}/{MANIFEST}, with `name` and `description` in its front matter"
        return Finding(_WHERE, "no-skill-md", f"there is no {MANIFEST} in {spec.folder}", hint)
    named = few(sorted(manifests), _SHOWN)
    if not at_top:
        hint = f"set `folder` to {dirname(manifests[0])}, or move the files"
        message = f"{MANIFEST} must be directly in {spec.folder}, but there is only {named}"
        return Finding(_WHERE, "nested-skill-md", message, hint)
    message = f"a skill has exactly one {MANIFEST}, but {spec.folder} has {len(manifests)}: {named}"
    return Finding(_WHERE, "several-skill-md", message, "move every other skill to a folder and a manifest of its own")


def _sizes(spec: SkillSpec, files: Sequence[LocalFile]) -> Iterator[Finding]:
    if len(files) > MOST_FILES:
        message = f"{spec.folder} has {len(files):,} files, and a skill has at most {MOST_FILES}"
        yield Finding(_WHERE, "too-many-files", message, "remove files, or move them out of the folder")
    for one in files:
        if one.bytes > LARGEST_FILE:
            message = f"{one.path} has {one.bytes:,} bytes, and a file of a skill has at most {LARGEST_FILE:,} (25 MiB)"
            yield Finding(_WHERE, "file-too-large", message, "remove the file, or move it out of the folder")
    total = sum(one.bytes for one in files)
    if total > LARGEST_SKILL:
        message = f"{spec.folder} has {total:,} bytes, and a skill has at most {LARGEST_SKILL:,} (50 MiB)"
        yield Finding(_WHERE, "skill-too-large", message, "remove files, or move them out of the folder")


def _links(spec: SkillSpec, files: Sequence[LocalFile]) -> Iterator[Finding]:
    for one in files:
        if one.target and not one.target.startswith(f"{spec.folder}/"):
            message = f"{one.path} is a link to {one.target}, which is outside {spec.folder}"
            yield Finding(_WHERE, "link-outside", message, "replace the link with a copy of the file")


def _manifest(path: str, scope: Scope) -> Iterator[Finding]:
    """Yield the violations of the rules for a SKILL.md."""
    text = scope.files.text(path)
    if isinstance(text, Finding):
        yield replace(text, path=_WHERE)
        return
    given = front_matter(text)
    if isinstance(given, str):
        hint = "write `---`, `name: …`, `description: …` and `---` at its top"
        yield Finding(_WHERE, "bad-front-matter", f"{path} {given}", hint)
        return
    for field, fault, hint in (*_name_fault(given.get("name")), *_description_fault(given.get("description"))):
        yield Finding(_WHERE, f"bad-skill-{field}", f"{path}: `{field}` {fault}", hint)


def _name_fault(name: JSON) -> Iterator[tuple[str, str, str]]:
    rule = f"write at most {_NAME_LENGTH} lower-case letters and digits, with single hyphens between them"
    if name is None:
        yield "name", "is missing from the front matter", rule
    elif not isinstance(name, str):
        yield "name", f"must be text, not {name!r}", rule
    elif len(name) > _NAME_LENGTH:
        yield "name", f"has {len(name)} characters, and at most {_NAME_LENGTH} are allowed", rule
    elif not _NAME.fullmatch(name):
        yield "name", f"{name!r} is not a valid name of a skill", rule


def _description_fault(description: JSON) -> Iterator[tuple[str, str, str]]:
    rule = f"write what the skill does and when to use it, in at most {_DESCRIPTION_LENGTH:,} characters"
    if description is None or (isinstance(description, str) and not description.strip()):
        yield "description", "is missing from the front matter", rule
    elif not isinstance(description, str):
        yield "description", f"must be text, not {description!r}", rule
    elif len(description) > _DESCRIPTION_LENGTH:
        yield (
            "description",
            f"has {len(description):,} characters, and at most {_DESCRIPTION_LENGTH:,} are allowed",
            rule,
        )


def _desired(resource: Resource, scope: Scope) -> Iterator[Desired]:
    """Yield the skill. Of a copy that a release makes, the content alone is compared: it has the rest."""
    found = (scope.files.read(path) for path in _paths(resource.spec, scope))
    parts = tuple(part for part in found if isinstance(part, LocalFile))
    manifest = next((part.path for part in parts if _is_manifest(part.path)), "")
    text = scope.files.text(manifest) if manifest else ""
    given = front_matter(text) if isinstance(text, str) else ""
    described = {name: given.get(name) for name in ("name", "description")} if isinstance(given, dict) else {}
    content = {path: part.sha256 for path, part in sorted(members(parts).items())}
    yield Desired(
        address=resource.address,
        type=SKILL.type,
        fields={**{name: _canonical(name, value) for name, value in described.items()}, CONTENT: content},
        place=resource.place,
        lifecycle=_lifecycle(resource.lifecycle),
        parts=parts,
    )


def _lifecycle(written: Lifecycle) -> Lifecycle:
    """Return the lifecycle with the fields that the folder sets in place of `folder`."""
    if "folder" not in written.ignore:
        return written
    return written.model_copy(update={"ignore": ("name", "description", CONTENT)})


def _canonical(_field: str, value: JSON) -> JSON:
    return value.strip() if isinstance(value, str) else value


def _to_manifest(live: Live, name: str, _called: Callable[[str], str]) -> SpecDraft:
    return _draft(f"skills/{name}", live)


def _pulled(spec: SkillSpec, live: Live) -> SpecDraft:
    return _draft(spec.folder, live)


def _draft(folder: str, live: Live) -> SpecDraft:
    """Return the spec and the files for the content of a live skill, without files that a folder cannot have."""
    held = {path: base64.b64decode(text) for path, text in live.detail.get(FILES, {}).items()}
    kept = {path: content for path, content in held.items() if not _obstacle(path, content)}
    losses = tuple(f"{path!r}: {_obstacle(path, held[path])}" for path in sorted(held.keys() - kept.keys()))
    return SpecDraft(
        {"folder": folder}, losses=losses, files={f"{folder}/{path}": content for path, content in kept.items()}
    )


def _obstacle(path: str, content: bytes) -> str:
    """Return the reason why a file of a skill cannot be a file of a project folder; empty if it can be one."""
    names = path.split("/")
    if any(name in ("", "..") or name.startswith(".") for name in names) or re.search(r"[\x00-\x1f\x7f\\:]", path):
        return "a path that project folders do not have"
    return "a file that would be read as a manifest" if _is_kind(path, content) else ""


def _is_kind(path: str, content: bytes) -> bool:
    """Return True if a file would be read as a manifest, or would be an error."""
    if path.endswith(".md"):
        parts = split(content.decode("utf-8", "replace"))
        return parts is not None and parts.declares_manifest
    if not path.endswith((".yaml", ".yml")):
        return False
    try:
        documents = list(YAML(typ="safe", pure=True).load_all(content.decode()))
    except (YAMLError, ValueError, RecursionError):
        return True
    return any(map(may_be_manifest, documents))


def _is_free_name(name: str) -> bool:
    return is_name(name) and not name.startswith(_PROVIDED)


SKILL: Final = ResourceType(
    type="skill",
    identity="state",
    canonical=_canonical,
    render=dict,
    defaults={},
    versioned=frozenset({CONTENT}),
    derived=frozenset({"name", "description"}),
)
"""`content` maps the path of a file in the skill to the SHA-256 of the file."""

KIND: Final = Kind(
    name="Skill",
    prefix="skill",
    models={"": SkillSpec},
    desired=_desired,
    check=_check,
    to_manifest={"skill": _to_manifest},
    naming=Naming(
        _is_free_name,
        f"{NAME_RULE}, and not starting with `{_PROVIDED}`, as the skills of OpenAI do",
        f"^(?!{_PROVIDED}){NAME_PATTERN}$",
    ),
    frozen="content",
    attaches=True,
    pulled=_pulled,
)

"""Drafts of manifests, made from values of the API: escaped, with long texts and schemas in separate files."""

import json
import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from reconciler.manifests.folder import is_lfs_pointer
from reconciler.resources.address import NAME_LENGTH
from reconciler.resources.front_matter import split
from reconciler.resources.values import JSON
from reconciler.resources.variables import PREFIX

Included: TypeAlias = dict[str, str | bytes]
"""Contents of files, by path relative to the project folder."""
_RESERVED: Final = frozenset({"true", "false", "null", "y", "n", "yes", "no", "on", "off"})
"""Words that YAML parsers read as values of other types."""


@dataclass(frozen=True)
class Draft:
    """One manifest that is not yet written to a file."""

    kind: str
    name: str
    spec: Mapping[str, JSON]
    """In the form of a manifest: references by name, `{"$file": PATH}` for a text or a schema in a separate file."""
    comment: str = ""
    """Origin of the object, written above the document."""
    notes: Mapping[tuple[str, ...], str] = field(default_factory=dict)
    """Comments written after values, by the path of the value inside `spec`."""
    included: Mapping[str, str | bytes] = field(default_factory=dict)
    """Contents of the files that `spec` includes or names, by path relative to the project folder."""


_ONE_BY_ONE: Final = 32
"""Numbers that are tried in order before `unique_name` skips some."""


def literal(value: JSON) -> JSON:
    """Escape `${var.` in every text of `value`, so that it is read as text and not as a variable."""
    if isinstance(value, str):
        return value.replace(PREFIX, f"${PREFIX}")
    if isinstance(value, Mapping):
        return {key: literal(item) for key, item in value.items()}
    if isinstance(value, list):
        return [literal(item) for item in value]
    return value


def unique_name(text: str, taken: Collection[str], fallback: str = "unnamed") -> str:
    """Return a valid name derived from any `text`. A suffix `-2`, `-3`, … is added if the name is one of `taken`."""
    name = _slug(text, NAME_LENGTH) or fallback
    used, free = 0, 1
    while _numbered(name, free) in taken:
        used, free = free, free + 1 if free < _ONE_BY_ONE else 2 * free
    while free - used > 1:  # of thousands of equal names, each is found in a few steps
        middle = (used + free) // 2
        used, free = (middle, free) if _numbered(name, middle) in taken else (used, middle)
    return _numbered(name, free)


def with_files(name: str, spec: Mapping[str, JSON]) -> tuple[dict[str, JSON], Included]:
    """Return the spec of the assistant `name` with `$file` in place of its instructions, the parameters of its
    functions and the schema of its structured output, and those files: `prompts/NAME.md`, `tools/NAME/FUNCTION.json`,
    `formats/NAME.json`.

    `spec` must be escaped by `literal`. A text that would not be read back unchanged from a file (one that is empty,
    begins with a byte order mark, like a Git LFS pointer or like a manifest, or contains a carriage return) stays in
    the spec.
    """
    included: Included = {}
    apart = dict(spec)
    instructions = apart.get("instructions")
    if isinstance(instructions, str) and _fits_a_file(instructions):
        apart["instructions"] = _put(included, f"prompts/{name}.md", instructions)
    if isinstance(apart.get("tools"), list):
        apart["tools"] = [_tool(tool, f"tools/{name}", included) for tool in apart["tools"]]
    text = apart.get("text")
    resource_type = text.get("format") if isinstance(text, Mapping) else None
    if (
        isinstance(text, Mapping)
        and isinstance(resource_type, Mapping)
        and isinstance(resource_type.get("schema"), Mapping)
    ):
        schema = _put(included, f"formats/{name}.json", _json(resource_type["schema"]))
        apart["text"] = {**text, "format": {**resource_type, "schema": schema}}
    answers = apart.get("response_format")
    nested = answers.get("json_schema") if isinstance(answers, Mapping) else None
    if isinstance(answers, Mapping) and isinstance(nested, Mapping) and isinstance(nested.get("schema"), Mapping):
        schema = _put(included, f"formats/{name}.json", _json(nested["schema"]))
        apart["response_format"] = {**answers, "json_schema": {**nested, "schema": schema}}
    return apart, included


def _fits_a_file(text: str) -> bool:
    """Return True if a Markdown file with this text is read back unchanged. Reading drops a byte order mark and a final
    line break, replaces carriage returns, and refuses LFS pointers. A text that declares a manifest would be one.
    """
    if not text or text.startswith("\ufeff") or "\r" in text or is_lfs_pointer(text.encode()):
        return False
    parts = split(text)
    return parts is None or not parts.declares_manifest


def _tool(tool: Any, folder: str, included: Included) -> Any:
    """Move the parameters of a function, or of the functions in a namespace, to files."""
    if not isinstance(tool, Mapping):
        return tool
    made = dict(tool)
    if made.get("type") == "namespace" and isinstance(made.get("tools"), list):
        made["tools"] = [_tool(inner, f"{folder}/{_file_name(made)}", included) for inner in made["tools"]]
    if made.get("type") == "function" and isinstance(made.get("function"), Mapping):
        made["function"] = _function(made["function"], folder, included)
    return _function(made, folder, included) if made.get("type") == "function" else made


def _function(made: Mapping[str, Any], folder: str, included: Included) -> Mapping[str, Any]:
    """Move the parameters of a function to a file."""
    if not isinstance(made.get("parameters"), Mapping) or not made["parameters"]:
        return made
    path = _free(f"{folder}/{_file_name(made)}", included)
    return {**made, "parameters": _put(included, path, _json(made["parameters"]))}


def _file_name(tool: Mapping[str, Any]) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "-", str(tool.get("name", ""))[:100]).strip("-") or "unnamed"


def _free(stem: str, included: Included) -> str:
    """Return a path that is not in use. Case is ignored, as it is in some file systems."""
    taken = {path.lower() for path in included}
    number = 1
    while (path := f"{stem}.json" if number == 1 else f"{stem}-{number}.json").lower() in taken:
        number += 1
    return path


def _put(included: Included, path: str, content: str) -> dict[str, str]:
    included[path] = content
    return {"$file": path}


def _json(value: JSON) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _slug(text: str, room: int) -> str:
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss")).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:room].strip("-")
    return f"{slug[: room - 2]}-x" if slug in _RESERVED or slug.isdigit() else slug


def _numbered(name: str, number: int) -> str:
    if number == 1:
        return name
    end = f"-{number}"
    return name[: NAME_LENGTH - len(end)].rstrip("-") + end

"""Prompt objects, which have no public specification: their fields at any position, and one of their versions.

Supported, on the prompt itself, in one of its `versions`, or inside `config`, `parameters` and the like: model,
`instructions`, `messages` (or `input`, `prompt`, `template`), tools, `variables`, and the arguments of
`responses.create`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from reconciler.migration.model import Case, Entry, Export, Part, list_of, lost, mapping_of, text_of
from reconciler.resources.values import JSON

PLACEHOLDER: Final = re.compile(r"(?<!\$)\{\{\s*([A-Za-z_][\w-]*)\s*\}\}")
_CONTAINERS: Final = (
    "config",
    "configuration",
    "body",
    "data",
    "definition",
    "parameters",
    "model_parameters",
    "settings",
)
_MESSAGES: Final = ("messages", "input", "prompt", "template")
_CHOSEN: Final = ("default_version", "active_version", "current_version", "published_version", "latest_version")
_FLAGS: Final = ("is_default", "default", "is_current", "active", "published")
_OF_VERSION: Final = frozenset({"versions", "version", *_CHOSEN, *_FLAGS, "status", "is_draft", "draft", "created_by"})
_SYSTEM: Final = ("system", "developer")
_FIRST: Final = "send it from the application as one of the first items of `input`, or of a new conversation"


def flattened(export: Export) -> tuple[Export, list[Part]]:
    """Return the prompt as one flat object with `instructions`, like an assistant, and the parts that were lost."""
    parts: list[Part] = []
    version = _version(export.value, parts)
    flat = _flat({**export.value, **version})
    texts = [text for text in _texts(flat, parts) if text]
    whole = {key: value for key, value in flat.items() if key not in {*_OF_VERSION, *_MESSAGES, "instructions"}}
    whole["id"] = export.value.get("id", flat.get("id"))
    whole["name"] = export.value.get("name") or flat.get("name")
    return replace(export, value={**whole, "instructions": "\n\n".join(texts)}), parts


def variables(case: Case) -> Iterator[Part]:
    """Return a part for every `{{name}}` in the instructions and every declared variable."""
    defaults = _declared(case.export.value.get("variables"))
    found = PLACEHOLDER.finditer(text_of(case.export.value.get("instructions")))
    used = {match[1]: match[0] for match in found}
    for name, written in used.items():
        default = f" (its default: {defaults[name][:80]!r})" if defaults.get(name) else ""
        yield Part(_filled(case, name, written, default))
    for name in defaults.keys() - used.keys():
        yield lost(f"variables.{name}", "not used in the instructions")


def substituted(case: Case, text: str) -> str:
    """Return the literal `text` with `${var.name}` in place of placeholders for variables of the project."""

    def variable(found: re.Match[str]) -> str:
        return f"${{var.{found[1]}}}" if found[1] in case.variables else found[0]

    return PLACEHOLDER.sub(variable, text) if case.export.kind == "prompt" else text


def _filled(case: Case, name: str, written: str, default: str) -> Entry:
    field = f"variables.{name}"
    if name in case.variables:
        return Entry(field, "changed", "instructions", f"replaced by the project variable `${{var.{name}}}`{default}")
    if case.target == "agents":
        hint = "pass the value in the first input of the session, or define a project variable and write ${var.…}"
        return Entry(field, "lost", "", f"agents do not fill in {written} in instructions{default}", hint)
    hint = f'request["instructions"] = request["instructions"].replace("{written}", value)'
    return Entry(
        field, "changed", "instructions", f"the application must replace {written} before sending{default}", hint
    )


def _version(value: Mapping[str, JSON], parts: list[Part]) -> Mapping[str, JSON]:
    """Return the version in use, or the last one; the others are lost."""
    versions = [item for item in list_of(value.get("versions")) if isinstance(item, dict)]
    if not versions:
        return mapping_of(next((value[key] for key in _CHOSEN if isinstance(value.get(key), dict)), None))
    chosen = _wanted(value, versions) or versions[max(range(len(versions)), key=lambda at: (_number(versions[at]), at))]
    for index, item in enumerate(versions):
        if item is not chosen:
            called = item.get("version", index + 1)
            used = chosen.get("version", "the one in use")
            hint = "versions are kept in Git from now on; to migrate this one too, export it as a prompt of its own"
            parts.append(lost(f"versions[{index}]", f"only version {used} is migrated, not version {called}", hint))
    return chosen


def _wanted(value: Mapping[str, JSON], versions: list[dict[str, JSON]]) -> dict[str, JSON] | None:
    names = {str(value[key]) for key in _CHOSEN if isinstance(value.get(key), str | int)}
    named = (item for item in versions if str(item.get("version")) in names or str(item.get("id")) in names)
    flagged = (item for item in versions if any(item.get(flag) is True for flag in _FLAGS))
    return next(named, None) or next(flagged, None)


def _number(version: Mapping[str, JSON]) -> int:
    digits = re.fullmatch(r"v?(\d{1,9})", str(version.get("version", "")))
    return int(digits[1]) if digits else -1


def _flat(value: Mapping[str, JSON]) -> dict[str, JSON]:
    """Return the fields with those of nested containers such as `config`; outer values take precedence."""
    flat = dict(value)
    for container in _CONTAINERS:
        inner = flat.pop(container, None) if isinstance(flat.get(container), dict) else None
        flat = {**_flat(inner), **flat} if inner else flat
    if isinstance(flat.get("prompt"), dict):
        flat = {**_flat(flat.pop("prompt")), **flat}
    return flat


def _texts(flat: Mapping[str, JSON], parts: list[Part]) -> Iterator[str]:
    """Return the texts of the instructions and of system and developer messages; other messages are lost."""
    yield from _of_field("instructions", flat.get("instructions"), parts)
    for field in _MESSAGES:
        yield from _of_field(field, flat.get(field), parts)


def _of_field(field: str, value: JSON, parts: list[Part]) -> Iterator[str]:
    if isinstance(value, str):
        yield value
        return
    for index, message in enumerate(list_of(value)):
        at = f"{field}[{index}]"
        if isinstance(message, str):
            yield message
        elif text_of(mapping_of(message).get("role")) in _SYSTEM:
            yield _content(at, message.get("content"), parts)
        else:
            role = text_of(mapping_of(message).get("role")) or text_of(mapping_of(message).get("type")) or "no role"
            parts.append(lost(at, f"a message with role {role} is not part of the instructions", _FIRST))


def _content(at: str, content: JSON, parts: list[Part]) -> str:
    if isinstance(content, str):
        return content
    texts: list[str] = []
    for index, item in enumerate(list_of(content)):
        text = mapping_of(item).get("text")
        if isinstance(text, str):
            texts.append(text)
        else:
            kind = text_of(mapping_of(item).get("type")) or "content without text"
            parts.append(lost(f"{at}.content[{index}]", f"{kind} is not supported in instructions", _FIRST))
    return "\n".join(texts)


def _declared(value: JSON) -> dict[str, str]:
    """Return the defaults of declared variables: from a mapping, a list of names, or a list of objects with `name`."""
    if isinstance(value, dict):
        return {name: _default(item) for name, item in value.items()}
    named = [item if isinstance(item, dict) else {"name": item} for item in list_of(value)]
    return {item["name"]: _default(item) for item in named if isinstance(item.get("name"), str)}


def _default(value: JSON) -> str:
    if isinstance(value, dict):
        return next((str(value[key]) for key in ("default", "default_value", "value", "text") if value.get(key)), "")
    return value if isinstance(value, str) else ""

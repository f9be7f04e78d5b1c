"""The conversion of a manifest from target `assistants` to another target, with its includes and references."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from reconciler.migration.drafting import assembled
from reconciler.migration.fields import agent_name, parts_of
from reconciler.migration.model import (
    Case,
    Entry,
    Export,
    Part,
    Presence,
    Target,
    list_of,
    lost,
    mapping_of,
    text_of,
)
from reconciler.resources.base import Resource
from reconciler.resources.values import JSON

ASSISTANTS: Final = "assistants"
INCLUDE: Final = "$file"
_NOT_MAPPED: Final = frozenset({"target", "name", "description"})
"""Fields that have another meaning in a manifest than in an export."""
CAPABILITIES: Final = frozenset({"tools", "tool_resources", "response_format"})
"""Fields without which an assistant does other things. A value of them that is lost prevents the conversion."""


@dataclass(frozen=True)
class Conversion:
    """The spec for another target, and the mapping of every field."""

    spec: Mapping[str, JSON]
    """The spec as a manifest has it: with `$file` and `${var.name}`."""
    expected: Mapping[str, JSON]
    """The same with the contents of included files."""
    parts: tuple[Part, ...]

    @property
    def prevented(self) -> Iterator[Entry]:
        """The losses that prevent the conversion."""
        return (
            part.entry for part in self.parts if part.entry.outcome == "lost" and root(part.entry.field) in CAPABILITIES
        )

    def renamed(self, field: str) -> str | None:
        """Return the top-level field of the new spec that has the values of `field`; None if there is none."""
        return next((part.keys[0] for part in self.parts if part.keys and root(part.entry.field) == field), None)


class _IncludedText(str):  # noqa: SLOT000 - it has an attribute
    """A text of an included file."""

    written: JSON


class _IncludedMapping(dict[str, Any]):
    """A mapping of an included file."""

    written: JSON


def convert(resource: Resource, written: Mapping[str, JSON], target: str, name: str) -> Conversion:
    """Return the spec of an assistant for `target`. `written` is its spec as the document has it, and `name` that of
    the new manifest.
    """
    value = {field: item for field, item in _marked(written, resource.written()).items() if field not in _NOT_MAPPED}
    references: dict[str, Presence] = dict.fromkeys(_texts(value.get("tool_resources")), "referenced")
    goal: Target = "agents" if target == "agents" else "responses"
    case = Case(Export("assistant", value, resource.place), goal, name, presence=references)
    parts = (*_named(resource.written(), case), *parts_of(case), *_of_extra(value))
    expected = assembled(case, parts)
    return Conversion(_restored(expected), expected, parts)


def root(field: str) -> str:
    """Return the first part of the name of a field: `tools` of `tools[2] function`."""
    return re.split(r"[ .\[]", field, maxsplit=1)[0]


def _marked(written: JSON, value: JSON) -> JSON:
    """Return the expanded `value` of `written`, in which included values remember how they are written."""
    if isinstance(written, dict) and INCLUDE in written:
        made: Any = value
        if isinstance(value, str):
            made = _IncludedText(value)
        elif isinstance(value, dict):
            made = _IncludedMapping(value)
        else:
            return value
        made.written = written
        return made
    if isinstance(written, dict) and isinstance(value, Mapping):
        return {key: _marked(written.get(key), item) for key, item in value.items()}
    if isinstance(written, list) and isinstance(value, list) and len(written) == len(value):
        return [_marked(one, item) for one, item in zip(written, value, strict=True)]
    return value


def _restored(value: JSON) -> JSON:
    if isinstance(value, _IncludedText | _IncludedMapping):
        return value.written
    if isinstance(value, dict):
        return {key: _restored(item) for key, item in value.items()}
    return [_restored(item) for item in value] if isinstance(value, list) else value


def _texts(value: JSON) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for item in value.values() if isinstance(value, dict) else list_of(value):
        yield from _texts(item)


def _named(spec: Mapping[str, JSON], case: Case) -> Iterator[Part]:
    """Yield the name and the description, which requests do not have and agents have in part."""
    name, description = text_of(spec.get("name")), spec.get("description")
    if name and case.target == "agents":
        yield agent_name(name)
    elif name:
        hint = f"applications select the assistant by the name of its manifest, `{case.name}`"
        yield lost("name", "requests do not have a name", hint)
    if description:
        hint = "the manifest of the old target keeps it; write a comment, or a pair in `metadata`, if it is needed"
        yield lost("description", f"target {case.target} does not have this field", hint)


def _of_extra(value: Mapping[str, JSON]) -> Iterator[Part]:
    """Yield the settings that this version does not know, which are not mapped."""
    for index, tool in enumerate(list_of(value.get("tools"))):
        for name in mapping_of(mapping_of(tool).get("extra")):
            hint = "remove it from `extra`, or write the manifest of the new target by hand"
            yield lost(f"tools[{index}].extra.{name}", "it is not known what this setting means elsewhere", hint)

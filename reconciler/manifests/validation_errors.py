"""Findings for pydantic's errors, with messages about the manifest and not about the model."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from reconciler.manifests.model_paths import model_path
from reconciler.resources.base import Path
from reconciler.resources.name_lists import did_you_mean, shown, suggestion
from reconciler.resources.problems import Finding, Shape
from reconciler.resources.secrets import AS_TEXT, INSTEAD, has_secrets

MAX_PROBLEMS: Final = 1_000
"""Largest number of problems that are reported for one document."""
_EXPECTED: Final[Mapping[str, Shape]] = {
    "string_type": "string",
    "int_type": "integer", "int_parsing": "integer", "int_from_float": "integer",
    "float_type": "number", "float_parsing": "number",
    "bool_type": "boolean", "bool_parsing": "boolean",
    "list_type": "list", "tuple_type": "list", "set_type": "list", "frozen_set_type": "list", "iterable_type": "list",
    "dict_type": "mapping", "mapping_type": "mapping", "model_type": "mapping", "model_attributes_type": "mapping",
    "none_required": "null",
}  # fmt: skip
_SHAPES: Final[Mapping[Shape, str]] = {
    "string": "a string",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "list": "a list",
    "mapping": "a mapping",
    "null": "nothing",
}
_FOUND: Final = {dict: "a mapping", list: "a list", type(None): "nothing", bool: "true or false"}
_NAME: Final = re.compile(r"[A-Za-z_][\w-]{0,39}")
_QUOTED: Final = re.compile(r"'((?:[^'\\]|\\.)*)'")


class Hidden(str):
    """The place of a text that may be a secret which is written in the wrong field: other text of the same length."""

    __slots__ = ()


def explain(error: ValidationError, model: type[BaseModel], value: Any, prefix: Path = ()) -> list[Finding]:
    """Return one finding for each error in `value`, whose path in the document is `prefix`.

    If several members of a union were tried, errors inside one of them replace the errors that the value does not have
    the type of another.
    """
    findings: list[Finding] = []
    mismatches: dict[Path, list[Shape]] = {}
    by_name: set[Path] = set()
    details = error.errors(include_url=False)
    hides = has_secrets(model)
    for detail in details[:MAX_PROBLEMS]:
        if hides and isinstance(detail.get("input"), str):
            detail["input"] = Hidden("*" * len(detail["input"]))
        if hides and "tag" in detail.get("ctx", {}):
            detail["ctx"]["tag"] = Hidden()
        at = model_path(model, detail["loc"], value)
        if detail["type"] in _EXPECTED:
            wanted = mismatches.setdefault(at.path, [])
            by_name |= {at.path} if detail["type"] == "dict_type" and at.path else set()
            wanted += [_EXPECTED[detail["type"]]] if _EXPECTED[detail["type"]] not in wanted else []
        else:
            finding = _finding(detail, at.path, at.siblings)
            findings.append(replace(finding, on_key=True) if detail["loc"][-1:] == ("[key]",) else finding)
    for path, wanted in mismatches.items():
        found = _at(value, path)
        finding = _mismatch(path, wanted, Hidden() if hides and isinstance(found, str) else found)
        if path in by_name and not hides and _are_names(found):
            keys = ", ".join(f"{name}: …" for name in found)
            finding = replace(finding, hint=f"write each name as a key: `{path[-1]}: {{{keys}}}`")
        findings.append(finding)
    if len(details) > MAX_PROBLEMS:
        message = f"{len(details) - MAX_PROBLEMS:,} more problems are not shown"
        findings.append(Finding((), "too-many-problems", message))
    above = {finding.path[:depth] for finding in findings for depth in range(len(finding.path))}
    better = (finding for finding in findings if finding.code != "wrong-type" or finding.path not in above)
    return [replace(finding, path=(*prefix, *finding.path)) for finding in better]


def _mismatch(path: Path, wanted: list[Shape], found: Any) -> Finding:
    hint = "write it in quotes" if wanted == ["string"] and isinstance(found, int | float) else ""
    message = f"expected {' or '.join(_SHAPES[shape] for shape in wanted)}, found {describe(found)}"
    return Finding(path, "wrong-type", message, hint, expected=tuple(wanted))


def _are_names(found: Any) -> bool:
    """Return True for a list of a few names, instead of which a mapping with these names may be meant."""
    return (
        isinstance(found, list)
        and 0 < len(found) <= 5
        and all(isinstance(one, str) and _NAME.fullmatch(one) for one in found)
    )


def describe(value: Any) -> str:
    """Return the description of a value for a message: the value itself if it is short, otherwise its type."""
    if isinstance(value, Hidden):
        return "a string"
    if isinstance(value, str):
        return f"the string {value!r}" if len(value) <= 40 else "a string"
    return str(value) if type(value) in {int, float} else _FOUND.get(type(value), "something else")


def _finding(detail: Mapping[str, Any], path: Path, siblings: frozenset[str]) -> Finding:
    make = _MAKERS.get(detail["type"])
    if make:
        return make(detail, path, siblings)
    for limit, words in _LIMITS.items():
        if limit in (detail.get("ctx") or {}):
            value, most = detail["input"], detail["ctx"][limit]
            message = words.format(most, _counted(value, most) if "_length" in limit else describe(value))
            return Finding(path, "out-of-range", message)
    message = detail["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    return Finding(path, "invalid-value", message[:1].lower() + message[1:])


def _counted(value: Any, limit: int) -> str:
    """Return the unit of a length and the length of a value: `items, found 3`."""
    unit = "character" if isinstance(value, str) else "item"
    return f"{unit}{'' if limit == 1 else 's'}, found {len(value):,}"


def _extra(detail: Mapping[str, Any], path: Path, siblings: frozenset[str]) -> Finding:
    del detail
    name = str(path[-1])
    return Finding(path, "unknown-field", f"unknown field {shown(name)}", suggestion(name, siblings), on_key=True)


def _missing(detail: Mapping[str, Any], path: Path, _siblings: frozenset[str]) -> Finding:
    del detail
    return Finding(path, "missing-field", f"the field `{path[-1]}` is missing")


def _choice(detail: Mapping[str, Any], path: Path, _siblings: frozenset[str]) -> Finding:
    allowed = _QUOTED.findall(detail["ctx"]["expected"])
    names = detail["ctx"]["expected"].replace("'", "`")
    hint = did_you_mean(str(detail["input"]), allowed)
    return Finding(path, "unknown-value", f"found {describe(detail['input'])}, expected {names}", hint)


def _tag(detail: Mapping[str, Any], path: Path, _siblings: frozenset[str]) -> Finding:
    context = detail["ctx"]
    allowed = _QUOTED.findall(context["expected_tags"])
    names = ", ".join(f"`{name}`" for name in allowed)
    field = context["discriminator"].strip("'")
    hint = did_you_mean(str(context["tag"]), allowed)
    tag = context["tag"]
    found = "another value" if isinstance(tag, Hidden) else shown(str(tag))
    return Finding((*path, field), "unknown-type", f"found {found}, expected one of {names}", hint)


def _no_tag(detail: Mapping[str, Any], path: Path, _siblings: frozenset[str]) -> Finding:
    field = detail["ctx"]["discriminator"].strip("'")
    return Finding((*path, field), "missing-field", f"the field `{field}` is missing; it sets the type of this object")


_MAKERS: Final[Mapping[str, Callable[[Mapping[str, Any], Path, frozenset[str]], Finding]]] = {
    "extra_forbidden": _extra,
    "missing": _missing,
    "literal_error": _choice,
    "enum": _choice,
    AS_TEXT: lambda detail, path, _siblings: Finding(path, "secret-as-text", detail["msg"], INSTEAD),
    "union_tag_invalid": _tag,
    "union_tag_not_found": _no_tag,
}
_LIMITS: Final = {
    "max_length": "expected at most {:,} {}",
    "min_length": "expected at least {:,} {}",
    "ge": "expected at least {}, found {}",
    "gt": "expected more than {}, found {}",
    "le": "expected at most {}, found {}",
    "lt": "expected less than {}, found {}",
    "multiple_of": "expected a multiple of {}, found {}",
    "pattern": "expected text that matches {}, found {}",
}


def _at(value: Any, path: Path) -> Any:
    for part in path:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return None
    return value

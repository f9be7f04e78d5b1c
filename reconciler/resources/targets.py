"""Kinds with several targets: which target knows a field that this one does not, and what to write instead."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from pydantic import ValidationError

from reconciler.resources.base import Kind, Path, Spec
from reconciler.resources.problems import Finding
from reconciler.resources.values import JSON

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

UNKNOWN: Final = frozenset({"extra_forbidden", "union_tag_invalid"})
"""The errors that a field or a `type` the target does not have gives."""


def source_path(raw: JSON, error: "ErrorDetails") -> Path:
    """The way to what `error` is about in `raw` itself: pydantic's, without the names of the union members it chose."""
    steps = error["loc"]
    missing = steps[-1:] if error["type"] == "missing" else ()
    path: Path = ()
    chosen = False
    for step in steps[: len(steps) - len(missing)]:
        if isinstance(raw, Mapping) and step == raw.get("type") and not chosen:
            chosen = True
        elif _has(raw, step):
            path, raw, chosen = (*path, step), raw[step], False
    return path + missing


def _has(raw: JSON, step: str | int) -> bool:
    return step in raw if isinstance(raw, Mapping) else isinstance(raw, list) and isinstance(step, int)


def other_targets(models: Mapping[str, type[Spec]], raw: Mapping[str, JSON], target: str, path: Path) -> list[str]:
    """The targets but `target` that know what stands at `path` of the spec `raw`, be its value right or wrong."""
    return [name for name, model in models.items() if name != target and _knows(model, {**raw, "target": name}, path)]


def _knows(model: type[Spec], raw: Mapping[str, JSON], path: Path) -> bool:
    try:
        model.model_validate(raw)
    except ValidationError as errors:
        return not any(_covers(source_path(raw, error), error["type"], path) for error in errors.errors())
    return True


def _covers(at: Path, kind: str, path: Path) -> bool:
    """Whether an error at `at` leaves the value at `path` unread, or unknown."""
    around = path[: len(at)] == at
    return around and (len(at) < len(path) or kind in UNKNOWN or kind == "literal_error")


def explain(kind: Kind, raw: Mapping[str, JSON], target: str, error: "ErrorDetails") -> Finding | None:
    """What to say about a field or a `type` that `target` does not have; None where it may be just a slip of the pen.

    The path of the finding starts at the top of the manifest, with `spec`.
    """
    if error["type"] not in UNKNOWN:
        return None
    path = source_path(raw, error)
    is_field = error["type"] == "extra_forbidden"
    name = _dotted(path)
    tag = "" if is_field else error["ctx"]["tag"]
    hint = kind.hints.get(target, {}).get(name if is_field else f"{name}.type={tag}", "")
    others = other_targets(kind.models, raw, target, path)
    if not (hint or others):
        return None
    what = f"`{name}`" if is_field else f"`{name}` of type `{tag}`"
    can = "".join(f"; target {other} can" for other in others)
    message = f"target {target} cannot express {what}{can}"
    place = path if is_field else (*path, "type")
    return Finding(("spec", *place), "wrong-target" if others else "unknown-field", message, hint, on_key=is_field)


def _dotted(path: Path) -> str:
    return ".".join(str(step) for step in path if not isinstance(step, int))

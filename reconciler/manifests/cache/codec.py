"""Desired objects, references and problems as JSON of the cache. Reading anything else raises one of `MALFORMED`."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, TypeVar

from reconciler.resources.address import Address
from reconciler.resources.base import NO_RULES, Desired, Lifecycle, LocalFile, Reference
from reconciler.resources.problems import Place, Problem
from reconciler.resources.values import JSON

Value = TypeVar("Value")


class MalformedError(ValueError):
    """JSON of the cache that this version has not written."""


MALFORMED: Final = (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError)
"""All errors of reading JSON of the cache, with those of the models."""


def of_type(value: Any, expected: type[Value]) -> Value:
    if value.__class__ is not expected:
        raise MalformedError(f"expected {expected.__name__}, found {value.__class__.__name__}")
    return value


def texts_of(value: JSON) -> dict[str, str]:
    """Return a mapping with texts as its values."""
    return {key: of_type(item, str) for key, item in of_type(value, dict).items()}


def place_json(place: Place | None) -> JSON:
    return None if place is None else [place.file, place.line, place.column]


def place_of(value: JSON) -> Place:
    file, line, column = value
    return Place(of_type(file, str), of_type(line, int), of_type(column, int))


def problem_json(problem: Problem) -> JSON:
    return [problem.code, problem.message, place_json(problem.place), problem.hint, problem.severity]


def problem_of(value: JSON) -> Problem:
    code, message, place, hint, severity = value
    if severity not in ("error", "warning"):
        raise MalformedError(f"unknown severity {severity!r}")
    where = None if place is None else place_of(place)
    texts: dict[str, Any] = texts_of({"code": code, "message": message, "hint": hint})
    return Problem(**texts, place=where, severity=severity)


def reference_json(reference: Reference) -> JSON:
    target = reference.target
    return [list(reference.path), target.kind, target.name, reference.environment, reference.is_listing]


def reference_of(value: JSON) -> Reference:
    path, kind, name, environment, is_listing = value
    where = tuple(part if isinstance(part, int) else of_type(part, str) for part in of_type(path, list))
    chosen = None if environment is None else of_type(environment, str)
    return Reference(where, Address(of_type(kind, str), of_type(name, str)), chosen, of_type(is_listing, bool))


def lifecycle_json(lifecycle: Lifecycle) -> JSON:
    return lifecycle.model_dump(exclude_unset=True, mode="json")


def lifecycle_of(value: JSON) -> Lifecycle:
    return Lifecycle.model_validate(value) if value else NO_RULES


def desired_json(desired: Desired) -> JSON:
    """Return an object as JSON. Most have no more than the first values."""
    address = desired.address
    more = {name: convert(value) for name, convert, _ in _MORE if (value := getattr(desired, name))}
    place, lifecycle = place_json(desired.place), lifecycle_json(desired.lifecycle)
    return [address.kind, address.name, desired.type, desired.fields, place, lifecycle, more]


def desired_of(value: JSON) -> Desired:
    kind, name, type_, fields, place, lifecycle, more = value
    where = None if place is None else place_of(place)
    known: dict[str, Any] = {field: convert(more.pop(field)) for field, _, convert in _MORE if field in more}
    if more:
        raise MalformedError(f"unknown fields {sorted(more)}")
    address = Address(of_type(kind, str), of_type(name, str))
    rules = lifecycle_of(of_type(lifecycle, dict))
    return Desired(address, of_type(type_, str), of_type(fields, dict), where, rules, **known)


def file_json(file: LocalFile) -> JSON:
    return [file.path, file.sha256, file.bytes, file.blob, file.on_disk, file.is_text, file.target]


def file_of(value: JSON) -> LocalFile:
    path, digest, size, blob, on_disk, is_text, target = value
    texts = [of_type(text, str) for text in (path, digest, blob, on_disk, target)]
    return LocalFile(texts[0], texts[1], of_type(size, int), texts[2], texts[3], of_type(is_text, bool), texts[4])


def _pairs_json(pairs: Any) -> JSON:
    return [[list(path), value] for path, value in pairs.items()]


def _pairs_of(value: JSON) -> dict[tuple[str, ...], JSON]:
    return {tuple(of_type(part, str) for part in path): item for path, item in of_type(value, list)}


def _files_json(files: Iterable[LocalFile]) -> JSON:
    return [file_json(one) for one in files]


def _files_of(value: Sequence[JSON]) -> tuple[LocalFile, ...]:
    return tuple(file_of(one) for one in value)


def _unchanged(value: JSON) -> JSON:
    return value


def _only(expected: type[Value]) -> Callable[[JSON], Value]:
    return lambda value: of_type(value, expected)


_MORE: Final[tuple[tuple[str, Callable[[Any], JSON], Callable[[JSON], Any]], ...]] = (
    ("write_only", dict, texts_of),
    ("unreadable", dict, _only(dict)),
    ("secrets", _pairs_json, _pairs_of),
    ("with_secrets", _pairs_json, _pairs_of),
    ("parts", _files_json, _files_of),
    ("upload_name", _unchanged, _only(str)),
    ("options", dict, _only(dict)),
    ("whole", _unchanged, _only(bool)),
)
"""The fields of `Desired` that few objects have, with the conversions to JSON and back."""

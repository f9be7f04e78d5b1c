"""Assistants and prompts in export files, at any position in the JSON."""

import json
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Final, TypeAlias

from reconciler.migration.model import Export, ExportKind, text_of
from reconciler.migration.scanning import Fault, Value, scan
from reconciler.resources.problems import Place, Problem
from reconciler.resources.values import JSON, nesting

MAX_BYTES: Final = 512 * 2**20
MAX_DEPTH: Final = 100
"""Depth of the search for objects inside a value."""
MAX_NESTING: Final = 60
"""Maximum levels of an object; a manifest has at most 64."""

_UNREADABLE: Final = re.compile("[\udc80-\udcff]")
"""Bytes that are not UTF-8, as `surrogateescape` keeps them."""
_HALF: Final = re.compile("[\ud800-\udfff]")
_ID: Final = re.compile(r'"((?:asst|pmpt)_\w+)"')

_ASSISTANT_FIELDS: Final = ("instructions", "tools", "tool_resources", "file_ids", "response_format")
_PROMPT_FIELDS: Final = ("versions", "messages", "variables", "template")

Picked: TypeAlias = tuple[ExportKind | None, dict[str, JSON]]
"""An object and its kind; None for other kinds."""
_EXPECTED: Final = "An assistant has `model`, and `object: assistant` or an id `asst_…`; a prompt has an id `pmpt_…`."
_HINTS: Final = {
    "python-print": "Save the object as JSON: `object.model_dump_json()`.",
    "truncated": "Complete objects are migrated. Export the file again, or complete the JSON.",
    "syntax": "Complete objects are migrated. Correct the JSON and migrate again.",
}


@dataclass(frozen=True)
class Text:
    """The text of a file, with places by offset."""

    name: str
    text: str

    @cached_property
    def _lines(self) -> list[int]:
        return [0, *(found.end() for found in re.finditer("\n", self.text))]

    def place(self, offset: int) -> Place:
        line = bisect_right(self._lines, offset)
        return Place(self.name, line, offset - self._lines[line - 1] + 1)


def read_exports(file: Path) -> tuple[list[Export], list[Problem]]:
    """Return the assistants and prompts in `file`, in order, and the problems of the rest."""
    source = read_text(file)
    return ([], [source]) if isinstance(source, Problem) else _found(source)


def read_text(file: Path) -> Text | Problem:
    """Return the text of an export file, or the problem for which it cannot be read."""
    name = file.as_posix()
    try:
        if file.stat().st_size > MAX_BYTES:
            return Problem("too-large", f"{name} is larger than {MAX_BYTES // 2**20} MiB", Place(name))
        return Text(name, _decoded(file.read_bytes()))
    except OSError as error:
        return Problem("unreadable-file", f"{name} cannot be read: {error.strerror}", Place(name))


def find_exports(data: bytes, name: str) -> tuple[list[Export], list[Problem]]:
    """Return the same as `read_exports`, for the bytes of a file called `name`."""
    return _found(Text(name, _decoded(data)))


def _found(source: Text) -> tuple[list[Export], list[Problem]]:
    items = list(_items(source)) or [_nothing(Place(source.name))]
    exports = [item for item in items if isinstance(item, Export)]
    return exports, [item for item in items if isinstance(item, Problem)]


def _items(source: Text) -> Iterator[Export | Problem]:
    for found in scan(source.text):
        if isinstance(found, Fault):
            yield of_fault(source, found)
        else:
            yield from _objects(source, found)


def _decoded(data: bytes) -> str:
    """Decode UTF-8, or UTF-16 as PowerShell writes it; invalid bytes become lone surrogates."""
    encoding = json.detect_encoding(data)
    if encoding.startswith(("utf-16", "utf-32")):
        return data.decode(encoding, errors="replace")
    return data.decode("utf-8", errors="surrogateescape").removeprefix("\ufeff")


def of_fault(source: Text, fault: Fault) -> Problem:
    """Return the problem of a fault; the last id before it identifies the broken object."""
    end = fault.at if fault.code == "syntax" else fault.end
    ids = list(_ID.finditer(source.text, fault.start, end)) if fault.code != "no-json" else []
    about = f" ({ids[-1][1]})" if ids else ""
    place = source.place(ids[-1].start() if ids and fault.code == "truncated" else fault.at)
    problem = Problem(fault.code, fault.message + about, place, _HINTS.get(fault.code, ""))
    return replace(problem, severity="warning") if fault.code == "no-json" else problem


def _objects(source: Text, found: Value) -> Iterator[Export | Problem]:
    """Return the objects inside one value, and a problem for each that is damaged or of another kind."""
    items = _pick(found.value)
    if not items and not found.rescued:
        yield _nothing(source.place(found.start), found.value)
    after = found.start
    undecodable = _UNREADABLE.search(source.text, found.start, found.end)
    for kind, value in items:
        id_ = text_of(value.get("id"))
        known = id_ or text_of(value.get("name"))
        at = source.text.find(json.dumps(known, ensure_ascii=False), after, found.end) if known else -1
        place = source.place(max(at, after))
        after = max(at + 1, after)
        if kind is None:
            yield _unknown(value, id_, place)
        elif undecodable and _UNREADABLE.search(json.dumps(value, ensure_ascii=False)):
            hint = "Convert the file to UTF-8 and migrate again: iconv -f WINDOWS-1252 -t UTF-8 FILE"
            yield Problem("not-utf-8", f"{id_ or kind} contains bytes that are not UTF-8", place, hint)
        elif nesting(value, MAX_NESTING) > MAX_NESTING:
            yield Problem("too-deep", f"{id_ or kind} is nested deeper than {MAX_NESTING} levels", place)
        else:
            yield from _export(kind, value, place)


def _unknown(value: dict[str, JSON], id_: str, place: Place) -> Problem:
    """Return the problem of an object of another kind. It is an error for one that may be an incomplete export."""
    if _is_other(value):
        what = f"{value['object']} {id_}".rstrip()
        return Problem("other-object", f"{what} is neither an assistant nor a prompt", place, severity="warning")
    called = text_of(value.get("name")) or id_ or "an object without a name"
    message = f"{called} is neither an assistant nor a prompt, as far as its fields show"
    return Problem("unknown-object", message, place, _EXPECTED, "error" if _resembles(value) else "warning")


def _export(kind: ExportKind, value: dict[str, JSON], place: Place) -> Iterator[Export | Problem]:
    valid = without_surrogates(value)
    if valid != value:
        message = "a text contains a lone surrogate, which is not valid Unicode; it was replaced by `\ufffd`"
        yield Problem("half-character", message, place, severity="warning")
    yield Export(kind, valid, place)


def _nothing(place: Place, value: JSON = None) -> Problem:
    if isinstance(value, dict) and isinstance(value.get("error"), dict):
        said = text_of(value["error"].get("message"))[:200]
        return Problem("api-error", f"this is an error response of the API, not an export: {said}", place)
    return Problem("nothing-found", "no assistant and no prompt found", place, _EXPECTED, severity="warning")


def _pick(value: JSON, depth: int = 0, *, is_item: bool = False) -> list[Picked]:
    """Return the objects in a value, in lists, under any key and in JSON inside text, with their kind; None for other
    kinds. An item of a list, or beside an export under another key, is an object even if nothing about it is known.
    """
    if isinstance(value, str):
        value = _parsed(value) if value.lstrip()[:1] in ("{", "[") else None
    if depth > MAX_DEPTH:
        return []
    if isinstance(value, list):
        return [found for item in value for found in _pick(item, depth + 1, is_item=True)]
    return _of_mapping(value, depth, is_item=is_item) if isinstance(value, dict) else []


def _of_mapping(value: dict[str, JSON], depth: int, *, is_item: bool) -> list[Picked]:
    kind = _kind(value)
    if kind or _is_other(value):
        return [(kind, value)]
    is_collection = any(isinstance(item, dict) and _kind(item) for item in value.values())
    inside = [found for item in value.values() for found in _pick(item, depth + 1, is_item=is_collection)]
    if any(inner or _is_other(one) for inner, one in inside):
        return inside
    return [(None, value)] if _resembles(value) or (is_item and value and not inside) else inside


def _resembles(value: dict[str, JSON]) -> bool:
    """Return True if a field of an assistant or a prompt is there, although the kind is not recognised."""
    return any(field in value for field in ("model", *_ASSISTANT_FIELDS, *_PROMPT_FIELDS))


def _parsed(text: str) -> JSON:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _kind(value: dict[str, JSON]) -> ExportKind | None:
    type_, id_ = value.get("object"), text_of(value.get("id"))
    if type_ == "assistant" or (type_ is None and id_.startswith("asst_")):
        return "assistant"
    if type_ in ("prompt", "prompt.version") or (type_ is None and id_.startswith("pmpt_")):
        return "prompt"
    if type_ is not None or not isinstance(value.get("model"), str):
        return "prompt" if type_ is None and isinstance(value.get("versions"), list) else None
    if any(field in value for field in _PROMPT_FIELDS):
        return "prompt"
    return "assistant" if any(field in value for field in _ASSISTANT_FIELDS) else None


def _is_other(value: dict[str, JSON]) -> bool:
    """Return True for API objects that contain no others: threads, runs, `assistant.deleted`; False for lists."""
    return isinstance(value.get("object"), str) and value["object"] != "list" and isinstance(value.get("id"), str)


def without_surrogates(value: JSON) -> JSON:
    """Return `value` with lone surrogates, which JSON supports and UTF-8 does not, replaced by U+FFFD."""
    if isinstance(value, str):
        return _HALF.sub("\ufffd", value)
    if isinstance(value, dict):
        return {without_surrogates(key): without_surrogates(item) for key, item in value.items()}
    return [without_surrogates(item) for item in value] if isinstance(value, list) else value

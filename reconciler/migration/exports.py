"""Exports as people saved them: which objects are in a file, wherever in it they stand."""

import json
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Final

from reconciler.migration.model import Export, ExportKind, text_of
from reconciler.migration.scanning import Fault, Value, scan
from reconciler.resources.problems import Place, Problem
from reconciler.resources.values import JSON

MAX_BYTES: Final = 512 * 2**20
MAX_DEPTH: Final = 8
"""How deep inside a value objects are looked for."""
MAX_NESTING: Final = 60
"""Levels of an object: a manifest has at most 64."""

_UNREADABLE: Final = re.compile("[\udc80-\udcff]")
"""Bytes that are not UTF-8, as `surrogateescape` keeps them."""
_HALF: Final = re.compile("[\ud800-\udfff]")
_ID: Final = re.compile(r'"((?:asst|pmpt)_\w+)"')

_ASSISTANT_FIELDS: Final = ("instructions", "tools", "tool_resources", "file_ids", "response_format")
_PROMPT_FIELDS: Final = ("versions", "messages", "variables", "template")

_HINTS: Final = {
    "python-print": "Only JSON can be read. Save `object.model_dump_json()`, or copy the values into JSON by hand.",
    "truncated": "What is whole in it is migrated. Save the rest again, or close the object by hand.",
    "syntax": "What is whole in it is migrated. Correct the JSON and migrate again.",
}


@dataclass(frozen=True)
class Text:
    """A file's text, with places."""

    name: str
    text: str

    @cached_property
    def _lines(self) -> list[int]:
        return [0, *(found.end() for found in re.finditer("\n", self.text))]

    def place(self, offset: int) -> Place:
        line = bisect_right(self._lines, offset)
        return Place(self.name, line, offset - self._lines[line - 1] + 1)


def read_exports(file: Path) -> tuple[list[Export], list[Problem]]:
    """The assistants and prompts in `file`, in order, and what is wrong with the rest of it."""
    name = file.as_posix()
    try:
        if file.stat().st_size > MAX_BYTES:
            return [], [Problem("too-large", f"{name} is larger than {MAX_BYTES // 2**20} MiB", Place(name))]
        data = file.read_bytes()
    except OSError as error:
        return [], [Problem("unreadable-file", f"{name} cannot be read: {error.strerror}", Place(name))]
    return find_exports(data, name)


def find_exports(data: bytes, name: str) -> tuple[list[Export], list[Problem]]:
    """Like `read_exports`, of the bytes of a file called `name`."""
    source = Text(name, _decoded(data))
    items = list(_items(source)) or [_nothing(Place(name))]
    exports = [item for item in items if isinstance(item, Export)]
    return exports, [item for item in items if isinstance(item, Problem)]


def _items(source: Text) -> Iterator[Export | Problem]:
    for found in scan(source.text):
        if isinstance(found, Fault):
            yield _of_fault(source, found)
        else:
            yield from _objects(source, found)


def _decoded(data: bytes) -> str:
    """UTF-8, or the UTF-16 that PowerShell writes; bytes that are neither become lone surrogates."""
    encoding = json.detect_encoding(data)
    if encoding.startswith(("utf-16", "utf-32")):
        return data.decode(encoding, errors="replace")
    return data.decode("utf-8", errors="surrogateescape").removeprefix("\ufeff")


def _of_fault(source: Text, fault: Fault) -> Problem:
    """The last id before the fault tells which object is broken."""
    end = fault.at if fault.code == "syntax" else fault.end
    ids = list(_ID.finditer(source.text, fault.start, end)) if fault.code != "no-json" else []
    about = f" ({ids[-1][1]})" if ids else ""
    place = source.place(ids[-1].start() if ids and fault.code == "truncated" else fault.at)
    problem = Problem(fault.code, fault.message + about, place, _HINTS.get(fault.code, ""))
    return replace(problem, severity="warning") if fault.code == "no-json" else problem


def _objects(source: Text, found: Value) -> Iterator[Export | Problem]:
    """The objects inside one value; a problem for each that is damaged or of a kind that is not migrated."""
    items = list(_pick(found.value))
    if not items and not found.rescued:
        yield _nothing(source.place(found.start), found.value)
    after = found.start
    spoilt = _UNREADABLE.search(source.text, found.start, found.end)
    for kind, value in items:
        id_ = text_of(value.get("id"))
        at = source.text.find(json.dumps(id_), after, found.end) if id_ else -1
        place = source.place(max(at, after))
        after = max(at + 1, after)
        if kind is None:
            what = f"{value['object']} {id_}".rstrip()
            yield Problem("other-object", f"{what} is neither an assistant nor a prompt", place, severity="warning")
        elif spoilt and _UNREADABLE.search(json.dumps(value, ensure_ascii=False)):
            hint = "Save the file as UTF-8, as in: iconv -f WINDOWS-1252 -t UTF-8, and migrate again."
            yield Problem("not-utf-8", f"{id_ or kind} has bytes that are not UTF-8", place, hint)
        elif _nested(value) > MAX_NESTING:
            yield Problem("too-deep", f"{id_ or kind} is nested deeper than {MAX_NESTING} levels", place)
        else:
            yield from _export(kind, value, place)


def _export(kind: ExportKind, value: dict[str, JSON], place: Place) -> Iterator[Export | Problem]:
    whole = _whole(value)
    if whole != value:
        message = "a text has half of a character (one half of a surrogate pair); `\ufffd` stands for it now"
        yield Problem("half-character", message, place, severity="warning")
    yield Export(kind, whole, place)


def _nested(value: JSON) -> int:
    depth, level = 0, [value]
    while level and depth <= MAX_NESTING:
        children = ((item.values() if isinstance(item, dict) else item) for item in level if item)
        level = [child for group in children for child in group if isinstance(child, dict | list)]
        depth += 1
    return depth


def _nothing(place: Place, value: JSON = None) -> Problem:
    if isinstance(value, dict) and isinstance(value.get("error"), dict):
        said = text_of(value["error"].get("message"))[:200]
        return Problem("api-error", f"this is an error that the API answered, no export: {said}", place)
    hint = "An assistant has `model`, and `object: assistant` or an id `asst_…`; a prompt has an id `pmpt_…`."
    return Problem("nothing-found", "there is no assistant and no prompt here", place, hint, severity="warning")


def _pick(value: JSON, depth: int = 0) -> Iterator[tuple[ExportKind | None, dict[str, JSON]]]:
    """Objects in `value`, in lists, under any key, and in JSON inside of text; None as kind where it is another."""
    if depth > MAX_DEPTH:
        return
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        yield from _pick(_parsed(value), depth + 1)
    elif isinstance(value, list):
        for item in value:
            yield from _pick(item, depth + 1)
    elif isinstance(value, dict):
        kind = _kind(value)
        if kind or _is_other(value):
            yield kind, value
            return
        for item in value.values():
            yield from _pick(item, depth + 1)


def _parsed(text: str) -> JSON:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _kind(value: dict[str, JSON]) -> ExportKind | None:
    called, id_ = value.get("object"), text_of(value.get("id"))
    if called == "assistant" or (called is None and id_.startswith("asst_")):
        return "assistant"
    if called in ("prompt", "prompt.version") or (called is None and id_.startswith("pmpt_")):
        return "prompt"
    if called is not None or not isinstance(value.get("model"), str):
        return "prompt" if called is None and isinstance(value.get("versions"), list) else None
    if any(field in value for field in _PROMPT_FIELDS):
        return "prompt"
    return "assistant" if any(field in value for field in _ASSISTANT_FIELDS) else None


def _is_other(value: dict[str, JSON]) -> bool:
    """Objects of the API that hold no others: threads, runs, `assistant.deleted`. Lists do."""
    return isinstance(value.get("object"), str) and value["object"] != "list" and isinstance(value.get("id"), str)


def _whole(value: JSON) -> JSON:
    """`value` with halves of surrogate pairs, which JSON can write and UTF-8 cannot, replaced by U+FFFD."""
    if isinstance(value, str):
        return _HALF.sub("\ufffd", value)
    if isinstance(value, dict):
        return {_whole(key): _whole(item) for key, item in value.items()}
    return [_whole(item) for item in value] if isinstance(value, list) else value

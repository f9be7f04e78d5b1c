"""Events of YAML texts in the notation of the YAML Test Suite, and with their positions."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ruamel.yaml import events

_OPENINGS = {events.MappingStartEvent: ("+MAP", " {}"), events.SequenceStartEvent: ("+SEQ", " []")}
_PLAIN = {
    events.StreamStartEvent: "+STR",
    events.StreamEndEvent: "-STR",
    events.DocumentStartEvent: "+DOC",
    events.DocumentEndEvent: "-DOC",
    events.MappingEndEvent: "-MAP",
    events.SequenceEndEvent: "-SEQ",
}
_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\b": "\\b"})


def yaml_test_suite() -> list[dict[str, Any]]:
    """Return the cases of the YAML Test Suite."""
    file = Path(__file__).parents[1] / "manifests/yaml_test_suite/cases.jsonl"
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def lines_of(found: Iterable[Any]) -> list[str]:
    """Return one line for each event, without the markers of documents."""
    return [_line(event) for event in found]


def positions_of(found: Iterable[Any]) -> list[tuple[object, ...]]:
    """Return the events of values with their positions, and the ends of flow collections."""
    return [(_line(event), *_places(event)) for event in found]


def _line(event: Any) -> str:
    if type(event) in _PLAIN:
        return _PLAIN[type(event)]
    if isinstance(event, events.AliasEvent):
        return f"=ALI *{event.anchor}"
    properties = (f" &{event.anchor}" if event.anchor else "") + (f" <{event.tag}>" if event.tag else "")
    if isinstance(event, events.ScalarEvent):
        return f"=VAL{properties} {event.style or ':'}{event.value.translate(_ESCAPES)}"
    opening, flow = _OPENINGS[type(event)]
    return opening + (flow if event.flow_style else "") + properties


def _places(event: Any) -> tuple[object, ...]:
    start, end = event.start_mark, event.end_mark
    if isinstance(event, events.DocumentStartEvent) or (type(event) in _PLAIN and start.index == end.index):
        return ()  # parsers differ in including directives, and the line break before the end of a block collection
    return start.index, start.line, start.column, end.index, end.line, end.column

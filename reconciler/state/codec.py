"""JSON documents of the state: the state itself, journal segments, and the note left where a state was moved away."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from typing import Final, TypeAlias

from reconciler.resources.address import Address, Identity
from reconciler.resources.base import Applied
from reconciler.resources.problems import Place, Problem, ReconcilerError
from reconciler.resources.values import JSON
from reconciler.state.documents import (
    MALFORMED,
    StateFormatError,
    array,
    decoded,
    document,
    format_error,
    format_errors,
    line,
    load,
    mapping,
    optional,
    typed,
)
from reconciler.state.model import (
    Completed,
    Intent,
    Snapshot,
    State,
    Stored,
)
from reconciler.state.records import (
    applied_of,
    completed_of,
    completed_record,
    destruction_of,
    destruction_record,
    holds_of,
    intent_of,
    intent_record,
    lineage_of,
    names_of,
    object_records,
    outlets_of,
    plan_of,
    settings_of,
    settings_record,
    written_of,
)
from reconciler.state.segments import RunBegun, RunProgress, Segment, StateReplaced

STATE_FORMAT: Final = "reconciler/state/v1"
JOURNAL_FORMAT: Final = "reconciler/journal/v1"
MERGED_FORMAT: Final = "reconciler/journal-merged/v1"
# Documents with the mark of a destroyed environment, which a version that does not read it must not apply to.
STATE_DESTROYED: Final = "reconciler/state/v2"
JOURNAL_DESTROYED: Final = "reconciler/journal/v2"
MERGED_DESTROYED: Final = "reconciler/journal-merged/v2"
MOVED_FORMAT: Final = "reconciler/moved/v1"
_OBJECTS: Final = b',\n  "objects": {'
_CLOSED: Final = b"\n  }"
_END: Final = _CLOSED + b"\n}\n"
_BREAK: Final = b",\n    "
_CHUNK: Final = 2**17
"""Bytes of entries that are decoded at a time."""

Keep: TypeAlias = Callable[[Address, Applied], Applied]
"""Returns the entry that is kept in memory for a decoded one, which is equal to it."""


def as_decoded(_address: Address, applied: Applied) -> Applied:
    return applied


class MovedError(ReconcilerError):
    """The state was moved to another backend."""


def encode_state(snapshot: Snapshot) -> bytes:
    return document(
        {
            "format": line(STATE_DESTROYED if snapshot.state.destruction else STATE_FORMAT),
            "identity": line(str(snapshot.state.identity)),
            "openai_project": line(snapshot.state.openai_project),
            "position": line(snapshot.position),
            "run": line(snapshot.run),
            **_contents(snapshot.state, snapshot.pending),
            **_superseded(snapshot.superseded),
        }
    )


def decode_state(data: bytes, identity: Identity, source: str, version: str, keep: Keep = as_decoded) -> Snapshot:
    """Return the snapshot in the state document `data`; `source` names it in errors, `version` is its store version.

    `MovedError` if `data` is the note that the state was moved to another backend.
    """
    _check_moved(data, source)
    objects = _objects_in_chunks(data, keep)
    try:
        header = data if objects is None else data[: data.index(_OBJECTS)] + _OBJECTS + _END
        record = load(header, STATE_FORMAT, source, STATE_DESTROYED)
    except StateFormatError:
        if objects is None:
            raise
        objects = None
        record = load(data, STATE_FORMAT, source, STATE_DESTROYED)  # its errors have the right lines
    if record.get("identity") != str(identity):
        raise format_error(
            "state-foreign", f"this is the state of {record.get('identity')!r}, not of {identity}", source
        )
    with format_errors(source):
        state, pending = _state(record, identity, keep, objects)
        position, run = typed(int, record["position"]), typed(str, record["run"])
        superseded = tuple(map(intent_of, record.get("superseded", ())))
        return Snapshot(state, pending, position, run, Stored(version, len(data), position), superseded)


def _objects_in_chunks(data: bytes, keep: Keep) -> dict[Address, Applied] | None:
    """Return the entries of a state document, decoded some at a time, so that those that `keep` replaces are never in
    memory all at once.

    None if the document is damaged, or not certainly laid out as `encode_state` writes it: then it is decoded as a
    whole, which finds out what is wrong. Line breaks are never inside of a string of JSON.
    """
    begin, end = data.find(_OBJECTS), len(data) - len(_END)
    if begin < 0 or not data.endswith(_END) or data.find(_CLOSED, begin) != end:
        return None
    objects: dict[Address, Applied] = {}
    try:
        for chunk in _chunks(data, begin + len(_OBJECTS), end):
            for text, record in decoded(chunk).items():
                address = Address.parse(text)
                objects[address] = keep(address, applied_of(record))
    except (*MALFORMED, RecursionError):
        return None
    return objects


def _chunks(data: bytes, at: int, end: int) -> Iterator[bytes]:
    """Yield the entries between two offsets as JSON objects with several of them each."""
    while at < end:
        until = data.find(_BREAK, at + _CHUNK, end)
        until = end if until < 0 or until + len(_BREAK) >= end else until  # a comma at the end is an error
        yield b"{" + data[at:until] + b"}"
        at = until + len(_BREAK)


def with_one_entry(data: bytes, address: Address) -> bytes | None:
    """Return a state document with the entry of one address only, so that the others need not be decoded.

    None if there is none, or if the document is not certainly laid out as `encode_state` writes it. Line breaks are
    never inside of a string of JSON, so each line here is a whole entry.
    """
    before, begin, entries = data.partition(_OBJECTS)
    key = f"\n    {line(str(address))}: ".encode("utf-8", "backslashreplace")
    is_last = entries.endswith(_END) and entries.find(_CLOSED) == len(entries) - len(_END)
    if not begin or not is_last or entries.count(key) != 1:
        return None
    entry = entries.partition(key)[2].partition(b"\n")[0].removesuffix(b",")
    return b"".join((before, begin, key, entry, _END)) if entry.startswith(b"{") and entry.endswith(b"}") else None


def encode_segment(segment: Segment) -> bytes:
    if isinstance(segment, StateReplaced):
        return document(
            {
                "format": line(_journal_format(segment)),
                "run": line(segment.run),
                "identity": line(str(segment.state.identity)),
                "openai_project": line(segment.state.openai_project),
                **_contents(segment.state, segment.pending),
            }
        )
    parts = {
        "format": line(_journal_format(segment)),
        "run": line(segment.run),
        "plan": line(asdict(segment.plan) if segment.plan else None),
    }
    return document(parts | (_begun(segment) if isinstance(segment, RunBegun) else _progress(segment)))


def _begun(segment: RunBegun) -> dict[str, str]:
    parts: dict[str, str] = {}
    parts["openai_project"] = line(segment.openai_project)
    parts["intents"] = array(map(intent_record, segment.intents))
    if segment.outlets is not None:
        parts["outlets"] = array(segment.outlets)
    if segment.environments is not None:
        parts["environments"] = array(segment.environments)
    if segment.holds:
        parts["holds"] = mapping((str(address), dict(held)) for address, held in sorted(segment.holds.items()))
    if segment.lineage is not None:
        parts["lineage"] = line(segment.lineage)
    if segment.destroys:
        parts["destroys"] = line(segment.destroys)
    return parts


def _progress(segment: RunProgress) -> dict[str, str]:
    parts: dict[str, str] = {}
    parts["completed"] = array(map(completed_record, segment.completed))
    parts["discarded"] = array(map(str, segment.discarded))
    if segment.announced:
        parts["announced"] = array(map(intent_record, segment.announced))
    if segment.written:
        parts["written"] = array(map(asdict, segment.written))
    if segment.settings is not None:
        parts["settings"] = line(settings_record(segment.settings))
    if segment.destroyed:
        parts["destroyed"] = line(segment.destroyed)
    return parts


def _journal_format(segment: Segment) -> str:
    match segment:
        case StateReplaced():
            marks = segment.state.destruction is not None
        case RunBegun():
            marks = segment.destroys
        case RunProgress():
            marks = segment.destroyed
    return JOURNAL_DESTROYED if marks else JOURNAL_FORMAT


def decode_segment(data: bytes, source: str, keep: Keep = as_decoded) -> Segment:
    """Return the journal segment in `data`; `source` names it in errors."""
    record = load(data, JOURNAL_FORMAT, source, JOURNAL_DESTROYED)
    with format_errors(source):
        return _segment(record, keep)


def encode_merged(segments: Iterable[Segment]) -> bytes:
    """Encode consecutive segments as one document, with one segment a line."""
    records = [json.loads(encode_segment(segment)) for segment in segments]
    marks = any(record["format"] == JOURNAL_DESTROYED for record in records)
    return document({"format": line(MERGED_DESTROYED if marks else MERGED_FORMAT), "segments": array(records)})


def decode_merged(data: bytes, count: int, source: str, keep: Keep = as_decoded) -> list[Segment]:
    """Return the `count` journal segments in `data`; `source` names it in errors."""
    record = load(data, MERGED_FORMAT, source, MERGED_DESTROYED)
    with format_errors(source):
        segments = [_segment(one, keep) for one in record["segments"]]
        if len(segments) != count:
            raise ValueError(f"{len(segments)} segments instead of {count}")
        return segments


def encode_moved(identity: Identity, to: str) -> bytes:
    """Encode the note that the state of `identity` was moved to the location `to`."""
    return document({"format": line(MOVED_FORMAT), "identity": line(str(identity)), "to": line(to)})


def _check_moved(data: bytes, source: str) -> None:
    """Raise `MovedError` if `data` is a note that the state was moved; `source` names it in the error."""
    if MOVED_FORMAT.encode() not in data[:100]:
        return
    record = load(data, MOVED_FORMAT, source)
    with format_errors(source):
        message = f"the state of {typed(str, record['identity'])} was moved to {typed(str, record['to'])}"
    hint = "Set RECONCILER_STATE, or `spec.state` in project.yaml, to that backend. Nothing was changed."
    raise MovedError(Problem("state-elsewhere", message, Place(source, 1, 1), hint))


def _segment(record: Mapping[str, JSON], keep: Keep) -> Segment:
    run = typed(str, record["run"])
    if "objects" in record:
        return StateReplaced(run, *_state(record, Identity.parse(typed(str, record["identity"])), keep))
    plan = None if record["plan"] is None else plan_of(record["plan"])
    if "intents" in record:
        intents = tuple(map(intent_of, record["intents"]))
        project = optional(str, record["openai_project"])
        outlets, environments = names_of(record, "outlets"), names_of(record, "environments")
        held = typed(dict, record.get("holds", {})).items()
        holds = {Address.parse(release): holds_of(names) for release, names in held}
        destroys = typed(bool, record.get("destroys", False))
        return RunBegun(run, intents, project, plan, outlets, environments, holds, lineage_of(record), destroys)
    return RunProgress(
        run,
        completed=tuple(_kept(completed_of(one), keep) for one in record["completed"]),
        discarded=tuple(map(Address.parse, record["discarded"])),
        plan=plan,
        announced=tuple(map(intent_of, record.get("announced", ()))),
        written=tuple(map(written_of, record.get("written", ()))),
        settings=settings_of(record.get("settings")),
        destroyed=typed(bool, record.get("destroyed", False)),
    )


def _kept(completed: Completed, keep: Keep) -> Completed:
    applied = completed.applied
    return replace(completed, applied=keep(completed.address, applied)) if applied else completed


def _contents(state: State, pending: tuple[Intent, ...]) -> dict[str, str]:
    """Return the members of a complete document after its header."""
    return {
        "plans": array(map(asdict, state.plans.values())),
        "tombstones": array(sorted(map(str, state.tombstones))),
        "pending": array(map(intent_record, pending)),
        **({} if state.outlets is None else {"outlets": mapping(sorted(state.outlets.items()))}),
        **({} if state.environments is None else {"environments": array(state.environments)}),
        **({} if state.settings is None else {"settings": line(settings_record(state.settings))}),
        **({} if state.lineage is None else {"lineage": line(state.lineage)}),
        **({} if state.destruction is None else {"destruction": line(destruction_record(state.destruction))}),
        "objects": mapping(object_records(state.objects)),
    }


def _superseded(intents: tuple[Intent, ...]) -> dict[str, str]:
    return {"superseded": array(map(intent_record, intents))} if intents else {}


def _state(
    record: Mapping[str, JSON], identity: Identity, keep: Keep, objects: Mapping[Address, Applied] | None = None
) -> tuple[State, tuple[Intent, ...]]:
    """Return the state and the intents in `record`, with these `objects` if they were decoded before."""
    plans = map(plan_of, record["plans"])
    if objects is None:
        entries = ((Address.parse(text), applied_of(value)) for text, value in record["objects"].items())
        objects = {address: keep(address, applied) for address, applied in entries}
    state = State(
        identity=identity,
        openai_project=optional(str, record["openai_project"]),
        objects=objects,
        plans={plan.digest: plan for plan in plans},
        tombstones=frozenset(map(Address.parse, record.get("tombstones", ()))),
        outlets=outlets_of(record),
        environments=names_of(record, "environments"),
        settings=settings_of(record.get("settings")),
        lineage=lineage_of(record),
        destruction=destruction_of(record.get("destruction")),
    )
    return state, tuple(map(intent_of, record["pending"]))

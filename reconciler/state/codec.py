"""State and journal segments as JSON documents."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Final, TypeAlias, cast, get_args

from reconciler.resources.address import Address, Identity
from reconciler.resources.base import Applied
from reconciler.resources.registry import resource_types
from reconciler.resources.resource_type import check_secrets
from reconciler.resources.values import JSON
from reconciler.state.documents import array, bad, document, line, load, mapping, of, optional, shaped
from reconciler.state.model import AppliedPlan, Completed, Intent, Outcome, Snapshot, State, Stored
from reconciler.state.moved import check_moved

STATE_FORMAT: Final = "reconciler/state/v1"
JOURNAL_FORMAT: Final = "reconciler/journal/v1"
MERGED_FORMAT: Final = "reconciler/journal-merged/v1"


@dataclass(frozen=True, slots=True)
class Begun:
    """The first segment of a run: everything it may make, before it makes anything."""

    run: str
    intents: tuple[Intent, ...] = ()
    openai_project: str | None = None
    plan: AppliedPlan | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """A further segment of a run: what was done since the one before."""

    run: str
    completed: tuple[Completed, ...] = ()
    discarded: tuple[Address, ...] = ()
    """Addresses whose intents are void: nothing was made, or what was made is gone again."""
    plan: AppliedPlan | None = None
    """How the plan ended; None while the run goes on."""
    announced: tuple[Intent, ...] = ()
    """What the run is about to make besides, from here on."""


@dataclass(frozen=True, slots=True)
class Replaced:
    """The only segment of a run that says everything anew: what a person pushed, moved or forgot, or had rebuilt."""

    run: str
    state: State
    pending: tuple[Intent, ...] = ()


Segment: TypeAlias = Begun | Progress | Replaced


def encode_state(snapshot: Snapshot) -> bytes:
    return document(
        {
            "format": line(STATE_FORMAT),
            "identity": line(str(snapshot.state.identity)),
            "openai_project": line(snapshot.state.openai_project),
            "position": line(snapshot.position),
            "run": line(snapshot.run),
            **_contents(snapshot.state, snapshot.pending),
        }
    )


def decode_state(data: bytes, identity: Identity, source: str, version: str) -> Snapshot:
    """The state document in `data`; `source` names it in errors, `version` is its version in the store.

    `MovedError` where only a note of where it went is left.
    """
    check_moved(data, source)
    record = load(data, STATE_FORMAT, source)
    if record.get("identity") != str(identity):
        raise bad("state-foreign", f"this is the state of {record.get('identity')!r}, not of {identity}", source)
    with shaped(source):
        state, pending = _state(record, identity)
        position, run = of(int, record["position"]), of(str, record["run"])
        return Snapshot(state, pending, position, run, Stored(version, len(data), position))


def encode_segment(segment: Segment) -> bytes:
    if isinstance(segment, Replaced):
        return document(
            {
                "format": line(JOURNAL_FORMAT),
                "run": line(segment.run),
                "identity": line(str(segment.state.identity)),
                "openai_project": line(segment.state.openai_project),
                **_contents(segment.state, segment.pending),
            }
        )
    parts = {
        "format": line(JOURNAL_FORMAT),
        "run": line(segment.run),
        "plan": line(asdict(segment.plan) if segment.plan else None),
    }
    if isinstance(segment, Begun):
        parts["openai_project"] = line(segment.openai_project)
        parts["intents"] = array(map(_intent_record, segment.intents))
    else:
        parts["completed"] = array(map(_completed_record, segment.completed))
        parts["discarded"] = array(map(str, segment.discarded))
        if segment.announced:
            parts["announced"] = array(map(_intent_record, segment.announced))
    return document(parts)


def decode_segment(data: bytes, source: str) -> Segment:
    """The journal segment in `data`; `source` names it in errors."""
    record = load(data, JOURNAL_FORMAT, source)
    with shaped(source):
        return _segment(record)


def encode_merged(segments: Iterable[Segment]) -> bytes:
    """Segments that come right after each other as one document, a segment a line."""
    records = (json.loads(encode_segment(segment)) for segment in segments)
    return document({"format": line(MERGED_FORMAT), "segments": array(records)})


def decode_merged(data: bytes, count: int, source: str) -> list[Segment]:
    """The `count` journal segments in `data`; `source` names it in errors."""
    record = load(data, MERGED_FORMAT, source)
    with shaped(source):
        segments = list(map(_segment, record["segments"]))
        if len(segments) != count:
            raise ValueError(f"{len(segments)} segments stand where {count} should")
        return segments


def _segment(record: Mapping[str, JSON]) -> Segment:
    run = of(str, record["run"])
    if "objects" in record:
        return Replaced(run, *_state(record, Identity.parse(of(str, record["identity"]))))
    plan = None if record["plan"] is None else decode_plan(record["plan"])
    if "intents" in record:
        intents = tuple(map(_intent, record["intents"]))
        return Begun(run, intents, optional(str, record["openai_project"]), plan)
    return Progress(
        run,
        completed=tuple(map(_completed, record["completed"])),
        discarded=tuple(map(Address.parse, record["discarded"])),
        plan=plan,
        announced=tuple(map(_intent, record.get("announced", ()))),
    )


def _contents(state: State, pending: tuple[Intent, ...]) -> dict[str, str]:
    """What a document that says everything has besides its head."""
    return {
        "plans": array(map(asdict, state.plans.values())),
        "tombstones": array(sorted(map(str, state.tombstones))),
        "pending": array(map(_intent_record, pending)),
        "objects": mapping(_object_records(state.objects)),
    }


def _state(record: Mapping[str, JSON], identity: Identity) -> tuple[State, tuple[Intent, ...]]:
    plans = map(decode_plan, record["plans"])
    state = State(
        identity=identity,
        openai_project=optional(str, record["openai_project"]),
        objects={Address.parse(text): _applied(value) for text, value in record["objects"].items()},
        plans={plan.digest: plan for plan in plans},
        tombstones=frozenset(map(Address.parse, record.get("tombstones", ()))),
    )
    return state, tuple(map(_intent, record["pending"]))


def _object_records(objects: Mapping[Address, Applied]) -> Iterator[tuple[str, JSON]]:
    for address in sorted(objects):
        yield str(address), _applied_record(objects[address])


def _applied_record(applied: Applied) -> dict[str, JSON]:
    """SecretError for a value that must not be kept."""
    resource_type = resource_types().get(applied.type)
    if resource_type:
        check_secrets(resource_type, applied.fields, applied.write_only)
    record: dict[str, JSON] = {"id": applied.id, "type": applied.type, "fields": applied.fields}
    if applied.write_only:
        record["write_only"] = applied.write_only
    if applied.protected:
        record["protected"] = True
    if applied.keep:
        record["keep"] = True
    if applied.unproven:
        record["unproven"] = list(applied.unproven)
    return record


def _applied(record: JSON) -> Applied:
    return Applied(
        id=of(str, record["id"]),
        type=of(str, record["type"]),
        fields=of(dict, record["fields"]),
        write_only=of(dict, record.get("write_only", {})),
        protected=of(bool, record.get("protected", False)),
        keep=of(bool, record.get("keep", False)),
        unproven=tuple(of(list, record.get("unproven", []))),
    )


def _intent_record(intent: Intent) -> dict[str, JSON]:
    return {
        "address": str(intent.address),
        "type": intent.type,
        "marker": intent.marker,
        "started": intent.started,
    }


def _intent(record: JSON) -> Intent:
    return Intent(
        address=Address.parse(record["address"]),
        type=of(str, record["type"]),
        marker=of(dict, record["marker"]),
        started=float(record["started"]),
    )


def _completed_record(completed: Completed) -> dict[str, JSON]:
    applied, former = completed.applied, completed.instead_of
    record = {"address": str(completed.address), "applied": None if applied is None else _applied_record(applied)}
    return record | ({"instead_of": str(former)} if former else {})


def _completed(record: JSON) -> Completed:
    applied, former = record["applied"], record.get("instead_of")
    return Completed(
        address=Address.parse(record["address"]),
        applied=None if applied is None else _applied(applied),
        instead_of=None if former is None else Address.parse(former),
    )


def decode_plan(record: JSON) -> AppliedPlan:
    """What `asdict` made of a plan; inside `shaped`, for errors that people can read."""
    if record["outcome"] not in get_args(Outcome):
        raise ValueError(f"{record['outcome']!r} is no outcome of a plan")
    return AppliedPlan(
        digest=of(str, record["digest"]),
        run=of(str, record["run"]),
        started=float(record["started"]),
        holder=of(str, record["holder"]),
        run_url=of(str, record["run_url"]),
        commit=of(str, record["commit"]),
        finished=None if record["finished"] is None else float(record["finished"]),
        outcome=cast("Outcome", record["outcome"]),
        summary=of(str, record.get("summary", "")),
    )

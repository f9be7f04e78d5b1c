"""JSON documents of the state: the state itself, journal segments, and the note left where a state was moved away."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Final, cast, get_args

from reconciler.resources.address import Address, Identity
from reconciler.resources.base import Applied
from reconciler.resources.guard_settings import GuardSettings
from reconciler.resources.labels import is_lineage
from reconciler.resources.problems import Place, Problem, ReconcilerError
from reconciler.resources.registry import resource_types
from reconciler.resources.resource_type import check_secrets
from reconciler.resources.values import JSON
from reconciler.state.documents import (
    array,
    document,
    finite,
    format_error,
    format_errors,
    line,
    load,
    mapping,
    moment,
    optional,
    typed,
)
from reconciler.state.model import (
    AppliedPlan,
    Completed,
    Destruction,
    Intent,
    Outcome,
    Snapshot,
    State,
    Stored,
    Written,
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


def decode_state(data: bytes, identity: Identity, source: str, version: str) -> Snapshot:
    """Return the snapshot in the state document `data`; `source` names it in errors, `version` is its store version.

    `MovedError` if `data` is the note that the state was moved to another backend.
    """
    _check_moved(data, source)
    record = load(data, STATE_FORMAT, source, STATE_DESTROYED)
    if record.get("identity") != str(identity):
        raise format_error(
            "state-foreign", f"this is the state of {record.get('identity')!r}, not of {identity}", source
        )
    with format_errors(source):
        state, pending = _state(record, identity)
        position, run = typed(int, record["position"]), typed(str, record["run"])
        superseded = tuple(map(_intent, record.get("superseded", ())))
        return Snapshot(state, pending, position, run, Stored(version, len(data), position), superseded)


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
    parts["intents"] = array(map(_intent_record, segment.intents))
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
    parts["completed"] = array(map(_completed_record, segment.completed))
    parts["discarded"] = array(map(str, segment.discarded))
    if segment.announced:
        parts["announced"] = array(map(_intent_record, segment.announced))
    if segment.written:
        parts["written"] = array(map(asdict, segment.written))
    if segment.settings is not None:
        parts["settings"] = line(_settings_record(segment.settings))
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


def decode_segment(data: bytes, source: str) -> Segment:
    """Return the journal segment in `data`; `source` names it in errors."""
    record = load(data, JOURNAL_FORMAT, source, JOURNAL_DESTROYED)
    with format_errors(source):
        return _segment(record)


def encode_merged(segments: Iterable[Segment]) -> bytes:
    """Encode consecutive segments as one document, with one segment a line."""
    records = [json.loads(encode_segment(segment)) for segment in segments]
    marks = any(record["format"] == JOURNAL_DESTROYED for record in records)
    return document({"format": line(MERGED_DESTROYED if marks else MERGED_FORMAT), "segments": array(records)})


def decode_merged(data: bytes, count: int, source: str) -> list[Segment]:
    """Return the `count` journal segments in `data`; `source` names it in errors."""
    record = load(data, MERGED_FORMAT, source, MERGED_DESTROYED)
    with format_errors(source):
        segments = list(map(_segment, record["segments"]))
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


def _segment(record: Mapping[str, JSON]) -> Segment:
    run = typed(str, record["run"])
    if "objects" in record:
        return StateReplaced(run, *_state(record, Identity.parse(typed(str, record["identity"]))))
    plan = None if record["plan"] is None else decode_plan(record["plan"])
    if "intents" in record:
        intents = tuple(map(_intent, record["intents"]))
        project = optional(str, record["openai_project"])
        outlets, environments = _names(record, "outlets"), _names(record, "environments")
        held = typed(dict, record.get("holds", {})).items()
        holds = {Address.parse(release): _holds(names) for release, names in held}
        destroys = typed(bool, record.get("destroys", False))
        return RunBegun(run, intents, project, plan, outlets, environments, holds, _lineage(record), destroys)
    return RunProgress(
        run,
        completed=tuple(map(_completed, record["completed"])),
        discarded=tuple(map(Address.parse, record["discarded"])),
        plan=plan,
        announced=tuple(map(_intent, record.get("announced", ()))),
        written=tuple(map(_written, record.get("written", ()))),
        settings=_settings(record.get("settings")),
        destroyed=typed(bool, record.get("destroyed", False)),
    )


def _contents(state: State, pending: tuple[Intent, ...]) -> dict[str, str]:
    """Return the members of a complete document after its header."""
    return {
        "plans": array(map(asdict, state.plans.values())),
        "tombstones": array(sorted(map(str, state.tombstones))),
        "pending": array(map(_intent_record, pending)),
        **({} if state.outlets is None else {"outlets": mapping(sorted(state.outlets.items()))}),
        **({} if state.environments is None else {"environments": array(state.environments)}),
        **({} if state.settings is None else {"settings": line(_settings_record(state.settings))}),
        **({} if state.lineage is None else {"lineage": line(state.lineage)}),
        **({} if state.destruction is None else {"destruction": line(_destruction_record(state.destruction))}),
        "objects": mapping(_object_records(state.objects)),
    }


def _superseded(intents: tuple[Intent, ...]) -> dict[str, str]:
    return {"superseded": array(map(_intent_record, intents))} if intents else {}


def _state(record: Mapping[str, JSON], identity: Identity) -> tuple[State, tuple[Intent, ...]]:
    plans = map(decode_plan, record["plans"])
    state = State(
        identity=identity,
        openai_project=optional(str, record["openai_project"]),
        objects={Address.parse(text): _applied(value) for text, value in record["objects"].items()},
        plans={plan.digest: plan for plan in plans},
        tombstones=frozenset(map(Address.parse, record.get("tombstones", ()))),
        outlets=_outlets(record),
        environments=_names(record, "environments"),
        settings=_settings(record.get("settings")),
        lineage=_lineage(record),
        destruction=_destruction(record.get("destruction")),
    )
    return state, tuple(map(_intent, record["pending"]))


def _destruction_record(mark: Destruction) -> dict[str, JSON]:
    return {**asdict(mark), "tombstones": sorted(map(str, mark.tombstones))}


def _destruction(record: JSON) -> Destruction | None:
    """Return the mark of a destroyed environment; None for a state without it."""
    if record is None:
        return None
    return Destruction(
        started=moment(record["started"]),
        holder=typed(str, record["holder"]),
        finished=None if record["finished"] is None else moment(record["finished"]),
        tombstones=frozenset(map(Address.parse, typed(list, record["tombstones"]))),
    )


def _outlets(record: Mapping[str, JSON]) -> Mapping[str, Mapping[str, str]] | None:
    """Return the outlets of a state; None for a state that does not have them."""
    found = optional(dict, record.get("outlets"))
    if found is None:
        return None
    return {
        typed(str, name): {typed(str, pointer): typed(str, hash_) for pointer, hash_ in typed(dict, pointers).items()}
        for name, pointers in found.items()
    }


def _names(record: Mapping[str, JSON], member: str) -> tuple[str, ...] | None:
    names = optional(list, record.get(member))
    return None if names is None else tuple(typed(str, name) for name in names)


def _lineage(record: Mapping[str, JSON]) -> str | None:
    found = optional(str, record.get("lineage"))
    if found is not None and not is_lineage(found):
        raise ValueError(f"{found!r} is not a valid lineage")
    return found


def _written(record: JSON) -> Written:
    return Written(typed(str, record["outlet"]), typed(str, record["pointer"]), optional(str, record["hash"]))


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
    if applied.revision:
        record["revision"] = applied.revision
    if applied.holds:
        record["holds"] = dict(sorted(applied.holds.items()))
    return {**record, **_publications_record(applied)}


def _publications_record(applied: Applied) -> dict[str, JSON]:
    found: dict[str, JSON] = {
        "published_before": list(applied.published_before),
        "rolled_back": list(applied.rolled_back),
        "rolled_back_by": applied.rolled_back_by,
    }
    return {name: value for name, value in found.items() if value}


def _applied(record: JSON) -> Applied:
    type_, fields = typed(str, record["type"]), typed(dict, record["fields"])
    resource_type = resource_types().get(type_)
    for name in resource_type.owned_by_key & fields.keys() if resource_type else ():
        optional(dict, fields[name])
    for entry in resource_type.members.of(fields).values() if resource_type and resource_type.members else ():
        typed(dict, entry)
    return Applied(
        id=typed(str, record["id"]),
        type=type_,
        fields=fields,
        write_only=typed(dict, record.get("write_only", {})),
        protected=typed(bool, record.get("protected", False)),
        keep=typed(bool, record.get("keep", False)),
        unproven=tuple(typed(list, record.get("unproven", []))),
        revision=typed(str, record.get("revision", "")),
        holds=_holds(record.get("holds", {})),
        published_before=_addresses(record.get("published_before", [])),
        rolled_back=_addresses(record.get("rolled_back", [])),
        rolled_back_by=typed(str, record.get("rolled_back_by", "")),
    )


def _addresses(record: JSON) -> tuple[str, ...]:
    return tuple(str(Address.parse(typed(str, text))) for text in typed(list, record))


def _holds(record: JSON) -> Mapping[str, str]:
    return {str(Address.parse(name)): typed(str, id_) for name, id_ in typed(dict, record).items()}


def _settings_record(settings: GuardSettings) -> dict[str, JSON]:
    """Return the settings that are not the defaults."""
    defaults = asdict(GuardSettings())
    return {name: value for name, value in asdict(settings).items() if value != defaults[name]}


def _settings(record: JSON) -> GuardSettings | None:
    """Return the guard settings in `record`; None for a document that does not have them."""
    if record is None:
        return None
    amounts = {name: record.get(name) for name in ("max_daily_cost", "vector_storage", "free_gb")}
    return GuardSettings(
        openai_project=optional(str, record.get("openai_project")),
        max_deletes=optional(int, record.get("max_deletes")),
        max_archives=optional(int, record.get("max_archives")),
        strict=typed(bool, record.get("strict", False)),
        peers={peer: optional(str, url) for peer, url in typed(dict, record.get("peers", {})).items()},
        **{name: None if amount is None else finite(amount) for name, amount in amounts.items()},
    )


def _intent_record(intent: Intent) -> dict[str, JSON]:
    record = {
        "address": str(intent.address),
        "type": intent.type,
        "marker": intent.marker,
        "started": intent.started,
    }
    return record if intent.creates else {**record, "creates": False}


def _intent(record: JSON) -> Intent:
    return Intent(
        address=Address.parse(record["address"]),
        type=typed(str, record["type"]),
        marker=typed(dict, record["marker"]),
        started=finite(record["started"]),
        creates=typed(bool, record.get("creates", True)),
    )


def _completed_record(completed: Completed) -> dict[str, JSON]:
    applied, former = completed.applied, completed.instead_of
    record: dict[str, JSON] = {"address": str(completed.address)}
    record["applied"] = None if applied is None else _applied_record(applied)
    if former:
        record["instead_of"] = str(former)
    if completed.is_doubtful:
        record["is_doubtful"] = True
    return record


def _completed(record: JSON) -> Completed:
    applied, former = record["applied"], record.get("instead_of")
    return Completed(
        address=Address.parse(record["address"]),
        applied=None if applied is None else _applied(applied),
        instead_of=None if former is None else Address.parse(former),
        is_doubtful=typed(bool, record.get("is_doubtful", False)),
    )


def decode_plan(record: JSON) -> AppliedPlan:
    """Return the plan that `asdict` produced `record` from. Call it inside `format_errors`."""
    if record["outcome"] not in get_args(Outcome):
        raise ValueError(f"{record['outcome']!r} is not a valid plan outcome")
    return AppliedPlan(
        digest=typed(str, record["digest"]),
        run=typed(str, record["run"]),
        started=moment(record["started"]),
        holder=typed(str, record["holder"]),
        run_url=typed(str, record["run_url"]),
        commit=typed(str, record["commit"]),
        finished=None if record["finished"] is None else moment(record["finished"]),
        outcome=cast("Outcome", record["outcome"]),
        summary=typed(str, record.get("summary", "")),
    )

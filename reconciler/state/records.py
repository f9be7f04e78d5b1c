"""Parts of the documents of the state as JSON: applied objects, intents, completed steps, settings and plans.

Readers raise what `format_errors` turns into an error of the document.
"""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import cast, get_args

from reconciler.resources.address import Address
from reconciler.resources.base import EMPTY, Applied, Verified
from reconciler.resources.guard_settings import GuardSettings
from reconciler.resources.labels import is_lineage
from reconciler.resources.markers import check_marker
from reconciler.resources.registry import resource_types
from reconciler.resources.resource_type import CONTENT, ResourceType, check_secrets
from reconciler.resources.values import JSON
from reconciler.state.documents import finite, moment, optional, typed
from reconciler.state.model import AppliedPlan, Completed, Destruction, Intent, Outcome, Written


def destruction_record(mark: Destruction) -> dict[str, JSON]:
    return {**asdict(mark), "tombstones": sorted(map(str, mark.tombstones))}


def destruction_of(record: JSON) -> Destruction | None:
    """Return the mark of a destroyed environment; None for a state without it."""
    if record is None:
        return None
    return Destruction(
        started=moment(record["started"]),
        holder=typed(str, record["holder"]),
        finished=None if record["finished"] is None else moment(record["finished"]),
        tombstones=frozenset(map(Address.parse, typed(list, record["tombstones"]))),
    )


def outlets_of(record: Mapping[str, JSON]) -> Mapping[str, Mapping[str, str]] | None:
    """Return the outlets of a state; None for a state that does not have them."""
    found = optional(dict, record.get("outlets"))
    if found is None:
        return None
    return {
        typed(str, name): {typed(str, pointer): typed(str, hash_) for pointer, hash_ in typed(dict, pointers).items()}
        for name, pointers in found.items()
    }


def names_of(record: Mapping[str, JSON], member: str) -> tuple[str, ...] | None:
    names = optional(list, record.get(member))
    return None if names is None else tuple(typed(str, name) for name in names)


def lineage_of(record: Mapping[str, JSON]) -> str | None:
    found = optional(str, record.get("lineage"))
    if found is not None and not is_lineage(found):
        raise ValueError(f"{found!r} is not a valid lineage")
    return found


def written_of(record: JSON) -> Written:
    return Written(typed(str, record["outlet"]), typed(str, record["pointer"]), optional(str, record["hash"]))


def object_records(objects: Mapping[Address, Applied]) -> Iterator[tuple[str, JSON]]:
    for address in sorted(objects):
        yield str(address), _applied_record(objects[address])


def _applied_record(applied: Applied) -> dict[str, JSON]:
    """SecretError for a value that must not be kept."""
    resource_type, fields = resource_types().get(applied.type), applied.read_fields()
    if resource_type:
        check_secrets(resource_type, fields, applied.write_only)
    record: dict[str, JSON] = {"id": applied.id, "type": applied.type, "fields": fields}
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
    if applied.verified:
        record["verified"] = _verified_record(applied.verified)
    return {**record, **_publications_record(applied)}


def _verified_record(verified: Verified) -> dict[str, JSON]:
    record: dict[str, JSON] = {"mark": verified.mark, "digest": verified.digest}
    if verified.refers_to != ():
        record["refers_to"] = None if verified.refers_to is None else list(verified.refers_to)
    return {**record, "ids": list(verified.ids)} if verified.ids else record


def _verified_of(record: JSON) -> Verified | None:
    if record is None:
        return None
    refers_to = optional(list, record.get("refers_to", []))
    return Verified(
        mark=typed(str, record["mark"]),
        digest=typed(str, record["digest"]),
        refers_to=None if refers_to is None else _addresses(refers_to),
        ids=tuple(typed(str, id_) for id_ in record.get("ids", [])),
    )


def _publications_record(applied: Applied) -> dict[str, JSON]:
    found: dict[str, JSON] = {
        "published_before": list(applied.published_before),
        "rolled_back": list(applied.rolled_back),
        "rolled_back_by": applied.rolled_back_by,
    }
    return {name: value for name, value in found.items() if value}


def applied_of(record: JSON) -> Applied:
    type_, fields = typed(str, record["type"]), typed(dict, record["fields"])
    resource_type = resource_types().get(type_)
    if resource_type:
        _check_fields(resource_type, fields)
        if not (record["id"] or resource_type.in_outlets):
            raise ValueError("an id is empty")
    return Applied(
        id=typed(str, record["id"]),
        type=sys.intern(type_),
        fields=fields,
        write_only=typed(dict, record.get("write_only", EMPTY)),
        protected=typed(bool, record.get("protected", False)),
        keep=typed(bool, record.get("keep", False)),
        unproven=tuple(typed(list, record.get("unproven", []))),
        revision=typed(str, record.get("revision", "")),
        holds=holds_of(record["holds"]) if "holds" in record else EMPTY,
        published_before=_addresses(record.get("published_before", [])),
        rolled_back=_addresses(record.get("rolled_back", [])),
        rolled_back_by=typed(str, record.get("rolled_back_by", "")),
        verified=_verified_of(record.get("verified")),
    )


def _check_fields(resource_type: ResourceType, fields: Mapping[str, JSON]) -> None:
    """Raise an error for values that planning reads as mappings or as digests and that are something else."""
    for name in resource_type.owned_by_key & fields.keys():
        optional(dict, fields[name])
    if resource_type.is_upload and CONTENT in fields:
        typed(str, fields[CONTENT])
    for entry in resource_type.members.of(fields).values() if resource_type.members else ():
        optional(str, typed(dict, entry).get(CONTENT))


def _addresses(record: JSON) -> tuple[str, ...]:
    return tuple(str(Address.parse(typed(str, text))) for text in typed(list, record))


def holds_of(record: JSON) -> Mapping[str, str]:
    return {str(Address.parse(name)): typed(str, id_) for name, id_ in typed(dict, record).items()}


def settings_record(settings: GuardSettings) -> dict[str, JSON]:
    """Return the settings that are not the defaults."""
    defaults = asdict(GuardSettings())
    return {name: value for name, value in asdict(settings).items() if value != defaults[name]}


def settings_of(record: JSON) -> GuardSettings | None:
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


def intent_record(intent: Intent) -> dict[str, JSON]:
    record = {
        "address": str(intent.address),
        "type": intent.type,
        "marker": intent.marker,
        "started": intent.started,
    }
    return record if intent.creates else {**record, "creates": False}


def intent_of(record: JSON) -> Intent:
    type_, marker = typed(str, record["type"]), typed(dict, record["marker"])
    resource_type, creates = resource_types().get(type_), typed(bool, record.get("creates", True))
    check_marker(marker, uploads=creates and resource_type is not None and resource_type.is_upload)
    return Intent(
        address=Address.parse(record["address"]),
        type=type_,
        marker=marker,
        started=finite(record["started"]),
        creates=creates,
    )


def completed_record(completed: Completed) -> dict[str, JSON]:
    applied, former = completed.applied, completed.instead_of
    record: dict[str, JSON] = {"address": str(completed.address)}
    record["applied"] = None if applied is None else _applied_record(applied)
    if former:
        record["instead_of"] = str(former)
    if completed.is_doubtful:
        record["is_doubtful"] = True
    return record


def completed_of(record: JSON) -> Completed:
    applied, former = record["applied"], record.get("instead_of")
    return Completed(
        address=Address.parse(record["address"]),
        applied=None if applied is None else applied_of(applied),
        instead_of=None if former is None else Address.parse(former),
        is_doubtful=typed(bool, record.get("is_doubtful", False)),
    )


def plan_of(record: JSON) -> AppliedPlan:
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

"""Encode plans as JSON (`reconciler/plan/v2`) and decode them. The digests reveal a plan file that was edited."""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import cache
from typing import Any, Final, cast

from pydantic import TypeAdapter
from typing_extensions import TypedDict

from reconciler.planning.documents import (
    FORMAT,
    READABLE,
    V1,
    ChangeDocument,
    FieldDocument,
    PlanDocument,
    RefusalDocument,
    UnmanagedDocument,
    VersionDocument,
    VersionPart,
)
from reconciler.planning.model import (
    BODY,
    SECTIONS,
    Change,
    Costs,
    FieldChange,
    PartChange,
    Plan,
    Refusal,
    Source,
    Unmanaged,
    VersionChange,
)
from reconciler.planning.reasons import Notice
from reconciler.planning.statements import (
    cause_of,
    change_risk_json,
    node_json,
    node_of,
    reasons_of,
    referrer_json,
    referrer_of,
    remedies_of,
    risk_json,
    risk_of,
    statement,
    statement_json,
    unknown_of,
)
from reconciler.resources.json_documents import check_readable, format_of
from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.resources.values import ABSENT, JSON, digest


class _Marks(TypedDict, total=False):
    versions: list[VersionDocument]
    destroys: bool
    confirmed: bool


_HINT: Final = "Create it again with `reconciler plan --out FILE`."


def seal_change(identity: str, change: Change) -> Change:
    """Return `change` with its digest, which covers identity, address, action, fields and preconditions, but not times
    or labels.
    """
    return replace(change, digest=_change_digest(identity, change))


def seal_plan(plan: Plan) -> Plan:
    """Return `plan` with its digest, which covers its work and refusals, but not commit, dates, warnings or unmanaged
    objects.
    """
    return replace(plan, digest=_plan_digest(plan))


def to_json(plan: Plan) -> PlanDocument:
    """Return `plan` as the JSON document that `plan -o json` prints and `--out` writes."""
    marks: _Marks = {}
    if plan.versions:
        marks["versions"] = list(map(_version_json, plan.versions))
    if plan.destroys:
        marks["destroys"] = True
    if plan.confirmed:
        marks["confirmed"] = True
    return {
        "format": FORMAT,
        "digest": plan.digest,
        "identity": plan.identity,
        "commit": plan.commit,
        "created_at": plan.created_at,
        "summary": plan.summary,
        "changes": [change_json(change) for change in plan.changes],
        "drift": [change_json(change) for change in plan.drift],
        "refusals": [refusal_json(refusal) for refusal in plan.refusals],
        "unmanaged": list(map(unmanaged_json, plan.unmanaged)),
        "warnings": [statement_json(notice) for notice in plan.warnings],
        "risks": [risk_json(risk) for risk in plan.risks],
        "costs": _costs_json(plan.costs) if plan.costs else None,
        "requests": dict(plan.requests),
        "references": [(node_json(referrer), node_json(target)) for referrer, target in plan.references],
        **marks,
    }


def from_json(document: JSON) -> Plan:
    """Return the plan in `document`; raise ReconcilerError if it is not a plan, has a newer format, or was edited."""
    check_readable(document, READABLE, "plan-file", "plan", _HINT)
    try:
        if format_of(document) == FORMAT:
            _readable().validate_json(json.dumps(document), strict=True)
        plan = _plan(document)
        untouched = _is_untouched(plan)
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        raise _unusable(f"an incomplete plan ({error})") from error
    if not untouched:
        raise _unusable("a plan whose contents do not match its digest: it was edited after it was created")
    return plan


@cache
def _readable() -> TypeAdapter[PlanDocument]:
    return TypeAdapter(PlanDocument)


def _is_untouched(plan: Plan) -> bool:
    changes = (*plan.changes, *plan.drift)
    return plan.digest == _plan_digest(plan) and all(
        change.digest == _change_digest(plan.identity, change) for change in changes
    )


def unmanaged_json(item: Unmanaged) -> UnmanagedDocument:
    return cast("UnmanagedDocument", _without_none(asdict(item)))


def _plan(document: Mapping[str, Any]) -> Plan:
    sides = ("before", "after") if format_of(document) == V1 else ("live", "desired")
    return Plan(
        identity=document["identity"],
        changes=tuple(_change(item, sides) for item in document["changes"]),
        drift=tuple(_change(item, sides) for item in document["drift"]),
        refusals=tuple(map(_refusal, document["refusals"])),
        unmanaged=tuple(
            Unmanaged(item["type"], item["id"], item["name"], item.get("owner"), item.get("wrong_label"))
            for item in document["unmanaged"]
        ),
        warnings=tuple(statement(Notice, item) for item in document["warnings"]),
        unchanged=document["summary"]["unchanged"],
        risks=tuple(map(risk_of, document.get("risks", ()))),
        costs=_costs(document["costs"]) if document.get("costs") else None,
        versions=tuple(map(_version, document.get("versions", ()))),
        requests=document["requests"],
        references=tuple((node_of(source), node_of(target)) for source, target in document.get("references", ())),
        commit=document["commit"],
        created_at=document["created_at"],
        digest=document["digest"],
        destroys=document.get("destroys", False),
        confirmed=document.get("confirmed", False),
    )


def _version_json(one: VersionChange) -> VersionDocument:
    return {
        "chatbot": one.chatbot,
        "before": one.before,
        "after": one.after,
        "parts": list(map(_part_json, one.parts)),
        "files": [{"path": path, "change": word} for path, word in one.files],
    }


def _part_json(part: PartChange) -> VersionPart:
    document: VersionPart = {"address": part.address, "change": part.change, "fields": list(part.fields)}
    return {**document, "models": [list(names) for names in part.models]} if part.models else document


def _version(document: Mapping[str, Any]) -> VersionChange:
    return VersionChange(
        chatbot=document["chatbot"],
        before=document["before"],
        after=document["after"],
        parts=tuple(
            PartChange(one["address"], one["change"], tuple(one["fields"]), tuple(map(tuple, one.get("models", ()))))
            for one in document["parts"]
        ),
        files=tuple((one["path"], one["change"]) for one in document["files"]),
    )


def _costs_json(costs: Costs) -> JSON:
    """Return the costs with pairs as lists."""
    values = asdict(costs).items()
    return {name: [_plain(item) for item in value] if isinstance(value, tuple) else value for name, value in values}


def _plain(item: JSON) -> JSON:
    if isinstance(item, dict):
        return {name: _plain(value) for name, value in item.items()}
    return list(item) if isinstance(item, tuple) else item


def _costs(document: Mapping[str, Any]) -> Costs:
    lists = {name: value for name, value in document.items() if isinstance(value, list)}
    pairs = {name: tuple(tuple(item) if isinstance(item, list) else item for item in lists[name]) for name in lists}
    unknown = tuple(unknown_of(item) for item in lists.get("unknown", ()))
    return Costs(**{**document, **pairs, "unknown": unknown})


def change_json(change: Change) -> ChangeDocument:
    source = change.source and {"file": change.source.file, "line": change.source.line}
    document = {
        "address": change.address,
        "action": change.action,
        "digest": change.digest,
        "id": change.id,
        "name": change.name or None,
        "decision": change.decision,
        "preconditions": dict(change.preconditions),
        "fields": [field_json(item) for item in change.fields],
        "source": source,
        "reasons": [statement_json(reason) for reason in change.reasons],
        "risks": [change_risk_json(risk) for risk in change.risks],
    }
    return cast("ChangeDocument", _without_none(document))


def _change(document: Mapping[str, Any], sides: tuple[str, str]) -> Change:
    source = document.get("source")
    return Change(
        address=document["address"],
        action=document["action"],
        fields=tuple(_field(item, sides) for item in document["fields"]),
        id=document.get("id"),
        preconditions=document["preconditions"],
        source=Source(source["file"], source["line"]) if source else None,
        reasons=tuple(reasons_of(document)),
        risks=tuple(risk_of(item, document) for item in document["risks"]),
        decision=document.get("decision"),
        digest=document["digest"],
        name=document.get("name", ""),
    )


def field_json(item: FieldChange) -> FieldDocument:
    """Return `item` with the values that there are: null is a value."""
    sides = {"live": item.live, "desired": item.desired, "applied": item.applied}
    present = {name: side for name, side in sides.items() if side is not ABSENT}
    return cast("FieldDocument", {"path": item.path, "keys": list(item.keys), **present, "origin": item.origin})


def _field(document: Mapping[str, Any], sides: tuple[str, str]) -> FieldChange:
    live, desired = (document.get(side, ABSENT) for side in sides)
    return FieldChange(tuple(document["keys"]), live, desired, document["origin"], document.get("applied", ABSENT))


def refusal_json(refusal: Refusal) -> RefusalDocument:
    return {
        "address": refusal.address,
        "action": refusal.action,
        "rule": refusal.rule,
        "cause": statement_json(refusal.cause),
        "sections": {name: [referrer_json(one) for one in refusal.sections.get(name, ())] for name in SECTIONS},
        "chains": [[referrer_json(link) for link in chain] for chain in refusal.chains],
        "remedies": [statement_json(remedy) for remedy in refusal.remedies],
        "subject": refusal.subject,
        "consent": refusal.consent,
    }


def _refusal(document: Mapping[str, Any]) -> Refusal:
    return Refusal(
        address=document["address"],
        action=document["action"],
        rule=document["rule"],
        cause=cause_of(document),
        sections={name: tuple(referrer_of(one, document) for one in document["sections"][name]) for name in SECTIONS},
        chains=tuple(tuple(referrer_of(link, document) for link in chain) for chain in document["chains"]),
        remedies=tuple(remedies_of(document)),
        subject=document["subject"],
        consent=document["consent"],
    )


def digest_form(identity: str, change: Change) -> dict[str, JSON]:
    """Return what the digest of a change is computed over. It is the same for every version of the document.

    Reviews, saved plans and the record of applied plans compare digests that older versions made, so that nothing here
    may follow a key or a sentence of a document: the names below are those of the first version, and stay. The digest
    of a deleted object is compared apart from it, because a plan that was made offline does not have it.
    """
    return {
        "identity": identity,
        "address": change.address,
        "action": change.action,
        "id": change.id,
        "decision": change.decision,
        "fields": [_digest_form_of_field(item) for item in change.fields],
        "preconditions": {name: value for name, value in change.preconditions.items() if name != BODY},
    }


def _digest_form_of_field(item: FieldChange) -> dict[str, JSON]:
    sides = {"before": item.live, "after": item.desired}
    present = {name: side for name, side in sides.items() if side is not ABSENT}
    return {"path": item.path, "keys": list(item.keys), **present, "origin": item.origin}


def _change_digest(identity: str, change: Change) -> str:
    return digest(digest_form(identity, change))


def _plan_digest(plan: Plan) -> str:
    refusals = (
        {"address": item.address, "action": item.action, "rule": item.rule, "subject": item.subject}
        for item in plan.refusals
    )
    return digest(
        {
            "identity": plan.identity,
            "work": sorted(change.digest for change in plan.work),
            "refusals": sorted(digest(item) for item in refusals),
            **({"destroys": plan.destroys, "confirmed": plan.confirmed} if plan.destroys or plan.confirmed else {}),
        }
    )


def _without_none(document: dict[str, JSON]) -> dict[str, JSON]:
    return {key: value for key, value in document.items() if value is not None}


def _unusable(what: str) -> ReconcilerError:
    return ReconcilerError(Problem("plan-file", f"the file is {what}", hint=_HINT))

"""The status of every object of one identity: in sync, or with pending changes, drift and refusals."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal, NotRequired

from typing_extensions import TypedDict

from reconciler.planning.build import Planned
from reconciler.planning.drift import DriftReport
from reconciler.planning.drift_codec import (
    AssistantDocument,
    ClassDocument,
    ForeignFilesDocument,
    assistant_json,
    foreign_json,
)
from reconciler.planning.model import Action, Change, Refusal, drift_class
from reconciler.planning.sync_status import FailingFile, SyncStatus
from reconciler.planning.tool_files import ForeignFile
from reconciler.project.estate import Estate
from reconciler.project.estate_codec import EstateDocument, estate_json
from reconciler.resources.address import Address
from reconciler.resources.base import Live
from reconciler.resources.json_documents import Timestamp, timestamp
from reconciler.resources.problems import Problem
from reconciler.resources.resource_type import ResourceType
from reconciler.resources.values import references_in
from reconciler.state.lock import Lock
from reconciler.state.model import AppliedPlan, Destruction, State
from reconciler.state.output import AppliedPlanDocument, LockDocument, applied_plan_json, lock_json

FORMAT: Final = "reconciler/status/v2"


@dataclass(frozen=True)
class ObjectStatus:
    """One object with its changes, drift and refusals in the current plan."""

    address: str
    id: str | None
    """Id of the live object, if there is one."""
    changes: tuple[Change, ...] = ()
    """Changes of manifests that are not applied yet, and their consequences."""
    drift: tuple[Change, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    published: str | None = None
    """The published release of a chatbot."""
    failing: tuple[FailingFile, ...] = ()
    """Files of a store that OpenAI could not index."""
    foreign: tuple[ForeignFile, ...] = ()
    """Files of a store that no manifest names."""
    sync: SyncStatus | None = None
    """The status of an assistant with everything that it uses, as `drift` reports it."""
    paused: bool = False
    """True if the live object could act by itself, and is suspended."""

    @property
    def in_sync(self) -> bool:
        own = self.drift or self.refusals or self.failing or self.foreign
        pending = any(not change.only_records for change in self.changes)
        return not (own or pending) and (self.sync is None or self.sync.in_sync)


@dataclass(frozen=True)
class Status:
    """Every object of one identity."""

    identity: str
    endpoint: str
    last_apply: AppliedPlan | None
    lock: Lock | None
    """None if no run holds the lock."""
    objects: tuple[ObjectStatus, ...]
    warnings: tuple[Problem, ...] = ()
    """Warnings about the working tree, such as files that were not read."""
    assistants: tuple[SyncStatus, ...] = ()
    """Every assistant with its copies and everything that they use, as `drift` reports them."""
    chosen: frozenset[str] = frozenset()
    """The addresses that were asked for; empty for all."""
    estate: Estate | None = None
    """Chatbots, owners, costs and blockers of archiving; only for all objects, as a page or as JSON."""
    destruction: Destruction | None = None
    """Set for an environment that is destroyed or being destroyed: no object is listed."""
    is_expired: bool = False
    """True if the next run takes the lock over, because the run that holds it has ended or did not renew it."""
    destroyed: Problem | None = None
    """The message about it, with the commands that continue."""


class DestroyedDocument(TypedDict):
    """The mark of a destroyed environment."""

    holder: str
    """The user or the CI job that began it."""
    started: Timestamp
    """ISO 8601, in UTC."""
    finished: Timestamp | None
    """Null until everything was removed."""


class PendingDocument(TypedDict):
    """One change of an object."""

    action: Action
    fields: list[str]
    """Paths of the changed values."""


class DriftedDocument(PendingDocument, ClassDocument):
    """One change of an object that was made outside Reconciler; `action` would revert it."""


class ObjectDocument(TypedDict):
    """One object."""

    address: str
    id: str | None
    """Id of the live object, if there is one."""
    in_sync: bool
    """True if there are no drift, no refusals and no pending changes, except those that apply only records; of an
    assistant, also not of what it uses.
    """
    changes: list[PendingDocument]
    """Changes of manifests that are not applied yet, and their consequences."""
    drift: list[DriftedDocument]
    """Changes that were made outside Reconciler."""
    refused: list[str]
    """Rules that refuse a change of the object."""
    published: str | None
    """The published release of a chatbot."""
    paused: bool
    """True for an automation that is paused."""
    failing: list[str]
    """Files of a store that OpenAI could not index."""
    foreign: list[ForeignFilesDocument]
    """Files of a store that no manifest names."""


class StatusDocument(TypedDict):
    """Every object of one identity, with its live id and sync status."""

    format: Literal["reconciler/status/v2"]
    identity: str
    """PROJECT or PROJECT/ENVIRONMENT."""
    endpoint: str
    last_apply: AppliedPlanDocument | None
    """Null before the first apply."""
    lock: LockDocument | None
    """Null if no run holds the lock."""
    objects: list[ObjectDocument]
    """Every object, or those that were asked for with everything that they use, by address."""
    assistants: list[AssistantDocument]
    """Every assistant among them with everything that it uses, as in the drift report."""
    estate: EstateDocument | None
    """The other data of the estate page; null if addresses were asked for."""
    destroyed: NotRequired[DestroyedDocument]
    """Present if `destroy` removed the environment, or began to: no object is listed then."""


def object_statuses(planned: Planned, report: DriftReport) -> Iterator[ObjectStatus]:
    """Return the status of every object that is desired, live, or changed by the plan, by address.

    `report` is the drift report of the same plan.
    """
    changes, drift = _by_address(planned.plan.changes), _by_address(planned.plan.drift)
    assistants = {one.address: one for one in report.assistants}
    failing: dict[str, list[FailingFile]] = defaultdict(list)
    for file in report.failing:
        failing[file.store].append(file)
    foreign: dict[str, list[ForeignFile]] = defaultdict(list)
    for extra in report.foreign:
        foreign[extra.store].append(extra)
    refusals: dict[str, list[Refusal]] = defaultdict(list)
    for refusal in planned.plan.refusals:
        concerned = refusal.cause.args.get("objects", ()) if refusal.cause.code == "other-lineage" else ()
        for address in dict.fromkeys((refusal.address, *(one["address"] for one in concerned))):
            refusals[address].append(refusal)
    known = {*map(str, planned.inputs.desired), *map(str, planned.matched.live), *changes, *drift, *refusals}
    for address in sorted(known):
        live = planned.matched.live.get(Address.parse(address))
        yield ObjectStatus(
            address,
            live.id if live else None,
            tuple(changes[address]),
            tuple(drift[address]),
            tuple(refusals[address]),
            _published(live),
            tuple(failing[address]),
            tuple(foreign[address]),
            assistants.get(address),
            live is not None and _is_suspended(live, planned.inputs.resource_types[live.type]),
        )


def related(planned: Planned, addresses: Iterable[Address]) -> frozenset[str]:
    """Return these addresses, the copies of these assistants, and everything that they use."""
    copies: dict[Address, list[Address]] = defaultdict(list)
    for address in planned.inputs.desired:
        if address.is_frozen:
            copies[planned.matched.family(address)].append(address)
    found, waiting = set[Address](), list(addresses)
    while waiting:
        address = waiting.pop()
        if address not in found:
            found.add(address)
            desired = planned.inputs.desired.get(address)
            used = map(Address.parse, references_in(dict(desired.fields))) if desired else ()
            waiting += [*copies.get(address, ()), *map(planned.matched.now, used)]
    return frozenset(map(str, found))


def last_apply(state: State) -> AppliedPlan | None:
    """Return the latest applied plan of a state; None before the first apply."""
    return next(reversed([*state.plans.values()]), None)


def status_json(status: Status) -> StatusDocument:
    """Return `status` as the JSON document that `status -o json` prints."""
    document: StatusDocument = {
        "format": FORMAT,
        "identity": status.identity,
        "endpoint": status.endpoint,
        "last_apply": applied_plan_json(status.last_apply) if status.last_apply else None,
        "lock": lock_json(status.lock) if status.lock else None,
        "objects": list(map(_object_json, status.objects)),
        "assistants": list(map(assistant_json, status.assistants)),
        "estate": estate_json(status.estate) if status.estate else None,
    }
    mark = status.destruction
    if mark is not None:
        finished = None if mark.finished is None else timestamp(mark.finished)
        document["destroyed"] = {"holder": mark.holder, "started": timestamp(mark.started), "finished": finished}
    return document


def _by_address(changes: tuple[Change, ...]) -> dict[str, list[Change]]:
    found: dict[str, list[Change]] = defaultdict(list)
    for change in changes:
        found[change.address].append(change)
    return found


def _published(live: Live | None) -> str | None:
    named = live.fields.get("published") if live else None
    return next(references_in(named), None)


def _is_suspended(live: Live, resource_type: ResourceType) -> bool:
    suspended = resource_type.suspended
    return bool(suspended) and all(live.fields.get(name) == value for name, value in suspended.items())


def _object_json(one: ObjectStatus) -> ObjectDocument:
    return {
        "address": one.address,
        "id": one.id,
        "in_sync": one.in_sync,
        "changes": list(map(_pending_json, one.changes)),
        "drift": [{"class": drift_class(change), **_pending_json(change)} for change in one.drift],
        "refused": [refusal.rule for refusal in one.refusals],
        "published": one.published,
        "paused": one.paused,
        "failing": [file.file for file in one.failing],
        "foreign": foreign_json(one.foreign),
    }


def _pending_json(change: Change) -> PendingDocument:
    return {"action": change.action, "fields": [item.path for item in change.fields]}

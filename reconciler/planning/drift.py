"""The drift report: differences between live and applied objects, their origin, files that are not indexed or that no
manifest names, and models that are shut down soon.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from reconciler.planning.before_after import before_after, resource_type_of
from reconciler.planning.build import Planned
from reconciler.planning.model import (
    DRIFT_CLASSES,
    GONE,
    Change,
    FieldChange,
    Plan,
    Risk,
    drift_class,
    has_values,
    is_repaired,
)
from reconciler.planning.reasons import CauseCode, Notice, NoticeCode
from reconciler.planning.risks import ranked
from reconciler.planning.risks.rules import SOON, of_fields
from reconciler.planning.sync_status import FailingFile, SyncStatus, foreign_files, never_applied, sync_statuses
from reconciler.planning.tool_files import ForeignFile, UnmanagedObjects
from reconciler.planning.writers import Seen, rewritten, seen
from reconciler.resources.address import Address
from reconciler.resources.base import Live
from reconciler.resources.resource_type import CONTENT, Members
from reconciler.resources.values import ABSENT, JSON, same

_OF_APPLY: Final[frozenset[NoticeCode]] = frozenset({"settings-unrecorded"})
"""Warnings about what an apply of the plan records; a report records nothing."""
_WARNED: Final[Mapping[CauseCode, NoticeCode]] = {"same-label": "same-label", "other-lineage": "other-lineage"}
"""Causes of refusals of plans that the report shows as warnings."""

FOREIGN_FILE: Final = "foreign-file"
"""The class of files in a store that no manifest names. A plan leaves them: they are drift of the report only."""


@dataclass(frozen=True)
class Drifted:
    """One object that is not as it was applied."""

    change: Change
    """The change that would revert it."""
    seen: Seen
    """Empty for an object that does not exist: it has no live values."""


@dataclass(frozen=True, slots=True)
class RetiringModel:
    """A model that a live object uses and that OpenAI shuts down."""

    model: str
    on: date
    """The model does not answer from this day on."""
    is_gone: bool
    used_by: tuple[str, ...]


@dataclass(frozen=True)
class DriftReport:
    """The report of one identity."""

    plan: Plan
    """The plan, with the warnings that the rest of the report does not cover."""
    drifted: tuple[Drifted, ...] = ()
    failing: tuple[FailingFile, ...] = ()
    retiring: tuple[RetiringModel, ...] = ()
    """Models that are shut down already come first."""
    assistants: tuple[SyncStatus, ...] = ()
    pending: int = 0
    """The number of edits of manifests that are not applied yet."""
    foreign: tuple[ForeignFile, ...] = ()
    """Files of stores that no manifest names."""
    unapplied: int = 0
    """The number of objects in the manifests if the project was never applied: the state has no object, and none is
    live. Otherwise 0.
    """

    @property
    def in_sync(self) -> bool:
        """True if the live objects are as they were applied, and stores hold no other files. Nothing is in sync before
        the first apply.
        """
        return not (self.drifted or self.failing or self.foreign or self.unapplied)

    @property
    def is_revertible(self) -> bool:
        """True if an apply reverts any of it. Foreign files stay, unless the manifest of their store prunes."""
        return bool(self.drifted or self.failing)

    @property
    def is_only_lost(self) -> bool:
        """True if an apply only makes again what was lost, and overwrites no value."""
        return self.is_revertible and all(is_repaired(item.change) for item in self.drifted)

    @property
    def is_pullable(self) -> bool:
        """True if `pull` can write any of it to the manifests. Changes of another run are not drift in the plan."""
        drift = {change.address for change in self.plan.drift}
        own = (item.change for item in self.drifted if item.change.address in drift)
        return bool(self.foreign) or any(map(has_values, own))

    @property
    def contested(self) -> tuple[str, ...]:
        """The addresses of drift with a value that was changed in the manifest, too: `pull` needs `--force` for it."""
        return tuple(dict.fromkeys(item.change.address for item in self.drifted if is_contested(item.change)))

    @property
    def summary(self) -> dict[str, int]:
        """Number of drifted objects by class, then of the other entries."""
        found = Counter(drift_class(item.change) for item in self.drifted)
        classes: dict[str, int] = {word: found[word] for word in DRIFT_CLASSES}
        more = {"failing": len(self.failing), "retiring": len(self.retiring), "foreign": len(self.foreign)}
        unapplied = {"unapplied": self.unapplied} if self.unapplied else {}
        return classes | more | unapplied | {"unchanged": self.plan.unchanged}

    @property
    def clean(self) -> bool:
        """True if no action is required."""
        return self.in_sync and not self.retiring


def is_contested(change: Change) -> bool:
    """Return True if a value was changed in the manifest and live since it was applied."""
    return change.action == "update" and any(item.origin == "both" for item in change.fields)


def drift_report(planned: Planned, unmanaged: UnmanagedObjects | None = None) -> DriftReport:
    """Return the report of a plan whose inputs have the shutdown dates of the `running` models.

    `unmanaged` has objects that were not read for the plan: the uploads of foreign files, and stores of assistants.
    """
    uploads = (unmanaged or UnmanagedObjects()).uploads
    names = {id_: live.name for id_, live in uploads.items() if live}
    failing, foreign = tuple(_failing(planned)), tuple(foreign_files(planned, names))
    elsewhere = {change.address: change for change in rewritten(planned)}
    drifted = tuple(_drifted(planned, elsewhere, failing))
    waiting = [
        change for change in planned.plan.changes if change != elsewhere.get(change.address) and not change.only_records
    ]
    return DriftReport(
        plan=replace(planned.plan, warnings=tuple(_warnings(planned, failing, foreign))),
        drifted=drifted,
        failing=failing,
        retiring=tuple(_retiring(planned)),
        foreign=foreign,
        assistants=tuple(
            sync_statuses(planned, [item.change for item in drifted], failing, foreign, waiting, unmanaged)
        ),
        pending=len(waiting),
        unapplied=len(planned.inputs.desired) if never_applied(planned) else 0,
    )


def pullable(planned: Planned) -> tuple[Change, ...]:
    """Return the drift that manifests could state: that of the plan, and the foreign files of each store.

    A file that was attached outside Reconciler has only the settings that differ from the defaults of its type, as an
    entry of a manifest has them.
    """
    added: dict[str, list[FieldChange]] = defaultdict(list)
    for file in foreign_files(planned):
        live = planned.matched.live[Address.parse(file.store)]
        members = planned.inputs.members(live.type)
        if members:
            held = {**members.unmanaged(live.detail), **members.of(live.fields)}[file.file]
            added[file.store].append(FieldChange((members.field, file.file), held, ABSENT, "drift"))
    drift = [change for change in planned.plan.drift if change.action != "update" or not change.is_consequence]
    for index, change in enumerate(drift):
        if change.action == "update":
            drift[index] = replace(change, fields=(*change.fields, *added.pop(change.address, ())))
    drift += [
        Change(store, "update", tuple(fields), id=planned.matched.live[Address.parse(store)].id)
        for store, fields in added.items()
    ]
    return tuple(_as_entries(planned, change) for change in drift)


def _as_entries(planned: Planned, change: Change) -> Change:
    live = planned.matched.live.get(Address.parse(change.address))
    members = planned.inputs.members(live.type) if live else None
    if live is None or members is None or change.action != "update":
        return change
    resource_type = planned.inputs.resource_types[live.type]
    usual = resource_type.complete(resource_type, {members.field: {"": {}}})[members.field][""]

    def entry(item: FieldChange) -> FieldChange:
        if item.keys[0] != members.field or len(item.keys) != 2 or item.desired is not ABSENT:
            return item
        return replace(item, live=_entry(planned, members, item.keys[1], item.live, usual))

    return replace(change, fields=tuple(map(entry, change.fields)))


def _entry(planned: Planned, members: Members, file: str, held: JSON, usual: Mapping[str, JSON]) -> JSON:
    """Return what a manifest that names the file means: its id, or the upload of ours with its content."""
    own = held.keys() - {members.reference, CONTENT}
    settings = {name: held[name] for name in sorted(own) if not same(held[name], usual.get(name))}
    target = members.target(held)
    upload = planned.matched.live.get(target) if target else None
    content = {CONTENT: upload.fields[CONTENT]} if upload and CONTENT in upload.fields else {}
    return {members.reference: held.get(members.reference, file), **content, **settings}


def running(planned: Planned) -> dict[str, tuple[str, ...]]:
    """Return the models that live objects of this identity use, each with the addresses of the objects."""
    inputs = planned.inputs
    found: dict[str, list[str]] = defaultdict(list)
    for address, live in sorted(planned.matched.live.items()):
        if inputs.in_scope(address) and live.type in inputs.resource_types:
            for model in dict.fromkeys(inputs.resource_types[live.type].models(live.fields)):
                found[model].append(str(address))
    return {model: tuple(addresses) for model, addresses in sorted(found.items())}


def _retiring(planned: Planned) -> Iterator[RetiringModel]:
    inputs = planned.inputs
    users = running(planned)
    ends = sorted((inputs.shutdowns[model], model) for model in users.keys() & inputs.shutdowns.keys())
    for on, model in ends:
        if on <= inputs.today + SOON:
            yield RetiringModel(model, on, on <= inputs.today, users[model])


def _failing(planned: Planned) -> Iterator[FailingFile]:
    """Yield the files in the manifest of a store that could not be indexed."""
    for address, live, members in _stores(planned):
        errors = members.failed(live.detail)
        wanted = members.of(planned.inputs.desired[address].fields)
        found = ((planned.matched.member(members, wanted, id_), error) for id_, error in errors.items())
        for name, error in sorted(((name, error) for name, error in found if name), key=lambda item: item[0]):
            yield FailingFile(str(address), name, str(error.get("code") or ""), str(error.get("message") or ""))


def _stores(planned: Planned) -> Iterator[tuple[Address, Live, Members]]:
    """Yield the stores of the manifests with files that could not be indexed."""
    for address, live in sorted(planned.matched.live.items()):
        members = planned.inputs.members(live.type)
        wanted = address in planned.inputs.desired and planned.inputs.in_scope(address)
        if members and wanted and members.failed(live.detail):
            yield address, live, members


def _warnings(planned: Planned, failing: Collection[FailingFile], foreign: Collection[ForeignFile]) -> Iterator[Notice]:
    """Yield the warnings, except those about files that the report lists or about an apply, and the objects with a
    copied label.
    """
    for refusal in planned.plan.refusals:
        if refusal.cause.code in _WARNED:
            yield Notice(_WARNED[refusal.cause.code], refusal.cause.args, refusal.address)
    failed = Counter(file.store for file in failing)
    stores = {
        str(address)
        for address, live, members in _stores(planned)
        if failed[str(address)] == len(members.failed(live.detail))
    }
    listed = {"files-not-indexed": stores, "files-not-in-manifest": {file.store for file in foreign}}
    for notice in planned.plan.warnings:
        if notice.code not in _OF_APPLY and notice.address not in listed.get(notice.code, ()):
            yield notice


def _drifted(planned: Planned, elsewhere: Mapping[str, Change], failing: Collection[FailingFile]) -> Iterator[Drifted]:
    """Yield the drift without its consequences, and the changes of runs that this state does not have."""
    lost = {(file.store, file.file) for file in failing}
    left = dict(elsewhere)
    for change in planned.plan.drift:
        also = left.pop(change.address).fields if change.action == "update" and change.address in left else ()
        fields = tuple(item for item in (*change.fields, *also) if not _is_lost(change, item, lost))
        if (fields or not change.fields) and not change.is_consequence:
            yield _as_seen(planned, replace(change, fields=fields))
    yield from (_as_seen(planned, change) for change in left.values())


def _is_lost(change: Change, item: FieldChange, lost: Collection[tuple[str, str]]) -> bool:
    """Return True if a file is missing from a store only because it could not be indexed."""
    return change.action == "update" and len(item.keys) == 2 and (change.address, item.keys[-1]) in lost


def _as_seen(planned: Planned, change: Change) -> Drifted:
    known = Seen() if drift_class(change) in GONE else seen(planned, change)
    return Drifted(replace(change, risks=tuple(_risked(planned, change))), known)


def _risked(planned: Planned, change: Change) -> list[Risk]:
    """Return the risks of the drift, which leads from the desired to the live values. The worst is first."""
    resource_type = resource_type_of(planned.inputs, planned.matched, change)
    if resource_type is None or change.action != "update":
        return []
    live, wanted = before_after(planned.inputs, planned.matched, change)
    return ranked(of_fields(resource_type, wanted, live), change)

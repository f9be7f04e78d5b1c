"""The drift report: differences between live and applied objects, their origin, files that are not indexed, and models
that are shut down soon.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Final

from reconciler.planning.before_after import before_after, resource_type_of
from reconciler.planning.build import Planned
from reconciler.planning.changes import not_named
from reconciler.planning.inputs import PlanInputs
from reconciler.planning.model import DRIFT_CLASSES, GONE, Change, FieldChange, Plan, Risk, drift_class, is_repaired
from reconciler.planning.reasons import Notice
from reconciler.planning.risks import ranked
from reconciler.planning.risks.rules import SOON, of_fields
from reconciler.planning.writers import Seen, rewritten, seen
from reconciler.resources.address import Address
from reconciler.resources.base import Live
from reconciler.resources.resource_type import Members
from reconciler.resources.values import references_in

ASSISTANT: Final = "assistant"


@dataclass(frozen=True)
class Drifted:
    """One object that is not as it was applied."""

    change: Change
    """The change that would revert it."""
    seen: Seen
    """Empty for an object that does not exist: it has no live values."""


@dataclass(frozen=True, slots=True)
class FailingFile:
    """A file that a store should hold and that OpenAI could not index, so that no search finds it."""

    store: str
    file: str
    """As the manifest of the store names it: a path, or the id of an upload that is managed elsewhere."""
    code: str
    """OpenAI's, as is `message`: `last_error` of the vector store file."""
    message: str

    @property
    def reason(self) -> str:
        return ": ".join(filter(None, (self.code, self.message)))


@dataclass(frozen=True, slots=True)
class ForeignFiles:
    """Files of a store that its manifest does not name: search finds their content, which was not reviewed."""

    store: str
    files: tuple[str, ...]
    """Ids of uploads, or paths of ours."""


@dataclass(frozen=True, slots=True)
class RetiringModel:
    """A model that a live object uses and that OpenAI shuts down."""

    model: str
    on: date
    """The model does not answer from this day on."""
    is_gone: bool
    used_by: tuple[str, ...]


@dataclass(frozen=True)
class Standing:
    """One assistant with its copies, and all that they use."""

    address: str
    differs: tuple[Change, ...]
    """Differences of the assistant, of its copies, and of the stores and files that they use."""
    failing: tuple[FailingFile, ...]
    is_pending: bool
    """True if unapplied edits of manifests change any of these."""

    @property
    def in_sync(self) -> bool:
        return not (self.differs or self.failing)


@dataclass(frozen=True)
class DriftReport:
    """The report of one identity."""

    plan: Plan
    """The plan, with the warnings that the rest of the report does not cover."""
    drifted: tuple[Drifted, ...] = ()
    failing: tuple[FailingFile, ...] = ()
    retiring: tuple[RetiringModel, ...] = ()
    """Models that are shut down already come first."""
    assistants: tuple[Standing, ...] = ()
    pending: int = 0
    """The number of edits of manifests that are not applied yet."""
    foreign: tuple[ForeignFiles, ...] = ()
    unapplied: int = 0
    """The number of objects in the manifests if the project was never applied: the state has no object, and none is
    live. Otherwise 0.
    """

    @property
    def in_sync(self) -> bool:
        """True if the live objects are as they were applied. Nothing is in sync before the first apply."""
        return not (self.drifted or self.failing or self.unapplied)

    @property
    def is_pullable(self) -> bool:
        """True if `pull` can write any of it to the manifests. Changes of another run are not drift in the plan."""
        drift = {change.address for change in self.plan.drift}
        return any(item.change.address in drift and not is_repaired(item.change) for item in self.drifted)

    @property
    def summary(self) -> dict[str, int]:
        """Number of drifted objects by class, then of the other entries."""
        found = Counter(drift_class(item.change) for item in self.drifted)
        classes: dict[str, int] = {word: found[word] for word in DRIFT_CLASSES}
        foreign = sum(len(one.files) for one in self.foreign)
        more = {"failing": len(self.failing), "retiring": len(self.retiring), "foreign": foreign}
        unapplied = {"unapplied": self.unapplied} if self.unapplied else {}
        return classes | more | unapplied | {"unchanged": self.plan.unchanged}

    @property
    def clean(self) -> bool:
        """True if no action is required."""
        return self.in_sync and not self.retiring and not self.foreign


def drift_report(planned: Planned) -> DriftReport:
    """Return the report of a plan whose inputs have the shutdown dates of the `running` models."""
    failing = tuple(_failing(planned))
    elsewhere = {change.address: change for change in rewritten(planned)}
    drifted = tuple(_drifted(planned, elsewhere, failing))
    waiting = [change for change in planned.plan.changes if change != elsewhere.get(change.address)]
    return DriftReport(
        plan=replace(planned.plan, warnings=tuple(_warnings(planned, failing))),
        drifted=drifted,
        failing=failing,
        retiring=tuple(_retiring(planned)),
        foreign=tuple(_foreign(planned)),
        assistants=tuple(_standings(planned, drifted, failing, {change.address for change in waiting})),
        pending=len(waiting),
        unapplied=0 if planned.inputs.applied or planned.matched.live else len(planned.inputs.desired),
    )


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
        found = ((_named(planned, members, address, id_), error) for id_, error in errors.items())
        for name, error in sorted(((name, error) for name, error in found if name), key=lambda item: item[0]):
            yield FailingFile(str(address), name, str(error.get("code") or ""), str(error.get("message") or ""))


def _foreign(planned: Planned) -> Iterator[ForeignFiles]:
    """Yield the files of stores without `prune`; in a store that prunes, they are drift."""
    for address, live in sorted(planned.matched.live.items()):
        desired, members = planned.inputs.desired.get(address), planned.inputs.members(live.type)
        if members and desired is not None and planned.inputs.in_scope(address) and not desired.prunes:
            files = not_named(members, desired, planned.inputs.applied.get(address), live)
            if files:
                yield ForeignFiles(str(address), tuple(sorted(files)))


def _stores(planned: Planned) -> Iterator[tuple[Address, Live, Members]]:
    """Yield the stores of the manifests with files that could not be indexed."""
    for address, live in sorted(planned.matched.live.items()):
        members = planned.inputs.members(live.type)
        wanted = address in planned.inputs.desired and planned.inputs.in_scope(address)
        if members and wanted and members.failed(live.detail):
            yield address, live, members


def _named(planned: Planned, members: Members, store: Address, id_: str) -> str | None:
    wanted = members.of(planned.inputs.desired[store].fields)
    paths = (address.name for address in planned.matched.addresses.get(id_, ()))
    return next((name for name in (id_, *paths) if name in wanted), None)


def _warnings(planned: Planned, failing: Collection[FailingFile]) -> Iterator[Notice]:
    """Yield the warnings, except those about stores all of whose failed files are in the report."""
    failed = Counter(file.store for file in failing)
    stores = {
        str(address)
        for address, live, members in _stores(planned)
        if failed[str(address)] == len(members.failed(live.detail))
    }
    for notice in planned.plan.warnings:
        if notice.code != "files-not-indexed" or notice.address not in stores:
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


def _standings(
    planned: Planned, drifted: Collection[Drifted], failing: Collection[FailingFile], pending: Collection[str]
) -> Iterator[Standing]:
    """Yield every assistant of the manifests and of their releases."""
    differs: dict[str, list[Change]] = defaultdict(list)
    for item in drifted:
        differs[item.change.address].append(item.change)
    lost: dict[str, list[FailingFile]] = defaultdict(list)
    for file in failing:
        lost[file.store].append(file)
    affected = frozenset({*pending, *differs, *lost})
    below = _below(planned.inputs, affected)
    for family, members in _families(planned).items():
        concerned = sorted(frozenset[str]().union(*map(below, members)))
        yield Standing(
            str(family),
            tuple(change for address in concerned for change in differs[address]),
            tuple(file for address in concerned for file in lost[address]),
            any(address in pending for address in concerned),
        )


def _below(inputs: PlanInputs, affected: frozenset[str]) -> Callable[[Address], frozenset[str]]:
    """Return a function from an address to the addresses in `affected` that it is or uses, without other assistants."""

    @cache
    def below(address: Address) -> frozenset[str]:
        desired = inputs.desired.get(address)
        used = dict.fromkeys(map(Address.parse, references_in(dict(desired.fields)))) if desired else ()
        deeper = (below(target) for target in used if target.kind != ASSISTANT)
        return (affected & {str(address)}).union(*deeper)

    return below


def _families(planned: Planned) -> dict[Address, list[Address]]:
    """Return the assistants, each with itself and its copies."""
    found: dict[Address, list[Address]] = defaultdict(list)
    for address in sorted(planned.inputs.desired):
        if address.kind == ASSISTANT and planned.inputs.in_scope(address):
            found[planned.matched.family(address)].append(address)
    return {family: found[family] for family in sorted(found)}

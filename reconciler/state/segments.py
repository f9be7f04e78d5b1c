"""Journal segments, and their replay on a snapshot. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, TypeAlias

from reconciler.resources.address import ENVIRONMENT, OUTLET, RELEASE, Address, composed
from reconciler.resources.guard_settings import GuardSettings
from reconciler.state.model import AppliedPlan, Completed, Destruction, Intent, Snapshot, State, Written
from reconciler.state.publications import with_publications

if TYPE_CHECKING:
    from reconciler.resources.base import Applied

PLANS: Final = 100
"""The number of applied plans kept in the state."""


@dataclass(frozen=True, slots=True)
class RunBegun:
    """The first segment of a run: every write that it may leave half done, recorded before the first one."""

    run: str
    intents: tuple[Intent, ...] = ()
    openai_project: str | None = None
    plan: AppliedPlan | None = None
    outlets: tuple[str, ...] | None = None
    """The names of the outlets that the run writes to, beside the built-in one; None if they are not recorded."""
    environments: tuple[str, ...] | None = None
    """The environments of the project; None if they are not recorded."""
    holds: Mapping[Address, Mapping[str, str]] = field(default_factory=dict)
    """`Applied.holds` of releases whose entries do not have it yet."""
    lineage: str | None = None
    """The new lineage of a state that had none."""
    destroys: bool = False
    """True for a run of `destroy`: from here on, nothing is applied until it is undone."""


@dataclass(frozen=True, slots=True)
class RunProgress:
    """A later segment of a run: the changes made since the previous one."""

    run: str
    completed: tuple[Completed, ...] = ()
    discarded: tuple[Address, ...] = ()
    """Addresses whose intents are void: no object was created, or it was deleted again."""
    plan: AppliedPlan | None = None
    """The final record of the plan; None while the run continues."""
    announced: tuple[Intent, ...] = ()
    """Additional writes that the run is about to make."""
    written: tuple[Written, ...] = ()
    """Pointers that were written to outlets, or withdrawn from them, in order."""
    settings: GuardSettings | None = None
    """The settings of the project, which a complete run records; None if it does not."""
    destroyed: bool = False
    """True in the last segment of a `destroy` that removed everything."""


@dataclass(frozen=True, slots=True)
class StateReplaced:
    """The only segment of a run that replaces the whole state: `state push`, `mv`, `rm` or `rebuild`."""

    run: str
    state: State
    pending: tuple[Intent, ...] = ()


Segment: TypeAlias = RunBegun | RunProgress | StateReplaced


def replay(base: Snapshot, segments: Iterable[Segment]) -> Snapshot:
    """Return `base` with the segments that follow it applied in order."""
    folding = _Replay(base)
    for segment in segments:
        folding.add(segment)
    return folding.snapshot()


class _Replay:
    """A snapshot under construction: one copy of the state for any number of segments."""

    def __init__(self, base: Snapshot) -> None:
        self._base = base
        self._project, self._run, self._position = base.state.openai_project, base.run, base.position
        self._objects: dict[Address, Applied] = dict(base.state.objects)
        self._plans: dict[str, AppliedPlan] = dict(base.state.plans)
        self._tombstones: set[Address] = set(base.state.tombstones)
        self._outlets, self._environments = _copied(base.state.outlets), base.state.environments
        self._settings = base.state.settings
        self._lineage = base.state.lineage
        self._destruction = base.state.destruction
        self._pending: dict[Address, list[Intent]] = {}
        self._intend(base.pending)
        self._holders: dict[str, set[Address]] | None = None
        self._superseded: dict[Address, list[Intent]] = {}
        for intent in base.superseded:
            self._superseded.setdefault(intent.address, []).append(intent)

    def add(self, segment: Segment) -> None:
        self._position += 1
        if isinstance(segment, RunBegun):
            self._begin(segment)
        elif isinstance(segment, StateReplaced):
            self._replace(segment)
        elif segment.run == self._run:  # segments that a run writes after another one began are ignored
            self._progress(segment)

    def snapshot(self) -> Snapshot:
        plans = dict(list(self._plans.items())[-PLANS:])
        tombstones = frozenset(self._tombstones)
        state = State(
            self._base.state.identity,
            self._project,
            self._objects,
            plans,
            tombstones,
            self._outlets,
            self._environments,
            self._settings,
            self._lineage,
            self._destruction,
        )
        pending, superseded = map(_in_order, (self._pending, self._superseded))
        return Snapshot(state, pending, self._position, self._run, self._base.stored, superseded)

    def _begin(self, begun: RunBegun) -> None:
        self._run = begun.run
        self._project = begun.openai_project or self._project
        self._lineage = self._lineage or begun.lineage
        self._intend(begun.intents)
        self._remember(begun.plan)
        if begun.destroys and self._destruction is None:
            started, holder = (begun.plan.started, begun.plan.holder) if begun.plan else (0.0, "")
            self._destruction = Destruction(started, holder, tombstones=frozenset(self._tombstones))
        if begun.outlets is not None:  # what was written to an outlet is forgotten once the project does not name it
            known = self._outlets or {}
            self._outlets = {name: known.get(name, {}) for name in begun.outlets}
        if begun.environments is not None:
            self._environments = begun.environments
        for release, held in begun.holds.items():
            if release in self._objects:
                self._objects[release], self._holders = replace(self._objects[release], holds=held), None

    def _replace(self, replaced: StateReplaced) -> None:
        state = replaced.state
        self._run, self._project = replaced.run, state.openai_project
        self._objects, self._plans, self._holders = dict(state.objects), dict(state.plans), None
        self._tombstones, self._pending, self._superseded = set(state.tombstones), {}, {}
        self._outlets, self._environments = _copied(state.outlets), state.environments
        self._settings = state.settings
        self._lineage = state.lineage
        self._destruction = state.destruction
        self._intend(replaced.pending)

    def _progress(self, progress: RunProgress) -> None:
        for completed in progress.completed:
            self._complete(completed)
        for address in progress.discarded:
            self._pending.pop(address, None)
            self._superseded.pop(address, None)
        for written in progress.written:
            self._write(written)
        self._intend(progress.announced)
        self._remember(progress.plan)
        self._settings = progress.settings or self._settings
        if progress.destroyed and self._destruction is not None:
            finished = progress.plan.finished if progress.plan else None
            self._destruction = replace(self._destruction, finished=finished or self._destruction.started)

    def _intend(self, intents: Iterable[Intent]) -> None:
        for intent in intents:
            known = self._pending.setdefault(intent.address, [])
            # A repeated intent: keep the earlier one, because its object may be older.
            if not any(replace(intent, started=earlier.started) == earlier for earlier in known):
                known.append(intent)

    def _complete(self, completed: Completed) -> None:
        self._resolve(completed)
        self._follow(completed)
        known = self._objects.get(completed.instead_of or completed.address) or self._objects.get(completed.address)
        if completed.instead_of is not None:
            self._objects.pop(completed.instead_of, None)
        if completed.applied is None:
            self._objects.pop(completed.address, None)
            self._end(completed.address)
        else:
            self._objects[completed.address] = with_publications(completed.applied, known, self._run)

    def _follow(self, completed: Completed) -> None:
        """Replace the id of the object in what releases hold, if it has another one now: an object was replaced, or a
        document, whose id is its address, was renamed. Other objects keep the ids with which they were written.
        """
        known = self._objects.get(completed.instead_of or completed.address) or self._objects.get(completed.address)
        applied = completed.applied
        if applied is None:
            return
        if applied.holds and completed.address.kind == RELEASE:
            self._holders = None
        if known is None or known.id == applied.id:
            return
        if self._holders is None:
            self._holders = _holders(self._objects)
        for release in self._holders.pop(known.id, ()):
            entry = self._objects.get(release)
            if entry is not None:
                held = {name: applied.id if id_ == known.id else id_ for name, id_ in entry.holds.items()}
                self._objects[release] = replace(entry, holds=held)
                self._holders.setdefault(applied.id, set()).add(release)

    def _end(self, address: Address) -> None:
        """Record that a release was archived, or that an outlet or an environment of the project was removed."""
        if address.kind == RELEASE:
            self._tombstones.add(address)
        elif address.kind == OUTLET and self._outlets is not None:
            self._outlets = {name: known for name, known in self._outlets.items() if composed(name) != address.name}
        elif address.kind == ENVIRONMENT and self._environments is not None:
            self._environments = tuple(name for name in self._environments if name != address.name)

    def _resolve(self, completed: Completed) -> None:
        """Resolve the intents of an address. Superseded ones stay as long as the address has the same object."""
        intents = self._pending.pop(completed.address, [])
        known = self._objects.get(completed.address)
        if known is None or completed.applied is None or known.id != completed.applied.id:
            self._superseded.pop(completed.address, None)
        creates = [intent for intent in intents if intent.creates]
        if completed.is_doubtful and creates:
            self._superseded[completed.address] = creates

    def _write(self, written: Written) -> None:
        pointers = self._outlets.get(written.outlet) if self._outlets is not None else None
        if pointers is None:
            return
        if written.hash is None:
            pointers.pop(written.pointer, None)
        else:
            pointers[written.pointer] = written.hash

    def _remember(self, plan: AppliedPlan | None) -> None:
        if plan is not None:
            self._plans.pop(plan.digest, None)
            self._plans[plan.digest] = plan


def _in_order(intents: Mapping[Address, list[Intent]]) -> tuple[Intent, ...]:
    return tuple(intent for address in sorted(intents) for intent in intents[address])


def _holders(objects: Mapping[Address, "Applied"]) -> dict[str, set[Address]]:
    """Return the releases that hold each id. Live objects have the ids that were written until they are written again:
    see `planning.renewals`.
    """
    found: dict[str, set[Address]] = {}
    for address, applied in objects.items():
        for id_ in applied.holds.values() if address.kind == RELEASE else ():
            found.setdefault(id_, set()).add(address)
    return found


def _copied(outlets: Mapping[str, Mapping[str, str]] | None) -> dict[str, dict[str, str]] | None:
    return None if outlets is None else {name: dict(pointers) for name, pointers in outlets.items()}

"""`apply`: execute a plan under the lock. Creates are journaled before the first one is sent."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from reconciler.applying.apply import apply as carry_out
from reconciler.applying.model import ApplyResult, Outcome
from reconciler.applying.publishing import Publication
from reconciler.applying.recovery import recover
from reconciler.applying.run import Listener, Run
from reconciler.bundles.documents import KINDS
from reconciler.bundles.outlets import DirectoryOutlet, Outlet
from reconciler.bundles.publish import Bundle, bundle, withdraw, write_all
from reconciler.bundles.render import CHATBOT, pointer_address
from reconciler.live.adapters import referrers
from reconciler.live.client import Connection
from reconciler.operations.intents import expected_writes, one_at_a_time
from reconciler.operations.peers import Peers
from reconciler.operations.plan import Observed
from reconciler.operations.supervision import confirming, kept_alive, stopping
from reconciler.planning.held_names import unrecorded
from reconciler.planning.model import Change, Plan
from reconciler.planning.published import OUTLETS
from reconciler.planning.settings import records_settings
from reconciler.planning.unfinished import publication
from reconciler.project.secrets import Secrets
from reconciler.project.workspace import BUILT_IN, Workspace
from reconciler.resources.address import Address, Identity
from reconciler.resources.base import Applied
from reconciler.resources.problems import Problem, ReconcilerError, reason
from reconciler.resources.values import JSON
from reconciler.state.journal import Journal
from reconciler.state.lock import Lease, this_process
from reconciler.state.model import AppliedPlan, Completed, Intent, NotWritten, Written


@dataclass(frozen=True)
class Recorder:
    """The journal writer for completed steps."""

    journal: Journal
    later: Mapping[Address, Intent]
    """Intents that are journaled right before their create."""

    def done(
        self,
        address: Address,
        applied: Applied | None,
        instead_of: Address | None = None,
        *,
        is_doubtful: bool = False,
    ) -> None:
        self.journal.record(Completed(address, applied, instead_of, is_doubtful))

    def publication_done(self, address: Address) -> None:
        self.journal.discard(publication(address))

    def is_announced(self, address: Address) -> bool:
        return address not in self.later

    def announce(self, address: Address) -> None:
        self.journal.announce(self.later[address])
        self.journal.flush()


@dataclass(frozen=True)
class Outlets:
    """The writer of bundles to the outlets."""

    outlets: Mapping[str, Outlet]
    """By name, as in `Observed.outlets`."""
    identity: Identity
    contents: Mapping[Address, JSON]
    journal: Journal
    lease: Lease
    kept: Mapping[Address, frozenset[str]] = field(default_factory=dict)
    """Outlets whose document stays as it is, by pointer."""

    @property
    def writes_groups(self) -> bool:
        return all(outlet.writes_groups for outlet in self.outlets.values())

    def publish(self, bundles: Sequence[Publication]) -> None:
        self.lease.confirm()
        made = {one.under or pointer_address(one.address): self._bundle(one) for one in bundles}
        with _outlet_errors(bundles[0].under or bundles[0].address):
            for name, outlet in self.outlets.items():
                write_all(outlet, [one for address, one in made.items() if name not in self._kept(address)])
        for address, one in made.items():
            self._record([name for name in self.outlets if name not in self._kept(address)], address, one.hash)

    def _bundle(self, one: Publication) -> Bundle:
        name = one.under or pointer_address(one.address)
        return bundle(self.identity, name, self.contents[one.address], one.ids, one.holds)

    def _kept(self, pointer: Address) -> frozenset[str]:
        return self.kept.get(pointer, frozenset())

    def withdraw(self, address: Address, *, published_only: bool = False) -> None:
        self.lease.confirm()
        own = [] if published_only else [pointer_address(address)]
        with _outlet_errors(address):
            for name in dict.fromkeys((*own, address) if address.kind in KINDS else own):
                withdraw(self.outlets.values(), self.identity, name)
                self._record(self.outlets, name, None)

    def _record(self, outlets: Iterable[str], name: Address, hash_: str | None) -> None:
        """Record a write in the state. The built-in outlet needs no record: its documents follow from the objects."""
        for outlet in outlets:
            if outlet != BUILT_IN:
                self.journal.write(Written(outlet, str(name), hash_))


class PartlyAppliedError(ReconcilerError):
    """A run that ended early, after changes were made."""

    exit_code = 4


async def apply_plan(
    workspace: Workspace,
    connection: Connection,
    observed: Observed,
    listener: Listener,
    *,
    resume: str,
    interrupted: Callable[[], None] = lambda: None,
    seconds: float | None = None,
    late: Callable[[], None] = lambda: None,
) -> ApplyResult:
    """Apply a plan without refusals; `resume` is the command that completes an interrupted run.

    `interrupted` is called at the first Ctrl-C, and `late` after `seconds`; after that, only operations in flight are
    finished. A plan without changes writes nothing, unless an interrupted run left changes to record.

    Raises ReconcilerError if a secret that the plan sends cannot be read (exit code 1), if another run holds the lock
    (6), or wrote to the state since it was read (5), and PartlyAppliedError if the run lost its lock or its state after
    changes were made.
    """
    plan, behind = observed.planned.plan, observed.snapshot.is_behind
    destroys = observed.planned.inputs.destroys is not None
    if not plan.work and not behind and not destroys:
        return ApplyResult(plan.identity, plan.digest, (), kept=_kept(plan))
    secrets = Secrets(workspace.environ)
    secrets.check(observed.planned)
    stop = asyncio.Event()
    holder = this_process(workspace.environ)
    with workspace.backend.lock(holder, waits=False) as lease, stopping(stop, interrupted, seconds, late):
        begun = _begin(workspace, connection, observed, lease)
        run = Run(
            observed.planned,
            observed.adapters,
            Outlets(
                observed.outlets,
                workspace.identity,
                observed.contents,
                begun.journal,
                lease,
                _kept_documents(plan),
            ),
            Recorder(begun.journal, begun.later),
            workspace.root,
            begun.journal.lineage,
            stop,
            referrers=[*referrers(connection), Peers(workspace, observed.planned.inputs.recorded)],
            secret_of=secrets.value,
            sleep=connection.pace.sleep,
        )
        for written in observed.agreed:
            begun.journal.write(written)
        done_before = tuple(_catch_up(run)) if behind else ()
        if behind:
            await asyncio.to_thread(_remove_drafts, observed.outlets.values(), workspace.identity)
        if not observed.snapshot.was_interrupted:  # the run before ended, and reported what it had done
            done_before = ()
        outcomes = await _carried_out(run, begun, connection, listener)
    complete = _all_done(outcomes)
    return ApplyResult(
        identity=plan.identity,
        plan_digest=plan.digest,
        outcomes=outcomes,
        interrupted=stop.is_set() and not complete,
        resume="" if complete else resume,
        requests=dict(connection.requests),
        kept=_kept(plan),
        found=done_before,
    )


@dataclass(frozen=True)
class _Begun:
    """A run that has started in the journal."""

    lease: Lease
    journal: Journal
    announced: Collection[Address]
    later: Mapping[Address, Intent]
    """Intents that are journaled right before their create."""
    given_up: Collection[Address]
    """Addresses of intents of earlier runs, which this run discards when it is complete: expired creates whose objects
    it did not find, and other writes that the manifests no longer require."""


def _begin(workspace: Workspace, connection: Connection, observed: Observed, lease: Lease) -> _Begun:
    """Journal the start of the run and its creates."""
    plan, holder = observed.planned.plan, lease.lock.holder
    record = AppliedPlan(
        digest=plan.digest,
        run=lease.token,
        started=lease.now(),
        holder=f"{holder.name}@{holder.host}",
        run_url=holder.run_url,
        commit=plan.commit or "",
    )
    intents, later = one_at_a_time(expected_writes(observed.planned, lease.now() - connection.ahead))
    project = connection.project
    inputs = observed.planned.inputs
    # Removed outlets and environments stay recorded until the change that forgets them is made.
    names = (*(name for name in observed.outlets if name != BUILT_IN), *inputs.removed_outlets)
    own = workspace.identity.project
    removed = (one.environment for one in inputs.removed_identities if one.environment and one.project == own)
    environments = dict.fromkeys((*workspace.loaded.project.spec.environments, *removed))
    journal = workspace.backend.begin(
        observed.snapshot,
        intents,
        lease,
        openai_project=project,
        plan=record,
        outlets=names,
        environments=None if inputs.destroys else tuple(environments),
        holds=dict(unrecorded(inputs, observed.planned.matched)),
        destroys=inputs.destroys is not None,
        not_written=_not_written(plan),
    )
    announced = {intent.address for intent in (*intents, *later.values())}
    obsolete = {item.address for item in inputs.unfinished} - {item.address for item in inputs.pending}
    given_up = (observed.snapshot.expired_intents(lease.now()) | obsolete) - announced
    return _Begun(lease, journal, announced, later, given_up)


def _not_written(plan: Plan) -> Mapping[Address, NotWritten]:
    """Return the objects that a plan adopts or only records, and does not write otherwise."""
    written = {change.address for change in plan.work if change.action != "adopt"}
    taken = (change for change in plan.work if change.action == "adopt" and change.address not in written)
    return {Address.parse(change.address): "recorded" if change.only_records else "adopted" for change in taken}


async def _carried_out(run: Run, begun: _Begun, connection: Connection, listener: Listener) -> tuple[Outcome, ...]:
    """Execute the steps of the plan, and journal their results before returning."""
    outcomes: tuple[Outcome, ...] = ()
    try:
        async with kept_alive(begun.journal, begun.lease, run.stop):
            with connection.writing_while(confirming(begun.lease)):
                outcomes = await carry_out(run, listener)
        if _all_done(outcomes):
            _give_up(run, begun)
            if records_settings(run.planned.inputs, run.planned.plan):
                begun.journal.settle(run.planned.inputs.settings)
        await asyncio.to_thread(begun.journal.close, "complete" if _all_done(outcomes) else "partial")
    except ReconcilerError as error:
        if not any(outcome.status == "done" for outcome in outcomes):
            raise
        raise _partly(error, outcomes) from error
    return outcomes


def _remove_drafts(outlets: Iterable[Outlet], identity: Identity) -> None:
    """Remove the drafts that an interrupted run left in outlets."""
    for outlet in outlets:
        if isinstance(outlet, DirectoryOutlet):
            outlet.sweep(str(identity))


def _all_done(outcomes: Iterable[Outcome]) -> bool:
    return all(outcome.status == "done" for outcome in outcomes)


def _catch_up(run: Run) -> Iterator[str]:
    """Record the results of an interrupted run, and return their addresses and those of objects that it created, unless
    this run goes on writing them.
    """
    recorded = dict(recover(run))
    for address, applied in recorded.items():
        run.record(address, applied)
    inputs, live = run.planned.inputs, run.planned.matched.live
    made = {item.address for item in inputs.pending if item.address in inputs.desired and item.address in live}
    written = {change.address for change in run.planned.plan.work if change.action != "publish"}
    yield from (str(address) for address in sorted(made | recorded.keys()) if str(address) not in written)


def _kept(plan: Plan) -> tuple[Change, ...]:
    return tuple(change for change in plan.drift if change.decision == "keep")


def _kept_documents(plan: Plan) -> dict[Address, frozenset[str]]:
    """Return the outlets of which the plan keeps a document that was changed outside Reconciler, by pointer."""
    kept: dict[Address, frozenset[str]] = {}
    for change in _kept(plan):
        address = Address.parse(change.address)
        named = change.action == "publish" and address.kind == CHATBOT
        outlets = frozenset(item.keys[1] for item in change.fields if item.keys[0] == OUTLETS)
        name = address if named else pointer_address(address)
        kept[name] = kept.get(name, frozenset()) | outlets
    return kept


def _partly(error: ReconcilerError, outcomes: tuple[Outcome, ...]) -> PartlyAppliedError:
    """Return `error` as the error of a partially applied plan."""
    done = sum(outcome.status == "done" for outcome in outcomes)
    message = f"{done} of {len(outcomes)} changes were made before the error"
    hint = "Run the same command again to apply the remaining changes."
    return PartlyAppliedError(*error.problems, Problem("partly-applied", message, hint=hint))


@contextmanager
def _outlet_errors(address: Address) -> Iterator[None]:
    """Turn an error of an outlet into a problem of the bundle at `address`."""
    try:
        yield
    except OSError as error:
        message = f"{address}: cannot write to an outlet: {reason(error)}"
        hint = "Check the permissions and the free space of the folders in `spec.outlets`."
        raise ReconcilerError(Problem("outlet", message, hint=hint)) from error


def _give_up(run: Run, begun: _Begun) -> None:
    """Discard the intents of earlier runs that this run, which is complete, makes void."""
    for address in sorted(begun.given_up):
        if run.planned.inputs.in_scope(address):
            begun.journal.discard(address)

"""Carries out a plan: every step as soon as what it needs is done, and an outcome for every change."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from reconciler.applying.model import Note, Outcome, Status
from reconciler.applying.remove import give_up, remove, still_held
from reconciler.applying.run import Listener, Run
from reconciler.applying.steps import Step, lower
from reconciler.applying.walk import Walk, walk
from reconciler.applying.write import publish, write
from reconciler.live.errors import QuotaError
from reconciler.planning.model import DESTROYS, Action, Change
from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.state.lock import LeaseLostError

_NAMED_PROBLEMS: Final = 10
"""Maximum number of problems of one step that are named."""


async def apply(run: Run, listener: Listener) -> tuple[Outcome, ...]:
    """Apply `run.planned`; gives the outcome of every change, in the order of the plan.

    A step that fails with a `ReconcilerError` is an outcome, and what waits for it is skipped. Any other
    exception, and a cancellation, is raised once the steps under way have been cancelled.
    """
    performer = _Performer(run, listener)
    steps = lower(run.planned)
    removals = [step for step in steps if step.verb == "remove"]
    result = await walk(steps, performer.perform, run.stop, last=removals)
    return tuple(_outcomes(run, steps, result, performer))


@dataclass
class _Performer:
    run: Run
    listener: Listener
    problems: dict[Step, Problem] = field(default_factory=dict)
    notes: dict[Step, tuple[Note, ...]] = field(default_factory=dict)

    async def perform(self, step: Step) -> bool:
        self.listener.started(str(step.address), action_of(step))
        try:
            self.notes[step] = await self._do(step)
        except ReconcilerError as error:
            self.problems[step] = _as_one(error.problems)
            if isinstance(error, QuotaError | LeaseLostError):
                self.run.stop.set()
        self.listener.finished(self._outcome(step))
        return step not in self.problems

    async def _do(self, step: Step) -> tuple[Note, ...]:
        note: Note | None = None
        match step.verb:
            case "write":
                note = (await write(self.run, step)).note
            case "publish":
                await publish(self.run, step)
            case "remove":
                note = await remove(self.run, step)
            case "forget":
                note = await give_up(self.run, step)
            case "record":
                pass
        return (note,) if note else ()

    def _outcome(self, step: Step) -> Outcome:
        problem = self.problems.get(step)
        status: Status = "failed" if problem else "done"
        address = str(step.address)
        change, notes, is_removal = step.changes[0], self.notes.get(step, ()), step.verb == "remove"
        outcome = Outcome(
            address,
            action_of(step),
            status,
            self.run.ids.get(address),
            problem,
            notes=notes,
            only_records=change.only_records and not is_removal,
        )
        return _with_deleted(outcome, change) if is_removal else outcome


def _with_deleted(outcome: Outcome, change: Change) -> Outcome:
    return replace(outcome, deleted=change.deleted, name=change.name) if change.deleted else outcome


def _as_one(problems: Sequence[Problem]) -> Problem:
    """Return the problems of one step as one: all messages, with the hint of the first."""
    messages = [problem.message for problem in problems[:_NAMED_PROBLEMS]]
    more = [f"and {len(problems) - _NAMED_PROBLEMS} more"] if len(problems) > _NAMED_PROBLEMS else []
    return replace(problems[0], message="; ".join([*messages, *more]))


def action_of(step: Step) -> Action:
    """Return the displayed action of a step: the action of its change, or `delete` for the removal of a replaced
    object.
    """
    action = step.changes[0].action
    return "delete" if step.verb == "remove" and action not in DESTROYS else action


def _outcomes(run: Run, made: Iterable[Step], result: Walk[Step], performer: _Performer) -> Iterator[Outcome]:
    steps: dict[int, list[Step]] = defaultdict(list)
    for step in made:
        for change in step.changes:
            steps[id(change)].append(step)
    for change in run.planned.plan.work:
        outcome = _with_deleted(_outcome(run, change, steps[id(change)], result, performer), change)
        yield replace(outcome, only_records=True) if change.only_records else outcome


def _outcome(run: Run, change: Change, steps: list[Step], result: Walk[Step], performer: _Performer) -> Outcome:
    """Return the outcome of a change: done if all its steps are done, otherwise the outcome of the worst step."""
    id_ = run.ids.get(change.address)
    failed = next((step for step in steps if step in result.failed), None)
    if failed:
        return Outcome(change.address, change.action, "failed", id_, performer.problems[failed])
    skipped = next((step for step in steps if step in result.skipped), None)
    if skipped:
        cause = result.skipped[skipped]
        return Outcome(change.address, change.action, "skipped", id_, because_of=str(cause.address))
    if any(step in result.not_started for step in steps):
        return Outcome(change.address, change.action, "not-started", id_)
    notes = tuple(note for step in steps for note in (*_kept(step), *performer.notes.get(step, ())))
    return Outcome(change.address, change.action, "done", id_, notes=notes)


def _kept(step: Step) -> Iterator[Note]:
    """Yield the remark that what the step replaces stays, as planned: the state has it since the new one was made."""
    if step.creates and any(change.keeps_upload for change in step.changes):
        yield still_held(step)

"""The result of applying a plan. `applying/codec.py` makes JSON of it."""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from reconciler.planning.model import Action, Change
from reconciler.planning.reasons import Args
from reconciler.resources.problems import Problem
from reconciler.state.model import AppliedPlan

Status: TypeAlias = Literal["done", "failed", "skipped", "not-started"]
Verdict: TypeAlias = Literal["already-applied", "applied", "interrupted", "partly-applied", "failed"]
"""What an apply came to as a whole. `already-applied` did nothing."""


NoteCode: TypeAlias = Literal[
    "upload-shared",  # another path has the same bytes under the same name: one upload for both
    "upload-kept",  # the old upload stays, because another path shares it
    "upload-held",  # type, id: the old upload stays, because an object of somebody else holds it
    "already-deleted",  # the live object did not exist any more
]


@dataclass(frozen=True, slots=True)
class Note:
    """Something about how a step was done; `reports.wording` has the sentences."""

    code: NoteCode
    args: Args = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """The outcome of one change."""

    address: str
    action: Action
    status: Status
    id: str | None = None
    """The live object, where there is one now."""
    problem: Problem | None = None
    """Why it failed."""
    because_of: str | None = None
    """For `skipped`: the address whose failure this change waited for in vain."""
    notes: tuple[Note, ...] = ()
    """What a reader should know of what was done."""


@dataclass(frozen=True)
class ApplyResult:
    """Every change of the plan with its outcome, in the order of the plan."""

    identity: str
    plan_digest: str
    outcomes: tuple[Outcome, ...]
    interrupted: bool = False
    resume: str = ""
    """The command that finishes what is left; empty when nothing is."""
    requests: dict[str, int] = field(default_factory=dict)
    """Requests sent to OpenAI, by method."""
    kept: tuple[Change, ...] = ()
    """What was changed by hand and is left as it is."""
    found: tuple[str, ...] = ()
    """Addresses of what a run that did not end had done: it was found instead of being done again."""
    already_applied: AppliedPlan | None = None
    """The earlier apply of this plan, where there is nothing to do because of it."""

    def of(self, status: Status) -> tuple[Outcome, ...]:
        return tuple(outcome for outcome in self.outcomes if outcome.status == status)

    @property
    def complete(self) -> bool:
        return all(outcome.status == "done" for outcome in self.outcomes)

    @property
    def verdict(self) -> Verdict:
        if self.already_applied:
            return "already-applied"
        if self.complete:
            return "applied"
        if self.interrupted:
            return "interrupted"
        return "partly-applied" if self.of("done") else "failed"

"""The result of applying a plan. `applying/codec.py` makes JSON of it."""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from reconciler.planning.model import Action, Change
from reconciler.resources.problems import Problem
from reconciler.state.model import AppliedPlan

Status: TypeAlias = Literal["done", "failed", "skipped", "not-started"]


@dataclass(frozen=True)
class Outcome:
    """What became of one change."""

    address: str
    action: Action
    status: Status
    id: str | None = None
    """The live object, where there is one now."""
    problem: Problem | None = None
    """Why it failed."""
    because_of: str | None = None
    """For `skipped`: the address whose failure this change waited for in vain."""
    note: str = ""
    """What a reader should know: found instead of created, one upload for two paths."""


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

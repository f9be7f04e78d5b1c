"""The result of applying a plan. `applying/codec.py` encodes it as JSON."""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from reconciler.planning.model import Action, Change
from reconciler.planning.reasons import Args
from reconciler.resources.problems import Problem
from reconciler.state.model import AppliedPlan

Status: TypeAlias = Literal["done", "failed", "skipped", "not-started"]
Verdict: TypeAlias = Literal["already-applied", "applied", "interrupted", "partly-applied", "failed"]
"""The outcome of an apply as a whole. An apply with the verdict `already-applied` changes nothing."""


NoteCode: TypeAlias = Literal[
    "upload-shared",  # another path has the same bytes under the same name: one upload for both
    "upload-kept",  # the old upload stays, because another path shares it
    "upload-held",  # type, id: the old upload stays, because this object started to use it after the plan was made
    "replaced-held",  # type, id: the replaced object stays, because this object started to use it after that
    "upload-still-held",  # holders: the upload stays, because these objects use it, as planned; type: of an object that
    # is not an upload
    "already-deleted",  # the live object did not exist
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
    """The live object; None if there is none now."""
    problem: Problem | None = None
    """The cause of a failure."""
    because_of: str | None = None
    """For `skipped`: the address whose failure prevented this change."""
    notes: tuple[Note, ...] = ()
    """Remarks about the way in which the change was made."""
    deleted: str | None = None
    """The id of the live object that the change deletes, whatever its status; None if it deletes none."""
    name: str = ""
    """The live name of the object in `deleted`; of an upload, the name of the file."""
    only_records: bool = False
    """True for an `adopt` of an object that is live as the manifest says; see `Change.only_records`."""


@dataclass(frozen=True)
class ApplyResult:
    """Every change of the plan with its outcome, in the order of the plan."""

    identity: str
    plan_digest: str
    outcomes: tuple[Outcome, ...]
    interrupted: bool = False
    resume: str = ""
    """The command that completes the apply; empty if it is complete."""
    requests: dict[str, int] = field(default_factory=dict)
    """Requests sent to OpenAI, by method."""
    kept: tuple[Change, ...] = ()
    """Drift that the apply keeps."""
    found: tuple[str, ...] = ()
    """Addresses of what a run that did not end had done: it was found instead of being done again."""
    already_applied: AppliedPlan | None = None
    """The earlier apply of this plan; None if this is the first one."""

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

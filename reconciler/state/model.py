"""What state knows, as values. Nothing here reads or writes."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from reconciler.resources.address import Address, Identity
from reconciler.resources.base import Applied
from reconciler.resources.values import JSON

Outcome: TypeAlias = Literal["unfinished", "partial", "complete"]
"""Of an apply: no end was recorded (it runs, or was killed), some of its changes are not done, all are."""


@dataclass(frozen=True, slots=True)
class Intent:
    """A live object that an apply is about to make, recorded before, so that the next run can look for it."""

    address: Address
    type: str
    marker: Mapping[str, JSON]
    """What the object is to be known by: its labels, or name, size and purpose of an upload."""
    started: float
    """Unix time: nothing made before it can be this object."""


@dataclass(frozen=True, slots=True)
class Completed:
    """One object of which the live side is done: `applied` as it is now, or None where it is gone."""

    address: Address
    applied: Applied | None
    instead_of: Address | None = None
    """What the object was called before: there is nothing under that address any more."""


@dataclass(frozen=True, slots=True)
class AppliedPlan:
    """That a plan was applied, by whom and how far."""

    digest: str
    """Of the plan."""
    run: str
    """Names the run; never used twice."""
    started: float
    """Unix time, as is `finished`."""
    holder: str
    """The user or the CI job that applied it."""
    run_url: str = ""
    commit: str = ""
    finished: float | None = None
    """Unix time; None where no end was recorded."""
    outcome: Outcome = "unfinished"
    """How it ended; see `Outcome`."""
    summary: str = ""
    """What was done, in words: `3 created, 1 updated`."""


@dataclass(frozen=True, slots=True)
class State:
    """What was applied under one identity."""

    identity: Identity
    openai_project: str | None = None
    """The OpenAI project that the ids belong to; None before the first apply."""
    objects: Mapping[Address, Applied] = field(default_factory=dict)
    plans: Mapping[str, AppliedPlan] = field(default_factory=dict)
    """The latest applied plans by digest, oldest first."""
    tombstones: frozenset[Address] = frozenset()
    """Releases that were archived. Their numbers are never used again."""


@dataclass(frozen=True, slots=True)
class Stored:
    """How a snapshot lies in its store: the state document, and segments after it."""

    version: str | None = None
    """Of the state document; None where there is none yet."""
    size: int = 0
    """Bytes of the state document."""
    position: int = 0
    """The number of the last segment that is in the state document."""
    documents: int = 0
    """Documents that hold the segments after that."""
    journal: int = 0
    """Bytes of those."""

    def grown(self, *sizes: int) -> "Stored":
        """With further documents of so many bytes."""
        return replace(self, documents=self.documents + len(sizes), journal=self.journal + sum(sizes))


@dataclass(frozen=True, slots=True)
class Snapshot:
    """State with all that the journal adds to it, as of one moment."""

    state: State
    pending: tuple[Intent, ...] = ()
    """What unfinished runs may have made and nobody has looked for yet."""
    position: int = 0
    """The number of the last journal segment in it. It rises with every segment, and with nothing else."""
    run: str = ""
    """The run that has the journal: the last that began. Segments of another one after that count for nothing."""
    stored: Stored = field(default=Stored(), compare=False)

    @property
    def is_behind(self) -> bool:
        """Whether a run may have done something that is not recorded."""
        latest = next(reversed(list(self.state.plans.values())), None)
        return bool(self.pending) or (latest is not None and latest.outcome == "unfinished")

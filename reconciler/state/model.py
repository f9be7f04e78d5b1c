"""Values of the state: entries, intents, applied plans and snapshots. Nothing here reads or writes."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal, TypeAlias

from reconciler.resources.address import Address, Identity
from reconciler.resources.base import Applied
from reconciler.resources.guard_settings import GuardSettings
from reconciler.resources.values import JSON

Outcome: TypeAlias = Literal["unfinished", "partial", "complete"]
"""The result of an apply. `unfinished`: no end was recorded, because it is running or was killed; `partial`: some
changes failed or were skipped; `complete`: every change was made."""
NotWritten: TypeAlias = Literal["adopted", "recorded"]
"""The effect on an object that was there before: it was taken over, or only recorded as it was."""
LONGEST_REQUEST: Final = 600.0
"""Seconds after which the effect of a sent request is visible in lists: the longest wait for an answer (the default of
the SDK)."""


@dataclass(frozen=True, slots=True)
class Intent:
    """A write that an apply is about to make. Recorded before it, so that the next run can find what is half done."""

    address: Address
    type: str
    marker: Mapping[str, JSON]
    """The properties that identify a created object: its labels, or the name, size and purpose of an upload. For other
    writes the changed parts and the published bundle.
    """
    started: float
    """Unix time. An object created before it cannot be the intended one."""
    creates: bool = True
    """False for the write of an object that exists, and for a publication."""


@dataclass(frozen=True, slots=True)
class Completed:
    """A finished change to one live object: `applied` holds the new values, or None if the object was deleted."""

    address: Address
    applied: Applied | None
    instead_of: Address | None = None
    """The former address of a renamed object. Its entry is removed."""
    is_doubtful: bool = False
    """True if an earlier create of the address, whose outcome is unknown, may still make another object: the intents of
    the address are superseded instead of resolved."""


@dataclass(frozen=True, slots=True)
class Written:
    """A pointer that was written to an outlet beside the built-in one, or withdrawn from it."""

    outlet: str
    """The name of the outlet: its path in the project folder, or its `s3://` location."""
    pointer: str
    """The address of the pointer, such as `chatbot/support`."""
    hash: str | None
    """The hash of the pointer as written; None if it was withdrawn."""


@dataclass(frozen=True, slots=True)
class AppliedPlan:
    """A record of an applied plan: the run, its holder and its outcome."""

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
    """The way in which it ended; see `Outcome`."""
    summary: str = ""
    """Counts of the changes made, for display: `3 created, 1 updated`."""


@dataclass(frozen=True, slots=True)
class Destruction:
    """The mark of an environment that `destroy` removed, or is removing. Until it is undone, nothing is applied."""

    started: float
    """Unix time at which the first run began, as is `finished`."""
    holder: str
    """The user or the CI job that began it."""
    finished: float | None = None
    """None until everything was removed."""
    tombstones: frozenset[Address] = frozenset()
    """Releases that were archived before. The others are archived only as long as the environment is destroyed."""


@dataclass(frozen=True, slots=True)
class State:
    """The objects applied under one identity."""

    identity: Identity
    openai_project: str | None = None
    """The OpenAI project that the ids belong to; None before the first apply."""
    objects: Mapping[Address, Applied] = field(default_factory=dict)
    plans: Mapping[str, AppliedPlan] = field(default_factory=dict)
    """The most recent applied plans by digest, oldest first."""
    tombstones: frozenset[Address] = frozenset()
    """Archived releases. Their numbers are never reused."""
    outlets: Mapping[str, Mapping[str, str]] | None = None
    """The outlets of the last run, beside the built-in one: by name the pointers that were written there, each with its
    hash. None if no run has recorded its outlets.
    """
    environments: tuple[str, ...] | None = None
    """The environments that the project had in the last run; None if no run has recorded them."""
    settings: GuardSettings | None = None
    """The settings of the project that the last complete apply recorded; None if none did."""
    lineage: str | None = None
    """A random id that distinguishes this state from others of the same identity. It is on the labels of the objects
    that its runs write. None before the first run, and in states of versions without lineages."""
    destruction: Destruction | None = None
    """Set from the beginning of the first `destroy` until `destroy --undo`."""


@dataclass(frozen=True, slots=True)
class Stored:
    """The size and version of a snapshot in its store: the state document and the segments after it."""

    version: str | None = None
    """Version of the state document; None if it does not exist yet."""
    size: int = 0
    """Size of the state document in bytes."""
    position: int = 0
    """The number of the last segment contained in the state document."""
    documents: int = 0
    """The number of documents that hold the later segments."""
    journal: int = 0
    """The size of these documents in bytes."""

    def with_documents(self, *sizes: int) -> "Stored":
        """Return a copy with additional journal documents of these sizes in bytes."""
        return replace(self, documents=self.documents + len(sizes), journal=self.journal + sum(sizes))


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state and the journal after it, at one point in time."""

    state: State
    pending: tuple[Intent, ...] = ()
    """Intents of unfinished runs that are not resolved yet."""
    position: int = 0
    """The number of the last journal segment included. Only a new segment increases it."""
    run: str = ""
    """The run that owns the journal: the last one that began. Later segments of other runs are ignored."""
    stored: Stored = field(default=Stored(), compare=False)
    superseded: tuple[Intent, ...] = ()
    """Intents with an unknown outcome after which another create completed the address: their objects may appear
    late, as duplicates of the object in the state."""

    @property
    def is_behind(self) -> bool:
        """True if a run may have made changes that are not recorded."""
        return bool(self.pending) or self.was_interrupted

    @property
    def was_interrupted(self) -> bool:
        """True if the end of the last run is not recorded."""
        latest = next(reversed(list(self.state.plans.values())), None)
        return latest is not None and latest.outcome == "unfinished"

    def expired_intents(self, now: float) -> frozenset[Address]:
        """Return the addresses whose intents can all be discarded at the Unix time `now`.

        An intent has expired when another run began after it, which requires the lock, and `LONGEST_REQUEST` seconds
        have passed since: the run that recorded it has sent its last request, and the effect would be visible.
        """
        since = max(
            (plan.started for plan in self.state.plans.values() if plan.started < now - LONGEST_REQUEST), default=0.0
        )
        intents = (*self.pending, *self.superseded)
        young = {intent.address for intent in intents if intent.started >= since}
        return frozenset(intent.address for intent in intents) - young

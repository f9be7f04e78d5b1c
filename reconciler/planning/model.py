"""The plan: one frozen value that `show`, `apply` and every report read, so that what is shown is what is done."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias, get_args

from reconciler.planning.reasons import Args, Cause, Notice, Reason, Remedy
from reconciler.planning.referrers import Node, Referrer
from reconciler.resources.risks import Level, Rule
from reconciler.resources.values import ABSENT, JSON, Absent, Keys, path_text

Action: TypeAlias = Literal["create", "update", "replace", "delete", "adopt", "forget", "release", "publish", "archive"]
ACTIONS: Final[tuple[Action, ...]] = get_args(Action)

CREATES: Final[frozenset[Action]] = frozenset({"create", "replace", "release"})
"""Actions by which an object gets a new id."""
DESTROYS: Final[frozenset[Action]] = frozenset({"delete", "archive"})
"""Actions after which the live object is gone: `archive` for what a release has made, `delete` for all else."""
INVALIDATES_ID: Final[frozenset[Action]] = DESTROYS | {"replace"}
"""After these the id that others may know the object by is gone, whether or not another object takes its place."""
RELEASES_OWNERSHIP: Final[frozenset[Action]] = DESTROYS | {"forget"}
"""After these nothing live is ours at the address, whether or not the object is still there."""

Origin: TypeAlias = Literal["manifest", "drift", "both", "unknown"]
"""Who made desired and live differ: an edit of the manifest, a hand at the API, both at once; `unknown` where nobody
can tell what was last applied."""

OnDrift: TypeAlias = Literal["revert", "keep", "refuse"]
Decision: TypeAlias = Literal["revert", "keep"]

Section: TypeAlias = Literal["Chatbots", "Pipelines", "Chatbots Referencing Pipeline", "Other references"]
SECTIONS: Final[tuple[Section, ...]] = get_args(Section)


OWNER: Final = "owner"
"""The precondition of an object that is taken over: that it has none."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A value that differs between the live object and the manifest; `ABSENT` on the side that has none."""

    keys: Keys
    live: JSON | Absent
    desired: JSON | Absent
    """The value that applying the change writes."""
    origin: Origin
    applied: JSON | Absent = field(default=ABSENT, compare=False)
    """The value last applied; `ABSENT` where there was none or state does not have it. Never part of a digest."""

    @property
    def path(self) -> str:
        return path_text(self.keys)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a manifest says it."""

    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Risk:
    """One risk of one change to those who use a bot."""

    rule: Rule
    """A name that stays, with a section of its own in `docs/risks.md`."""
    level: Level
    address: str
    action: Action
    args: Args = field(default_factory=dict)
    """Of its sentence, by rule (`resources.risks`); `text` of a document of an older format."""
    part: str | None = None
    """As `Hazard.part`."""
    used_by: str | None = None
    """As `Hazard.used_by`."""


@dataclass(frozen=True)
class Change:
    """One object, one action."""

    address: str
    action: Action
    fields: tuple[FieldChange, ...] = ()
    id: str | None = None
    """The live object that is changed; None where there is none yet."""
    preconditions: Mapping[str, JSON] = field(default_factory=dict)
    """What must still hold when the change is made, besides the `live` values of its fields: `referrers`, the sorted
    sources of all that referred to what loses its id; `OWNER`, of what is taken over; `agreed`, for an `adopt` by which
    state only learns of values: the hash of each by field."""
    source: Source | None = None
    reasons: tuple[Reason, ...] = ()
    """Those that do not follow from the fields."""
    risks: tuple[Risk, ...] = ()
    """The worst first."""
    decision: Decision | None = None
    """For drift only: whether applying this plan undoes it."""
    digest: str = ""

    @property
    def is_consequence(self) -> bool:
        """Whether a bundle is published again only because something in it gets a new id."""
        followed = self.action == "publish" or (self.action == "update" and bool(self.reasons))
        return followed and not self.fields

    @property
    def takes_over(self) -> bool:
        """Whether it makes ours what nobody owns."""
        return self.action == "adopt" and OWNER in self.preconditions


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something that an estimate leaves out because it is not known."""

    what: Literal["storage", "file-sizes", "token-prices", "text"]
    """`text` is what an older format has."""
    names: tuple[str, ...]
    """Of stores, files or models; an empty name stands for several models at once."""


@dataclass(frozen=True, slots=True)
class Costs:
    """What the plan does to what OpenAI bills; of tokens, only those of the instructions. An estimate; pairs are before
    and after the plan.
    """

    source: str
    """Where the prices are from."""
    stored: tuple[int, int] = (0, 0)
    """Bytes in the vector stores of this identity, as OpenAI tells them; files to come count by their size."""
    per_day: tuple[float, float] = (0.0, 0.0)
    """US dollars for them. The free part counts as if nobody else used any of it."""
    growth: tuple[tuple[str, int], ...] = ()
    """Stores that change, each with the bytes that it gains or, negative, loses."""
    prompts: tuple[int, int] = (0, 0)
    """Characters of the instructions that change, of working objects."""
    prompts_per_1000: tuple[float, float] | None = None
    """US dollars for sending each of them 1,000 times, four characters a token; None where a price is unknown."""
    paid: tuple[tuple[str, str, float], ...] = ()
    """What is billed by use and new: address, tool, US dollars for a session or for 1,000 calls."""
    unused: tuple[tuple[str, int | None], ...] = ()
    """Stores and files of this identity that nothing it knows refers to, with their bytes."""
    unknown: tuple[Unknown, ...] = ()
    """What is not in these sums."""


@dataclass(frozen=True)
class Refusal:
    """Something the plan must not do. One refusal stops the whole apply."""

    address: str
    action: Action
    rule: str
    cause: Cause
    sections: Mapping[Section, tuple[Referrer, ...]] = field(default_factory=lambda: dict.fromkeys(SECTIONS, ()))
    """For rule `referenced`: the referrers that stay, each once; every section is present."""
    chains: tuple[tuple[Referrer, ...], ...] = ()
    """The shortest ways from a live referrer to what would be deleted, which is the last link."""
    remedies: tuple[Remedy, ...] = ()
    """The ways out. Of several, the first ones are needed together, and the last one in their place."""
    subject: str = ""
    """What exactly is refused: a digest that changes with the object, its live id and all that speaks against it."""
    consent: str | None = None
    """The smallest Consent document that would lift this refusal; None where nothing may."""


@dataclass(frozen=True, slots=True)
class Unmanaged:
    """A live object that is not ours: reported, never touched."""

    type: str
    id: str
    name: str
    owner: str | None = None
    """The identity that owns it; None where there is none."""


@dataclass(frozen=True)
class Plan:
    """The difference between what is wanted and what is live, and what applying it would do."""

    identity: str
    changes: tuple[Change, ...]
    """Edits of the manifests and what follows from them, in the order in which they are shown."""
    drift: tuple[Change, ...] = ()
    """What was changed by hand; `decision` tells whether applying undoes it."""
    refusals: tuple[Refusal, ...] = ()
    unmanaged: tuple[Unmanaged, ...] = ()
    warnings: tuple[Notice, ...] = ()
    unchanged: int = 0
    """Objects that are live as desired."""
    requests: Mapping[str, int] = field(default_factory=dict)
    """Writes at OpenAI that applying costs, by HTTP method."""
    references: tuple[tuple[Node, Node], ...] = ()
    """Who refers to what, of all that the plan is about and all that depends on it: pairs of referrer and referent."""
    risks: tuple[Risk, ...] = ()
    """Those of all its work, the worst first; never part of a digest."""
    costs: Costs | None = None
    """None where nobody has worked it out; never part of a digest."""
    commit: str | None = None
    created_at: str = ""
    digest: str = ""

    @property
    def work(self) -> tuple[Change, ...]:
        """Everything that applying this plan does: the changes, and the drift that is reverted."""
        return (*self.changes, *(change for change in self.drift if change.decision == "revert"))

    @property
    def summary(self) -> dict[str, int]:
        """Changes by action, in the order of `ACTIONS`, then `drift` and `unchanged`."""
        counts = Counter(change.action for change in self.changes)
        actions: Iterator[tuple[str, int]] = ((action, counts[action]) for action in ACTIONS if counts[action])
        return dict(actions) | {"drift": len(self.drift), "unchanged": self.unchanged}

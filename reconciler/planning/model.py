"""The plan: one frozen value that `show`, `apply` and every report read."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias, get_args

from reconciler.planning.reasons import Args, Cause, Notice, Reason, ReasonCode, Remedy
from reconciler.planning.referrers import Node, Referrer
from reconciler.resources.labels import KEYS
from reconciler.resources.registry import upload_kinds
from reconciler.resources.risks import Level, Rule
from reconciler.resources.values import ABSENT, JSON, Absent, Keys, path_text

Action: TypeAlias = Literal["create", "update", "replace", "delete", "adopt", "forget", "release", "publish", "archive"]
ACTIONS: Final[tuple[Action, ...]] = get_args(Action)

CREATES: Final[frozenset[Action]] = frozenset({"create", "replace", "release"})
"""Actions by which an object gets a new id."""
DESTROYS: Final[frozenset[Action]] = frozenset({"delete", "archive"})
"""Actions that delete the live object: `archive` for objects of releases, `delete` for all others."""
INVALIDATES_ID: Final[frozenset[Action]] = DESTROYS | {"replace"}
"""Actions after which the id of the object is invalid, whether or not another object replaces it."""
RELEASES_OWNERSHIP: Final[frozenset[Action]] = DESTROYS | {"forget"}
"""Actions after which no managed object exists at the address, whether or not the live object still exists."""

STILL_HELD: Final = "still-held"
"""The code of the reason for which an upload stays live, although its file was edited or removed."""

Origin: TypeAlias = Literal["manifest", "drift", "both", "unknown"]
"""The origin of a difference: an edit of the manifest, a change outside Reconciler, or both; `unknown` if the last
applied value is not known.
"""

OnDrift: TypeAlias = Literal["revert", "keep", "refuse"]
Decision: TypeAlias = Literal["revert", "keep"]

Section: TypeAlias = Literal["Chatbots", "Pipelines", "Chatbots Referencing Pipeline", "Other references"]
SECTIONS: Final[tuple[Section, ...]] = get_args(Section)


OWNER: Final = "owner"
"""The precondition of an adopted object: that it has no owner."""
BODY: Final = "body"
"""The precondition of a deleted object that it has this digest."""


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
    """The place of a manifest."""

    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Risk:
    """One risk of one change to those who use a bot."""

    rule: Rule
    """A stable name, which `reconciler explain` explains."""
    level: Level
    address: str
    action: Action
    args: Args = field(default_factory=dict)
    """Arguments of the sentence, by rule (`resources.risks`); `text` for a document of an older format."""
    part: str | None = None
    """See `Hazard.part`."""
    used_by: str | None = None
    """See `Hazard.used_by`."""


@dataclass(frozen=True)
class Change:
    """One object, one action."""

    address: str
    action: Action
    fields: tuple[FieldChange, ...] = ()
    id: str | None = None
    """The live object to change; None if there is none yet."""
    preconditions: Mapping[str, JSON] = field(default_factory=dict)
    """Conditions that must hold when the change is applied, besides the `live` values of its fields: `referrers`, the
    sorted referrers of an object that loses its id; `BODY`, the digest of such an object, if it is only deleted as it
    is; `OWNER`, for an adopted object; `agreed`, for an `adopt` that only records values in the state: the hash of each
    by field.
    """
    source: Source | None = None
    reasons: tuple[Reason, ...] = ()
    """Reasons that do not follow from the fields."""
    risks: tuple[Risk, ...] = ()
    """Risks, the worst first."""
    decision: Decision | None = None
    """For drift only: whether applying the plan reverts it."""
    digest: str = ""
    name: str = ""
    """The live name of an object that is deleted or replaced; of an upload, the name of the file. Never part of a
    digest."""

    @property
    def ends_id(self) -> bool:
        """True if the live object is deleted, whether or not another one replaces it."""
        return self.action in INVALIDATES_ID and not self.keeps_upload

    @property
    def keeps_upload(self) -> bool:
        """True if the upload stays live because something holds it, and the state keeps it."""
        return any(reason.code == STILL_HELD for reason in self.reasons)

    @property
    def is_consequence(self) -> bool:
        """True if a bundle is published again, or an object is updated, only because an object in it gets a new id."""
        reasons = [reason for reason in self.reasons if reason.code != "still-indexing"]
        followed = self.action == "publish" or (self.action == "update" and bool(reasons))
        named = (reason.args.get("fields") for reason in reasons if reason.code == "ids-renewed")
        renewed = {str(path) for paths in named if isinstance(paths, list) for path in paths}
        return followed and all(item.path in renewed for item in self.fields)

    @property
    def deleted(self) -> str | None:
        """The id of the live object at OpenAI that the change deletes; None if it deletes none."""
        return self.id if self.action in INVALIDATES_ID and self.id != self.address else None

    @property
    def takes_over(self) -> bool:
        """True if the change adopts an unmanaged object."""
        return self.action == "adopt" and OWNER in self.preconditions

    @property
    def only_records(self) -> bool:
        """True if the object is live as the manifest says, so that apply only records it in the state and its label."""
        return self.action == "adopt" and not self.takes_over


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something that an estimate leaves out because it is not known."""

    what: Literal["storage", "file-sizes", "token-prices", "text"]
    """`text` is what an older format has."""
    names: tuple[str, ...]
    """Names of stores, files or models; an empty name stands for several models at once."""


@dataclass(frozen=True, slots=True)
class Costs:
    """The estimated costs of the plan: storage, tools, and tokens of the instructions. Pairs are before and after the
    plan.
    """

    source: str
    """The source of the prices."""
    stored: tuple[int, int] = (0, 0)
    """Bytes in the vector stores of this identity, as OpenAI reports them; new files count by their size."""
    per_day: tuple[float, float] = (0.0, 0.0)
    """US dollars for them. The free quota counts as if no other project used it."""
    growth: tuple[tuple[str, int], ...] = ()
    """Stores that change, each with the bytes that it gains or, negative, loses."""
    prompts: tuple[int, int] = (0, 0)
    """Characters of the instructions that change, of working objects."""
    prompts_per_1000: tuple[float, float] | None = None
    """US dollars for sending each of them 1,000 times, four characters a token; None where a price is unknown."""
    paid: tuple[tuple[str, str, float], ...] = ()
    """New tools that are billed by use: address, tool, US dollars for a session or for 1,000 calls."""
    unused: tuple[tuple[str, int | None], ...] = ()
    """Stores and files of this identity that no known object references, with their bytes."""
    unknown: tuple[Unknown, ...] = ()
    """Values that are not in these sums."""


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
    """The shortest chains from a live referrer to the object that would be deleted, which is the last link."""
    remedies: tuple[Remedy, ...] = ()
    """Remedies. The last one is an alternative to all others, which are required together."""
    subject: str = ""
    """A digest of the refused change that depends on the object, its live id and all facts of the violation."""
    consent: str | None = None
    """The smallest Consent document that lifts this refusal; None if no consent may."""


@dataclass(frozen=True, slots=True)
class Unmanaged:
    """A live object that this identity does not manage: reported, never changed."""

    type: str
    id: str
    name: str
    owner: str | None = None
    """The identity that owns it; None if it is unmanaged."""
    wrong_label: str | None = None
    """The address on a label of this identity that objects of this type cannot have, so that the label does not
    count."""


ChangeWord: TypeAlias = Literal["added", "removed", "changed"]


@dataclass(frozen=True, slots=True)
class PartChange:
    """An object of a chatbot that differs between two releases."""

    address: str
    """Of the working object; the chatbot itself stands for what the release starts with."""
    change: ChangeWord
    fields: tuple[str, ...] = ()
    """The fields that differ, of a changed object."""
    models: tuple[tuple[str, ...], ...] = ()
    """The models before and after; empty if they are the same."""


@dataclass(frozen=True, slots=True)
class VersionChange:
    """The differences between the release that a chatbot publishes now and the one after the plan."""

    chatbot: str
    before: str
    """The address of the release that answers now."""
    after: str
    parts: tuple[PartChange, ...] = ()
    files: tuple[tuple[str, ChangeWord], ...] = ()
    """Files of vector stores that differ, by path."""


@dataclass(frozen=True)
class Plan:
    """The difference between the desired and the live objects, and the result of applying it."""

    identity: str
    changes: tuple[Change, ...]
    """Edits of the manifests and what follows from them, in the order in which they are shown."""
    drift: tuple[Change, ...] = ()
    """Changes made outside Reconciler; `decision` tells whether applying the plan reverts them."""
    refusals: tuple[Refusal, ...] = ()
    unmanaged: tuple[Unmanaged, ...] = ()
    warnings: tuple[Notice, ...] = ()
    unchanged: int = 0
    """Objects that are live as desired."""
    requests: Mapping[str, int] = field(default_factory=dict)
    """Writes at OpenAI that applying costs, by HTTP method."""
    versions: tuple[VersionChange, ...] = ()
    """The differences between published releases; never part of a digest."""
    references: tuple[tuple[Node, Node], ...] = ()
    """References of the objects in the plan and of their dependents: pairs of referrer and referent."""
    risks: tuple[Risk, ...] = ()
    """Risks of all work, the worst first; never part of a digest."""
    costs: Costs | None = None
    """None if costs were not estimated; never part of a digest."""
    commit: str | None = None
    created_at: str = ""
    digest: str = ""
    destroys: bool = False
    """True if applying it removes everything and marks the environment as destroyed."""
    confirmed: bool = False
    """True if the name of the environment was given when a plan that destroys it was saved."""

    @property
    def name(self) -> str:
        """The name that confirms a plan that destroys: of the environment, or of a project without environments."""
        return self.identity.rpartition("/")[2]

    @property
    def work(self) -> tuple[Change, ...]:
        """Everything that applying this plan does: the changes, and the drift that is reverted."""
        return (*self.changes, *(change for change in self.drift if change.decision == "revert"))

    @property
    def effects(self) -> tuple[Change, ...]:
        """The work without changes that only record what is live already."""
        return tuple(change for change in self.work if not change.only_records)

    @property
    def summary(self) -> dict[str, int]:
        """Changes by action, in the order of `ACTIONS`, then `drift` and `unchanged`."""
        counts = Counter(change.action for change in self.changes)
        actions: Iterator[tuple[str, int]] = ((action, counts[action]) for action in ACTIONS if counts[action])
        return dict(actions) | {"drift": len(self.drift), "unchanged": self.unchanged}


DriftClass: TypeAlias = Literal["modified", "missing", "expired", "dangling", "tampered", "labels"]
DRIFT_CLASSES: Final[tuple[DriftClass, ...]] = get_args(DriftClass)
GONE: Final = frozenset[DriftClass]({"missing", "expired"})
"""Classes of what has no live fields."""
_REPAIRED: Final[Mapping[ReasonCode, DriftClass]] = {
    "expired": "expired",
    "expired-or-deleted": "expired",
    "listed-deleted": "missing",
    "document-missing": "missing",
    "blob-missing": "missing",
    "copy-missing": "missing",
    "file-deleted": "dangling",
}
"""The class by the reason, of drift that has no value to keep: apply repairs it under every `--on-drift`."""
_CLASSES: Final[Mapping[ReasonCode, DriftClass]] = {
    **_REPAIRED,
    "deleted-live": "missing",
    "copy-differs": "tampered",
    "outlets-disagree": "tampered",
    "outlet-unreadable": "tampered",
}
"""The class of drift that a reason proves."""


def drift_class(change: Change) -> DriftClass:
    """Return the class of drift. `missing` and `expired`: the object, or its document in an outlet, does not exist;
    `dangling`: a store lists files that were deleted; `tampered`: a frozen copy, or a document in an outlet, is not as
    it was written; `labels`: only ownership labels differ.
    """
    if change.action == "adopt" or (change.fields and all(set(item.keys) & KEYS for item in change.fields)):
        return "labels"
    found = (_CLASSES[reason.code] for reason in change.reasons if reason.code in _CLASSES)
    by_action: DriftClass = "missing" if change.action == "create" else "modified"
    return next(found, "tampered" if by_action == "modified" and _is_frozen(change.address) else by_action)


def is_repaired(change: Change) -> bool:
    """Return True for drift that apply repairs under every `--on-drift`: nothing is overwritten."""
    return any(reason.code in _REPAIRED for reason in change.reasons)


def unstatable(change: Change) -> frozenset[str]:
    """Return the paths of drift that no manifest can state, because the object is suspended in any case."""
    reasons = (reason.args for reason in change.reasons if reason.code == "not-run")
    return frozenset(str(path) for args in reasons for path in args.get("fields") or ())


def has_values(change: Change) -> bool:
    """Return True for drift with values that a manifest may have."""
    without = unstatable(change)
    is_stated = not without or any(item.path not in without for item in change.fields)
    return change.action == "update" and drift_class(change) == "modified" and is_stated


_FOLLOWED: Final = frozenset({"id-changes", "ids-renewed"})
"""Reasons of what follows from other work."""


def is_optional(change: Change) -> bool:
    """Return True for drift that `--on-drift` decides about: not for repairs, and not for what follows from work, where
    what an object or a bundle refers to gets a new id.
    """
    return not is_repaired(change) and all(reason.code not in _FOLLOWED for reason in change.reasons)


def decision_of(change: Change, on_drift: OnDrift) -> Decision | None:
    """Return the decision about a change of drift; None if `on_drift` refuses it."""
    if not is_optional(change):
        return "revert"
    return None if on_drift == "refuse" else on_drift


def _is_frozen(address: str) -> bool:
    """Return True for a copy made for a release, which has `@` in its name, as the path of a file may have."""
    kind, _, name = address.partition("/")
    return kind not in upload_kinds() and "@" in name

"""The JSON document of a plan (`reconciler/plan/v2`) as types, of which its JSON Schema is made."""

from typing import Final, Literal, NotRequired, TypeAlias

from typing_extensions import TypedDict

from reconciler.planning.model import Action, Decision, Origin, Section
from reconciler.planning.referrers import ReleaseState
from reconciler.resources.json_documents import Timestamp
from reconciler.resources.risks import Level, Rule
from reconciler.resources.values import JSON

FORMAT: Final = "reconciler/plan/v2"
V1: Final = "reconciler/plan/v1"
"""The format before, which is still read: its field changes have `before` for `live` and `after` for `desired`."""
READABLE: Final = (V1, FORMAT)


class FieldDocument(TypedDict):
    """A value that differs between the live object and the manifest. A side that has no value is left out; null is a
    value.
    """

    path: str
    """For people: `tools.web_search.mode`, `files["kb/hours.pdf"].sha256`."""
    keys: list[str]
    """The way to the value: mapping keys from the top of the object."""
    live: NotRequired[JSON]
    """The value at OpenAI, or in the outlet."""
    desired: NotRequired[JSON]
    """The value that applying writes."""
    applied: NotRequired[JSON]
    """The value last applied; left out where there was none, or where the state does not have it."""
    origin: Origin
    """The side that changed since the last apply: the manifest, the live object (`drift`), or both; `unknown` where the
    value last applied is not known.
    """


class StatementDocument(TypedDict):
    """A reason, a cause, a way out or a remark: a code with its arguments, and the same as a sentence."""

    code: str
    """A name that stays, whatever the sentence becomes."""
    args: dict[str, JSON]
    """The values in the sentence, by name."""
    text: NotRequired[str]
    """The sentence, for people: it may change with any version."""


class NoticeDocument(StatementDocument):
    """A warning of a plan."""

    address: NotRequired[str]
    """The object that it is about; left out where it is about the whole plan."""


class ChangeRiskDocument(TypedDict):
    """One risk of one change to those who use a bot."""

    rule: Rule
    """The id of the risk: docs/risks.md has a section for each."""
    level: Level
    """How bad it may be."""
    args: dict[str, JSON]
    """The values in the sentence, by name."""
    part: NotRequired[str]
    """The part of a published release that it is about."""
    used_by: NotRequired[str]
    """A published release that uses the object."""
    text: NotRequired[str]
    """The sentence, for people: it may change with any version."""


class RiskDocument(ChangeRiskDocument):
    """One risk of the plan, with the change that has it."""

    address: str
    action: Action


class ForeignDocument(TypedDict):
    """A live object that this identity does not manage."""

    type: str
    id: str
    name: str


class PeerObjectDocument(TypedDict):
    """An object in the outlets of another identity."""

    identity: str
    """PROJECT or PROJECT/ENVIRONMENT."""
    address: str


NodeDocument: TypeAlias = str | ForeignDocument | PeerObjectDocument
"""An address, or an object of somebody else."""


class ReferrerDocument(TypedDict):
    """Something that refers to an object."""

    referrer: NodeDocument
    """An address, or an object of another identity or of no manifest."""
    state: NotRequired[ReleaseState]
    """Of a release, and of a working chatbot."""
    place: NotRequired[str]
    """The place of the reference: FILE:LINE of a manifest, `live`, or `state`."""


class UnknownDocument(TypedDict):
    """Something that an estimate leaves out because it is not known."""

    what: str
    """A code: what is not known."""
    names: list[str]
    """Of which objects or models."""
    text: NotRequired[str]
    """The same as a sentence, for people."""


class CostsDocument(TypedDict):
    """An estimate of what a plan does to the bill. Pairs are before and after the plan."""

    source: str
    """Where the prices are from."""
    stored: list[int]
    """Bytes in the vector stores of this identity."""
    per_day: list[float]
    """US dollars for them."""
    growth: list[tuple[str, int]]
    """Stores that change, each with the bytes that it gains or, negative, loses."""
    prompts: list[int]
    """Characters of the instructions that change, of working objects."""
    prompts_per_1000: list[float] | None
    """US dollars for sending each of them 1,000 times; null where a price is unknown."""
    paid: list[tuple[str, str, float]]
    """What is new and billed by use: address, tool, US dollars for a session or for 1,000 calls."""
    unused: list[tuple[str, int | None]]
    """Stores and files of this identity to which nothing that it knows refers, with their bytes."""
    unknown: list[UnknownDocument]
    """What is not in these sums."""


class SourceDocument(TypedDict):
    """The place of a manifest."""

    file: str
    """Relative to the root of the repository."""
    line: int
    """It begins there."""


class ChangeDocument(TypedDict):
    """One object and one action. What does not apply is left out."""

    address: str
    action: Action
    digest: str
    """Of all but source, reasons and risks: the same for the same change in any plan."""
    id: NotRequired[str]
    """Of the live object that is changed; left out where there is none yet."""
    decision: NotRequired[Decision]
    """For drift only: `revert` where applying undoes it, else `keep`."""
    preconditions: dict[str, JSON]
    """What must still hold when the change is applied, besides the live values of its fields."""
    fields: list[FieldDocument]
    """The values that differ."""
    source: NotRequired[SourceDocument]
    """The manifest, where there is one."""
    reasons: list[StatementDocument]
    """Reasons, where the action does not follow from the fields."""
    risks: list[ChangeRiskDocument]
    """The worst first."""


class RefusalDocument(TypedDict):
    """A change that the guard does not allow. One refusal stops the whole apply."""

    address: str
    action: Action
    rule: str
    """The rule of the guard: docs/guard.md has them."""
    cause: StatementDocument
    """The reason."""
    sections: dict[Section, list[ReferrerDocument]]
    """For the rule `referenced`: everything that refers to the object, by section."""
    chains: list[list[ReferrerDocument]]
    """Shortest ways from a live referrer to the object. The place of a link is where it refers to the next one."""
    remedies: list[StatementDocument]
    """The ways out."""
    subject: str
    """A digest of what is refused: a Consent is for this subject alone."""
    consent: str | None
    """The Consent manifest that lifts this refusal; null where none can."""


class RefusalInEnvironments(RefusalDocument):
    """A refusal, with the environments in which it holds."""

    environments: list[str]
    """Empty where the project has none."""


class UnmanagedDocument(TypedDict):
    """A live object that no manifest of this identity manages: reported, never changed."""

    type: str
    id: str
    name: str
    owner: NotRequired[str]
    """The identity that manages it; left out where it is unmanaged."""


class PlanDocument(TypedDict):
    """The changes that make live objects equal to the manifests, with drift, refusals, risks and costs."""

    format: Literal["reconciler/plan/v2"]
    digest: str
    """Of all that applying does and of the refusals: equal for equal plans, whenever they were made."""
    identity: str
    """PROJECT or PROJECT/ENVIRONMENT."""
    commit: str | None
    """The Git commit of the manifests, where it is known."""
    created_at: Timestamp
    """ISO 8601, in UTC."""
    summary: dict[str, int]
    """The number of changes by action, then `drift` and `unchanged`. Actions without changes are left out."""
    changes: list[ChangeDocument]
    """Edits of the manifests and what follows from them."""
    drift: list[ChangeDocument]
    """Differences that were made outside Reconciler."""
    refusals: list[RefusalDocument]
    """Changes that the guard does not allow. With any of them, nothing is applied."""
    unmanaged: list[UnmanagedDocument]
    warnings: list[NoticeDocument]
    risks: list[RiskDocument]
    """The risks of all changes, the worst first."""
    costs: CostsDocument | None
    """An estimate of what the plan does to the bill; null where it was not made."""
    requests: dict[str, int]
    """Write requests to OpenAI that applying takes, by HTTP method."""
    references: list[list[NodeDocument]]
    """Pairs of referrer and referent, of everything that the plan changes and everything that depends on it."""

"""The JSON document of a plan (`reconciler/plan/v2`) as types, of which its JSON Schema is made."""

from typing import Annotated, Final, Literal, NotRequired

from typing_extensions import TypedDict

from reconciler.planning.model import Action, Costs, Decision, Origin, Risk, Section
from reconciler.resources.json_documents import ShapeOf, Timestamp
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
    because: list[str]
    """Reasons, where the action does not follow from the fields."""
    risks: list[str]
    """The worst first. The plan's `risks` have rule and level as fields of their own."""


class RefusalDocument(TypedDict):
    """A change that the guard does not allow. One refusal stops the whole apply."""

    address: str
    action: Action
    rule: str
    """The rule of the guard: docs/guard.md has them."""
    message: str
    """The reason, for people."""
    sections: dict[Section, list[str]]
    """For the rule `referenced`: everything that refers to the object, by section."""
    chains: list[list[str]]
    """Shortest ways from a live referrer to the object."""
    places: dict[str, str]
    """The place of each reference: FILE:LINE of a manifest, `live`, or `state`."""
    remedy: str
    """The ways out, for people."""
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
    detail: NotRequired[str]
    """What else is known of it, for people."""


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
    warnings: list[str]
    risks: list[Annotated[dict[str, JSON], ShapeOf(Risk)]]
    """The risks of all changes, the worst first."""
    costs: Annotated[dict[str, JSON], ShapeOf(Costs)] | None
    """An estimate of what the plan does to the bill; null where it was not made."""
    requests: dict[str, int]
    """Write requests to OpenAI that applying takes, by HTTP method."""
    references: list[list[str]]
    """Pairs of referrer and referent, of everything that the plan changes and everything that depends on it."""

"""The JSON document of a plan (`reconciler/plan/v2`) as types, from which its JSON Schema is generated."""

from typing import Final, Literal, NotRequired, TypeAlias

from typing_extensions import TypedDict

from reconciler.planning.model import Action, Decision, Origin, Section
from reconciler.planning.reasons import CauseCode, NoticeCode, ReasonCode, RemedyCode
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


class SourceDocument(TypedDict):
    """The place of a manifest."""

    file: str
    """Relative to the root of the repository."""
    line: int
    """It begins there."""


class _Statement(TypedDict):
    args: dict[str, JSON]
    """The values that the sentence needs, by name."""
    text: NotRequired[str]
    """The sentence, for people. Its wording may change; it is not read back."""


class ReasonDocument(_Statement):
    """A reason of a change that does not follow from its fields."""

    code: ReasonCode
    """Stays the same from version to version. `text` stands for a sentence of an older format."""


class NoticeDocument(_Statement):
    """A warning: something to know that does not stop the plan."""

    code: NoticeCode
    """Stays the same from version to version. `text` stands for a sentence of an older format."""
    address: NotRequired[str]
    """The object that it is about, if it is about one."""


class CauseDocument(_Statement):
    """The reason of a refusal."""

    code: CauseCode
    """Stays the same from version to version. `text` stands for a sentence of an older format."""


class RemedyDocument(_Statement):
    """A way out of a refusal."""

    code: RemedyCode
    """Stays the same from version to version. `text` stands for a sentence of an older format."""


class RiskOfChange(_Statement):
    """A risk of one change to the users of a chatbot."""

    rule: Rule
    """`reconciler explain RULE` explains it."""
    level: Level
    part: NotRequired[str]
    """The address of a part of the object that the risk is in."""
    used_by: NotRequired[str]
    """The address of a published object through which users are affected."""


class RiskDocument(RiskOfChange):
    """A risk, with the change that it is a risk of."""

    address: str
    action: Action


class ForeignDocument(TypedDict):
    """A live object that no manifest of this project manages."""

    type: str
    id: str
    name: str


class PeerDocument(TypedDict):
    """An object of another project that shares the account."""

    identity: str
    """The identity that manages it."""
    address: str


Node: TypeAlias = str | ForeignDocument | PeerDocument
"""An address, or an object of others."""


class ReferrerDocument(TypedDict):
    """An object that refers to another one."""

    referrer: Node
    """An address, or an object of others."""
    state: NotRequired[ReleaseState]
    """Of a chatbot or a release."""
    place: NotRequired[str]
    """The place of the reference: FILE:LINE of a manifest, `live`, or `state`."""


class UnknownDocument(TypedDict):
    """Something that an estimate leaves out."""

    what: Literal["storage", "file-sizes", "token-prices", "text"]
    """`text` stands for a sentence of an older format."""
    names: list[str]
    """Of stores, files or models; an empty name stands for several models at once."""
    text: NotRequired[str]
    """The sentence, for people."""


class CostsDocument(TypedDict):
    """An estimate of what the plan does to the bill. Pairs are before and after the plan."""

    source: str
    """The source of the prices."""
    stored: tuple[int, int]
    """Bytes in the vector stores of this identity."""
    per_day: tuple[float, float]
    """US dollars for them a day."""
    growth: list[tuple[str, int]]
    """Stores that change, each with the bytes that it gains or, negative, loses."""
    prompts: tuple[int, int]
    """Characters of the instructions that change."""
    prompts_per_1000: tuple[float, float] | None
    """US dollars for sending each of them 1,000 times; null where a price is unknown."""
    paid: list[tuple[str, str, float]]
    """New tools that are billed by use: address, tool, US dollars for a session or for 1,000 calls."""
    unused: list[tuple[str, int | None]]
    """Stores and files of this identity that nothing known refers to, with their bytes."""
    unknown: list[UnknownDocument]
    """Costs that are not in these sums."""


class ChangeDocument(TypedDict):
    """One object and one action. What does not apply is left out."""

    address: str
    action: Action
    digest: str
    """Of all but source, reasons and risks: the same for the same change in any plan."""
    id: NotRequired[str]
    """Of the live object that is changed; left out where there is none yet."""
    name: NotRequired[str]
    """The name of the live object that is deleted or replaced; of an upload, the name of the file."""
    decision: NotRequired[Decision]
    """For drift only: `revert` where applying undoes it, else `keep`."""
    preconditions: dict[str, JSON]
    """Conditions that must still hold when the change is applied, besides the live values of its fields."""
    fields: list[FieldDocument]
    """The values that differ."""
    source: NotRequired[SourceDocument]
    """The manifest, where there is one."""
    reasons: list[ReasonDocument]
    """Those that do not follow from the fields."""
    risks: list[RiskOfChange]
    """The worst first."""


class RefusalDocument(TypedDict):
    """A change that the guard does not allow. One refusal stops the whole apply."""

    address: str
    action: Action
    rule: str
    """The rule of the guard: `reconciler explain RULE` explains it."""
    cause: CauseDocument
    """The reason."""
    sections: dict[Section, list[ReferrerDocument]]
    """For the rule `referenced`: everything that refers to the object, by section."""
    chains: list[list[ReferrerDocument]]
    """Shortest ways from a live referrer to the object, which is the last link."""
    remedies: list[RemedyDocument]
    """The ways out. Of several, the first ones are needed together, and the last one in their place."""
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
    wrong_label: NotRequired[str]
    """The address on a label of this identity that objects of this type cannot have: the label does not count. Left out
    otherwise."""


class VersionPart(TypedDict):
    """An object of a chatbot that differs between two releases."""

    address: str
    """Of the working object; the chatbot itself stands for what the release starts with."""
    change: Literal["added", "removed", "changed"]
    """The difference of the later release."""
    fields: list[str]
    """The fields that differ, of a changed object."""
    models: NotRequired[list[list[str]]]
    """The models before, and those after. Left out if they are the same."""


class VersionFile(TypedDict):
    """A file of a vector store that differs between two releases."""

    path: str
    """In the project folder."""
    change: Literal["added", "removed", "changed"]
    """The difference of the later release."""


class VersionDocument(TypedDict):
    """The changes for the users of a chatbot that publishes another release."""

    chatbot: str
    """The address of the chatbot."""
    before: str
    """The address of the release that answers now."""
    after: str
    """The address of the release that answers after the plan."""
    parts: list[VersionPart]
    """The objects that differ."""
    files: list[VersionFile]
    """The files of vector stores that differ."""


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
    versions: NotRequired[list[VersionDocument]]
    """The differences between the releases that chatbots publish now and after the plan. Left out without any."""
    requests: dict[str, int]
    """Write requests to OpenAI that applying takes, by HTTP method."""
    references: list[tuple[Node, Node]]
    """Pairs of referrer and referent, of everything that the plan changes and everything that depends on it."""
    destroys: NotRequired[bool]
    """True for a plan of `destroy`, which removes everything and marks the environment as destroyed. Left out
    otherwise."""
    confirmed: NotRequired[bool]
    """True if `destroy --confirm NAME` made the plan: `apply --yes` then applies it. Left out otherwise."""

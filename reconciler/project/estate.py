"""The estate of one identity for its owners: chatbots with what answers in each environment, assistants, stores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal, TypeAlias

from reconciler.planning.drift import DriftReport
from reconciler.planning.model import Refusal
from reconciler.resources.values import JSON
from reconciler.state.model import AppliedPlan

Source: TypeAlias = Literal["live", "state", "unread"]


@dataclass(frozen=True)
class EstateEnvironment:
    """One environment of the project."""

    name: str | None
    """None if the project has no environments."""
    source: Source
    """`live`: read with this command. `state`: as last applied there; no live object of it was read. `unread`: its
    state could not be read.
    """
    problem: str = ""
    """The reason why something of it was not read."""
    last_apply: AppliedPlan | None = None
    objects: int = 0


@dataclass(frozen=True)
class Answer:
    """The pipeline or assistant that answers the users of a chatbot in one environment."""

    environment: str | None
    is_known: bool = True
    """False if nothing of the environment was read."""
    release: str | None = None
    """Address of the release that applications load there; None if none is published."""
    answers: str | None = None
    """Address of the pipeline or the assistant of that release, or of the working version without one."""
    is_applied: bool = False
    """True if the chatbot was applied there."""
    wanted: int | None = None
    """Number of the release that the manifest publishes there."""


@dataclass(frozen=True)
class EstateRelease:
    """A release of a chatbot in the manifests."""

    address: str
    number: int
    message: str
    archived: bool
    created_at: str | None
    """ISO 8601: when the manifest was committed first. None without Git, and for one that is not committed."""
    published_in: tuple[str | None, ...] = ()
    """Environments whose applications load it."""


@dataclass(frozen=True)
class FlowNode:
    """A node of a pipeline."""

    name: str
    type: str
    """Empty for the nodes `start` and `end`."""
    uses: tuple[str, ...] = ()
    """Addresses of the objects that the node refers to."""
    model: str = ""


@dataclass(frozen=True)
class Flow:
    """A pipeline as its manifest has it."""

    address: str
    nodes: tuple[FlowNode, ...]
    edges: tuple[tuple[str, str], ...]
    """Pairs of node names, without outputs."""


@dataclass(frozen=True)
class EstateChatbot:
    """A chatbot with its releases, the newest last."""

    address: str
    owner: str
    labels: Mapping[str, str]
    answers: tuple[Answer, ...]
    releases: tuple[EstateRelease, ...]
    working: str | None
    """Address of what answers in the working version."""
    flow: Flow | None = None
    """The working pipeline, if one answers."""


@dataclass(frozen=True)
class ModelEnd:
    """A model, and the day from which it does not answer."""

    model: str
    on: date | None


@dataclass(frozen=True)
class Blocker:
    """A refusal of `archive`, and the environments that it applies to."""

    environments: tuple[str, ...]
    refusal: Refusal


@dataclass(frozen=True)
class EstateAssistant:
    """An assistant with its owner, its models, its storage costs, and what blocks its archiving."""

    address: str
    owner: str
    labels: Mapping[str, str]
    models: tuple[ModelEnd, ...]
    cost_per_day: float
    """US dollars for the vector stores that it and its copies use. A shared store counts in full for each."""
    stores: tuple[str, ...]
    used_by: tuple[str, ...]
    """Chatbots whose working version or releases use it."""
    blockers: tuple[Blocker, ...]
    live_referrers: tuple[str, ...]
    """Unmanaged objects and objects of others that refer to it, as far as the plan read them."""


@dataclass(frozen=True)
class EstateStore:
    """An object that OpenAI bills by its size."""

    address: str
    id: str | None
    owner: str
    bytes: int | None
    """None if it is not live, or OpenAI does not report it."""
    cost_per_day: float | None
    files: int | None
    used_by: tuple[str, ...]
    last_active_at: float | None


@dataclass(frozen=True)
class Estate:
    """Everything that the estate page shows beside the status of each object."""

    report: DriftReport
    environments: tuple[EstateEnvironment, ...]
    chatbots: tuple[EstateChatbot, ...] = ()
    assistants: tuple[EstateAssistant, ...] = ()
    stores: tuple[EstateStore, ...] = ()
    used_by: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Referrers by the address of any object."""
    price_source: str = ""
    unread: tuple[str, ...] = ()
    """Sentences about what was not looked at."""


OWNERS: Final = ("owner", "team")
"""Labels of a manifest, and keys of the metadata of an object, that name its owner; the first one counts."""


def owner_of(labels: Mapping[str, str], metadata: JSON) -> str:
    """Return the owner of an object; empty if neither its manifest nor its metadata names one."""
    pairs: Sequence[Mapping[str, JSON]] = (labels, metadata if isinstance(metadata, Mapping) else {})
    return next((str(found[key]) for found in pairs for key in OWNERS if found.get(key)), "")

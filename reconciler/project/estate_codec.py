"""The estate as the part `estate` of the JSON document of `status`."""

from typing_extensions import TypedDict

from reconciler.planning.model import SECTIONS
from reconciler.project.estate import Estate, EstateAssistant, EstateChatbot, EstateEnvironment, EstateStore, Source
from reconciler.resources.json_documents import Timestamp, timestamp


class EnvironmentDocument(TypedDict):
    """One environment of the project."""

    name: str | None
    """Null if the project has no environments."""
    source: Source
    """`live`: read with this command; `state`: as last applied there; `unread`: its state could not be read."""
    problem: str
    """The reason why something of it was not read; empty without one."""
    last_apply_at: Timestamp | None
    """ISO 8601, in UTC; null before the first apply, and where it is not known."""
    objects: int
    """The number of objects that were applied there."""


class AnswerDocument(TypedDict):
    """The pipeline or assistant that answers the users of a chatbot in one environment."""

    environment: str | None
    """Null if the project has no environments."""
    known: bool
    """False if nothing of the environment was read."""
    release: str | None
    """Address of the release that applications load; null if none is published there."""
    answers: str | None
    """Address of the pipeline or the assistant that answers."""
    applied: bool
    """True if the chatbot was applied there."""
    wanted: int | None
    """Number of the release that the manifest publishes there."""


class EstateReleaseDocument(TypedDict):
    """A release of a chatbot."""

    address: str
    number: int
    """Its number."""
    message: str
    archived: bool
    """True if it is archived in its manifest."""
    created_at: str | None
    """ISO 8601: the first commit of its manifest; null if it is not known."""
    published_in: list[str | None]
    """Environments whose applications load it; null for a project without environments."""


class EstateChatbotDocument(TypedDict):
    """A chatbot."""

    address: str
    owner: str
    """The label `owner` or `team` of the manifest, or that pair in the metadata of the object; empty without one."""
    answers: list[AnswerDocument]
    """By environment."""
    releases: list[EstateReleaseDocument]
    """The newest last."""


class ModelEndDocument(TypedDict):
    """A model in use."""

    model: str
    shutdown: str | None
    """The day from which it does not answer, YYYY-MM-DD; null if none is known."""


class BlockerDocument(TypedDict):
    """A refusal of `archive`."""

    rule: str
    environments: list[str]
    """Empty if the project has no environments."""
    sections: dict[str, list[str]]
    """Referrers by section."""


class EstateAssistantDocument(TypedDict):
    """An assistant."""

    address: str
    owner: str
    """As of a chatbot."""
    models: list[ModelEndDocument]
    """Models that it runs on."""
    cost_per_day: float
    """US dollars for the vector stores that it and its copies use; a shared store counts in full for each."""
    stores: list[str]
    """Addresses of these stores."""
    used_by: list[str]
    """Chatbots that use it."""
    blockers: list[BlockerDocument]
    """Refusals that `archive` would print; empty if nothing blocks it."""
    live_referrers: list[str]
    """Unmanaged objects and objects of others that refer to it, as far as they were read."""


class EstateStoreDocument(TypedDict):
    """A vector store."""

    address: str
    id: str | None
    owner: str
    """As of a chatbot."""
    bytes: int | None
    """As OpenAI reports them; null where it does not."""
    cost_per_day: float | None
    """US dollars; the free storage is shared by all stores in proportion to their size."""
    files: int | None
    """The number of its files; null where it is not known."""
    used_by: list[str]
    """Addresses of the objects that refer to it."""


class EstateDocument(TypedDict):
    """The estate: chatbots with what answers in each environment, assistants, and vector stores."""

    environments: list[EnvironmentDocument]
    """All environments of the project."""
    chatbots: list[EstateChatbotDocument]
    """By address."""
    assistants: list[EstateAssistantDocument]
    """By address."""
    stores: list[EstateStoreDocument]
    """By address."""
    unread: list[str]
    """Sentences about everything that was not looked at."""


def estate_json(estate: Estate) -> EstateDocument:
    """Return the additional part of the status document."""
    return {
        "environments": list(map(_environment_json, estate.environments)),
        "chatbots": list(map(_chatbot_json, estate.chatbots)),
        "assistants": list(map(_assistant_json, estate.assistants)),
        "stores": list(map(_store_json, estate.stores)),
        "unread": list(estate.unread),
    }


def _environment_json(one: EstateEnvironment) -> EnvironmentDocument:
    last = one.last_apply
    return {
        "name": one.name,
        "source": one.source,
        "problem": one.problem,
        "last_apply_at": timestamp(last.finished or last.started) if last else None,
        "objects": one.objects,
    }


def _chatbot_json(one: EstateChatbot) -> EstateChatbotDocument:
    return {
        "address": one.address,
        "owner": one.owner,
        "answers": [
            {
                "environment": answer.environment,
                "known": answer.is_known,
                "release": answer.release,
                "answers": answer.answers,
                "applied": answer.is_applied,
                "wanted": answer.wanted,
            }
            for answer in one.answers
        ],
        "releases": [
            {
                "address": release.address,
                "number": release.number,
                "message": release.message,
                "archived": release.archived,
                "created_at": release.created_at,
                "published_in": list(release.published_in),
            }
            for release in one.releases
        ],
    }


def _assistant_json(one: EstateAssistant) -> EstateAssistantDocument:
    return {
        "address": one.address,
        "owner": one.owner,
        "models": [{"model": end.model, "shutdown": end.on.isoformat() if end.on else None} for end in one.models],
        "cost_per_day": round(one.cost_per_day, 6),
        "stores": list(one.stores),
        "used_by": list(one.used_by),
        "blockers": [
            {
                "rule": blocker.refusal.rule,
                "environments": list(blocker.environments),
                "sections": {
                    title: [str(referrer.node) for referrer in blocker.refusal.sections.get(title, ())]
                    for title in SECTIONS
                },
            }
            for blocker in one.blockers
        ],
        "live_referrers": list(one.live_referrers),
    }


def _store_json(one: EstateStore) -> EstateStoreDocument:
    return {
        "address": one.address,
        "id": one.id,
        "owner": one.owner,
        "bytes": one.bytes,
        "cost_per_day": None if one.cost_per_day is None else round(one.cost_per_day, 6),
        "files": one.files,
        "used_by": list(one.used_by),
    }

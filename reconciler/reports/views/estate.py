"""The estate as the page shows it: chatbots, assistants, stores with bars, and other objects by kind."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from reconciler.project.estate import (
    Estate,
    EstateAssistant,
    EstateChatbot,
    EstateEnvironment,
    EstateStore,
    ModelEnd,
)
from reconciler.project.status import Status
from reconciler.reports.style import count, first_few
from reconciler.reports.views.assistants import NOT_APPLIED, AssistantView
from reconciler.reports.views.drift import DriftView, drift_view
from reconciler.reports.views.estate_chatbots import ChatbotCard, bare_name, chatbot_card, labels_text
from reconciler.reports.views.inventory import money
from reconciler.reports.views.refusals import RefusalView, refusal_views
from reconciler.reports.views.status import RowView, StatusView, status_view
from reconciler.reports.views.values import bytes_text
from reconciler.resources.address import parsed
from reconciler.resources.display import day
from reconciler.resources.json_documents import timestamp
from reconciler.resources.registry import kind_of, upload_kinds

COPIES: Final = "Releases and their copies"
NOTHING_BLOCKS: Final = "No manifest refers to it: nothing blocks archiving."
SOON: Final = timedelta(days=92)
_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
OTHER_KINDS: Final = "Settings of the project"
_MOST_USERS: Final = 4


@dataclass(frozen=True, slots=True)
class EnvironmentRow:
    """An environment, and how it was read."""

    name: str
    source: str
    last_apply: str
    objects: str


@dataclass(frozen=True)
class ModelLine:
    """A model, and its end as a phrase."""

    model: str
    end: str
    is_near: bool
    """True if it ends within three months, or has ended."""


@dataclass(frozen=True)
class AssistantCard:
    """One assistant."""

    view: AssistantView | None
    """Its sync status; None for one without a manifest."""
    row: RowView
    name: str
    owner: str
    labels: str
    models: tuple[ModelLine, ...]
    cost: str
    stores: str
    used_by: str
    blocked: str
    """A sentence about archiving."""
    blockers: tuple[tuple[str, RefusalView], ...]
    """Environments, and the refusal."""
    live_referrers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StoreRow:
    """One vector store."""

    row: RowView
    owner: str
    size: str
    share: float
    """Of the largest store, from 0 to 1."""
    cost: str
    cost_share: float
    files: str
    used_by: str
    last_active: str


@dataclass(frozen=True, slots=True)
class ObjectRow:
    """One object of any other kind."""

    row: RowView
    used_by: str


@dataclass(frozen=True)
class EstateView:
    """The estate page with all its texts, not escaped."""

    status: StatusView
    drift: DriftView
    refusals: tuple[RefusalView, ...]
    summary: str
    made: str
    commit: str
    environments: tuple[EnvironmentRow, ...]
    chatbots: tuple[ChatbotCard, ...]
    assistants: tuple[AssistantCard, ...]
    stores: tuple[StoreRow, ...]
    store_total: str
    groups: Mapping[str, tuple[ObjectRow, ...]]
    """Other objects by the plural of their kind."""
    owners: tuple[str, ...]
    unread: tuple[str, ...]


def estate_view(status: Status, estate: Estate) -> EstateView:
    view = status_view(status)
    rows = {one.address: one for one in view.rows}
    today = date.fromisoformat(estate.report.plan.created_at[:10]) if estate.report.plan.created_at else date.min
    syncs = {one.address: one for one in view.assistants}
    cards: list[EstateChatbot | EstateAssistant | EstateStore] = [*estate.chatbots, *estate.assistants, *estate.stores]
    shown, owners = {one.address for one in cards}, {one.owner for one in cards}
    odd = frozenset(one.address for one in view.rows if not one.in_sync)
    odd_users: dict[str, list[str]] = defaultdict(list)
    for one in estate.assistants:
        for chatbot in one.used_by if one.address in odd else ():
            odd_users[chatbot].append(one.address)
    largest = max((store.bytes or 0 for store in estate.stores), default=0)
    priciest = max((store.cost_per_day or 0.0 for store in estate.stores), default=0.0)
    return EstateView(
        status=view,
        drift=drift_view(estate.report),
        refusals=refusal_views(estate.report.plan.refusals),
        summary=_summary(view, estate),
        made=estate.report.plan.created_at,
        commit=estate.report.plan.commit or "",
        environments=tuple(map(_environment, estate.environments)),
        chatbots=tuple(
            chatbot_card(one, _row(rows, one.address), odd_users[one.address], odd) for one in estate.chatbots
        ),
        assistants=tuple(
            _assistant(one, _row(rows, one.address), syncs.get(one.address), today) for one in estate.assistants
        ),
        stores=tuple(_store(one, _row(rows, one.address), largest, priciest) for one in estate.stores),
        store_total=_store_total(estate),
        groups=_groups((one for one in view.rows if one.address not in shown), estate.used_by),
        owners=tuple(sorted(owners - {""})),
        unread=estate.unread,
    )


def _row(rows: Mapping[str, RowView], address: str) -> RowView:
    return rows.get(address) or RowView(address, NOT_APPLIED, "-", False, NOT_APPLIED)


def _summary(view: StatusView, estate: Estate) -> str:
    odd = sum(not one.in_sync for one in view.rows)
    parts = [
        count(len(estate.chatbots), "chatbot"),
        count(len(estate.assistants), "assistant"),
        count(len(estate.stores), "vector store"),
        f"{count(len(view.rows), 'object')} in all, {odd or 'none'} not in sync",
    ]
    return f"{', '.join(parts)}; {view.last_apply}."


def _environment(one: EstateEnvironment) -> EnvironmentRow:
    sources = {"live": "read live, now", "state": "as last applied, from its state", "unread": one.problem}
    last = one.last_apply
    applied = f"{timestamp(last.finished or last.started)} by {last.holder} ({last.outcome})" if last else "never"
    unknown = one.source == "unread"
    name = one.name or "the project"
    return EnvironmentRow(name, sources[one.source], "-" if unknown else applied, "-" if unknown else str(one.objects))


def _assistant(one: EstateAssistant, row: RowView, view: AssistantView | None, today: date) -> AssistantCard:
    blocking = [(", ".join(blocker.environments), blocker.refusal) for blocker in one.blockers]
    views = refusal_views([refusal for _, refusal in blocking])
    referrers = {name for refusal in views for _, group in refusal.sections for name, _ in group}
    return AssistantCard(
        view=view,
        row=row,
        name=bare_name(one.address),
        owner=one.owner,
        labels=labels_text(one.labels, one.owner),
        models=tuple(_model(end, today) for end in one.models),
        cost=f"${money(one.cost_per_day)}" if one.stores else "none for storage",
        stores=_some(one.stores),
        used_by=_some(one.used_by) or "no chatbot",
        blocked=f"Archiving is blocked: {count(len(referrers), 'reference')}" if blocking else NOTHING_BLOCKS,
        blockers=tuple((where, refusal) for (where, _), refusal in zip(blocking, views, strict=True)),
        live_referrers=one.live_referrers,
    )


def _model(one: ModelEnd, today: date) -> ModelLine:
    if one.on is None:
        return ModelLine(one.model, "", is_near=False)
    word = "shut down on" if one.on <= today else "ends on"
    return ModelLine(one.model, f"{word} {one.on.isoformat()}", one.on <= today + SOON)


def _store(one: EstateStore, row: RowView, largest: int, priciest: float) -> StoreRow:
    return StoreRow(
        row=row,
        owner=one.owner,
        size="-" if one.bytes is None else bytes_text(one.bytes),
        share=(one.bytes or 0) / largest if largest else 0.0,
        cost="-" if one.cost_per_day is None else f"${money(one.cost_per_day)}",
        cost_share=(one.cost_per_day or 0.0) / priciest if priciest else 0.0,
        files="-" if one.files is None else str(one.files),
        used_by=_some(one.used_by) or "nothing",
        last_active=day(one.last_active_at) or "-",
    )


def _store_total(estate: Estate) -> str:
    stored = sum(store.bytes or 0 for store in estate.stores)
    paid = sum(store.cost_per_day or 0.0 for store in estate.stores)
    return f"{bytes_text(stored)} in all, ${money(paid)} a day with {estate.price_source}."


def _groups(rows: Iterable[RowView], used_by: Mapping[str, tuple[str, ...]]) -> Mapping[str, tuple[ObjectRow, ...]]:
    """Return the other objects by kind; copies and releases together, last."""
    found: dict[str, list[ObjectRow]] = defaultdict(list)
    for row in rows:
        found[_group(row.address)].append(ObjectRow(row, _some(used_by.get(row.address, ())) or "nothing"))
    ordered = sorted(found, key=lambda title: (title == COPIES, title))
    return {title: tuple(found[title]) for title in ordered}


def _group(text: str) -> str:
    address = parsed(text)
    kind = kind_of(address.kind) if address else None
    if address is None or not (kind or address.kind in upload_kinds()):
        return OTHER_KINDS
    name = _CAMEL.sub(" ", kind.name) if kind else address.kind
    return COPIES if address.is_frozen else f"{name.capitalize()}s"


def _some(names: Iterable[str]) -> str:
    return " ".join(first_few(tuple(names), _MOST_USERS))

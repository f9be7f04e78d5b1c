"""The estate as the page shows it: chatbots, assistants, stores with bars, and other objects by kind."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from reconciler.project.estate import (
    OWNERS,
    Answer,
    Estate,
    EstateAssistant,
    EstateChatbot,
    EstateEnvironment,
    EstateRelease,
    EstateStore,
    Flow,
    ModelEnd,
)
from reconciler.project.status import Status
from reconciler.reports.picture import Drawn, Picture
from reconciler.reports.style import count, first_few
from reconciler.reports.views.assistants import NOT_APPLIED, AssistantView
from reconciler.reports.views.drift import DriftView, drift_view
from reconciler.reports.views.inventory import money
from reconciler.reports.views.refusals import RefusalView, refusal_views
from reconciler.reports.views.status import RowView, StatusView, status_view
from reconciler.reports.views.values import bytes_text
from reconciler.resources.address import RELEASE, Address, parsed
from reconciler.resources.display import day
from reconciler.resources.json_documents import timestamp
from reconciler.resources.registry import kind_of, upload_kinds

COPIES: Final = "Releases and their copies"
NO_RELEASE: Final = "working version"
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


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """What answers in one environment."""

    environment: str
    release: str
    answers: str
    note: str
    """Set if the manifest publishes something else, or if it is not known."""


@dataclass(frozen=True, slots=True)
class Milestone:
    """One release on the time line."""

    label: str
    day: str
    message: str
    environments: tuple[str, ...]
    """Those whose applications load it."""
    is_archived: bool


@dataclass(frozen=True)
class ChatbotCard:
    """One chatbot."""

    row: RowView
    name: str
    owner: str
    labels: str
    answers: tuple[AnswerRow, ...]
    releases: tuple[Milestone, ...]
    """The oldest first."""
    out_of_sync: tuple[str, ...]
    """What it uses and is not in sync."""
    flow: Picture | None
    flow_name: str
    flow_steps: tuple[str, ...]
    """The same as sentences, for readers who cannot see the picture."""

    @property
    def in_sync(self) -> bool:
        return self.row.in_sync and not self.out_of_sync

    @property
    def word(self) -> str:
        return self.row.word if self.in_sync or not self.row.in_sync else "not in sync"


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
        chatbots=tuple(_chatbot(one, _row(rows, one.address), odd_users[one.address], odd) for one in estate.chatbots),
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


def _chatbot(one: EstateChatbot, row: RowView, odd_assistants: Iterable[str], odd: frozenset[str]) -> ChatbotCard:
    answering = [one.working] if one.working and one.working in odd else []
    used = sorted({*odd_assistants, *answering})
    return ChatbotCard(
        row=row,
        name=_name(one.address),
        owner=one.owner,
        labels=_labels(one.labels, one.owner),
        answers=tuple(map(_answer, one.answers)),
        releases=tuple(map(_milestone, one.releases)),
        out_of_sync=tuple(used),
        flow=_picture(one.flow, odd) if one.flow else None,
        flow_name=one.flow.address if one.flow else "",
        flow_steps=tuple(_steps(one.flow)) if one.flow else (),
    )


def _answer(one: Answer) -> AnswerRow:
    environment = one.environment or "the project"
    number = _number(one.release)
    wanted = f"v{one.wanted}" if one.wanted else "no release"
    if not one.is_known:
        return AnswerRow(environment, "not known", "", f"the manifest publishes {wanted}")
    if not one.is_applied:
        return AnswerRow(environment, NOT_APPLIED, "", f"the manifest publishes {wanted}" if one.wanted else "")
    differs = (number or None) != (one.wanted or None)
    note = f"the manifest publishes {wanted}" if differs else ""
    return AnswerRow(environment, f"v{number}" if number else NO_RELEASE, one.answers or "nothing", note)


def _number(release: str | None) -> int | None:
    found = parsed(release) if release else None
    text = found.name.rpartition("@")[2] if found and found.kind == RELEASE else ""
    return int(text) if text.isdecimal() else None


def _milestone(one: EstateRelease) -> Milestone:
    places = tuple(name or "published" for name in one.published_in)
    return Milestone(f"v{one.number}", (one.created_at or "")[:10], one.message, places, one.archived)


def _picture(flow: Flow, odd: frozenset[str]) -> Picture:
    index = {node.name: number for number, node in enumerate(flow.nodes)}
    nodes = []
    for node in flow.nodes:
        is_odd = any(address in odd for address in node.uses)
        uses = f"uses {', '.join(node.uses)}" if node.uses else ""
        note = ", ".join(filter(None, (node.model, uses, "not in sync" if is_odd else ""))) or "node"
        label = f"{node.type}/{node.name}" if node.type else node.name
        nodes.append(Drawn(label, "drifted" if is_odd else "untouched", note=note))
    return Picture(tuple(nodes), tuple(sorted((index[source], index[target]) for source, target in flow.edges)))


def _steps(flow: Flow) -> Iterator[str]:
    """Yield a sentence for each node: its type, what it uses, and what follows."""
    following: dict[str, list[str]] = defaultdict(list)
    for source, target in flow.edges:
        following[source].append(target)
    for node in flow.nodes:
        what = f" ({', '.join(filter(None, (node.type, node.model, *node.uses)))})" if node.type else ""
        then = f" -> {', '.join(following[node.name])}" if following[node.name] else ""
        yield f"{node.name}{what}{then}"


def _assistant(one: EstateAssistant, row: RowView, view: AssistantView | None, today: date) -> AssistantCard:
    blocking = [(", ".join(blocker.environments), blocker.refusal) for blocker in one.blockers]
    views = refusal_views([refusal for _, refusal in blocking])
    referrers = {name for refusal in views for _, group in refusal.sections for name, _ in group}
    return AssistantCard(
        view=view,
        row=row,
        name=_name(one.address),
        owner=one.owner,
        labels=_labels(one.labels, one.owner),
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


def _name(text: str) -> str:
    address: Address | None = parsed(text)
    return address.name if address else text


def _labels(labels: Mapping[str, str], owner: str) -> str:
    """Return the labels without the one that names the owner."""
    shown = {key: value for key, value in labels.items() if not (key in OWNERS and value == owner)}
    return ", ".join(f"{key}: {value}" for key, value in sorted(shown.items()))


def _some(names: Iterable[str]) -> str:
    return " ".join(first_few(tuple(names), _MOST_USERS))

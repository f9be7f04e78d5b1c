"""The chatbots of the estate page: what answers in each environment, the releases, and the pipeline."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from reconciler.project.estate import OWNERS, Answer, EstateChatbot, EstateRelease, Flow
from reconciler.reports.picture import Drawn, Picture
from reconciler.reports.views.assistants import NOT_APPLIED
from reconciler.reports.views.status import RowView
from reconciler.resources.address import RELEASE, Address, parsed

NO_RELEASE: Final = "working version"


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """The release that answers in one environment."""

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
    """The objects that it uses and that are not in sync."""
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


def chatbot_card(one: EstateChatbot, row: RowView, odd_assistants: Iterable[str], odd: frozenset[str]) -> ChatbotCard:
    """Return the card of a chatbot. `odd_assistants` are those that it uses, and `odd` all addresses, that are not in
    sync.
    """
    answering = [one.working] if one.working and one.working in odd else []
    used = sorted({*odd_assistants, *answering})
    return ChatbotCard(
        row=row,
        name=bare_name(one.address),
        owner=one.owner,
        labels=labels_text(one.labels, one.owner),
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


def bare_name(text: str) -> str:
    address: Address | None = parsed(text)
    return address.name if address else text


def labels_text(labels: Mapping[str, str], owner: str) -> str:
    """Return the labels without the one that names the owner."""
    shown = {key: value for key, value in labels.items() if not (key in OWNERS and value == owner)}
    return ", ".join(f"{key}: {value}" for key, value in sorted(shown.items()))

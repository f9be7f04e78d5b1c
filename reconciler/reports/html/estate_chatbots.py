"""The chatbots on the estate page: what answers in each environment, the releases as a time line, the pipeline."""

from collections.abc import Iterator, Sequence
from typing import Final

from reconciler.reports.html.cards import ODD, OK, TONES, card_facts, card_title, data_table
from reconciler.reports.html.changes import badge
from reconciler.reports.html.markup import Markup, element, join
from reconciler.reports.html.plan import MOST_NODES
from reconciler.reports.html.status import code_list
from reconciler.reports.html.svg import svg
from reconciler.reports.views.estate_chatbots import AnswerRow, ChatbotCard, Milestone

_MOST_OPEN: Final = 12
"""The chatbots up to which their pipelines are unfolded."""
_MOST_RELEASES: Final = 12
"""The latest releases that the time line shows; earlier ones are folded, unless they are published."""


def chatbot_cards(cards: Sequence[ChatbotCard]) -> Iterator[Markup]:
    for index, card in enumerate(cards):
        yield _chatbot(card, index, is_open=len(cards) <= _MOST_OPEN)


def _chatbot(card: ChatbotCard, index: int, *, is_open: bool) -> Markup:
    return element(
        "article",
        card_title(card.word, OK if card.in_sync else TONES.get(card.word, ODD), card.name, ""),
        card_facts([("Owner", card.owner or "not named"), ("Labels", card.labels)]),
        element("p", card.row.text, class_="quiet") if not card.row.in_sync else None,
        element("div", element("h4", "Not in sync"), code_list(card.out_of_sync)) if card.out_of_sync else None,
        _answers(card),
        _timeline(card),
        _flow(card, index, is_open=is_open),
        class_="entry",
        data_kind="Chatbots",
        data_state="ok" if card.in_sync else "odd",
        data_owner=card.owner,
    )


def _answers(card: ChatbotCard) -> Markup:
    return element(
        "div",
        data_table(
            f"What answers users of {card.name}",
            ("Environment", "Release", "Answered by"),
            [_answer_row(one) for one in card.answers],
        ),
        class_="answers scroll",
        tabindex="0",
        role="group",
        aria_label=f"What answers users of {card.name}",
    )


def _answer_row(one: AnswerRow) -> Markup:
    return element(
        "tr",
        element("th", one.environment, scope="row"),
        element("td", one.release, element("p", one.note, class_="near") if one.note else None),
        element("td", element("code", one.answers) if one.answers else "-"),
    )


def _timeline(card: ChatbotCard) -> Markup | None:
    if not card.releases:
        return element("p", "No release yet.", class_="quiet")
    early = [one for one in card.releases[:-_MOST_RELEASES] if not one.environments]
    shown = [one for one in card.releases if one not in early]
    label = f"Releases of {card.name}, oldest first"
    line = element("ol", map(_milestone, shown), class_="timeline", tabindex="0", aria_label=label)
    if not early:
        return line
    folded = element("ul", [element("li", f"{one.label} {one.day} {one.message}") for one in early])
    return join(line, element("details", element("summary", f"{len(early)} earlier releases"), folded))


def _milestone(one: Milestone) -> Markup:
    looks = " ".join(filter(None, ("serving" if one.environments else "", "archived" if one.is_archived else "")))
    return element(
        "li",
        element("p", element("span", one.label, class_="label"), element("span", one.day, class_="quiet")),
        element("p", one.message) if one.message else None,
        element("p", [badge(name, OK) for name in one.environments]) if one.environments else None,
        element("p", "archived", class_="quiet") if one.is_archived else None,
        class_=looks or None,
    )


def _flow(card: ChatbotCard, index: int, *, is_open: bool) -> Markup | None:
    if card.flow is None:
        return None
    steps = element("ul", [element("li", element("code", step)) for step in card.flow_steps])
    if len(card.flow.nodes) > MOST_NODES:
        body: Markup = steps
    else:
        drawing = svg(
            card.flow,
            f"Pipeline of {card.name}",
            f"{len(card.flow.nodes)} nodes, each left of what follows it. The same follows as a list.",
            name=f"flow-{index}",
        )
        label = f"Pipeline of {card.name}, can be scrolled"
        body = join(
            element("div", drawing, class_="picture", tabindex="0", role="group", aria_label=label),
            element("details", element("summary", "The pipeline as a list"), steps),
        )
    title = element("summary", "Pipeline ", element("code", card.flow_name))
    return element("details", title, body, open=is_open)

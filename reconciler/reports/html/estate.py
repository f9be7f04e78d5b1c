"""The estate page: drift and refusals, chatbots, assistants, stores and all other objects, in one file to search."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from reconciler.project.estate import Estate
from reconciler.project.status import Status
from reconciler.reports.html.changes import badge
from reconciler.reports.html.drift import drift_parts
from reconciler.reports.html.markup import Child, Markup, element, join, raw
from reconciler.reports.html.page import Extras, Part, Top, page
from reconciler.reports.html.plan import MOST_NODES, remark_parts
from reconciler.reports.html.refusals import refusal_article, section_lists
from reconciler.reports.html.status import code_list, group_block, tone_of
from reconciler.reports.html.svg import svg
from reconciler.reports.views.assistants import IN_SYNC, NOT_APPLIED
from reconciler.reports.views.changes import Tone
from reconciler.reports.views.drift import NEVER_APPLIED
from reconciler.reports.views.estate import (
    AnswerRow,
    AssistantCard,
    ChatbotCard,
    EstateView,
    Milestone,
    ModelLine,
    ObjectRow,
    StoreRow,
    estate_view,
)
from reconciler.reports.views.plan import REFUSED, Level
from reconciler.reports.views.status import RowView
from reconciler.resources.display import short

_MOST_OPEN: Final = 12
"""The chatbots up to which their pipelines are unfolded."""
_MOST_RELEASES: Final = 12
"""The latest releases that the time line shows; earlier ones are folded, unless they are published."""
_OK: Final[Tone] = "new"
_ODD: Final[Tone] = "drift"
_TONES: Final[dict[str, Tone]] = {IN_SYNC: _OK, "refused": "refused", "pending": "changed", NOT_APPLIED: "changed"}
_REPORT: Final = "report"
"""The kind of entries that are searched with the objects and not counted as objects."""


def estate_html(status: Status, estate: Estate, *, pull: str = "", revert: str = "") -> str:
    """Return the estate page. `pull` copies live values into the manifests, and `revert` reverts them."""
    view = estate_view(status, estate)
    known = view.status
    level: Level = "refused" if view.refusals else "safe" if known.in_sync else "risky"
    out = NEVER_APPLIED if view.drift.never_applied else "Not in sync"
    word = REFUSED if view.refusals else "In sync" if known.in_sync else out
    facts = [
        ("API", known.endpoint),
        ("Made", view.made),
        ("Commit", short(view.commit)),
        ("Locked by", known.locked_by),
        ("Keep it", pull if known.pullable else ""),
        ("Revert it", revert if known.revertible else ""),
    ]
    top = Top(level, word, known.identity, view.summary, facts)
    kinds = ["Chatbots", "Assistants", "Vector stores", *view.groups]
    extras = Extras(_tools(kinds, view.owners), "estate.js", "estate.css")
    return page(f"Estate: {known.identity}", top, _parts(view), [], extras)


def _tools(kinds: Iterable[str], owners: Iterable[str]) -> Markup:
    search = element(
        "div",
        element("label", "Search", for_="find"),
        element("input", id="find", type="search", autocomplete="off", spellcheck="false", aria_describedby="keys"),
        class_="field wide",
    )
    states = (("ok", "In sync"), ("odd", "Not in sync"))
    return element(
        "div",
        search,
        _select("kind", "Kind", "All kinds", [(kind, kind) for kind in kinds]),
        _select("state", "Status", "Any status", states),
        _select("owner", "Owner", "All owners", [(owner, owner) for owner in owners]),
        element("button", "Reset", id="reset", type="button"),
        element(
            "p",
            element("span", id="found", role="status", aria_live="polite"),
            element("span", " Every word must occur. Press ", element("kbd", "/"), " to search.", id="keys"),
        ),
        element("p", "Nothing matches the search.", id="none", hidden=True),
        id="tools",
        class_="tools",
        role="search",
        aria_label="Objects",
        hidden=True,
    )


def _select(name: str, label: str, every: str, values: Iterable[tuple[str, str]]) -> Markup:
    listed = [element("option", text, value=value) for value, text in values]
    menu = element("select", element("option", every, value=""), listed, id=name)
    return element("div", element("label", label, for_=name), menu, class_="field")


def _parts(view: EstateView) -> Iterator[Part]:
    yield Part("refused", REFUSED, [*map(_searched, map(refusal_article, view.refusals))], len(view.refusals))
    for part in drift_parts(view.drift):
        yield Part(part.id, part.title, [*map(_searched, part.content)], part.count)
    yield Part("chatbots", "Chatbots", list(_chatbots(view)), len(view.chatbots))
    yield Part("assistants", "Assistants", [*map(_assistant, view.assistants)], len(view.assistants))
    yield Part("stores", "Vector stores", list(_stores(view)), len(view.stores))
    for index, (title, rows) in enumerate(view.groups.items()):
        yield Part(f"kind-{index}", title, [_objects(title, rows)], len(rows))
    yield Part("environments", "Environments", [_environments(view)], len(view.environments))
    yield from remark_parts(view.drift.remarks)
    unread = [element("ul", [element("li", text) for text in view.unread])]
    yield Part("unread", "Not looked at", unread)


def _searched(markup: Markup) -> Markup:
    """Return an article of a report as an entry of the search."""
    opening = "<article>"
    if not markup.startswith(opening):
        return markup
    return raw(f'<article class="entry" data-kind="{_REPORT}" data-state="odd">{markup.removeprefix(opening)}')


def _chatbots(view: EstateView) -> Iterator[Markup]:
    for index, card in enumerate(view.chatbots):
        yield _chatbot(card, index, is_open=len(view.chatbots) <= _MOST_OPEN)


def _chatbot(card: ChatbotCard, index: int, *, is_open: bool) -> Markup:
    return element(
        "article",
        _title(card.word, _OK if card.in_sync else _TONES.get(card.word, _ODD), card.name, ""),
        _facts([("Owner", card.owner or "not named"), ("Labels", card.labels)]),
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


def _title(word: str, tone: str, name: str, where: str) -> Markup:
    return element(
        "h3",
        badge(word, tone),
        element("span", name, class_="address"),
        element("span", where, class_="where") if where else None,
    )


def _facts(facts: Iterable[tuple[str, Child]]) -> Markup | None:
    shown = [element("div", element("dt", term), element("dd", value)) for term, value in facts if value]
    return element("dl", shown, class_="card-facts") if shown else None


def _answers(card: ChatbotCard) -> Markup:
    return element(
        "div",
        _table(
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


def _table(caption: str, heads: Sequence[str], rows: Sequence[Markup], look: str | None = None) -> Markup:
    return element(
        "table",
        element("caption", caption, class_="unseen"),
        element("thead", element("tr", [element("th", head, scope="col") for head in heads])),
        element("tbody", rows),
        class_=look,
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
        element("p", [badge(name, _OK) for name in one.environments]) if one.environments else None,
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


def _assistant(card: AssistantCard) -> Markup:
    if card.view is None:
        word, tone, groups = "not in the manifests", "changed", []
    else:
        word, tone, groups = card.view.word, tone_of(card.view), card.view.groups
    in_sync = card.row.in_sync
    return element(
        "article",
        _title(word, tone, card.name, _id(card.row)),
        _facts(
            [
                ("Owner", card.owner or "not named"),
                ("Model", [_model(one) for one in card.models]),
                ("Cost a day", card.cost),
                ("Used by", card.used_by),
                ("Vector stores", card.stores),
                ("Labels", card.labels),
            ]
        ),
        element("p", card.row.text, class_="quiet") if not in_sync and not groups else None,
        map(group_block, groups),
        _archiving(card),
        class_="entry",
        data_kind="Assistants",
        data_state="ok" if in_sync else "odd",
        data_owner=card.owner,
    )


def _model(one: ModelLine) -> Markup:
    end = element("span", f" {one.end}", class_="near" if one.is_near else "quiet") if one.end else None
    return join(element("code", one.model), end, " ")


def _archiving(card: AssistantCard) -> Markup:
    seen = [element("h4", "Also refers to it at OpenAI"), code_list(card.live_referrers)] if card.live_referrers else []
    if not card.blockers and not seen:
        return element("p", card.blocked, class_="quiet")
    blocks = [
        join(
            element("p", element("strong", f"In {where}: " if where else ""), refusal.cause),
            section_lists(refusal),
        )
        for where, refusal in card.blockers
    ]
    return element("details", element("summary", card.blocked), blocks, seen, class_="blocked")


def _stores(view: EstateView) -> Iterator[Markup]:
    if view.stores:
        yield element("p", view.store_total, class_="quiet")
        heads = ("Vector store", "Size", "Cost a day", "Files", "Used by", "Last active", "Owner")
        yield _scrolled("Vector stores", _table("Vector stores", heads, [*map(_store, view.stores)], "rows stores"))


def _store(one: StoreRow) -> Markup:
    return element(
        "tr",
        element("th", _named(one.row), element("p", _id(one.row), class_="quiet"), scope="row"),
        element("td", one.size, _bar(one.share, "bar")),
        element("td", one.cost, _bar(one.cost_share, "bar cost") if one.cost_share else None),
        element("td", one.files),
        element("td", one.used_by),
        element("td", one.last_active),
        element("td", one.owner),
        **_data("Vector stores", one.row, one.owner),
    )


def _data(kind: str, row: RowView, owner: str = "") -> dict[str, str]:
    state = "ok" if row.in_sync else "odd"
    return {"class_": "entry", "data_kind": kind, "data_state": state, "data_owner": owner}


def _named(row: RowView) -> Markup:
    """Return an object with its status."""
    return join(
        badge(row.word, _TONES.get(row.word, _ODD)),
        " ",
        element("span", row.address, class_="address"),
        element("p", row.text) if row.text != row.word else None,
    )


def _id(row: RowView) -> str:
    """Return the live id; empty for a document in the outlets, and for an object that is not live."""
    return "" if row.id in ("-", row.address) else row.id


def _bar(share: float, look: str) -> Markup:
    return element(
        "svg",
        element("rect", x="0", y="0", width="100", height="6"),
        element("rect", x="0", y="0", width=f"{100 * share:.1f}", height="6", class_="value"),
        class_=look,
        viewBox="0 0 100 6",
        preserveAspectRatio="none",
        aria_hidden="true",
    )


def _objects(title: str, rows: Sequence[ObjectRow]) -> Markup:
    lines = [
        element(
            "tr",
            element("th", _named(one.row), scope="row"),
            element("td", _id(one.row) or "-"),
            element("td", one.used_by),
            **_data(title, one.row),
        )
        for one in rows
    ]
    return _scrolled(title, _table(title, ("Object", "Live id", "Used by"), lines, "rows objects"))


def _environments(view: EstateView) -> Markup:
    rows = [
        element(
            "tr",
            element("th", one.name, scope="row"),
            element("td", one.source),
            element("td", one.last_apply),
            element("td", one.objects),
        )
        for one in view.environments
    ]
    heads = ("Environment", "Read", "Last apply", "Objects")
    return _scrolled("Environments", _table("Environments", heads, rows, "rows"))


def _scrolled(label: str, table: Markup) -> Markup:
    return element("div", table, class_="scroll", tabindex="0", role="group", aria_label=f"{label}, can be scrolled")

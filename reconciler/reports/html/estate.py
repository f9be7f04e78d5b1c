"""The estate page: drift and refusals, chatbots, assistants, stores and all other objects, in one file to search."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from reconciler.project.estate import Estate
from reconciler.project.status import Status
from reconciler.reports.html.cards import ODD, TONES, card_facts, card_title, data_table, scrolled
from reconciler.reports.html.changes import badge
from reconciler.reports.html.drift import drift_parts
from reconciler.reports.html.estate_chatbots import chatbot_cards
from reconciler.reports.html.markup import Markup, element, join, raw
from reconciler.reports.html.page import Extras, Part, Top, page
from reconciler.reports.html.plan import remark_parts
from reconciler.reports.html.refusals import refusal_article, section_lists
from reconciler.reports.html.status import code_list, group_block, tone_of
from reconciler.reports.views.drift import NEVER_APPLIED
from reconciler.reports.views.estate import (
    AssistantCard,
    EstateView,
    ModelLine,
    ObjectRow,
    StoreRow,
    estate_view,
)
from reconciler.reports.views.plan import REFUSED, Level
from reconciler.reports.views.status import RowView
from reconciler.resources.display import short

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
    yield Part("chatbots", "Chatbots", list(chatbot_cards(view.chatbots)), len(view.chatbots))
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


def _assistant(card: AssistantCard) -> Markup:
    if card.view is None:
        word, tone, groups = "not in the manifests", "changed", []
    else:
        word, tone, groups = card.view.word, tone_of(card.view), card.view.groups
    in_sync = card.row.in_sync
    return element(
        "article",
        card_title(word, tone, card.name, _id(card.row)),
        card_facts(
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
        yield scrolled("Vector stores", data_table("Vector stores", heads, [*map(_store, view.stores)], "rows stores"))


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
        badge(row.word, TONES.get(row.word, ODD)),
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
    return scrolled(title, data_table(title, ("Object", "Live id", "Used by"), lines, "rows objects"))


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
    return scrolled("Environments", data_table("Environments", heads, rows, "rows"))

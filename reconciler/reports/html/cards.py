"""Parts of the cards and tables of the estate page."""

from collections.abc import Iterable, Sequence
from typing import Final

from reconciler.reports.html.changes import badge
from reconciler.reports.html.markup import Child, Markup, element
from reconciler.reports.views.assistants import IN_SYNC, NOT_APPLIED
from reconciler.reports.views.changes import Tone

OK: Final[Tone] = "new"
ODD: Final[Tone] = "drift"
TONES: Final[dict[str, Tone]] = {IN_SYNC: OK, "refused": "refused", "pending": "changed", NOT_APPLIED: "changed"}


def card_title(word: str, tone: str, name: str, where: str) -> Markup:
    return element(
        "h3",
        badge(word, tone),
        element("span", name, class_="address"),
        element("span", where, class_="where") if where else None,
    )


def card_facts(facts: Iterable[tuple[str, Child]]) -> Markup | None:
    """Return a list of terms with their values, without those that are empty."""
    shown = [element("div", element("dt", term), element("dd", value)) for term, value in facts if value]
    return element("dl", shown, class_="card-facts") if shown else None


def data_table(caption: str, heads: Sequence[str], rows: Sequence[Markup], look: str | None = None) -> Markup:
    return element(
        "table",
        element("caption", caption, class_="unseen"),
        element("thead", element("tr", [element("th", head, scope="col") for head in heads])),
        element("tbody", rows),
        class_=look,
    )


def scrolled(label: str, table: Markup) -> Markup:
    return element("div", table, class_="scroll", tabindex="0", role="group", aria_label=f"{label}, can be scrolled")

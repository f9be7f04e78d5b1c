"""A plan as the comment on a pull request: the verdict, then refusals and risks, then changes and remarks."""

from collections.abc import Iterable, Iterator
from typing import Final

from reconciler.planning.model import Plan
from reconciler.reports.markdown.changes import change_item
from reconciler.reports.markdown.escaping import code, fenced, marker, prose
from reconciler.reports.markdown.fitting import LIMIT, Item, Section, fitted
from reconciler.reports.markdown.mermaid import mermaid
from reconciler.reports.markdown.refusals import refusal_item
from reconciler.reports.picture import Picture, picture
from reconciler.reports.style import count
from reconciler.reports.views import plan as views
from reconciler.reports.views.plan import PlanView, Remarks, RiskView, WarningView, plan_view
from reconciler.reports.views.versions import EQUAL, VERSIONS, VersionView

MOST_NODES: Final = 40
_MOST_EDGES: Final = 200


def plan_markdown(plan: Plan, *, full: str = "", command: str = "", limit: int = LIMIT) -> str:
    """Return `plan` in at most `limit` characters.

    `full` is a sentence of Markdown with the place of the whole plan, shown if something was left out; `command` is
    the command that applies the plan. The first line is `marker("plan", plan.identity)`.
    """
    view = plan_view(plan)
    head = f"## {view.verdict.word}: {code(view.identity)}"
    top = [marker("plan", view.identity), head, prose(view.verdict.text)]
    sections = list(_sections(view, picture(plan, MOST_NODES)))
    return fitted(top, sections, list(_bottom(view, command)), full, limit)


def _sections(view: PlanView, drawn: Picture) -> Iterator[Section]:
    yield Section(f"### {views.REFUSED}", tuple(map(refusal_item, view.refusals)), worth=5)
    yield Section(f"### {views.RISKS}", tuple(map(_risk, view.risks)), worth=6, joint="\n")
    yield Section(f"### {VERSIONS}", tuple(map(_version, view.versions)), worth=6)
    yield Section(f"### {views.CHANGES}", tuple(map(change_item, view.changes)), worth=2)
    drift = f"### {views.DRIFT}\n\n{prose(view.drift_note)}"
    yield Section(drift, tuple(map(change_item, view.drift)), worth=3)
    yield Section(f"### {views.PICTURE}", tuple(_picture(drawn)), worth=4)
    costs = f"### {views.COSTS}\n\nWith {prose(view.cost_source)}"
    yield Section(costs, _lines(view.costs, "cost"), worth=4, joint="\n")
    yield from remark_sections(view.remarks)


def remark_sections(remarks: Remarks) -> Iterator[Section]:
    """Return the warnings, and the number of unmanaged objects."""
    yield Section(f"### {views.WARNINGS}", tuple(map(_warning, remarks.warnings)), worth=1, joint="\n")
    yield Section(f"### {views.UNMANAGED}", _lines(filter(None, [remarks.unmanaged]), "sentence"))


def _warning(one: WarningView) -> Item:
    line = f"- {prose(one.text)} ({code(one.topic)})" if one.topic else f"- {prose(one.text)}"
    return Item(line, line, "warning")


def _risk(risk: RiskView) -> Item:
    line = f"- **{risk.level}** {code(risk.address)} {prose(risk.text)} ({code(risk.rule)})"
    return Item(line, line, f"{risk.level} risk")


def _version(one: VersionView) -> Item:
    """Return the differences between two releases, or only the command that shows them."""
    title, full = f"**{prose(one.title)}**", f"In full: {code(one.command)}"
    lines = [
        f"- {code(line.sign)} {code(line.address)}" if line.sign else f"- {prose(line.address)}" for line in one.lines
    ]
    listed = [f"{line}: {prose(item.what)}" if item.what else line for line, item in zip(lines, one.lines, strict=True)]
    text = "\n".join([title, "", *listed, "", full] if listed else [title, "", prose(EQUAL)])
    return Item(text, f"{title} {full}", "comparison")


def _picture(drawn: Picture) -> Iterator[Item]:
    if 0 < len(drawn.edges) <= _MOST_EDGES:
        yield Item(fenced([mermaid(drawn)], "mermaid"), "", "picture")


def _lines(texts: Iterable[str], word: str) -> tuple[Item, ...]:
    return tuple(Item(line, line, word) for line in (f"- {prose(text)}" for text in texts))


def _bottom(view: PlanView, command: str) -> Iterator[str]:
    yield "---"
    if view.writes and view.can_apply:
        yield f"{count(view.write_count, 'write')} to OpenAI: {prose(view.writes)}."
    if command and view.can_apply:
        yield f"Apply with {code(command)}."
    at = f" of commit {code(view.commit)}" if view.commit else ""
    made = f", made {code(view.created_at)}" if view.created_at else ""
    yield f"Plan {code(view.digest)}{at}{made}"

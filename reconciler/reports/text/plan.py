"""Plans as text: the verdict, then risks, changes and remarks, and last the next command, or the refusals with the ways
out, which must not scroll away.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from reconciler.planning.model import Plan
from reconciler.reports.style import (
    Look,
    Style,
    cells,
    command_lines,
    count,
    first_few,
    headline,
    joined,
    plain,
    section,
    wrap,
    wrap_parts,
)
from reconciler.reports.text.changes import change_lists, change_rows
from reconciler.reports.text.refusals import refusal_lines
from reconciler.reports.text.versions import version_lines
from reconciler.reports.views import plan as views
from reconciler.reports.views.plan import Level, PlanView, Remarks, RiskView, grouped_risks, plan_view, risk_counts
from reconciler.reports.views.versions import VERSIONS
from reconciler.reports.wording import deleted_text
from reconciler.resources.risks import LEVELS

_FEW: Final = 3
_MOST_DELETED: Final = 20
"""Deleted objects that the question lists; the plan above it lists all."""
_LOOKS: Final[dict[Level, Look]] = {"refused": "red", "nothing": "green", "safe": "yellow", "risky": "yellow"}


def plan_text(plan: Plan, *, style: Style, command: str = "", targeted: bool = False, adopts: bool = False) -> str:
    """Return `plan` for a terminal, with all control characters of values escaped.

    `command` is the command that applies it; `targeted` says that the plan covers only some objects, and `adopts` that
    it only adopts objects.
    """
    view = plan_view(plan, targeted=targeted, adopts=adopts)
    look = "yellow" if view.drift and view.verdict.level == "nothing" else _LOOKS[view.verdict.level]
    parts = [
        headline(view.verdict.title, look, view.verdict.summary, style),
        section(views.RISKS, [*_high_risks(view, style), *_other_risks(view.risks, style)], style),
        section(VERSIONS, version_lines(view.versions, style), style),
        section(views.CHANGES, _changes(view, style), style),
        section(views.DRIFT, [*_note(view.drift_note, style), *change_rows(view.drift, style)], style),
        *remark_parts(view.remarks, style),
        _costs(view, style),
        section(views.REFUSED, refusal_lines(view.refusals, style), style),
        _footer(view, command, style),
    ]
    return joined(parts)


def apply_question(plan: Plan) -> str:
    """Return the question whether to apply `plan`, with the live objects that it deletes."""
    if plan.destroys:
        return (
            f"This removes everything of {plan.identity}. Deleted objects cannot be restored.\n"
            f"Type {plan.name} to confirm:"
        )
    deleted = [text for change in plan.work if (text := deleted_text(change))]
    if not deleted:
        return f"Apply this to {plan.identity}?"
    names = " ".join(first_few(deleted, _MOST_DELETED))
    return f"Apply this to {plan.identity}, and delete {names}?"


def remark_parts(remarks: Remarks, style: Style) -> Iterator[list[str]]:
    """Return the warnings, and the number of unmanaged objects."""
    texts = [f"{one.topic}: {one.text}" if one.topic else one.text for one in remarks.warnings]
    lines = [line for text in texts for line in wrap(text, style.width, lead="  ! ", hang="    ")]
    yield section(views.WARNINGS, [style.paint(line, "yellow") for line in lines], style)
    text = f"{remarks.unmanaged} `{remarks.inventory}` lists them."
    yield wrap(text, style.width, hang="  ") if remarks.unmanaged else []


def _changes(view: PlanView, style: Style) -> list[str]:
    """Return the changes; of a refused plan that removes everything, only the names of those that are not refused."""
    if view.destroys and view.refusals:
        refused = {refusal.address for refusal in view.refusals}
        return change_lists(view.changes, refused, style)
    return change_rows(view.changes, style, has_high_risks=False)


def _high_risks(view: PlanView, style: Style) -> Iterator[str]:
    """Yield the high risks: those of several objects with one text once, with all objects unless the plan is refused.
    The rows of the changes do not repeat them.
    """
    for group in grouped_risks(risk for risk in view.risks if risk.level == "high"):
        first, names = group[0], [risk.address for risk in group]
        if len(group) == 1:
            lines = wrap(
                f"{first.rule}: {first.text}", style.width, lead=f"  ! high {plain(first.address)}  ", hang="    "
            )
        else:
            text = f"{first.rule}: {count(len(group), 'object')}: {first.of_several}"
            lines = wrap(text, style.width, lead="  ! high ", hang="    ")
            listed = first_few(names, _FEW if view.refusals else len(names))
            lines += wrap_parts(listed, style.width, lead="    ", hang="    ")
        yield from (style.paint(line, "red") for line in lines)


def _other_risks(risks: Sequence[RiskView], style: Style) -> list[str]:
    """Return the number of the other risks, which the rows of the changes show."""
    found = Counter(risk.level for risk in risks)
    counts = risk_counts({level: found[level] for level in LEVELS if level != "high"})
    whose = "its change" if sum(found.values()) - found["high"] == 1 else "their changes"
    return wrap(f"{counts}, shown with {whose}.", style.width, lead="  ", hang="  ") if counts else []


def _note(text: str, style: Style) -> list[str]:
    lines = wrap(text, style.width, lead="  ", hang="  ") if text else []
    return [style.paint(line, "dim") for line in lines]


def _costs(view: PlanView, style: Style) -> list[str]:
    lines = [line for text in view.costs for line in wrap(text, style.width, lead="  ", hang="    ")]
    return section(f"{views.COSTS} with {view.cost_source}", lines, style)


def _footer(view: PlanView, command: str, style: Style) -> list[str]:
    if view.refusals:
        return wrap("Nothing is applied until all refusals are resolved.", style.width)
    if not view.can_apply:
        return []
    writes = f"{count(view.write_count, 'write')} to OpenAI: {view.writes}."
    lines = wrap(writes, style.width) if view.writes else []
    line = f"Apply with: {plain(command)}"
    if command and cells(line) > style.width:
        return [*lines, "Apply with:", *command_lines(plain(command), style.width, indent="  ")]
    return [*lines, *([line] if command else [])]

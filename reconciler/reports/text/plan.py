"""Plans as text: the verdict first, then what needs a decision, then what changes, last what to type next."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from reconciler.planning.model import Decision, Plan, Unmanaged
from reconciler.reports.style import Style, count, plain, wrap
from reconciler.reports.text.changes import change_rows, drift_rows
from reconciler.reports.text.costs import cost_lines
from reconciler.reports.text.parts import counted, headline, joined, section
from reconciler.reports.text.refusals import refusal_lines
from reconciler.reports.text.risks import risk_lines
from reconciler.reports.text.verdict import actions, by_hand, stopped
from reconciler.reports.wording import notice_text
from reconciler.resources.display import short

_DECIDED: Final[dict[frozenset[Decision | None], str]] = {
    frozenset({"revert"}): "applying puts it back (--on-drift keep leaves it)",
    frozenset({"keep"}): "applying keeps it (--on-drift revert puts it back)",
    frozenset({None}): "nothing is decided (--on-drift revert puts it back, keep leaves it)",
}


def plan_text(plan: Plan, *, style: Style, command: str = "", targeted: bool = False) -> str:
    """What `plan` would do and why it may not, for a terminal. Nothing in it is interpreted, whatever it contains.

    `command` is what applies it, for the reader to type next; `targeted` says that the plan is about a part only.
    """
    parts = [
        _verdict(plan, style, targeted=targeted),
        section("Refused", refusal_lines(plan.refusals, style), style),
        risk_lines(plan.risks, style),
        section("Your changes", change_rows(plan.changes, style), style),
        _by_hand(plan, style),
        *remarks(plan, style),
        cost_lines(plan.costs if plan.work else None, style),
        _footer(plan, command, style),
    ]
    return joined(parts)


def _verdict(plan: Plan, style: Style, *, targeted: bool = False) -> list[str]:
    where = plan.identity + (f" at {short(plan.commit)}" if plan.commit else "")
    if plan.refusals:
        rest = f"; {stopped(plan)}" if plan.work else ""
        return headline("Refused:", "red", f"{where}, {count(len(plan.refusals), 'refusal')}{rest}.", style)
    tail = f"{plan.unchanged} unchanged"
    if plan.work or plan.changes:
        summary = ", ".join(filter(None, (counted(actions(plan)), by_hand(plan), tail)))
        return headline(f"{count(len(plan.work), 'change')}:", "yellow", f"{where}, {summary}.", style)
    if plan.drift:
        return headline("Nothing to apply:", "yellow", f"{where}, {by_hand(plan)}, {tail}.", style)
    if targeted:
        return headline("Nothing to do:", "green", f"{where}, {tail} of {plan.unchanged} targeted.", style)
    return headline("Nothing to do:", "green", f"{where} is as the manifests say, {tail}.", style)


def _by_hand(plan: Plan, style: Style) -> list[str]:
    """The section's head says once what applying does with it; with mixed decisions every row says its own."""
    if not plan.drift:
        return []
    decisions = frozenset(change.decision for change in plan.drift)
    said = f"live -> manifest; {_DECIDED.get(decisions, 'as each line says (--on-drift decides)')}"
    rows = drift_rows(plan.drift, style, decide=len(decisions) > 1)
    return section("Changed by hand", [*_dim(said, style), *rows], style)


def remarks(plan: Plan, style: Style) -> Iterator[list[str]]:
    """Warnings, and what nobody manages here."""
    yield section("Warnings", [line for one in plan.warnings for line in _warning(notice_text(one), style)], style)
    yield _strangers(plan.unmanaged, style)


def _warning(text: str, style: Style) -> list[str]:
    return [style.paint(line, "yellow") for line in wrap(text, style.width, lead="  ! ", hang="    ")]


def _strangers(unmanaged: Sequence[Unmanaged], style: Style) -> list[str]:
    text = strangers_text(unmanaged)
    return wrap(f"{text} `reconciler inventory` lists them.", style.width, hang="  ") if text else []


def strangers_text(unmanaged: Sequence[Unmanaged]) -> str:
    """How many of each type, as a sentence; the inventory has their names. Empty where there are none."""
    kinds = Counter((item.type.replace("_", " "), item.owner or "") for item in unmanaged)
    counts = ((count(number, kind), owner) for (kind, owner), number in sorted(kinds.items()))
    said = ", ".join(f"{text} of {owner}" if owner else text for text, owner in counts)
    return f"Not managed here, never touched: {said}." if said else ""


def _dim(text: str, style: Style) -> list[str]:
    return [style.paint(line, "dim") for line in wrap(text, style.width, lead="  ", hang="  ")]


def _footer(plan: Plan, command: str, style: Style) -> list[str]:
    if plan.refusals:
        return wrap("Nothing is applied while anything is refused.", style.width)
    if not plan.work:
        return []
    writes = {what: number for what, number in sorted(plan.requests.items()) if number}
    costs = wrap(f"{count(sum(writes.values()), 'write')} to OpenAI: {counted(writes)}.", style.width) if writes else []
    return [*costs, *([f"Apply with: {plain(command)}"] if command else [])]

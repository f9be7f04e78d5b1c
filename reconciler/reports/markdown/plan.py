"""A plan as the comment on a pull request: the verdict first, then what needs a decision, then what changes."""

from collections.abc import Iterator
from typing import Final

from reconciler.planning.model import Decision, Plan, Risk
from reconciler.reports.markdown.changes import change_items, hand_items
from reconciler.reports.markdown.escaping import code, fenced, marker, prose
from reconciler.reports.markdown.fitting import LIMIT, Item, Section, fitted
from reconciler.reports.markdown.mermaid import mermaid
from reconciler.reports.markdown.refusals import refusal_items
from reconciler.reports.picture import picture
from reconciler.reports.style import count
from reconciler.reports.text.costs import sentences
from reconciler.reports.text.parts import counted
from reconciler.reports.text.plan import strangers_text
from reconciler.reports.text.verdict import verdict
from reconciler.reports.wording import notice_text, risk_text
from reconciler.resources.display import short

MOST_NODES: Final = 40
_MOST_EDGES: Final = 200
_WORDS: Final[dict[Decision | None, str]] = {
    "revert": "This merge **reverts** it: live values on the left are replaced.",
    "keep": "This merge **leaves it alone**: nothing of it is written.",
    None: "**Nothing is decided**: `--on-drift revert` puts it back, `--on-drift keep` leaves it.",
}


def plan_markdown(plan: Plan, *, full: str = "", command: str = "", limit: int = LIMIT) -> str:
    """`plan` in at most `limit` characters.

    `full` is a sentence of Markdown that says where the whole plan is, shown where something had to be left out;
    `command` is what applies the plan. The first line is `marker("plan", plan.identity)`.
    """
    found = verdict(plan)
    top = [marker("plan", plan.identity), f"## {found.word}: {code(plan.identity)}", prose(found.text)]
    return fitted(top, list(_sections(plan)), list(_bottom(plan, command)), full, limit)


def _sections(plan: Plan) -> Iterator[Section]:
    yield Section("### Refused", refusal_items(plan.refusals), worth=5)
    yield Section("### Risks", tuple(map(_risk, plan.risks)), worth=6, joint="\n")
    yield Section("### Your changes", change_items(plan.changes), worth=2)
    yield from _by_hand(plan)
    yield Section("### What is touched, and who depends on it", tuple(_picture(plan)), worth=4)
    yield from _costs(plan)
    yield from remarks(plan)


def remarks(plan: Plan) -> Iterator[Section]:
    """Warnings, and what nobody manages here."""
    yield Section(
        "### Warnings", tuple(_line(notice_text(one), "warning") for one in plan.warnings), worth=1, joint="\n"
    )
    unmanaged = strangers_text(plan.unmanaged)
    yield Section("### Not managed", (_line(unmanaged, "sentence"),) if unmanaged else ())


def _risk(risk: Risk) -> Item:
    line = f"- **{risk.level}** {code(risk.address)} {prose(risk_text(risk))} ({code(risk.rule)})"
    return Item(line, line, f"{risk.level} risk")


def _costs(plan: Plan) -> Iterator[Section]:
    if plan.costs and plan.work:
        lines = tuple(_line(text, "cost") for text in sentences(plan.costs))
        yield Section(f"### Costs, estimated\n\nWith {prose(plan.costs.source)}", lines, worth=4, joint="\n")


def _by_hand(plan: Plan) -> Iterator[Section]:
    """A section of its own, which says what the merge does with it; with mixed decisions every entry does."""
    decisions = {change.decision for change in plan.drift}
    said = _WORDS[next(iter(decisions))] if len(decisions) == 1 else "What this merge does with it stands at each."
    head = f"### Changed by hand\n\n{said} Diffs go from what is live to what the manifest says."
    yield Section(head, hand_items(plan.drift, decide=len(decisions) > 1), worth=3)


def _picture(plan: Plan) -> Iterator[Item]:
    drawn = picture(plan, MOST_NODES)
    if 0 < len(drawn.edges) <= _MOST_EDGES:
        yield Item(fenced([mermaid(drawn)], "mermaid"), "", "picture")


def _line(text: str, word: str) -> Item:
    line = f"- {prose(text)}"
    return Item(line, line, word)


def _bottom(plan: Plan, command: str) -> Iterator[str]:
    yield "---"
    writes = {what: number for what, number in sorted(plan.requests.items()) if number}
    if writes and not plan.refusals:
        yield f"{count(sum(writes.values()), 'write')} to OpenAI: {prose(counted(writes))}."
    if command and plan.work and not plan.refusals:
        yield f"Apply with {code(command)}."
    at = f" of commit {code(short(plan.commit))}" if plan.commit else ""
    made = f", made {code(plan.created_at)}" if plan.created_at else ""
    yield f"Plan {code(plan.digest)}{at}{made}"

"""What a plan comes to, in one line, for those who read nothing else."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from reconciler.planning.model import ACTIONS, Plan
from reconciler.reports.style import count
from reconciler.reports.text.parts import counted

Level: TypeAlias = Literal["nothing", "safe", "risky", "refused"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A word and the sentence after it."""

    level: Level
    word: str
    text: str


def verdict(plan: Plan) -> Verdict:
    """Refused where anything is, risky where applying has a risk, safe where it has none that is known."""
    tail = f"{plan.unchanged} unchanged"
    summary = ", ".join(filter(None, (counted(actions(plan)), by_hand(plan), tail)))
    if plan.refusals:
        rest = f"; {stopped(plan)}" if plan.work else ""
        return Verdict("refused", "Refused", f"{count(len(plan.refusals), 'refusal')}{rest}.")
    if not plan.work:
        kept = f"{by_hand(plan)}, {tail}." if plan.drift else f"all is as the manifests say, {tail}."
        return Verdict("nothing", "Nothing to do", kept)
    found = sum(1 for _ in risks(plan))
    if found:
        return Verdict("risky", "Risky", f"{count(found, 'risk')} in {count(len(plan.work), 'change')}: {summary}.")
    return Verdict("safe", "Safe", f"{count(len(plan.work), 'change')}, no known risk: {summary}.")


def risks(plan: Plan) -> Iterator[tuple[str, str]]:
    """What applying `plan` risks, each with the address that it is about."""
    for change in plan.work:
        yield from ((change.address, risk) for risk in change.risks)


def actions(plan: Plan) -> dict[str, int]:
    """How many changes of each action."""
    return {action: number for action, number in plan.summary.items() if action in ACTIONS}


def by_hand(plan: Plan) -> str:
    """How much was changed by hand, by what applying does with it."""
    decisions = Counter(change.decision for change in plan.drift)
    counts = {"by hand to revert": decisions["revert"], "by hand to keep": decisions["keep"]}
    return counted(counts | {"changed by hand": decisions[None]})


def stopped(plan: Plan) -> str:
    """What becomes of the work of a plan that is refused."""
    work = len(plan.work)
    return "it stops the one change below" if work == 1 else f"none of the {work} changes below is applied"

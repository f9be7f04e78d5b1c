"""What a plan comes to, in one line, for those who read nothing else."""

from collections import Counter
from dataclasses import dataclass
from typing import Literal, TypeAlias

from reconciler.planning.model import ACTIONS, Plan
from reconciler.reports.style import count
from reconciler.reports.text.parts import counted
from reconciler.resources.risks import LEVELS

Level: TypeAlias = Literal["nothing", "safe", "risky", "refused"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A word and the sentence after it."""

    level: Level
    word: str
    text: str


def verdict(plan: Plan) -> Verdict:
    """Refused where anything is, risky where a risk is known that is more than low, and safe otherwise."""
    tail = f"{plan.unchanged} unchanged"
    summary = ", ".join(filter(None, (counted(actions(plan)), by_hand(plan), tail)))
    if plan.refusals:
        rest = f"; {stopped(plan)}" if plan.work else ""
        return Verdict("refused", "Refused", f"{count(len(plan.refusals), 'refusal')}{rest}.")
    if not plan.work:
        kept = f"{by_hand(plan)}, {tail}." if plan.drift else f"all is as the manifests say, {tail}."
        return Verdict("nothing", "Nothing to do", kept)
    found = Counter(risk.level for risk in plan.risks)
    counts = counted({f"{level} {'risk' if found[level] == 1 else 'risks'}": found[level] for level in LEVELS})
    said = f"{count(len(plan.work), 'change')}, {counts or 'no known risk'}: {summary}."
    return Verdict("risky", "Risky", said) if found.keys() - {"low"} else Verdict("safe", "Safe", said)


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

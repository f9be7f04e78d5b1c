"""What the vector stores of an identity may cost a day."""

from collections.abc import Iterator
from math import ceil

from reconciler.planning.guard.context import GuardContext, Violation
from reconciler.planning.reasons import Cause, Remedy


def too_much(case: GuardContext) -> Iterator[Violation]:
    """More than `safety.max_daily_cost`; but never a plan that makes it less."""
    most, costs = case.inputs.max_daily_cost, case.costs
    before, after = costs.per_day
    if most is None or after <= max(most, before):
        return
    yield Violation(
        address=f"project/{case.inputs.identity.project}",
        action="update",
        cause=Cause("daily-cost", {"dollars": after, "before": before, "allowed": most}),
        remedies=(Remedy("raise-daily-cost", {"dollars": ceil(after)}),),
        facts={"allowed": most, "dollars": ceil(after), "growth": [list(pair) for pair in costs.growth]},
    )

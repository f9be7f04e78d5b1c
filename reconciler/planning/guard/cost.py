"""What the vector stores of an identity may cost a day."""

from collections.abc import Iterator
from math import ceil

from reconciler.planning.guard.context import GuardContext, Violation


def too_much(case: GuardContext) -> Iterator[Violation]:
    """More than `safety.max_daily_cost`; but never a plan that makes it less."""
    most, costs = case.inputs.max_daily_cost, case.costs
    before, after = costs.per_day
    if most is None or after <= max(most, before):
        return
    yield Violation(
        address=f"project/{case.inputs.identity.project}",
        action="update",
        message=f"vector stores would cost about ${after:,.2f} a day, now ${before:,.2f}; ${most:,.2f} are allowed",
        remedy=f"If it is worth it, set `spec.safety.max_daily_cost: {ceil(after)}` in project.yaml.",
        facts={"allowed": most, "dollars": ceil(after), "growth": [list(pair) for pair in costs.growth]},
    )

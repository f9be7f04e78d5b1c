"""What a plan may do to those who use its bots. Nothing here refuses: the guard does, and people read the rest.

Rules that look into the fields of a kind come with its `ResourceType`; those here know references, models and
ownership only.
Each is asked about each change of the plan, once.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace

from reconciler.planning.guard.context import GuardContext
from reconciler.planning.model import Change, Plan, Risk
from reconciler.planning.risks.rules import RULES
from reconciler.resources.risks import LEVELS, RISKS, Hazard

__all__ = ["RULES", "ranked", "with_risks"]


def with_risks(plan: Plan, case: GuardContext, permitted: Callable[[Change], Iterable[str]]) -> Plan:
    """`plan` with the risks of its work, on each change and ranked; `permitted` tells the consents that it needs."""
    found = {change.digest: tuple(_risks(case, change, permitted)) for change in plan.work}
    return replace(
        plan,
        changes=tuple(_noted(change, found.get(change.digest, ())) for change in plan.changes),
        drift=tuple(_noted(change, found.get(change.digest, ())) for change in plan.drift),
        risks=tuple(_worst_first(risk for change in plan.work for risk in found[change.digest])),
    )


def ranked(hazards: Iterable[Hazard], change: Change) -> list[Risk]:
    """The risks of a change, the worst first."""
    return _worst_first(
        Risk(hazard.rule, RISKS[hazard.rule], change.address, change.action, hazard.text) for hazard in hazards
    )


def _risks(case: GuardContext, change: Change, permitted: Callable[[Change], Iterable[str]]) -> list[Risk]:
    hazards = dict.fromkeys(hazard for rule in RULES for hazard in rule(case, change))
    return ranked((*hazards, *(Hazard("consent-used", text) for text in permitted(change))), change)


def _worst_first(risks: Iterable[Risk]) -> list[Risk]:
    """Otherwise as they are."""
    return sorted(risks, key=lambda risk: LEVELS.index(risk.level))


def _noted(change: Change, risks: Iterable[Risk]) -> Change:
    return replace(change, risks=tuple(risk.note for risk in risks))

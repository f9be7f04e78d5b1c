"""Risks of a plan to users of chatbots. Risks are shown and refuse nothing.

Rules about the fields of a kind are part of its `ResourceType`; the rules here cover references, models and ownership.
Each rule checks each change once.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace

from reconciler.planning.consents import permission
from reconciler.planning.guard.context import GuardContext
from reconciler.planning.inputs import Consent
from reconciler.planning.model import Change, Plan, Risk
from reconciler.planning.risks.rules import RULES
from reconciler.resources.risks import LEVELS, RISKS, Hazard

__all__ = ["RULES", "ranked", "with_risks"]


def with_risks(plan: Plan, context: GuardContext, permitted: Callable[[Change], Iterable[Consent]]) -> Plan:
    """Return `plan` with the risks of its work, on each change and ranked; `permitted` returns the consents of a
    change.
    """
    found = {change.digest: tuple(_risks(context, change, permitted)) for change in plan.work}
    return replace(
        plan,
        changes=tuple(_noted(change, found.get(change.digest, ())) for change in plan.changes),
        drift=tuple(_noted(change, found.get(change.digest, ())) for change in plan.drift),
        risks=tuple(_worst_first(risk for change in plan.work for risk in found[change.digest])),
    )


def ranked(hazards: Iterable[Hazard], change: Change) -> list[Risk]:
    """Return the risks of a change, the worst first."""
    return _worst_first(
        Risk(
            rule=hazard.rule,
            level=RISKS[hazard.rule],
            address=change.address,
            action=change.action,
            args=hazard.args,
            part=hazard.part,
            used_by=hazard.used_by,
        )
        for hazard in hazards
    )


def _risks(context: GuardContext, change: Change, permitted: Callable[[Change], Iterable[Consent]]) -> list[Risk]:
    hazards: list[Hazard] = []
    for rule in RULES:
        hazards += (hazard for hazard in rule(context, change) if hazard not in hazards)
    consents = (Hazard("consent-used", permission(consent)) for consent in permitted(change))
    return ranked((*hazards, *consents), change)


def _worst_first(risks: Iterable[Risk]) -> list[Risk]:
    """Sort by level, and keep the order within a level."""
    return sorted(risks, key=lambda risk: LEVELS.index(risk.level))


def _noted(change: Change, risks: Iterable[Risk]) -> Change:
    return replace(change, risks=tuple(risks))

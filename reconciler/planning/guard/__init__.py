"""What a plan must not do. Every rule gives refusals; one refusal stops the whole apply.

The rule this tool exists for: nothing is taken away while something that survives the plan still points at it, whoever
that is. Referrers that the same plan removes do not count.
"""

from collections.abc import Iterator, Mapping

from reconciler.planning.consents import consent_document
from reconciler.planning.guard.context import Check, GuardContext, Usage, Violation
from reconciler.planning.guard.rules import RULES
from reconciler.planning.model import Refusal
from reconciler.resources.values import digest

__all__ = ["RULES", "Check", "GuardContext", "Usage", "Violation", "refusals"]


def refusals(case: GuardContext, rules: Mapping[str, tuple[Check, ...]] = RULES) -> Iterator[Refusal]:
    """Every refusal by these rules, rule by rule, before any consent."""
    for rule, checks in rules.items():
        for check in checks:
            for objection in check.find(case):
                yield _refusal(str(case.inputs.identity), rule, check, objection)


def _refusal(identity: str, rule: str, check: Check, objection: Violation) -> Refusal:
    address, usage = objection.address, objection.usage
    liftable = check.may_be_lifted and not objection.is_contradiction
    subject = digest({"rule": rule, "address": address, "action": objection.action, "facts": objection.facts})
    return Refusal(
        address=address,
        action=objection.action,
        rule=rule,
        cause=objection.cause,
        sections=usage.sections,
        chains=usage.chains,
        remedies=objection.remedies,
        subject=subject,
        consent=consent_document(identity, address, rule, subject) if liftable else None,
    )

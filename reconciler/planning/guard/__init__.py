"""The guard stage: the changes that a plan must not make. One refusal stops the whole apply.

The main rule is `referenced`: an object is not deleted while an object that survives the plan refers to it. Referrers
that the same plan removes do not count.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from reconciler.planning.consents import Lifted, consent_document, lift
from reconciler.planning.difference import Difference
from reconciler.planning.guard.context import Check, GuardContext, Usage, Violation
from reconciler.planning.guard.rules import RULES
from reconciler.planning.model import Refusal
from reconciler.resources.values import digest

__all__ = ["RULES", "Check", "GuardContext", "GuardResult", "Usage", "Violation", "guard"]


@dataclass(frozen=True)
class GuardResult:
    """The refusals that no consent lifts, and the context that risks are assessed in."""

    context: GuardContext
    lifted: Lifted


def guard(difference: Difference, rules: Mapping[str, tuple[Check, ...]] = RULES) -> GuardResult:
    """Check every change against the rules, and apply the consents of the manifests."""
    resolution = difference.resolution
    context = GuardContext(
        resolution.inputs, resolution.matched, difference.by_origin, difference.plan.work, difference.after
    )
    return GuardResult(context, lift(resolution.inputs, tuple(_refusals(context, rules))))


def _refusals(context: GuardContext, rules: Mapping[str, tuple[Check, ...]]) -> Iterator[Refusal]:
    for rule, checks in rules.items():
        for check in checks:
            for violation in check.find(context):
                yield _refusal(str(context.inputs.identity), rule, check, violation)


def _refusal(identity: str, rule: str, check: Check, violation: Violation) -> Refusal:
    address, usage = violation.address, violation.usage
    liftable = check.may_be_lifted and not violation.is_contradiction
    subject = digest({"rule": rule, "address": address, "action": violation.action, "facts": violation.facts})
    return Refusal(
        address=address,
        action=violation.action,
        rule=rule,
        cause=violation.cause,
        sections=usage.sections,
        chains=usage.chains,
        remedies=violation.remedies,
        subject=subject,
        consent=consent_document(identity, address, rule, subject) if liftable else None,
    )

"""The guard stage: the changes that a plan must not make. One refusal stops the whole apply.

The main rule is `referenced`: an object is not deleted while an object that survives the plan refers to it. Referrers
that the same plan removes do not count.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from reconciler.planning.consents import PROJECT, Lifted, consent_document, lift
from reconciler.planning.difference import Difference
from reconciler.planning.guard import drift, limits, lineage, ownership, references, releases, retired, unlisted
from reconciler.planning.guard.context import Check, GuardContext, Usage, Violation
from reconciler.planning.model import Refusal
from reconciler.planning.reasons import Notice
from reconciler.resources.address import Address
from reconciler.resources.values import digest, strings_in

__all__ = ["RULES", "Check", "GuardContext", "GuardResult", "Usage", "Violation", "guard"]


NEVER: Final = False
BY_CONSENT: Final = True
THRESHOLD: Final = "threshold"

RULES: Final[Mapping[str, tuple[Check, ...]]] = {
    "wrong-project": (
        Check(ownership.another_project, NEVER),  # the plan compares with objects of another project
        Check(ownership.nothing_found, BY_CONSENT),  # all objects may have been deleted on purpose
    ),
    "foreign-owner": (
        Check(ownership.foreign, NEVER),  # only the owner can release the object
        Check(lineage.other_lineage, NEVER),  # `state rebuild` is the reviewed takeover
        Check(lineage.foreign_pointer, NEVER),  # applications of the other state load it
    ),
    "duplicate": (
        Check(ownership.same_label, NEVER),  # a label can be copied: only a person knows whose the objects are
        Check(ownership.unadopted, NEVER),  # `adopt` has the intended result without a second object
        Check(ownership.environments_removed, NEVER),  # `destroy`, or putting them back, settles it
        Check(ownership.undivided, NEVER),  # `state rm --all` and `adopt` have the intended result
        Check(ownership.label_only, NEVER),  # the same, and the object of the state is not live to compare with
        Check(ownership.used_duplicate, NEVER),  # the plan would delete an object in use
    ),
    "referenced": (Check(references.still_used, BY_CONSENT),),  # a referrer may be known to be obsolete
    "unlisted": (Check(unlisted.not_looked_at, NEVER),),  # a referrer may exist; a key that can list it shows it
    "published": (
        Check(releases.published, NEVER),  # users would get no answer; another release takes one line
        Check(releases.destroyed, NEVER),  # the same, and `published: none` takes one line
    ),
    "released-version-edited": (Check(releases.edited, NEVER),),  # a release is immutable; a new one takes one command
    "release-drift": (Check(releases.drifted, BY_CONSENT),),  # the release has the reviewed content of the manifests
    "protected": (
        Check(ownership.protected, BY_CONSENT),  # protection requires the review of a consent
    ),
    "conflict": (
        Check(drift.both_changed, NEVER),  # a consent does not choose a value
        Check(drift.kept_missing, NEVER),  # a deleted object has no id to reference
        Check(drift.kept_incomplete, NEVER),  # searches of the release would not find the reviewed files
    ),
    "drift": (Check(drift.any_drift, NEVER),),  # requested with `--on-drift refuse`
    "retired-model": (Check(retired.models, BY_CONSENT),),  # shutdown dates may change
    "cost": (Check(limits.too_much, BY_CONSENT),),  # an estimate; the consent is for the growth of these stores
    THRESHOLD: (
        Check(limits.too_many_deletes, BY_CONSENT),  # the consent is for these deletes
        Check(limits.too_many_archives, BY_CONSENT),  # the consent is for these archives
    ),
}
"""Rules in the order in which refusals are shown. Comments give the reason why a consent is or is not possible."""


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
    refusals = tuple(_refusals(context, rules))
    if resolution.inputs.destroys is None:
        return GuardResult(context, _offered(lift(resolution.inputs, refusals)))
    answered = [one for one in refusals if one.rule == THRESHOLD]
    lifted = lift(resolution.inputs, [one for one in refusals if one.rule != THRESHOLD])
    return GuardResult(context, _offered(replace(lifted, warnings=(*map(_answered, answered), *lifted.warnings))))


def _offered(lifted: Lifted) -> Lifted:
    """Return the refusals without the consents that would not help: to change an object that another refusal protects
    without one, or a copy that only the publication of such a release uses.
    """
    final = [one for one in lifted.refusals if one.consent is None]
    addresses = {one.address for one in final}
    publishers = {name for one in final if one.cause.code == "published" for name in strings_in(dict(one.cause.args))}

    def offered(one: Refusal) -> Refusal:
        users = {str(referrer.node) for referrers in one.sections.values() for referrer in referrers}
        is_copy = not one.address.startswith(PROJECT) and Address.parse(one.address).is_frozen
        goes_with_it = is_copy and bool(users) and users <= publishers
        return replace(one, consent=None) if one.address in addresses or goes_with_it else one

    return replace(lifted, refusals=tuple(map(offered, lifted.refusals)))


def _answered(refusal: Refusal) -> Notice:
    """Return the warning that the name of the environment, which `destroy` asks for, permits so many deletes."""
    return Notice("threshold-by-name", {"cause": {"code": refusal.cause.code, "args": dict(refusal.cause.args)}})


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

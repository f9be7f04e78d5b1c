"""The rules: the checks of each, and whether a consent may lift their refusals."""

from collections.abc import Mapping
from typing import Final

from reconciler.planning.guard import drift, limits, ownership, references, releases, retired
from reconciler.planning.guard.context import Check

NEVER: Final = False
BY_CONSENT: Final = True

RULES: Final[Mapping[str, tuple[Check, ...]]] = {
    "wrong-project": (
        Check(ownership.another_project, NEVER),  # the plan compares with objects of another project
        Check(ownership.nothing_found, BY_CONSENT),  # all objects may have been deleted on purpose
    ),
    "foreign-owner": (Check(ownership.foreign, NEVER),),  # only the owner can release the object
    "duplicate": (
        Check(ownership.ambiguous, NEVER),  # the managed object is not known
        Check(ownership.unadopted, NEVER),  # `adopt` has the intended result without a second object
        Check(ownership.used_duplicate, NEVER),  # the plan would delete an object in use as unmanaged
    ),
    "referenced": (Check(references.still_used, BY_CONSENT),),  # a referrer may be known to be obsolete
    "published": (Check(releases.published, NEVER),),  # users would get no answer; another release takes one line
    "released-version-edited": (Check(releases.edited, NEVER),),  # a release is immutable; a new one takes one command
    "release-drift": (Check(releases.drifted, BY_CONSENT),),  # the release has the reviewed content of the manifests
    "protected": (
        Check(ownership.protected, BY_CONSENT),  # protection requires the review of a consent
        Check(ownership.protected_duplicate, BY_CONSENT),  # a person can tell the two objects apart
    ),
    "conflict": (
        Check(drift.both_changed, NEVER),  # a consent does not choose a value
        Check(drift.kept_missing, NEVER),  # a deleted object has no id to reference
    ),
    "drift": (Check(drift.any_drift, NEVER),),  # requested with `--on-drift refuse`
    "retired-model": (Check(retired.models, BY_CONSENT),),  # shutdown dates may change
    "cost": (Check(limits.too_much, BY_CONSENT),),  # an estimate; the consent is for the growth of these stores
    "threshold": (Check(limits.too_many, BY_CONSENT),),  # the consent is for these deletes
}
"""Rules in the order in which refusals are shown. Comments give the reason why a consent is or is not possible."""

"""The table of rules: what is looked for under which name, and whether a consent may lift it."""

from collections.abc import Mapping
from typing import Final

from reconciler.planning.guard import drift, limits, ownership, references, releases, retired
from reconciler.planning.guard.context import Check

NEVER: Final = False
BY_CONSENT: Final = True

RULES: Final[Mapping[str, tuple[Check, ...]]] = {
    "wrong-project": (
        Check(
            ownership.another_project, NEVER, "everything was compared with objects that are not those of this state"
        ),
        Check(ownership.nothing_found, BY_CONSENT, "a guess: somebody may have deleted all of them"),
    ),
    "foreign-owner": (Check(ownership.foreign, NEVER, "the object is somebody else's, and theirs to give"),),
    "duplicate": (
        Check(ownership.ambiguous, NEVER, "nothing tells which of them is meant"),
        Check(ownership.unadopted, NEVER, "`adopt` does what is wanted, without a second object"),
        Check(ownership.used_duplicate, NEVER, "the plan would remove it as nobody's, and it is somebody's"),
    ),
    "referenced": (
        Check(references.still_used, BY_CONSENT, "a person may know that a referrer is dead; all referrers are bound"),
    ),
    "published": (Check(releases.published, NEVER, "its users would get nothing; publishing another costs one line"),),
    "released-version-edited": (
        Check(releases.edited, NEVER, "then nobody could rely on what was released; a new release costs one command"),
    ),
    "release-drift": (
        Check(releases.drifted, BY_CONSENT, "what is released is what the manifests say, which was reviewed"),
    ),
    "protected": (
        Check(ownership.protected, BY_CONSENT, "the review of the consent is what protection asks for"),
        Check(ownership.protected_duplicate, BY_CONSENT, "which of the two is meant, a person can see"),
    ),
    "conflict": (
        Check(drift.both_changed, NEVER, "no consent says which of the two values is meant"),
        Check(drift.kept_missing, NEVER, "what is not there has no id to point at"),
    ),
    "drift": (Check(drift.any_drift, NEVER, "who runs the plan asked to be stopped, and may ask otherwise"),),
    "retired-model": (Check(retired.models, BY_CONSENT, "dates move, and the API has the last word"),),
    "cost": (Check(limits.too_much, BY_CONSENT, "an estimate; what grows, and by how much, is bound"),),
    "threshold": (Check(limits.too_many, BY_CONSENT, "a large clean-up may be meant; what goes is bound"),),
}
"""In the order in which refusals are shown. A consent may never lift what it could not decide."""

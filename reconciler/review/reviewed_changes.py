"""The changes of a plan that merged pull requests have shown, and those that a rollback reverted."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from reconciler.github.issues import open_pull
from reconciler.github.plan_artifacts import Review, Reviews
from reconciler.planning.model import Plan
from reconciler.resources.address import Address
from reconciler.resources.problems import ReconcilerError
from reconciler.review.approval import digests


@dataclass(frozen=True)
class ReviewedChanges:
    """The reviews of the changes of a plan, read from GitHub."""

    digests: frozenset[str] = frozenset()
    """Digests of reviewed changes, including changes that are not in the plan."""
    reviews: tuple[Review, ...] = ()
    """The reviews that were read."""
    rolled_back: dict[str, int] = field(default_factory=dict)
    """The open pull request of the rollback that reverted a change, by the digest of the change."""


def rollback_branch(identity: str, chatbot: str) -> str:
    """Return the branch of the rollback pull request: one for each chatbot and environment."""
    return f"rollback/{identity}/{chatbot}"


def read_reviews(plan: Plan, where: Reviews) -> ReviewedChanges:
    """Read merged pull requests, latest first, until all changes of the plan are found."""
    due = {change.digest for change in plan.work}
    rolled_back = dict(_rolled_back(plan, where))
    found: set[str] = set()
    reviews: list[Review] = []
    for merged in where.since_last_apply():
        review, in_it = _read(merged, plan.identity)
        reviews.append(review)
        found |= in_it
        if due <= found | rolled_back.keys():
            break
    return ReviewedChanges(frozenset(found - rolled_back.keys()), tuple(reviews), rolled_back)


def _read(review: Review, identity: str) -> tuple[Review, set[str]]:
    """Return a review and its digests; none if its plan file was edited or has an unknown format."""
    try:
        return review, set(digests(review.plans, identity))
    except ReconcilerError as error:
        return replace(review, plans=(), void=f"the plan cannot be read: {error.problems[0].message}"), set()


def _rolled_back(plan: Plan, where: Reviews) -> Iterator[tuple[str, int]]:
    """Return the publications that a rollback reverted, while its pull request is open.

    Without this, the pull request of such a publication would count as a review if the apply after its merge failed.
    """
    for change in plan.work:
        address = Address.parse(change.address)
        if change.action == "publish" and address.kind == "chatbot":
            pull = open_pull(where.github, rollback_branch(plan.identity, address.name))
            if pull:
                yield change.digest, pull["number"]

"""Which of the changes that are due a merged pull request has shown, and which a rollback has taken back."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from reconciler.github.issues import open_pull
from reconciler.github.plan_artifacts import Review, Reviews
from reconciler.planning.model import Plan
from reconciler.resources.address import Address
from reconciler.resources.problems import ReconcilerError
from reconciler.review.approval import digests


@dataclass(frozen=True)
class Shown:
    """What GitHub says about a plan."""

    digests: frozenset[str] = frozenset()
    """Of changes that may be applied, and of others."""
    reviews: tuple[Review, ...] = ()
    """That were looked at."""
    rolled_back: dict[str, int] = field(default_factory=dict)
    """By digest of a change, the pull request by which Git is to agree that it was taken back."""


def rollback_branch(identity: str, chatbot: str) -> str:
    """Return the branch by which Git is made to agree: one per chatbot and environment, for any release."""
    return f"rollback/{identity}/{chatbot}"


def shown(plan: Plan, where: Reviews) -> Shown:
    """Look as far back as it takes to find all that is due."""
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
    return Shown(frozenset(found - rolled_back.keys()), tuple(reviews), rolled_back)


def _read(review: Review, identity: str) -> tuple[Review, set[str]]:
    """A plan file that cannot be read, as one that was edited or that another version wrote, shows nothing."""
    try:
        return review, set(digests(review.plans, identity))
    except ReconcilerError as error:
        return replace(review, plans=(), void=f"its plan cannot be read: {error.problems[0].message}"), set()


def _rolled_back(plan: Plan, where: Reviews) -> Iterator[tuple[str, int]]:
    """Publications of another release than the one that somebody went back to, until Git agrees.

    The pull request that wanted them may be among those that count, where the apply of its merge failed.
    """
    for change in plan.work:
        address = Address.parse(change.address)
        if change.action == "publish" and address.kind == "chatbot":
            pull = open_pull(where.github, rollback_branch(plan.identity, address.name))
            if pull:
                yield change.digest, pull["number"]

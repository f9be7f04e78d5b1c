"""Which changes of a plan were reviewed, and what is held back because nobody has seen it."""

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from reconciler.applying.steps import Step, lower
from reconciler.planning.build import Planned
from reconciler.planning.codec import from_json, seal, seal_plan
from reconciler.planning.model import Change, Plan
from reconciler.resources.address import Address
from reconciler.resources.problems import Problem, ReconcilerError

BUNDLE: Final = frozenset({"bundle", "ids"})
"""Fields of a publication that follow from what is published."""


@dataclass(frozen=True)
class Held:
    """A change that is not applied."""

    change: Change
    because_of: str | None
    """The address that it waits for and that is held back; None where the change itself was not reviewed."""


@dataclass(frozen=True)
class Approval:
    """A plan, parted."""

    plan: Plan
    """What was reviewed, as a plan of its own."""
    held: tuple[Held, ...]


def approval(planned: Planned, reviewed: Collection[str]) -> Approval:
    """Part a plan that refuses nothing by the digests of the changes that were reviewed.

    What waits for a change that is held back is held back with it. A bundle that only follows from changes of what is
    in it needs no review of its own: two pull requests that were each shown alone make a bundle that neither has shown.
    """
    needs = lower(planned)
    seen = {*reviewed, *_following(needs)}
    held = {change.digest: Held(change, None) for change in planned.plan.work if change.digest not in seen}
    while further := {found.change.digest: found for found in _waiting(needs, held)}:
        held |= further
    if not held:
        return Approval(planned.plan, ())
    plan = planned.plan
    changes = tuple(change for change in plan.changes if change.digest not in held)
    drift = tuple(_kept(plan, change) if change.digest in held else change for change in plan.drift)
    rest = seal_plan(replace(plan, changes=changes, drift=drift, requests={}))
    return Approval(rest, tuple(held[change.digest] for change in plan.work if change.digest in held))


def digests(plans: Iterable[bytes], identity: str) -> Iterator[str]:
    """Of the changes in the plan files that are for `identity`; ReconcilerError for a file that is no plan."""
    for data in plans:
        try:
            plan = from_json(json.loads(data))
        except (ValueError, RecursionError) as error:
            message = f"the plan of a pull request is not JSON: {error}"
            raise ReconcilerError(Problem("plan-file", message)) from error
        if plan.identity == identity:
            yield from (change.digest for change in plan.work)


def _following(needs: dict[Step, set[Step]]) -> Iterator[str]:
    """Digests of publications that say nothing themselves, and have parts in the plan."""
    for step, before in needs.items():
        yield from (change.digest for change in step.changes if before and _says_nothing(change))


def _says_nothing(change: Change) -> bool:
    """Which release applications get is never a consequence."""
    chosen = change.action == "publish" and Address.parse(change.address).kind == "chatbot"
    return not chosen and change.action in {"publish", "update"} and all(f.keys[0] in BUNDLE for f in change.fields)


def _kept(plan: Plan, change: Change) -> Change:
    return seal(plan.identity, replace(change, decision="keep"))


def _waiting(needs: dict[Step, set[Step]], held: Collection[str]) -> Iterator[Held]:
    """Changes, not held back yet, of steps that wait for one which is."""
    for step, before in needs.items():
        blocking = next((found for found in before if any(change.digest in held for change in found.changes)), None)
        if blocking:
            yield from (Held(change, str(blocking.address)) for change in step.changes if change.digest not in held)

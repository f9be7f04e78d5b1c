"""`ci rollback`: give applications another release at once, and nothing else; Git is made to agree afterwards."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from reconciler.operations.approval import contents, without
from reconciler.operations.publish import publish
from reconciler.operations.run import planned
from reconciler.planning.build import Planned
from reconciler.planning.model import Plan
from reconciler.resources.address import Address, release_address
from reconciler.resources.problems import Problem, ReconcilerError


def rollback(
    start: Path, environ: Mapping[str, str], chatbot: str, number: int, *, env: str | None, endpoint: str | None
) -> Plan:
    """Edit the manifest so that it publishes release `number`, and plan to move the pointer; the plan does no more.

    What else is pending, or was changed by hand, is left as it is. ReconcilerError where the release cannot answer:
    something of it is gone, expired or altered, or has to be made first.
    """
    publish(start, environ, chatbot, number, env=env)
    address = Address("chatbot", chatbot)
    release = release_address(chatbot, number)
    now = planned(start, environ, env, endpoint, on_drift="keep", targets=[address, release])
    if now.plan.refusals:
        return now.plan
    problems = list(_dead(now, release))
    if problems:
        raise ReconcilerError(*problems)
    others = [change for change in now.plan.work if (change.action, change.address) != ("publish", str(address))]
    return without(now.plan, {change.digest for change in others})


def branch(identity: str, chatbot: str) -> str:
    """By which Git is made to agree: one for each chatbot and environment, whatever release it goes back to."""
    return f"rollback/{identity}/{chatbot}"


def _dead(now: Planned, release: Address) -> Iterator[Problem]:
    """What the release consists of, and what is not live as it was released."""
    known = now.world.releases.get(release)
    parts = {str(release), *contents(now, str(release)), *map(str, known.parts if known else ())}
    for change in (*now.plan.changes, *now.plan.drift):
        if change.address in parts:
            message = f"{change.address}, a part of {release}, is not live as it was released"
            hint = "Choose another release, or restore this one first: reconciler apply --on-drift revert"
            yield Problem("dead-release", message, hint=hint)

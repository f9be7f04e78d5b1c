"""`ci rollback`: give applications another release at once, and nothing else; Git is made to agree afterwards."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from reconciler.operations.approval import Approval, approval
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
    moves = {change.digest for change in now.plan.work if (change.action, change.address) == ("publish", str(address))}
    parted = approval(now, moves)
    problems = [*_dead(now, release), *_unready(parted, address, release)]
    if problems:
        raise ReconcilerError(*problems)
    return parted.plan


def _dead(now: Planned, release: Address) -> Iterator[Problem]:
    """What the release consists of, and what is not as it was released."""
    parts = {str(release), *map(str, now.world.releases[release].parts)}
    for change in now.plan.drift:
        if change.address in parts:
            message = f"{change.address}, a part of {release}, is not live as it was released"
            hint = "Choose another release, or restore it: reconciler apply --on-drift revert"
            yield Problem("dead-release", message, hint=hint)


def _unready(parted: Approval, chatbot: Address, release: Address) -> Iterator[Problem]:
    """Where the pointer has to wait."""
    for held in parted.held:
        if held.change.address == str(chatbot) and held.because_of:
            message = f"{release} cannot be published: {held.because_of} has to be applied first"
            yield Problem("dead-release", message, hint="Choose a release that was applied before.")

"""`pull` over the connection of a test, and what it has changed."""

import difflib

from reconciler.operations.pull import accepted
from reconciler.operations.pull_result import Pulled
from reconciler.project.edits import write
from reconciler.project.workspace import open_workspace
from reconciler.resources.address import Address
from tests.support.world import World, is_silent

PROJECT = """\
apiVersion: reconciler/v1
kind: Project
metadata: {name: acme}
spec:
  defaults: {target: agents}
  environments:
    production: {variables: {company: Brightwater, model: gpt-6-luna}}
"""


def is_settled(world: World) -> bool:
    """Return True if the next apply only records the pulled values, and the plan after it is empty."""
    plan = world.plan()
    if plan.drift or plan.refusals or any(change.action != "adopt" for change in plan.changes):
        return False
    world.apply()
    return is_silent(world.plan())


def pull(world: World, *addresses: str, force: bool = False) -> Pulled:
    """Pull over the connection of the test."""
    planned = world.observed("keep").planned
    workspace = open_workspace(world.root, world.environ)
    found = accepted(workspace, planned, [Address.parse(one) for one in addresses], force=force)
    write(world.root, found.edits)
    return found


def changed_lines(pulled: Pulled) -> list[str]:
    """Return the `- old` and `+ new` lines of all files."""
    return [
        line.rstrip("\n")
        for edit in pulled.edits
        for line in difflib.ndiff((edit.before or "").splitlines(True), (edit.after or "").splitlines(True))
        if line[0] in "-+"
    ]


def update(world: World, address: str, **fields: object) -> None:
    world.by_hand(world.sdk.beta.agents.update(world.id_of(address), **fields))  # type: ignore[arg-type]

"""Applies of a plan after another change."""

from typing import Any

from reconciler.applying.model import ApplyResult
from reconciler.operations.apply import apply_plan
from reconciler.operations.plan import make_plan
from reconciler.project.workspace import open_workspace
from tests.support.world import Quiet, World


def apply_after(estate: World, happens: Any, *args: Any) -> ApplyResult:
    """Plan, call `happens`, and apply the plan."""
    workspace = open_workspace(estate.root, estate.environ)
    observed = estate.run(make_plan(workspace, estate.connection))
    assert observed.planned.plan.refusals == ()
    happens(estate, *args)
    estate.requests()
    return estate.run(apply_plan(workspace, estate.connection, observed, Quiet(), resume="reconciler apply"))

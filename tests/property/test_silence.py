"""Silent when there is nothing to say: after `apply`, the plan is empty, whatever the project."""

import pytest
from hypothesis import HealthCheck, given, settings

from reconciler.planning.model import Change
from reconciler.resources.registry import resource_types
from tests.property.projects import Project, new_world, projects
from tests.support.world import World, is_silent, told

FEW = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
MANY = settings(FEW, max_examples=500)


def reconcile(world: World, project: Project) -> None:
    """Apply the project; then there is nothing to say, and applying again sends and writes nothing."""
    project.write(world)
    world.apply()
    world.requests()
    before = world.memory()
    plan = world.plan()
    assert is_silent(plan), (told(plan.changes), told(plan.drift), plan)
    world.apply()
    assert {request.partition(" ")[0] for request in world.requests()} <= {"GET"}
    assert world.memory() == before


def check_without_state(world: World) -> None:
    """Labels and bundles prove what is ours, but for three things that only state knows: uploads that no store holds,
    which are made again, the protection of what is published, and values that the API does not return, which are
    written again.
    """
    world.lose_entries()
    plan = world.plan()
    assert not plan.drift
    assert not plan.refusals
    again = {change.address for change in plan.changes if change.action == "create"}
    assert all(address.startswith("file/") for address in again)
    unknown = {*again, "lifecycle.protect", *(name for one in resource_types().values() for name in one.write_only)}
    for change in plan.changes:
        assert change.action in {"adopt", "create"} or touched(change) <= unknown, told(plan.changes)


def touched(change: Change) -> set[str]:
    """What an update or publication is about: paths, or the addresses whose ids it publishes."""
    return {item.keys[1] if item.keys[0] == "ids" else item.path for item in change.fields}


def check_applied_once(project: Project) -> None:
    with new_world() as world:
        project.write(world)
        first = world.plan()
        assert {change.action for change in first.changes} <= {"create"}
        assert not first.drift
        reconcile(world, project)
        check_without_state(world)


def check_edited(before: Project, after: Project) -> None:
    with new_world() as world:
        reconcile(world, before)
        reconcile(world, after)


@FEW
@given(projects())
def test_after_apply_there_is_nothing_to_do(project):
    check_applied_once(project)


@pytest.mark.long
@MANY
@given(projects())
def test_after_apply_there_is_nothing_to_do_at_length(project):
    check_applied_once(project)


@settings(FEW, max_examples=10)
@given(projects(to_be_edited=True), projects(to_be_edited=True))
def test_after_any_edit_too(before, after):
    check_edited(before, after)


@pytest.mark.long
@settings(MANY, max_examples=60)
@given(projects(to_be_edited=True), projects(to_be_edited=True))
def test_after_any_edit_too_at_length(before, after):
    check_edited(before, after)

"""Silent when there is nothing to say: after `apply`, the plan is empty, whatever the project."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from tests.e2e.world import World, is_silent, told, world
from tests.property.projects import FILES, Project, projects

FEW = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
MANY = settings(FEW, max_examples=500)


@contextmanager
def new_world() -> Iterator[World]:
    with tempfile.TemporaryDirectory() as folder, world(Path(folder)) as made:
        yield made


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


def forgotten(world: World) -> list[str]:
    """What the plan would do without the state: nothing to what labels and bundles prove to be ours."""
    world.lose_state()
    plan = world.plan()
    assert not plan.drift
    assert not plan.refusals
    loose = {f"file/{path}" for path in FILES}
    return [change for change in told(plan.changes) if not loose & set(change.replace(":", "").split())]


def check_applied_once(project: Project) -> None:
    with new_world() as world:
        project.write(world)
        first = world.plan()
        assert {change.action for change in first.changes} <= {"create"}
        assert not first.drift
        reconcile(world, project)


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


@FEW
@given(projects(to_be_edited=True), projects(to_be_edited=True))
def test_after_any_edit_too(before, after):
    check_edited(before, after)


@pytest.mark.long
@MANY
@given(projects(to_be_edited=True), projects(to_be_edited=True))
def test_after_any_edit_too_at_length(before, after):
    check_edited(before, after)

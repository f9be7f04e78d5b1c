"""An object that was just created fits the intent of its create: otherwise a duplicate would never be recognised."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from reconciler.planning.announced import accounts_for, marker_of
from reconciler.planning.inputs import Pending
from tests.property.projects import new_world, projects

FEW = settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))


def check(project) -> None:
    with new_world() as world:
        project.write(world)
        if world.plan().refusals:
            return
        world.apply()
        planned = world.observed().planned
        inputs = planned.inputs
        for address, desired in inputs.desired.items():
            live = planned.matched.live.get(address)
            if live is not None and inputs.is_labelled(live.type):
                item = Pending(address, desired.type, marker_of(inputs, desired), 0.0)
                (listed,) = (one for one in inputs.live if one.id == live.id)
                announced = replace(inputs, pending=(item,))
                assert accounts_for(announced, address, None, listed), (item.marker, listed)


@FEW
@given(projects(to_be_edited=True))
def test_a_new_object_fits_the_intent_of_its_create(project):
    check(project)


@pytest.mark.long
@settings(FEW, max_examples=300)
@given(projects(to_be_edited=True))
def test_a_new_object_fits_the_intent_of_its_create_at_length(project):
    check(project)

from dataclasses import replace

import pytest

from reconciler.planning.equal_objects import equal_objects
from reconciler.planning.inputs import PlanInputs
from reconciler.resources.address import Address, Identity
from reconciler.resources.base import Applied, Desired, Live
from reconciler.resources.registry import resource_types

FIELDS = {"name": "notes", "description": "Take notes.", "content": {"SKILL.md": "a" * 64}}
WORKING, COPY = Address("skill", "notes"), Address("skill", "notes@0123456789ab")
EMPTY = PlanInputs(Identity("acme", None), resource_types(), {}, {}, [])


def wanted(address, **fields):
    return Desired(address, "skill", {**FIELDS, **fields})


def live(id_, created=1, **fields):
    return Live("skill", id_, {**FIELDS, **fields}, name="notes", detail={"created_at": created})


def found(desired, objects, known=None):
    inputs = replace(EMPTY, desired={one.address: one for one in desired}, live=objects)
    equal = equal_objects(inputs, known or {})
    taken = {str(address): one.id for address, one in equal.found.items()}
    return taken, {str(address): [one.id for one in group] for address, group in equal.ambiguous.items()}


def test_an_equal_object_is_found():
    others = [live("skill_2", description="Other."), live("skill_3", content={"SKILL.md": "b" * 64})]
    assert found([wanted(WORKING)], [live("skill_1"), *others]) == ({"skill/notes": "skill_1"}, {})


@pytest.mark.parametrize("fields", [{"content": {}}, {"description": "Other."}, {"name": "other"}])
def test_an_object_that_differs_is_not(fields):
    assert found([wanted(WORKING)], [live("skill_1", **fields)]) == ({}, {})


def test_of_more_equal_objects_than_addresses_none_is_taken():
    assert found([wanted(WORKING)], [live("skill_1"), live("skill_2")]) == ({}, {"skill/notes": ["skill_1", "skill_2"]})


def test_copies_of_releases_get_the_younger_ones():
    copy = Desired(COPY, "skill", {"content": FIELDS["content"]}, whole=True)
    objects = [live("skill_2", created=2), live("skill_1", created=1)]
    assert found([copy, wanted(WORKING)], objects) == ({str(WORKING): "skill_1", str(COPY): "skill_2"}, {})


def test_what_is_known_otherwise_is_not_taken_again():
    known = {COPY: Applied("skill_1", "skill", {})}
    copy = Desired(COPY, "skill", {"content": FIELDS["content"]}, whole=True)
    objects = [live("skill_1"), live("skill_2")]
    assert found([copy, wanted(WORKING)], objects, known) == ({str(WORKING): "skill_2"}, {})

"""Protection, of the live object or in state."""

import pytest

from tests.support.asking import rules
from tests.support.plan_inputs import Worlds


@pytest.mark.parametrize(("state", "label"), [(True, False), (False, True)])
def test_state_or_label_protects(state, label):
    worlds = Worlds().applied("widget/lamp", protect=state).live("widget/lamp", protect=label)
    assert rules(worlds) == [("protected", "widget/lamp")]


def test_protection_holds_against_replacing_too():
    worlds = Worlds().stays("widget/lamp", protect=True, size=1).want("widget/lamp", size=2)
    assert rules(worlds) == [("protected", "widget/lamp")]


def test_one_object_is_refused_once():
    worlds = Worlds().applied("widget/lamp", protect=True, size=1).live("widget/lamp", protect=True, size=7)
    assert rules(worlds.want("widget/lamp", size=2)) == [("protected", "widget/lamp")]


def test_a_copy_of_a_protected_object_by_hand_is_not_removed_as_ours():
    worlds = Worlds().stays("widget/lamp", protect=True).want("widget/lamp", protect=True)
    worlds.live("widget/lamp", id_="copy_1", protect=True)
    assert rules(worlds) == [("protected", "widget/lamp")]


def test_lifting_it_is_an_update():
    assert rules(Worlds().stays("widget/lamp", protect=True).want("widget/lamp")) == []

"""Another project, another owner, a second object."""

from reconciler.planning.reasons import Cause, Remedy
from reconciler.resources.address import Address
from tests.support.asking import rules
from tests.support.plan_inputs import Worlds


def test_two_objects_under_one_label_and_no_state():
    worlds = Worlds().want("widget/lamp").live("widget/lamp", id_="w1").live("widget/lamp", id_="w2")
    plan = worlds.plan()
    assert [(refusal.rule, refusal.address) for refusal in plan.refusals] == [("duplicate", "widget/lamp")]
    assert plan.refusals[0].cause == Cause("same-label", {"address": "widget/lamp", "ids": ["w1", "w2"]})
    assert not plan.work
    assert plan.unchanged == 0


def test_a_second_object_that_somebody_uses_is_not_removed():
    worlds = Worlds().synced("store/kb", id_="s1").live("store/kb", id_="s2")
    assert rules(worlds) == []
    assert rules(worlds.stranger("agent_9", refers_to=("s2",))) == [("duplicate", "store/kb")]


def test_a_known_id_that_somebody_else_has_labelled():
    worlds = Worlds().want("widget/lamp").applied("widget/lamp").live("widget/lamp", owner="globex")
    assert rules(worlds) == [("foreign-owner", "widget/lamp")]


def test_out_of_scope_neither_matters():
    worlds = Worlds().live("widget/lamp", id_="w1").live("widget/lamp", id_="w2")
    worlds.applied("widget/desk").live("widget/desk", owner="globex")
    assert rules(worlds, scope=frozenset()) == []


def test_a_second_object_that_a_peer_uses_is_not_removed_as_nobodys():
    worlds = Worlds().synced("widget/lamp", id_="w1").live("widget/lamp", id_="w2")
    assert rules(worlds) == []
    assert rules(worlds.peer("globex", "assistant/a", "w2")) == [("duplicate", "widget/lamp")]


def test_another_openai_project():
    worlds = Worlds().synced("widget/lamp")
    assert rules(worlds, applied_project="proj_a", openai_project="proj_a") == []
    assert rules(worlds, applied_project="proj_a", openai_project="proj_b") == [("wrong-project", "project/acme")]


def test_an_unknown_project_in_which_nothing_of_ours_is_live():
    worlds = Worlds().want("widget/lamp").applied("widget/lamp").synced("page/home")
    assert rules(worlds, openai_project=None) == [("wrong-project", "project/acme")]
    assert rules(worlds) == []
    assert rules(worlds.synced("widget/desk"), openai_project=None) == []


def test_what_was_imported_and_is_nobodys_is_not_made_a_second_time():
    worlds = Worlds().want("assistant/triage").stranger("agent_7")
    (refusal,) = worlds.plan(imported={Address("assistant", "triage"): "agent_7"}).refusals
    assert (refusal.rule, refusal.address) == ("duplicate", "assistant/triage")
    assert refusal.remedies == (Remedy("adopt-first"),)


def test_once_it_is_gone_it_may_be_made():
    worlds = Worlds().want("assistant/triage")
    assert rules(worlds, imported={Address("assistant", "triage"): "agent_7"}) == []

"""Objects and documents of the same identity that another state created."""

import pytest

from reconciler.planning.reasons import Remedy
from reconciler.resources.address import Address
from tests.support.asking import rules
from tests.support.plan_inputs import LINEAGE, Worlds

OTHER = "fedcba9876543210"
FOREIGN = ("foreign-owner", "project/acme")


@pytest.mark.parametrize("lineage", [OTHER, None])
@pytest.mark.parametrize("address", ["widget/lamp", "assistant/triage@support.1", "vectorstore/kb@0123456789ab"])
def test_a_labelled_object_that_the_state_does_not_have_needs_the_lineage_of_the_state(address, lineage):
    worlds = Worlds().live(address, id_="w1", lineage=lineage)
    plan = worlds.plan()
    (refusal,) = plan.refusals
    assert (refusal.rule, refusal.address, refusal.consent) == (*FOREIGN, None)
    name = address.partition("/")[2]
    listed = [{"address": address, "id": "w1", "name": name, "lineage": lineage, "in_state": False}]
    assert refusal.cause.args == {"identity": "acme/production", "objects": listed, "documents": []}
    assert Remedy("rebuild-state", {"environment": "production"}) in refusal.remedies
    assert not plan.work
    assert [(one.id, one.owner) for one in plan.unmanaged] == [("w1", "acme/production")]


def test_with_the_lineage_it_is_managed():
    assert [change.action for change in Worlds().live("widget/lamp").plan().work] == ["delete"]
    assert Worlds().live("widget/lamp").plan().refusals == ()


@pytest.mark.parametrize("lineage", [OTHER, None])
def test_no_second_object_is_created_beside_it(lineage):
    plan = Worlds().want("widget/lamp", note="on").live("widget/lamp", lineage=lineage).plan()
    assert (plan.work, plan.unchanged) == ((), 0)


def test_an_object_in_the_state_is_ours_with_its_lineage_or_none():
    for lineage in (LINEAGE, None):
        worlds = Worlds().want("widget/lamp").applied("widget/lamp").live("widget/lamp", lineage=lineage)
        plan = worlds.plan()
        assert (plan.work, plan.drift, plan.refusals) == ((), (), ()), "a missing lineage is no change"


@pytest.mark.parametrize("is_wanted", [True, False])
@pytest.mark.parametrize("known", [LINEAGE, None])
def test_an_object_in_the_state_with_another_lineage_is_foreign(is_wanted, known):
    worlds = Worlds().applied("widget/lamp", note="on").live("widget/lamp", note="off", lineage=OTHER)
    if is_wanted:
        worlds.want("widget/lamp", note="on")
    plan = worlds.synced("widget/desk").plan(lineage=known)
    assert FOREIGN in [(refusal.rule, refusal.address) for refusal in plan.refusals]
    assert not [change for change in plan.work if change.address == "widget/lamp"]


def test_a_state_without_a_lineage_owns_no_object_that_it_does_not_have():
    for lineage in (LINEAGE, None):
        assert rules(Worlds().live("widget/lamp", lineage=lineage), lineage=None) == [FOREIGN]


def test_a_second_object_without_the_lineage_is_foreign_beside_the_one_in_the_state():
    worlds = Worlds().synced("widget/lamp", id_="w1").live("widget/lamp", id_="w2", lineage=OTHER)
    assert rules(worlds) == [FOREIGN]


def test_an_unfinished_create_accounts_for_an_object_without_a_lineage_but_not_of_another_one():
    """A run of a version without lineages was killed before the upgrade."""
    for lineage, expected in ((None, []), (OTHER, [FOREIGN])):
        worlds = Worlds().want("widget/lamp", note="on").unfinished("widget/lamp", note="on")
        worlds.live("widget/lamp", note="on", lineage=lineage, detail={"created_at": 1001.0})
        assert rules(worlds) == expected


def test_a_late_create_of_a_version_without_lineages_is_removed_as_a_duplicate():
    worlds = Worlds().want("widget/lamp").applied("widget/lamp", id_="w1").unfinished("widget/lamp", is_superseded=True)
    worlds.live("widget/lamp", id_="w1", detail={"created_at": 1002.0})
    worlds.live("widget/lamp", id_="w2", lineage=None, detail={"created_at": 1001.0})
    plan = worlds.plan()
    assert ([change.id for change in plan.changes], plan.refusals) == (["w2"], ())


def test_only_objects_in_scope_are_considered():
    worlds = Worlds().live("widget/lamp", lineage=OTHER).synced("widget/desk")
    assert rules(worlds, scope=frozenset({Address("widget", "desk")})) == []
    assert rules(worlds, scope=frozenset({Address("widget", "lamp")})) == [FOREIGN]


def test_before_the_first_run_objects_outside_the_scope_count_too():
    """A run would give the state a lineage of its own beside that of a state which may only be lost."""
    desk = frozenset({Address("widget", "desk")})
    worlds = Worlds().live("widget/lamp", lineage=OTHER).want("widget/desk")
    plan = worlds.plan(scope=desk, is_new=True, lineage=None)
    assert [(refusal.rule, refusal.address) for refusal in plan.refusals] == [FOREIGN]
    documents = Worlds().live("page/home", note="x").pointer("page/home", "x").want("widget/desk")
    plan = documents.plan(scope=desk, is_new=True, lineage=None)
    assert [refusal.cause.args["documents"] for refusal in plan.refusals] == [["page/home"]]


@pytest.mark.parametrize(("is_new", "remedy"), [(True, "rename-project"), (False, "rename-one-project")])
def test_where_both_states_were_applied_a_new_name_alone_is_no_remedy(is_new, remedy):
    plan = Worlds().live("widget/lamp", lineage=OTHER).plan(is_new=is_new)
    assert [one.code for one in plan.refusals[0].remedies] == ["rebuild-state", remedy, "unlabel-copies"]


def test_an_adoption_does_not_take_it():
    worlds = Worlds().want("widget/lamp").live("widget/lamp", id_="w1", lineage=OTHER)
    lamp = Address("widget", "lamp")
    assert rules(worlds, adopt={lamp: "w1"}, scope=frozenset({lamp})) == [FOREIGN]
    assert not worlds.plan(adopt={lamp: "w1"}).work


def test_a_rebuild_takes_over_its_lineage_and_objects_without_one():
    worlds = Worlds().live("widget/one", id_="w1").live("widget/two", id_="w2", lineage=None)
    worlds.live("widget/three", id_="w3", lineage=OTHER)
    matched = worlds.planned(takes_over=True).matched
    assert {live.id for live in matched.live.values()} == {"w1", "w2"}


def test_documents_beside_a_state_that_was_never_written_belong_to_another_one():
    worlds = Worlds().live("page/home", note="x").pointer("page/home", "x")
    plan = worlds.plan(is_new=True, lineage=None)
    assert [(refusal.rule, refusal.address) for refusal in plan.refusals] == [FOREIGN]
    assert plan.refusals[0].cause.args["documents"] == ["page/home"]
    assert not [change for change in plan.work if change.action in ("delete", "archive")]


def test_a_pointer_of_another_state_refuses_what_would_write_or_withdraw_it():
    foreign = {Address("page", "home"): {"build": "sha256:1"}, Address("page", "other"): {"build": "sha256:2"}}
    expected = [("foreign-owner", "page/home")]
    assert rules(Worlds().want("page/home").bundle("page/home", "x"), foreign_pointers=foreign) == expected
    leaving = Worlds().stays("page/home").pointer("page/home", "x")
    assert rules(leaving, foreign_pointers=foreign) == expected
    assert rules(Worlds().synced("widget/lamp"), foreign_pointers=foreign) == []
    assert rules(leaving, foreign_pointers=foreign, scope=frozenset()) == []


@pytest.mark.parametrize("wanted", [{"note": "on"}, {"note": "off"}], ids=["unchanged", "edited"])
def test_an_object_with_only_the_label_of_one_that_is_gone_is_not_written_either(wanted):
    worlds = Worlds().want("widget/lamp", **wanted).applied("widget/lamp", id_="w1", note="on")
    worlds.live("widget/lamp", id_="w2", note="on").synced("widget/desk")
    (refusal,) = worlds.plan().refusals
    assert (refusal.rule, refusal.address, refusal.action) == ("duplicate", "widget/lamp", "update")
    assert refusal.cause.args == {"address": "widget/lamp", "id": "w2", "name": "lamp", "known": "w1"}

"""Ownership and protection of objects."""

import pytest

from reconciler.planning.reasons import Cause, Remedy
from reconciler.resources.address import Address, Identity
from tests.support.asking import rules
from tests.support.plan_inputs import Worlds, ref


def test_two_objects_under_one_label_and_no_state():
    worlds = Worlds().want("widget/lamp").live("widget/lamp", id_="w1").live("widget/lamp", id_="w2")
    plan = worlds.plan()
    assert [(refusal.rule, refusal.address) for refusal in plan.refusals] == [("duplicate", "widget/lamp")]
    listed = [{"id": id_, "name": "lamp", "in_state": False} for id_ in ("w1", "w2")]
    said = {"address": "widget/lamp", "ids": ["w1", "w2"], "objects": listed}
    assert plan.refusals[0].cause == Cause("same-label", said)
    assert not plan.work
    assert plan.unchanged == 0


def test_a_copied_label_is_refused_with_what_the_state_has_and_two_ways_out():
    worlds = Worlds().synced("widget/lamp", id_="w1").live("widget/lamp", id_="w0")
    (refusal,) = worlds.plan().refusals
    listed = [{"id": "w1", "name": "lamp", "in_state": True}, {"id": "w0", "name": "lamp", "in_state": False}]
    assert refusal.cause.args["objects"] == listed
    assert refusal.consent is None
    clone = {"kind": "widget", "id": "w0", "environment": "production"}
    ways = (Remedy("delete-or-unlabel", {"ids": ["w0"]}), Remedy("adopt-clone", clone))
    assert refusal.remedies == ways


@pytest.mark.parametrize("address", ["widget/lamp", "assistant/triage@support.1", "vectorstore/kb@0123456789ab"])
def test_a_copied_label_is_refused_whatever_else_happens_to_the_object(address):
    worlds = Worlds().stays(address, id_="w1").live(address, id_="w2")
    assert ("duplicate", address) in rules(worlds)


def test_a_copied_label_is_refused_under_the_new_name_of_a_renamed_object():
    worlds = Worlds().want("widget/lamp", moved_from=("light",)).stays("widget/light", id_="w1")
    worlds.live("widget/light", id_="w2")
    assert rules(worlds) == [("duplicate", "widget/lamp")]


@pytest.mark.parametrize("address", ["widget/lamp", "assistant/triage@support.1", "vectorstore/kb@0123456789ab"])
def test_an_object_with_only_the_label_of_one_that_is_gone_is_not_deleted(address):
    worlds = Worlds().applied(address, id_="w1").live(address, id_="w2").synced("widget/other")
    (refusal,) = worlds.plan().refusals
    assert (refusal.rule, refusal.address, refusal.consent) == ("duplicate", address, None)
    assert (refusal.cause.args["id"], refusal.cause.args["known"]) == ("w2", "w1")
    assert refusal.remedies == (Remedy("delete-or-unlabel", {"ids": ["w2"]}),)


def test_an_object_with_the_label_of_one_that_is_gone_is_deleted_if_an_unfinished_create_made_it():
    worlds = Worlds().applied("widget/lamp", id_="w1").synced("widget/other").unfinished("widget/lamp")
    plan = worlds.live("widget/lamp", id_="w2", detail={"created_at": 1001.0}).plan()
    assert ([change.id for change in plan.changes], plan.refusals) == (["w2"], ())


def test_an_adoption_is_not_refused_for_a_copied_label():
    worlds = Worlds().want("widget/lamp").live("widget/lamp", id_="w1").live("widget/lamp", id_="w2")
    plan = worlds.plan(adopt={Address("widget", "lamp"): "w2"})
    assert ([change.id for change in plan.changes], plan.refusals) == (["w2"], ())


def test_what_a_copy_of_a_store_holds_is_not_deleted():
    worlds = Worlds().stays_file("a.md", "A").synced("widget/lamp")
    worlds.synced("vectorstore/kb", id_="s1", files={}).live("vectorstore/kb", id_="s2", refers_to=("file_a-md",))
    plan = worlds.plan(scope=frozenset({Address("file", "a.md")}))
    assert [(change.action, [reason.code for reason in change.reasons]) for change in plan.changes] == [
        ("forget", ["still-held"])
    ]


def twins() -> Worlds:
    """Return a managed store, and a second one that an interrupted create made."""
    worlds = Worlds().synced("vectorstore/kb", id_="s1").unfinished("vectorstore/kb")
    return worlds.live("vectorstore/kb", id_="s2", detail={"created_at": 1001.0})


def test_a_second_object_that_somebody_uses_is_not_removed():
    assert rules(twins()) == []
    assert rules(twins().stranger("agent_9", refers_to=("s2",))) == [("duplicate", "vectorstore/kb")]


def test_a_second_object_that_a_manifest_or_a_published_bundle_names_is_not_removed():
    assert rules(twins().want("page/home", store="s2")) == [("duplicate", "vectorstore/kb")]
    assert rules(twins().pointer("page/home", "v1", {"vectorstore/kb": "s2"})) == [("duplicate", "vectorstore/kb")]


def test_a_known_id_that_somebody_else_has_labelled():
    worlds = Worlds().want("widget/lamp").applied("widget/lamp").live("widget/lamp", owner="globex")
    assert rules(worlds) == [("foreign-owner", "widget/lamp")]


def test_out_of_scope_neither_matters():
    worlds = Worlds().live("widget/lamp", id_="w1").live("widget/lamp", id_="w2")
    worlds.applied("widget/desk").live("widget/desk", owner="globex")
    assert rules(worlds, scope=frozenset()) == []


def test_a_second_object_that_a_peer_uses_is_not_removed_as_nobodys():
    assert rules(twins().peer("globex", "assistant/a", "s2")) == [("duplicate", "vectorstore/kb")]


def test_another_openai_project():
    worlds = Worlds().synced("widget/lamp")
    assert rules(worlds, applied_project="proj_a", openai_project="proj_a") == []
    assert rules(worlds, applied_project="proj_a", openai_project="proj_b") == [("wrong-project", "project/acme")]


def test_refusal_for_another_openai_project_tells_whether_the_manifest_or_the_state_names_it():
    worlds = Worlds().synced("widget/lamp")

    def cause(**projects: str) -> str:
        (refusal,) = worlds.plan(openai_project="proj_key", **projects).refusals
        return str(refusal.cause.code)

    assert cause(applied_project="proj_a") == "other-project"
    assert cause(applied_project="proj_key", pinned_project="proj_a") == "unpinned-project"
    assert cause(applied_project="proj_a", pinned_project="proj_key") == "other-project", (
        "the key moved with the manifest"
    )


def test_an_unknown_project_in_which_nothing_of_ours_is_live():
    worlds = Worlds().want("widget/lamp").applied("widget/lamp").synced("page/home")
    assert rules(worlds, openai_project=None) == [("wrong-project", "project/acme")]
    assert rules(worlds) == []
    assert rules(worlds.synced("widget/desk"), openai_project=None) == []


def test_what_was_imported_and_is_nobodys_is_not_made_a_second_time():
    worlds = Worlds().want("assistant/triage").stranger("agent_7")
    (refusal,) = worlds.plan(imported={Address("assistant", "triage"): "agent_7"}).refusals
    assert (refusal.rule, refusal.address) == ("duplicate", "assistant/triage")
    assert refusal.remedies == (Remedy("adopt-first", {"environment": "production"}),)


def test_what_was_imported_from_another_project_is_not_made_a_second_time():
    worlds = Worlds().want("widget/lamp").live("widget/lamp", id_="w9", owner="globex/staging")
    (refusal,) = worlds.plan(imported={Address("widget", "lamp"): "w9"}).refusals
    assert (refusal.rule, refusal.address) == ("duplicate", "widget/lamp")
    assert refusal.cause == Cause("imported-foreign", {"id": "w9", "owner": "globex/staging"})


def test_what_was_imported_for_one_environment_is_made_in_another():
    worlds = Worlds().want("widget/lamp").live("widget/lamp", id_="w9", owner="acme/staging")
    assert rules(worlds, imported={Address("widget", "lamp"): "w9"}) == []


@pytest.mark.parametrize(("name", "former"), [("lamp", ()), ("light", ("lamp",))], ids=["same name", "renamed"])
def test_what_the_project_manages_since_before_it_had_environments_is_not_made_again(name, former):
    worlds = Worlds().want(f"widget/{name}", moved_from=former).live("widget/lamp", id_="w9", owner="acme")
    of_environment = {"identity": Identity("acme", "production"), "undivided": Identity("acme")}
    (refusal,) = worlds.plan(**of_environment).refusals
    assert (refusal.rule, refusal.address, refusal.consent) == ("duplicate", "project/acme", None)
    listed = [{"address": f"widget/{name}", "id": "w9", "name": "lamp"}]
    assert refusal.cause == Cause("undivided", {"identity": "acme", "objects": listed})
    assert refusal.remedies == (Remedy("divide", {"environment": "production", "environments": ["production"]}),)
    assert rules(worlds, **{**of_environment, "undivided": None}) == []


def test_what_another_environment_manages_may_be_made():
    worlds = Worlds().want("widget/lamp").live("widget/lamp", id_="w9", owner="acme/staging")
    assert rules(worlds, identity=Identity("acme", "production"), undivided=Identity("acme")) == []


@pytest.mark.parametrize(("name", "former"), [("lamp", ()), ("light", ("lamp",))], ids=["same name", "renamed"])
@pytest.mark.parametrize("environment", [None, "prod"], ids=["no environment", "another name"])
def test_what_a_removed_environment_manages_is_not_made_again(environment, name, former):
    worlds = Worlds().want(f"widget/{name}", moved_from=former).live("widget/lamp", id_="w9", owner="acme/production")
    now = {"identity": Identity("acme", environment), "removed_environments": (Identity("acme", "production"),)}
    (refusal,) = worlds.plan(**now).refusals
    assert (refusal.rule, refusal.address, refusal.consent) == ("duplicate", "project/acme", None)
    objects = [{"address": f"widget/{name}", "id": "w9", "name": "lamp"}]
    assert refusal.cause == Cause("environments-removed", {"environments": ["production"], "objects": objects})
    settled = {"environments": ["production"], **({"environment": environment} if environment else {})}
    assert refusal.remedies == (Remedy("settle-environments", settled),)
    assert rules(worlds, **{**now, "removed_environments": ()}) == []


def test_once_it_is_gone_it_may_be_made():
    worlds = Worlds().want("assistant/triage")
    assert rules(worlds, imported={Address("assistant", "triage"): "agent_7"}) == []


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
    assert rules(worlds) == [("duplicate", "widget/lamp")]


def test_lifting_it_is_an_update():
    assert rules(Worlds().stays("widget/lamp", protect=True).want("widget/lamp")) == []


def test_reference_to_an_object_with_the_label_of_another_owner_is_not_a_difference():
    worlds = Worlds().want("widget/lamp").applied("widget/lamp").live("widget/lamp", owner="globex")
    worlds.want("chatbot/desk", uses=ref("widget/lamp")).applied("chatbot/desk", uses=ref("widget/lamp"))
    plan = worlds.live("chatbot/desk", uses="widget_lamp").plan()
    assert [(refusal.rule, refusal.address) for refusal in plan.refusals] == [("foreign-owner", "widget/lamp")]
    assert (plan.changes, plan.drift) == ((), ())

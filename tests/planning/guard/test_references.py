"""Who still needs what would be taken away, and where each is listed."""

import pytest

from reconciler.planning.referrers import PeerObject, Referrer
from reconciler.resources.address import Address
from tests.support.asking import chains, listed, places, refusal, remedies, rules, sections
from tests.support.plan_inputs import Worlds, done, ref


def leaving(address: str = "assistant/triage") -> Worlds:
    """An assistant whose manifest is gone."""
    return Worlds().stays(address)


def test_what_nobody_uses_may_go():
    assert rules(leaving()) == []


@pytest.mark.parametrize(
    ("referrer", "section", "listed"),
    [
        ("chatbot/support", "Chatbots", "chatbot/support [unreleased]"),
        ("pipeline/flow", "Pipelines", "pipeline/flow"),
        ("release/support@2", "Chatbots", "release/support@2 [released]"),
        ("pipeline/flow@support.2", "Chatbots Referencing Pipeline", "release/support@2 [released]"),
        ("assistant/other", "Other references", "assistant/other"),
    ],
)
def test_who_still_uses_an_assistant_is_listed_by_kind(referrer, section, listed):
    worlds = leaving().synced(referrer, uses=ref("assistant/triage"))
    assert sections(worlds) == {section: (listed,)}


def test_of_anything_else_all_referrers_are_other_references():
    worlds = leaving("vectorstore/kb").synced("chatbot/support", uses=ref("vectorstore/kb"))
    assert sections(worlds) == {"Other references": ("chatbot/support",)}


def test_a_referrer_is_listed_once_however_often_it_refers():
    worlds = leaving().synced("pipeline/flow", uses=ref("assistant/triage"), tools=[ref("assistant/triage")])
    worlds.link("pipeline/flow", "assistant/triage").link("pipeline/flow", "assistant/triage")
    assert sections(worlds) == {"Pipelines": ("pipeline/flow",)}


def test_sections_are_a_union():
    worlds = leaving().synced("pipeline/flow", uses=ref("assistant/triage"))
    worlds.synced("chatbot/support", uses=ref("assistant/triage"))
    assert sections(worlds) == {"Chatbots": ("chatbot/support [unreleased]",), "Pipelines": ("pipeline/flow",)}


def test_a_frozen_copy_that_is_used_blocks_its_family():
    worlds = leaving().stays("assistant/triage@support.1")
    worlds.synced("chatbot/support", uses=ref("assistant/triage@support.1"))
    assert ("referenced", "assistant/triage") in rules(worlds)


def test_a_file_with_an_at_in_its_name_has_no_family():
    worlds = leaving("widget/logo").stays("widget/logo@2x").synced("widget/page", uses=ref("widget/logo@2x"))
    assert rules(worlds) == [("referenced", "widget/logo@2x")]


def test_the_place_and_the_chain_lead_to_the_referrer():
    worlds = leaving().synced("pipeline/flow", uses=ref("assistant/triage"))
    worlds.synced("chatbot/support", uses=ref("pipeline/flow"))
    (refusal,) = worlds.plan().refusals
    assert places(refusal) == {
        "chatbot/support": "manifests/support.yaml:1",
        "pipeline/flow": "manifests/flow.yaml:1",
    }
    assert chains(refusal) == (("chatbot/support", "pipeline/flow", "assistant/triage"),)
    assert remedies(refusal)["repoint-referrers"] == {"names": ["pipeline/flow"]}


def test_a_link_of_a_manifest_says_where_it_is_written():
    worlds = leaving().synced("pipeline/flow", uses=ref("assistant/triage"))
    (refusal,) = worlds.link("pipeline/flow", "assistant/triage", place="flow.yaml:9").plan().refusals
    assert places(refusal) == {"pipeline/flow": "flow.yaml:9"}


def test_referrers_that_leave_in_the_same_plan_do_not_count():
    worlds = leaving().stays("pipeline/flow", uses=ref("assistant/triage"))
    worlds.stays("chatbot/support", uses=ref("pipeline/flow"))
    plan = worlds.plan()
    assert not plan.refusals
    assert done(*plan.changes) == [
        ("delete", "chatbot/support"), ("delete", "pipeline/flow"), ("delete", "assistant/triage"),
    ]  # fmt: skip


def test_referrers_that_the_plan_repoints_do_not_count():
    worlds = leaving().stays("pipeline/flow", uses=ref("assistant/triage")).synced("assistant/new")
    assert rules(worlds.want("pipeline/flow", uses=ref("assistant/new"))) == []


def test_a_stranger_counts():
    worlds = leaving("vectorstore/kb").stranger("agent_9", name="bot", refers_to=("store_kb",))
    assert sections(worlds) == {"Other references": ("agent bot (agent_9)",)}


def test_a_strangers_name_may_be_anything():
    worlds = leaving("vectorstore/kb").stranger("agent_9", name="a/b/", refers_to=("store_kb",))
    assert sections(worlds) == {"Other references": ("agent a/b/ (agent_9)",)}


def test_an_upload_is_not_refused_but_stays():
    worlds = Worlds().stays_file("a.md", "A").stranger("vs_9", type_="store", refers_to=("file_a-md",))
    assert rules(worlds) == []
    assert done(*worlds.plan().changes) == [("forget", "file/a.md")]


class TestALiteralIdInAManifest:
    def test_it_counts_where_it_is_that_of_an_object_of_ours(self):
        worlds = leaving("vectorstore/kb").synced("assistant/triage", tools=[{"vector_store_ids": ["store_kb"]}])
        found = refusal(worlds)
        assert sections(worlds) == {"Other references": ("assistant/triage",)}
        assert places(found) == {"assistant/triage": "manifests/triage.yaml:1"}
        assert found.consent is None

    def test_nothing_is_replaced_that_it_names(self):
        worlds = Worlds().stays("widget/lamp", size=1).want("widget/lamp", size=2)
        assert rules(worlds.synced("widget/desk", note="widget_lamp")) == [("referenced", "widget/lamp")]

    def test_the_address_of_a_document_is_a_text_like_any_other(self):
        assert rules(leaving("pipeline/flow").synced("assistant/triage", note="pipeline/flow")) == []


class TestPeers:
    def test_what_a_peer_has_counts_and_is_told_with_whose_it_is(self):
        worlds = leaving("vectorstore/kb").peer("globex/live", "assistant/triage", "store_kb")
        found = refusal(worlds)
        assert sections(worlds) == {"Other references": ("globex/live: assistant/triage",)}
        (entry,) = found.sections["Other references"]
        assert entry == Referrer(PeerObject("globex/live", "assistant/triage"), place="state")
        assert remedies(found)["repoint-referrers"] == {"names": ["globex/live: assistant/triage"]}

    @pytest.mark.parametrize("identity", ["globex", "pipeline/live", "chatbot", "release/live"])
    @pytest.mark.parametrize("address", ["pipeline/flow", "pipeline/flow@support.3", "release/support@3"])
    def test_it_is_no_pipeline_and_no_release_of_ours_whatever_it_is_called(self, identity, address):
        worlds = leaving().peer(identity, address, "agent_triage")
        assert sections(worlds) == {"Other references": (f"{identity}: {address}",)}

    def test_a_copy_that_it_uses_keeps_the_family(self):
        worlds = leaving().stays("assistant/triage@support.1").peer("globex", "pipeline/flow", "agent_triage@support-1")
        assert rules(worlds) == [("referenced", "assistant/triage")]

    def test_a_person_may_consent_as_no_manifest_here_says_it(self):
        assert refusal(leaving().peer("globex", "pipeline/flow", "agent_triage")).consent is not None

    def test_what_it_knows_by_its_id_is_not_replaced(self):
        worlds = Worlds().stays("widget/lamp", size=1).want("widget/lamp", size=2)
        assert rules(worlds.peer("globex", "assistant/a", "widget_lamp")) == [("referenced", "widget/lamp")]

    def test_new_bytes_of_a_file_are_no_danger_to_it(self):
        worlds = Worlds().stays_file("a.md", "old").want_file("a.md", "new")
        assert rules(worlds.peer("globex", "assistant/a", "file_a-md")) == []

    def test_it_is_nothing_that_the_project_could_take_over(self):
        assert not leaving().peer("globex", "pipeline/flow", "agent_triage").plan().unmanaged

    def test_it_is_among_what_a_delete_was_planned_on(self):
        (change,) = leaving().peer("globex", "pipeline/flow", "agent_triage").plan().changes
        assert change.preconditions == {"referrers": ["globex: pipeline/flow"]}


def test_an_object_out_of_scope_counts_as_it_is_live():
    """State is lost, and only the live object tells."""
    worlds = leaving().live("widget/desk", uses=ref("assistant/triage"))
    assert rules(worlds, scope=frozenset({Address("assistant", "triage")})) == [("referenced", "assistant/triage")]


def test_a_hand_change_that_is_kept_counts():
    worlds = leaving().want("pipeline/flow", uses=None).applied("pipeline/flow", uses=None)
    worlds.live("pipeline/flow", uses=ref("assistant/triage"))
    assert rules(worlds, on_drift="keep") == [("referenced", "assistant/triage")]
    assert rules(worlds, on_drift="revert") == []


def test_a_live_value_that_no_manifest_sets_counts():
    worlds = leaving().want("pipeline/flow").applied("pipeline/flow")
    assert rules(worlds.live("pipeline/flow", uses=ref("assistant/triage"))) == [("referenced", "assistant/triage")]


def test_a_live_value_that_the_manifest_ignores_counts():
    worlds = leaving().want("pipeline/flow", uses=None, ignore=("uses",)).applied("pipeline/flow", uses=None)
    assert rules(worlds.live("pipeline/flow", uses=ref("assistant/triage"))) == [("referenced", "assistant/triage")]


def test_what_strangers_know_by_its_id_is_not_replaced():
    worlds = Worlds().stays("widget/lamp", size=1).want("widget/lamp", size=2)
    assert rules(worlds) == []
    assert rules(worlds.stranger("agent_9", refers_to=("widget_lamp",))) == [("referenced", "widget/lamp")]


def test_an_expired_store_may_be_replaced_whoever_uses_it():
    worlds = (
        Worlds().want("vectorstore/kb").applied("vectorstore/kb").live("vectorstore/kb", detail={"status": "expired"})
    )
    assert rules(worlds.stranger("agent_9", refers_to=("store_kb",))) == []


def test_new_bytes_of_a_file_that_a_stranger_holds_are_no_danger_to_it():
    worlds = Worlds().stays_file("a.md", "old").want_file("a.md", "new")
    assert rules(worlds.stranger("vs_9", type_="store", refers_to=("file_a-md",))) == []


def test_an_id_that_a_manifest_out_of_scope_writes_counts_too():
    worlds = Worlds().stays("vectorstore/kb").synced("assistant/other", uses="store_kb")
    scope = frozenset({Address("vectorstore", "kb")})
    assert rules(worlds, scope=scope) == [("referenced", "vectorstore/kb")]
    assert sections(worlds, scope=scope) == {"Other references": ("assistant/other",)}


class TestIdsThatAReplacementEnds:
    """`widget/lamp` gets a new id, and something that the plan does not write has the old one."""

    SCOPE = frozenset({Address("widget", "lamp")})

    def replaced(self) -> Worlds:
        return Worlds().stays("widget/lamp", size=1).want("widget/lamp", size=2)

    def test_a_published_table_out_of_scope_counts_and_a_wider_scope_is_the_remedy(self):
        worlds = self.replaced().synced("page/home", uses=ref("widget/lamp")).bundle("page/home", "v1", "widget/lamp")
        worlds.pointer("page/home", "v1", {"widget/lamp": "widget_lamp"})
        assert rules(worlds) == []
        found = refusal(worlds, scope=self.SCOPE)
        assert (found.rule, found.action, found.address) == ("referenced", "replace", "widget/lamp")
        assert listed(found) == {"Other references": ("page/home",)}
        assert remedies(found) == {
            "widen-target": {"targets": ["page/home"]},
            "undo-edit": {"address": "widget/lamp"},
        }

    def test_a_field_that_the_manifest_ignores_counts_and_the_field_is_named(self):
        worlds = self.replaced().want("widget/desk", note="other", ignore=("note",))
        worlds.applied("widget/desk", note="widget_lamp").live("widget/desk", note="widget_lamp")
        found = refusal(worlds)
        assert listed(found) == {"Other references": ("widget/desk",)}
        assert remedies(found)["stop-ignoring"] == {"address": "widget/desk", "fields": ["note"]}

    def test_an_object_that_stays_without_a_manifest_counts(self):
        worlds = self.replaced().stays("widget/desk", keep=True, note="widget_lamp")
        assert sections(worlds) == {"Other references": ("widget/desk",)}

    def test_a_document_that_stays_published_counts(self):
        worlds = self.replaced().stays("page/home", keep=True, uses=ref("widget/lamp"))
        worlds.pointer("page/home", "v1", {"widget/lamp": "widget_lamp"})
        assert sections(worlds) == {"Other references": ("page/home",)}

    def test_an_object_that_the_plan_removes_does_not_count(self):
        assert rules(self.replaced().stays("widget/desk", note="widget_lamp")) == []

    def test_a_literal_id_that_the_plan_writes_out_does_not_count(self):
        worlds = self.replaced().stays("widget/desk", note="widget_lamp").want("widget/desk", note="none")
        assert rules(worlds) == []

    def test_drift_that_is_kept_counts(self):
        worlds = self.replaced().want("widget/desk", note="none").applied("widget/desk", note="none")
        worlds.live("widget/desk", note="widget_lamp")
        assert rules(worlds, on_drift="keep") == [("referenced", "widget/lamp")]
        assert rules(worlds, on_drift="revert") == []


def test_a_delete_counts_what_is_published_under_an_address_that_the_plan_does_not_write():
    """The object has another address by now, and the outlet has its id."""
    worlds = leaving("widget/lamp").synced("page/home", uses=None).bundle("page/home", "v1")
    worlds.pointer("page/home", "v1", {"widget/former": "widget_lamp"})
    assert sections(worlds) == {"Other references": ("page/home",)}


def test_object_with_the_label_of_another_owner_that_has_a_copy_of_an_assistant_is_listed():
    worlds = leaving().synced("assistant/triage@support.1", id_="agent_copy")
    worlds.want("widget/desk").applied("widget/desk").live("widget/desk", owner="globex", refers_to=("agent_copy",))
    found = next(one for one in worlds.plan().refusals if one.rule == "referenced")
    assert listed(found) == {"Other references": ("widget desk (widget_desk)",)}

"""Each rule of the guard, refusing and silent."""

import pytest

from reconciler.planning.model import SECTIONS
from reconciler.resources.address import Address
from tests.planning.worlds import Worlds, done, entry, ref


def rules(worlds: Worlds, **options):
    return [(refusal.rule, refusal.address) for refusal in worlds.plan(**options).refusals]


def sections(worlds: Worlds) -> dict[str, tuple[str, ...]]:
    """The sections of the one refusal that have entries."""
    (refusal,) = worlds.plan().refusals
    assert tuple(refusal.sections) == SECTIONS
    return {section: entries for section, entries in refusal.sections.items() if entries}


def leaving(address: str = "assistant/triage") -> Worlds:
    """An assistant whose manifest is gone."""
    return Worlds().stays(address)


class TestReferenced:
    def test_what_nobody_uses_may_go(self):
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
    def test_who_still_uses_an_assistant_is_listed_by_kind(self, referrer, section, listed):
        worlds = leaving().synced(referrer, uses=ref("assistant/triage"))
        assert sections(worlds) == {section: (listed,)}

    def test_of_anything_else_all_referrers_are_other_references(self):
        worlds = leaving("vectorstore/kb").synced("chatbot/support", uses=ref("vectorstore/kb"))
        assert sections(worlds) == {"Other references": ("chatbot/support",)}

    def test_a_referrer_is_listed_once_however_often_it_refers(self):
        worlds = leaving().synced("pipeline/flow", uses=ref("assistant/triage"), tools=[ref("assistant/triage")])
        worlds.link("pipeline/flow", "assistant/triage").link("pipeline/flow", "assistant/triage")
        assert sections(worlds) == {"Pipelines": ("pipeline/flow",)}

    def test_sections_are_a_union(self):
        worlds = leaving().synced("pipeline/flow", uses=ref("assistant/triage"))
        worlds.synced("chatbot/support", uses=ref("assistant/triage"))
        assert sections(worlds) == {"Chatbots": ("chatbot/support [unreleased]",), "Pipelines": ("pipeline/flow",)}

    def test_a_frozen_copy_that_is_used_blocks_its_family(self):
        worlds = leaving().stays("assistant/triage@support.1")
        worlds.synced("chatbot/support", uses=ref("assistant/triage@support.1"))
        assert ("referenced", "assistant/triage") in rules(worlds)

    def test_a_file_with_an_at_in_its_name_has_no_family(self):
        worlds = leaving("widget/logo").stays("widget/logo@2x").synced("widget/page", uses=ref("widget/logo@2x"))
        assert rules(worlds) == [("referenced", "widget/logo@2x")]

    def test_the_place_and_the_chain_lead_to_the_referrer(self):
        worlds = leaving().synced("pipeline/flow", uses=ref("assistant/triage"))
        worlds.synced("chatbot/support", uses=ref("pipeline/flow"))
        (refusal,) = worlds.plan().refusals
        assert refusal.places == {
            "chatbot/support": "manifests/support.yaml:1",
            "pipeline/flow": "manifests/flow.yaml:1",
        }
        assert refusal.chains == (("chatbot/support", "pipeline/flow", "assistant/triage"),)
        assert "pipeline/flow" in refusal.remedy

    def test_a_link_of_a_manifest_says_where_it_is_written(self):
        worlds = leaving().synced("pipeline/flow", uses=ref("assistant/triage"))
        (refusal,) = worlds.link("pipeline/flow", "assistant/triage", place="flow.yaml:9").plan().refusals
        assert refusal.places == {"pipeline/flow": "flow.yaml:9"}

    def test_referrers_that_leave_in_the_same_plan_do_not_count(self):
        worlds = leaving().stays("pipeline/flow", uses=ref("assistant/triage"))
        worlds.stays("chatbot/support", uses=ref("pipeline/flow"))
        plan = worlds.plan()
        assert not plan.refusals
        assert done(*plan.changes) == [
            ("delete", "chatbot/support"), ("delete", "pipeline/flow"), ("delete", "assistant/triage"),
        ]  # fmt: skip

    def test_referrers_that_the_plan_repoints_do_not_count(self):
        worlds = leaving().stays("pipeline/flow", uses=ref("assistant/triage")).synced("assistant/new")
        assert rules(worlds.want("pipeline/flow", uses=ref("assistant/new"))) == []

    def test_a_stranger_counts(self):
        worlds = leaving("vectorstore/kb").stranger("agent_9", name="bot", refers_to=("store_kb",))
        assert sections(worlds) == {"Other references": ("agent bot (agent_9)",)}

    def test_a_strangers_name_may_be_anything(self):
        worlds = leaving("vectorstore/kb").stranger("agent_9", name="a/b/", refers_to=("store_kb",))
        assert sections(worlds) == {"Other references": ("agent a/b/ (agent_9)",)}

    def test_a_stranger_that_holds_a_file_counts(self):
        worlds = Worlds().stays_file("a.md", "A").stranger("vs_9", type_="store", refers_to=("file_a-md",))
        assert sections(worlds) == {"Other references": ("store vs_9",)}

    def test_an_object_out_of_scope_counts_as_it_is_live(self):
        """State is lost, and only the live object tells."""
        worlds = leaving().live("widget/desk", uses=ref("assistant/triage"))
        assert rules(worlds, scope=frozenset({Address("assistant", "triage")})) == [("referenced", "assistant/triage")]

    def test_a_hand_change_that_is_kept_counts(self):
        worlds = leaving().want("pipeline/flow", uses=None).applied("pipeline/flow", uses=None)
        worlds.live("pipeline/flow", uses=ref("assistant/triage"))
        assert rules(worlds, on_drift="keep") == [("referenced", "assistant/triage")]
        assert rules(worlds, on_drift="revert") == []

    def test_a_live_value_that_no_manifest_sets_counts(self):
        worlds = leaving().want("pipeline/flow").applied("pipeline/flow")
        assert rules(worlds.live("pipeline/flow", uses=ref("assistant/triage"))) == [("referenced", "assistant/triage")]

    def test_a_live_value_that_the_manifest_ignores_counts(self):
        worlds = leaving().want("pipeline/flow", uses=None, ignore=("uses",)).applied("pipeline/flow", uses=None)
        assert rules(worlds.live("pipeline/flow", uses=ref("assistant/triage"))) == [("referenced", "assistant/triage")]

    def test_what_strangers_know_by_its_id_is_not_replaced(self):
        worlds = Worlds().stays("widget/lamp", size=1).want("widget/lamp", size=2)
        assert rules(worlds) == []
        assert rules(worlds.stranger("agent_9", refers_to=("widget_lamp",))) == [("referenced", "widget/lamp")]

    def test_an_expired_store_may_be_replaced_whoever_uses_it(self):
        worlds = Worlds().want("store/kb").applied("store/kb").live("store/kb", detail={"status": "expired"})
        assert rules(worlds.stranger("agent_9", refers_to=("store_kb",))) == []

    def test_new_bytes_of_a_file_that_a_stranger_holds_are_no_danger_to_it(self):
        worlds = Worlds().stays_file("a.md", "old").want_file("a.md", "new")
        assert rules(worlds.stranger("vs_9", type_="store", refers_to=("file_a-md",))) == []


class TestProtected:
    @pytest.mark.parametrize(("state", "label"), [(True, False), (False, True)])
    def test_state_or_label_protects(self, state, label):
        worlds = Worlds().applied("widget/lamp", protect=state).live("widget/lamp", protect=label)
        assert rules(worlds) == [("protected", "widget/lamp")]

    def test_protection_holds_against_replacing_too(self):
        worlds = Worlds().stays("widget/lamp", protect=True, size=1).want("widget/lamp", size=2)
        assert rules(worlds) == [("protected", "widget/lamp")]

    def test_one_object_is_refused_once(self):
        worlds = Worlds().applied("widget/lamp", protect=True, size=1).live("widget/lamp", protect=True, size=7)
        assert rules(worlds.want("widget/lamp", size=2)) == [("protected", "widget/lamp")]

    def test_lifting_it_is_an_update(self):
        assert rules(Worlds().stays("widget/lamp", protect=True).want("widget/lamp")) == []


class TestDrift:
    def drifted(self) -> Worlds:
        return Worlds().want("widget/lamp", note="x").applied("widget/lamp", note="x").live("widget/lamp", note="hand")

    def both(self) -> Worlds:
        return Worlds().want("widget/lamp", note="y").applied("widget/lamp", note="x").live("widget/lamp", note="hand")

    def test_revert_undoes_it(self):
        plan = self.drifted().plan()
        assert plan.drift[0].decision == "revert"
        assert done(*plan.work) == [("update", "widget/lamp")]

    def test_keep_leaves_it(self):
        plan = self.drifted().plan(on_drift="keep")
        assert plan.drift[0].decision == "keep"
        assert not plan.work
        assert not plan.refusals

    def test_refuse_asks_for_a_person(self):
        assert rules(self.drifted(), on_drift="refuse") == [("drift", "widget/lamp")]

    def test_where_both_sides_changed_a_value_keep_cannot_decide(self):
        assert rules(self.both(), on_drift="keep") == [("conflict", "widget/lamp")]
        assert rules(self.both(), on_drift="revert") == []

    def test_a_document_is_published_whole_so_that_a_hand_change_cannot_be_kept_beside_an_edit(self):
        worlds = Worlds().want("page/home", note="new", colour="red").applied("page/home", note="old", colour="red")
        worlds.live("page/home", note="old", colour="blue")
        assert rules(worlds, on_drift="keep") == [("conflict", "page/home")]

    def test_what_stays_deleted_cannot_be_needed(self):
        worlds = Worlds().want("widget/old").applied("widget/old").want("widget/new", uses=ref("widget/old"))
        assert rules(worlds, on_drift="keep") == [("conflict", "widget/new")]
        assert rules(worlds, on_drift="revert") == []

    def test_what_stays_deleted_cannot_be_in_a_bundle_that_is_published(self):
        worlds = Worlds().want("store/kb").applied("store/kb").synced("page/home")
        worlds.bundle("page/home", "v2", "store/kb").pointer("page/home", "v1", {})
        assert rules(worlds, on_drift="keep") == [("conflict", "page/home")]

    def test_what_needed_it_before_is_left_in_peace(self):
        worlds = Worlds().want("widget/old").applied("widget/old").synced("widget/user", uses=ref("widget/old"))
        assert rules(worlds, on_drift="keep") == []


class TestIdentity:
    def test_two_objects_under_one_label_and_no_state(self):
        worlds = Worlds().want("widget/lamp").live("widget/lamp", id_="w1").live("widget/lamp", id_="w2")
        plan = worlds.plan()
        assert [(refusal.rule, refusal.address) for refusal in plan.refusals] == [("duplicate", "widget/lamp")]
        assert "w1, w2" in plan.refusals[0].message
        assert not plan.work
        assert plan.unchanged == 0

    def test_a_second_object_that_somebody_uses_is_not_removed(self):
        worlds = Worlds().synced("store/kb", id_="s1").live("store/kb", id_="s2")
        assert rules(worlds) == []
        assert rules(worlds.stranger("agent_9", refers_to=("s2",))) == [("duplicate", "store/kb")]

    def test_a_known_id_that_somebody_else_has_labelled(self):
        worlds = Worlds().want("widget/lamp").applied("widget/lamp").live("widget/lamp", owner="globex")
        assert rules(worlds) == [("foreign-owner", "widget/lamp")]

    def test_out_of_scope_neither_matters(self):
        worlds = Worlds().live("widget/lamp", id_="w1").live("widget/lamp", id_="w2")
        worlds.applied("widget/desk").live("widget/desk", owner="globex")
        assert rules(worlds, scope=frozenset()) == []

    def test_another_openai_project(self):
        worlds = Worlds().synced("widget/lamp")
        assert rules(worlds, applied_project="proj_a", openai_project="proj_a") == []
        assert rules(worlds, applied_project="proj_a", openai_project="proj_b") == [("wrong-project", "project/acme")]

    def test_an_unknown_project_in_which_nothing_of_ours_is_live(self):
        worlds = Worlds().want("widget/lamp").applied("widget/lamp").synced("page/home")
        assert rules(worlds, openai_project=None) == [("wrong-project", "project/acme")]
        assert rules(worlds) == []
        assert rules(worlds.synced("widget/desk"), openai_project=None) == []


class TestThreshold:
    def deleting(self, number: int, *, of: int) -> Worlds:
        worlds = Worlds()
        for index in range(of):
            (worlds.stays if index < number else worlds.synced)(f"widget/w{index}")
        return worlds

    @pytest.mark.parametrize(
        ("number", "of", "refused"),
        [(3, 3, False), (4, 4, True), (3, 10, False), (4, 10, True), (6, 20, False), (7, 20, True)],
    )
    def test_three_or_thirty_percent(self, number, of, refused):
        assert bool(rules(self.deleting(number, of=of))) is refused

    def test_the_project_may_say_another_number(self):
        assert rules(self.deleting(4, of=4), max_deletes=4) == []
        assert rules(self.deleting(1, of=4), max_deletes=0) == [("threshold", "project/acme")]

    def test_detached_files_count_once(self):
        worlds = Worlds()
        for name in "abcd":
            worlds.stays_file(f"{name}.md", name)
        worlds.synced("store/kb", files={f"{name}.md": entry(f"{name}.md", name) for name in "abcd"})
        plan = worlds.want("store/kb", files={}).plan()
        assert [refusal.message.partition(" ")[0] for refusal in plan.refusals] == ["4"]
        for name in "abcd":
            worlds.want_file(f"{name}.md", name)
        assert rules(worlds) == [("threshold", "project/acme")]

    def test_uploads_that_others_have_replaced_do_not_count(self):
        """A run that was stopped has left them; nobody decided to delete them."""
        worlds = Worlds()
        for name in "abcd":
            worlds.stays_file(f"{name}.md", f"old {name}").want_file(f"{name}.md", name)
            worlds.live_file(f"{name}.md", name, id_=f"new-{name}").announce(f"{name}.md", name)
        assert len([change for change in worlds.plan().changes if change.action == "delete"]) == 4
        assert rules(worlds) == []


class TestImported:
    def test_what_was_imported_and_is_nobodys_is_not_made_a_second_time(self):
        worlds = Worlds().want("assistant/triage").stranger("agent_7")
        (refusal,) = worlds.plan(imported={Address("assistant", "triage"): "agent_7"}).refusals
        assert (refusal.rule, refusal.address) == ("duplicate", "assistant/triage")
        assert "reconciler adopt" in refusal.remedy

    def test_once_it_is_gone_it_may_be_made(self):
        worlds = Worlds().want("assistant/triage")
        assert rules(worlds, imported={Address("assistant", "triage"): "agent_7"}) == []

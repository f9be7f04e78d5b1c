"""An assistant and its frozen copies: one family, of which any live reference blocks all."""

import pytest

from tests.support.asking import chains, listed, places, refusal, remedies, rules, sections
from tests.support.guard_estates import Estate
from tests.support.plan_inputs import done, ref


def triage() -> Estate:
    """An assistant whose manifest is gone."""
    estate = Estate().assistant("triage").assistant("other")
    return estate.gone("assistant/triage")


class TestSixWorlds:
    """May the assistant go?"""

    def test_nothing_refers_to_it(self):
        assert rules(triage()) == []

    def test_a_working_chatbot_does(self):
        assert sections(triage().bot("support", assistant="triage")) == {"Chatbots": ("chatbot/support [unreleased]",)}

    def test_a_working_pipeline_without_a_chatbot_does(self):
        assert sections(triage().flow("flow", "triage")) == {"Pipelines": ("pipeline/flow",)}

    def test_a_working_pipeline_does_and_the_frozen_one_of_a_published_release(self):
        estate = triage().flow("flow", "triage").bot("support", pipeline="flow", published=1)
        assert sections(estate.release("support", 1, flow="flow", nodes=["triage"])) == {
            "Pipelines": ("pipeline/flow",),
            "Chatbots Referencing Pipeline": ("release/support@1 [published]",),
        }

    def test_only_a_release_does_that_is_not_published(self):
        estate = triage().flow("flow", "other").bot("support", pipeline="flow", published=2)
        estate.release("support", 1, flow="flow", nodes=["triage"]).release("support", 2, flow="flow", nodes=["other"])
        plan = estate.plan()
        assert not plan.refusals
        assert done(*plan.changes) == [
            ("archive", "release/support@1"),
            ("archive", "pipeline/flow@support.1"),
            ("archive", "assistant/triage@support.1"),
            ("delete", "assistant/triage"),
        ]

    def test_a_pipeline_does_that_a_trigger_starts(self):
        estate = triage().flow("checkin", "triage").flow("flow", "other").bot("support", pipeline="flow")
        estate.link("chatbot/support", "pipeline/checkin")
        assert sections(estate) == {"Pipelines": ("pipeline/checkin",)}


class TestSections:
    def test_a_published_release_that_points_straight_at_it(self):
        estate = triage().bot("support", assistant="other", published=3).release("support", 3, assistant="triage")
        assert sections(estate) == {"Chatbots": ("release/support@3 [published]",)}

    def test_a_chatbot_that_points_at_a_frozen_copy(self):
        estate = triage().bot("support", assistant="other").release("support", 1, assistant="triage")
        estate.bot("desk", assistant="triage@support.1")
        assert sections(estate) == {"Chatbots": ("chatbot/desk [unreleased]",)}

    def test_a_working_pipeline_with_a_node_on_a_frozen_copy(self):
        estate = triage().bot("support", assistant="other").release("support", 1, assistant="triage")
        assert sections(estate.flow("flow", "triage@support.1")) == {"Pipelines": ("pipeline/flow",)}

    def test_a_published_release_that_has_pinned_the_copy_of_another(self):
        estate = triage().bot("support", assistant="other").release("support", 1, assistant="triage")
        estate.bot("desk", assistant="other", published=4)
        estate.release("desk", 4, flow="desk", nodes=["triage@support.1"])
        found = refusal(estate)
        assert listed(found)["Chatbots Referencing Pipeline"] == ("release/desk@4 [published]",)
        assert chains(found) == (("release/desk@4", "pipeline/desk@desk.4", "assistant/triage@support.1"),)

    def test_a_session_in_progress_on_a_frozen_copy(self):
        estate = triage().bot("support", assistant="other").release("support", 1, assistant="triage")
        estate.stranger("sess_1", type_="session", refers_to=("agent_triage@support-1",))
        assert sections(estate) == {"Other references": ("session sess_1",)}

    def test_strict_projects_keep_releases_that_are_not_published(self):
        estate = triage().bot("support", assistant="other").release("support", 1, flow="flow", nodes=["triage"])
        estate.bot("desk", assistant="other").release("desk", 7, assistant="triage")
        assert rules(estate, max_archives=5) == []
        assert sections(estate, strict=True) == {
            "Chatbots": ("release/desk@7 [released]",),
            "Chatbots Referencing Pipeline": ("release/support@1 [released]",),
        }

    def test_what_a_release_has_made_is_listed_as_the_release_whatever_goes(self):
        estate = Estate().synced("vectorstore/kb").bot("support", assistant="other", published=1).assistant("other")
        estate.release("support", 1, assistant="triage", uses=ref("vectorstore/kb")).assistant("triage")
        found = refusal(estate.gone("vectorstore/kb"))
        assert listed(found)["Other references"] == ("release/support@1 [published]",)
        assert chains(found) == (("release/support@1", "assistant/triage@support.1", "vectorstore/kb"),)


class TestChains:
    def test_they_begin_at_the_release_and_say_where_each_link_is_written(self):
        estate = triage().bot("support", assistant="other", published=2)
        estate.release("support", 2, flow="triage-flow", nodes=["triage"])
        found = refusal(estate)
        assert chains(found) == (("release/support@2", "pipeline/triage-flow@support.2", "assistant/triage@support.2"),)
        assert places(found) == {
            "release/support@2": "manifests/support@2.yaml:1",
            "release/support@2 [published]": "manifests/triage-flow@support.2.yaml:1",
            "pipeline/triage-flow@support.2": "manifests/triage-flow@support.2.yaml:1",
        }

    def test_the_shortest_is_shown(self):
        estate = triage().flow("flow", "triage").synced("widget/desk", uses=ref("pipeline/flow"))
        estate.synced("widget/hall", uses=ref("widget/desk")).bot("support", pipeline="flow")
        assert chains(refusal(estate)) == (("chatbot/support", "pipeline/flow", "assistant/triage"),)

    def test_what_is_only_seen_live_says_so(self):
        estate = triage().stranger("auto_1", type_="automation", name="nightly", refers_to=("agent_triage",))
        assert places(refusal(estate)) == {"automation nightly (auto_1)": "live"}


class TestFamily:
    def test_a_copy_that_goes_with_its_assistant_has_no_refusal_of_its_own(self):
        estate = triage().bot("support", assistant="other").release("support", 1, assistant="triage")
        assert rules(estate.flow("flow", "triage@support.1")) == [("referenced", "assistant/triage")]

    def test_a_copy_that_goes_alone_has(self):
        estate = Estate().assistant("triage").bot("support", assistant="triage").flow("flow", "triage@support.1")
        estate.release("support", 1, assistant="triage").gone("release/support@1")
        found = refusal(estate)
        assert (found.action, found.address) == ("archive", "assistant/triage@support.1")
        assert listed(found)["Pipelines"] == ("pipeline/flow",)
        assert remedies(found)["keep-release"] == {"address": "release/support@1"}

    def test_a_copy_that_stays_blocks_the_assistant_too(self):
        estate = triage().bot("support", assistant="other", published=1).release("support", 1, assistant="triage")
        assert done(*estate.plan().changes) == [("delete", "assistant/triage")]
        assert rules(estate) == [("referenced", "assistant/triage")]

    def test_removing_bot_releases_pipeline_and_assistant_at_once_is_one_plan(self):
        estate = Estate().assistant("triage").assistant("other").flow("flow", "triage")
        estate.bot("support", pipeline="flow", published=1).release("support", 1, flow="flow", nodes=["triage"])
        estate.gone("release/support@1", "chatbot/support", "pipeline/flow", "assistant/triage")
        plan = estate.plan()
        assert not plan.refusals
        gone = [address for _, address in done(*plan.changes)]
        assert gone.index("chatbot/support") < gone.index("release/support@1") < gone.index("pipeline/flow@support.1")
        assert gone.index("pipeline/flow@support.1") < gone.index("assistant/triage@support.1")
        assert gone.index("assistant/triage@support.1") < gone.index("assistant/triage")

    def test_each_of_several_assistants_has_its_own_refusal(self):
        estate = triage().flow("flow", "triage", "other").gone("assistant/other")
        assert rules(estate) == [("referenced", "assistant/other"), ("referenced", "assistant/triage")]


@pytest.mark.parametrize(
    ("estate", "remedy"),
    [
        (triage().flow("flow", "triage"), ("repoint-referrers", {"names": ["pipeline/flow"]})),
        (
            triage().bot("support", assistant="other", published=1).release("support", 1, assistant="triage"),
            ("publish-other-release", {"releases": ["release/support@1"]}),
        ),
    ],
)
def test_every_referrer_has_its_way_out(estate, remedy):
    back = ("restore-manifest", {"address": "assistant/triage"})
    assert [*remedies(refusal(estate)).items()] == [remedy, back]

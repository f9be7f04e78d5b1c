"""What is published stays, what was released is never another, nothing untested is frozen."""

from reconciler.planning.reasons import Cause
from tests.support.asking import chains, places, refusal, rules
from tests.support.guard_estates import Estate
from tests.support.plan_inputs import ref


def support(*, published: int | None = 2) -> Estate:
    """A bot with two releases."""
    estate = Estate().assistant("triage", note="new").bot("support", assistant="triage", published=published)
    return estate.release("support", 1, assistant="triage").release("support", 2, assistant="triage")


class TestPublished:
    def test_what_is_published_is_not_archived(self):
        found = refusal(support().gone("release/support@2"))
        assert (found.rule, found.action, found.address) == ("published", "archive", "release/support@2")
        assert chains(found) == (("chatbot/support", "release/support@2"),)
        assert places(found) == {"chatbot/support": "manifests/support.yaml:1"}

    def test_another_release_may_be(self):
        assert rules(support().gone("release/support@1")) == []

    def test_it_may_be_once_another_is_published(self):
        estate = support().gone("release/support@2")
        estate.want("chatbot/support", assistant=ref("assistant/triage"), published=ref("release/support@1"))
        assert rules(estate) == []

    def test_it_may_go_with_its_chatbot(self):
        everything = support().gone("release/support@2", "release/support@1", "chatbot/support")
        assert rules(everything, max_archives=9) == []

    def test_a_pointer_that_was_moved_by_hand_and_is_kept_counts(self):
        estate = support().gone("release/support@1")
        estate.by_hand("chatbot/support", assistant=ref("assistant/triage"), published=ref("release/support@1"))
        assert rules(estate, on_drift="keep") == [("published", "release/support@1")]
        assert rules(estate, on_drift="revert") == []


class TestEdited:
    def test_a_release_with_other_content_than_was_released(self):
        estate = support().want("release/support@1", digest="other", assistant=ref("assistant/triage@support.1"))
        assert rules(estate) == [("released-version-edited", "release/support@1")]
        found = refusal(estate)
        assert found.cause.code == "release-edited"
        assert found.cause.args["released"] == "d1"
        assert found.consent is None

    def test_without_state_what_is_live_counts(self):
        estate = support().want("release/support@1", digest="other", assistant=ref("assistant/triage@support.1"))
        estate.state.clear()
        assert ("released-version-edited", "release/support@1") in rules(estate)

    def test_what_somebody_changed_at_the_outlet_is_no_edit(self):
        estate = support().by_hand("release/support@1", digest="hand", assistant=ref("assistant/triage@support.1"))
        assert rules(estate) == []

    def test_a_new_release_is_none(self):
        assert rules(support().release("support", 3, assistant="triage", new=True)) == []


class TestDrifted:
    def releasing(self) -> Estate:
        return support().release("support", 3, assistant="triage", new=True).by_hand("assistant/triage", note="hand")

    def test_an_assistant_that_was_changed_by_hand_is_not_released(self):
        found = refusal(self.releasing())
        assert (found.rule, found.action, found.address) == ("release-drift", "release", "release/support@3")
        assert found.cause == Cause("assistants-drifted", {"addresses": ["assistant/triage"]})

    def test_whatever_is_to_become_of_the_drift(self):
        assert ("release-drift", "release/support@3") in rules(self.releasing(), on_drift="keep")
        assert ("release-drift", "release/support@3") in rules(self.releasing(), on_drift="refuse")

    def test_one_that_was_deleted_by_hand_is_not_either(self):
        estate = self.releasing()
        estate.objects = [live for live in estate.objects if live.id != "agent_triage"]
        assert rules(estate) == [("release-drift", "release/support@3")]

    def test_an_edit_of_the_manifest_is_applied_first_and_is_no_drift(self):
        estate = support().release("support", 3, assistant="triage", new=True).want("assistant/triage", note="newer")
        assert rules(estate) == []

    def test_drift_of_another_assistant_is_none_of_its_business(self):
        estate = support().assistant("other").by_hand("assistant/other", note="hand")
        assert rules(estate.release("support", 3, assistant="triage", new=True)) == []

    def test_what_was_released_already_is_left_in_peace(self):
        assert rules(support().by_hand("assistant/triage", note="hand")) == []

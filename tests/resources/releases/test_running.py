"""Checks of chatbots that automations run: one assistant of target `agents`, and complete lists of automations."""

from collections.abc import Iterator

import pytest

from reconciler.manifests import load
from reconciler.releases.publish import publish
from reconciler.releases.release import release
from reconciler.resources.problems import ReconcilerError
from tests.support.chatbot_automations import Desk, bot, desk as desks, nightly, triage
from tests.support.world import manifest

FLOW = manifest(
    "Pipeline",
    "flow",
    {
        "nodes": {"first": {"type": "assistant", "assistant": "triage"}},
        "edges": [{"from": "start", "to": "first"}, {"from": "first", "to": "end"}],
    },
)
REQUEST = manifest("Assistant", "triage", {"target": "responses", "model": "gpt-6-luna"})
BY_PIPELINE = manifest("Chatbot", "support", {"pipeline": "flow"})


@pytest.fixture
def desk(tmp_path) -> Iterator[Desk]:
    with desks(tmp_path / "acme") as made:
        yield made


def problems(desk: Desk) -> list[tuple[str, str, str]]:
    """Return document and code of each problem, and its message."""
    loaded = load(desk.root, env=None)
    found = [*loaded.problems, *(one.problem for one in loaded.dangling)]
    documents = list(desk.documents)
    return [(documents[(one.place.line + 1) // 2], one.code, one.message) for one in found if one.place]


def test_a_chatbot_that_is_one_agent_can_be_run(desk):
    assert problems(desk) == []
    desk.release("First.", published=1)
    assert problems(desk) == []


@pytest.mark.parametrize(
    ("documents", "fault"),
    [
        ((FLOW, BY_PIPELINE), "chatbot/support is answered by a pipeline"),
        ((FLOW, bot(starts=["flow"])), "chatbot/support starts pipelines"),
        ((REQUEST,), "chatbot/support is answered by assistant/triage, whose target is `responses`"),
        ((bot(assistant="agent_1"),), "chatbot/support is answered by agent_1, which no manifest defines"),
    ],
)
def test_another_chatbot_cannot_be_run(desk, documents, fault):
    desk.wants(*documents)
    ((document, code, message),) = problems(desk)
    assert (document, code) == ("Automation/nightly", "not-an-agent")
    assert message == f"{fault}; only a chatbot that is one assistant of target `agents` can be run"


@pytest.mark.parametrize("published", [1, {"production": 1}])
def test_a_published_release_that_is_not_one_agent_cannot_be_run(desk, published):
    project = {"kind": "Project", "metadata": {"name": "acme"}, "spec": {"environments": {"production": {}}}}
    del desk.documents["Automation/nightly"]
    desk.wants(project, FLOW, BY_PIPELINE)
    release(desk.root, {}, "support")
    desk.wants(bot(published=published), nightly())
    ((document, code, message),) = problems(desk)
    assert (document, code) == ("Automation/nightly", "not-an-agent")
    assert message.startswith("chatbot/support publishes release/support@1, which is answered by a pipeline; ")


def test_a_release_that_is_not_one_agent_is_not_published(desk):
    del desk.documents["Automation/nightly"]
    desk.wants(FLOW, BY_PIPELINE)
    release(desk.root, {}, "support")
    desk.wants(bot(), nightly())
    before = (desk.root / "manifests.yaml").read_text()
    with pytest.raises(ReconcilerError) as error:
        publish(desk.root, {}, "support", 1)
    assert [problem.code for problem in error.value.problems] == ["not-an-agent"]
    assert (desk.root / "manifests.yaml").read_text() == before


def test_a_chatbot_may_pin_the_copy_of_a_release(desk):
    desk.release("First.")
    desk.wants(bot(assistant="triage@support.1"))
    assert problems(desk) == []


def test_an_unknown_chatbot_is_a_dangling_reference(desk):
    desk.wants(nightly(target={"agent": "chatbot/suport"}))
    assert [(document, code) for document, code, _ in problems(desk)] == [("Automation/nightly", "dangling-reference")]


@pytest.mark.parametrize("agent", ["chatbot/", "chatbot/support@1", "chatbot/Support", "release/support@1"])
def test_another_form_is_an_error_that_states_the_forms(desk, agent):
    desk.wants(nightly(target={"agent": agent}))
    ((_, _, message),) = problems(desk)
    assert "chatbot/NAME for the release that a chatbot publishes" in message


class TestLists:
    def test_a_complete_list_is_valid_and_no_part_of_a_release(self, desk):
        desk.release("First.", automations=["nightly"])
        assert problems(desk) == []
        desk.release("Second.", automations=["automation/nightly"])
        assert "automations" not in (desk.root / "releases" / "support" / "v2.yaml").read_text()

    @pytest.mark.parametrize(
        ("automations", "document", "code"),
        [
            ([], "Automation/nightly", "not-listed"),
            (["nightly", "nightly"], "Chatbot/support", "listed-twice"),
            (["nightly", "hourly"], "Chatbot/support", "dangling-reference"),
            (["nightly", "other"], "Chatbot/support", "not-run"),
            (["nightly", "auto_1"], "Chatbot/support", "not-run"),
        ],
    )
    def test_another_list_is_an_error(self, desk, automations, document, code):
        desk.wants(bot(automations=automations))
        other = nightly(target={"agent": "triage"})
        desk.wants({**other, "metadata": {"name": "other"}})
        assert [(where, found) for where, found, _ in problems(desk)] == [(document, code)]

    def test_without_a_list_the_automations_are_those_that_run_the_chatbot(self, desk):
        desk.release("First.")
        desk.wants(triage("First."), bot())
        (move,) = publish(desk.root, {}, "support", 1).moves
        assert (move.runners, move.requests) == (("automation/nightly",), 2)

    def test_the_list_is_no_dependency(self, desk):
        desk.wants(bot(automations=["nightly"]))
        assert desk.apply().complete

import pytest
from pydantic import ValidationError

from reconciler.resources.address import Address
from reconciler.resources.base import Reference
from reconciler.resources.kinds.chatbot import CHATBOT, KIND, ChatbotSpec
from reconciler.resources.values import reference


@pytest.fixture
def fields(resource, scope):
    def build(**spec):
        (wanted,) = KIND.desired(resource(KIND, "support", spec), scope)
        return wanted.fields

    return build


def test_a_bot_answers_with_a_pipeline_or_an_assistant(fields):
    assert fields(pipeline="support-flow") == {"pipeline": reference("pipeline/support-flow")}
    assert fields(assistant="triage@support.1") == {"assistant": reference("assistant/triage@support.1")}


@pytest.mark.parametrize("spec", [{}, {"pipeline": "a", "assistant": "b"}, {"pipeline": None, "starts": ["a"]}])
def test_never_both_and_never_neither(spec):
    with pytest.raises(ValidationError, match="either a pipeline or an assistant"):
        ChatbotSpec.model_validate(spec)


def test_what_triggers_start_is_a_set(fields):
    starts = [reference("pipeline/a"), reference("pipeline/b")]
    assert fields(assistant="x", starts=["b", "a", "pipeline/b"])["starts"] == starts
    assert CHATBOT.canonical("starts", starts) == starts


def test_references(fields):
    spec = ChatbotSpec.model_validate({"pipeline": "flow", "starts": ["checkin"]})
    assert list(KIND.references(spec)) == [
        Reference(("spec", "pipeline"), Address("pipeline", "flow")),
        Reference(("spec", "starts", 0), Address("pipeline", "checkin"), "trigger"),
    ]


def test_a_literal_id_is_no_reference(fields):
    assert list(KIND.references(ChatbotSpec.model_validate({"assistant": "agent_123"}))) == []
    assert fields(assistant="agent_123") == {"assistant": "agent_123"}


@pytest.mark.parametrize("name", ["", "@support.1", "triage@", "triage@support.0", "pipeline/x", "a/b"])
def test_names_that_name_nothing(name):
    with pytest.raises(ValidationError, match="names no assistant"):
        ChatbotSpec.model_validate({"assistant": name})

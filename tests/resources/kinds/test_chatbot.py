from dataclasses import replace

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


def test_chatbot_has_a_pipeline_or_an_assistant(fields):
    assert fields(pipeline="support-flow") == {"pipeline": reference("pipeline/support-flow")}
    assert fields(assistant="triage@support.1") == {"assistant": reference("assistant/triage@support.1")}


@pytest.mark.parametrize("spec", [{}, {"pipeline": "a", "assistant": "b"}, {"pipeline": None, "starts": ["a"]}])
def test_chatbot_with_both_or_neither_is_an_error(spec):
    with pytest.raises(ValidationError, match="set either `pipeline` or `assistant`"):
        ChatbotSpec.model_validate(spec)


def test_order_of_starts_has_no_meaning(fields):
    starts = [reference("pipeline/a"), reference("pipeline/b")]
    assert fields(assistant="x", starts=["b", "a", "pipeline/b"])["starts"] == starts
    assert CHATBOT.canonical("starts", starts) == starts


def test_chatbot_refers_to_pipelines_assistants_and_releases(resource):
    bot = resource(KIND, "support", {"pipeline": "flow", "starts": ["checkin"]})
    assert list(KIND.references(bot)) == [
        Reference(("spec", "pipeline"), Address("pipeline", "flow")),
        Reference(("spec", "starts", 0), Address("pipeline", "checkin")),
    ]


def test_literal_id_is_not_a_reference(fields, resource):
    assert list(KIND.references(resource(KIND, "support", {"assistant": "agent_123"}))) == []
    assert fields(assistant="agent_123") == {"assistant": "agent_123"}


@pytest.mark.parametrize("name", ["", "@support.1", "triage@", "triage@support.0", "pipeline/x", "a/b"])
def test_invalid_reference_is_an_error(name):
    with pytest.raises(ValidationError, match="is not a valid reference to assistant"):
        ChatbotSpec.model_validate({"assistant": name})


class TestPublished:
    def test_one_release_for_every_environment(self, resource, scope):
        bot = resource(KIND, "support", {"pipeline": "flow", "published": 3})
        (wanted,) = KIND.desired(bot, replace(scope, environment="production"))
        assert wanted.fields["published"] == reference("release/support@3")
        assert Reference(("spec", "published"), Address("release", "support@3")) in KIND.references(bot)

    def test_one_by_environment(self, resource, scope):
        spec = {"pipeline": "flow", "published": {"staging": 4, "production": 3}}
        both = replace(scope, environments=("staging", "production", "qa"))
        bot = resource(KIND, "support", spec)
        found = [next(iter(KIND.desired(bot, replace(both, environment=name)))) for name in both.environments]
        releases = [reference("release/support@4"), reference("release/support@3"), None]
        assert [wanted.fields["published"] for wanted in found] == releases
        assert list(KIND.check(bot, both)) == []
        assert [one.code for one in KIND.check(bot, replace(scope, environments=("staging",)))] == [
            "unknown-environment"
        ]

    def test_published_is_not_part_of_the_draft(self, fields):
        drafted = CHATBOT.render(fields(pipeline="flow", published=3))
        assert drafted == {"pipeline": reference("pipeline/flow")}

    def test_missing_published_is_not_managed(self, fields):
        assert "published" not in fields(pipeline="flow")

    @pytest.mark.parametrize("number", [0, -1, "3", True, 1.0, 10**9])
    def test_invalid_number_is_an_error(self, number):
        with pytest.raises(ValidationError):
            ChatbotSpec.model_validate({"pipeline": "flow", "published": number})

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


def test_references(resource):
    bot = resource(KIND, "support", {"pipeline": "flow", "starts": ["checkin"]})
    assert list(KIND.references(bot)) == [
        Reference(("spec", "pipeline"), Address("pipeline", "flow")),
        Reference(("spec", "starts", 0), Address("pipeline", "checkin")),
    ]


def test_a_literal_id_is_no_reference(fields, resource):
    assert list(KIND.references(resource(KIND, "support", {"assistant": "agent_123"}))) == []
    assert fields(assistant="agent_123") == {"assistant": "agent_123"}


@pytest.mark.parametrize("name", ["", "@support.1", "triage@", "triage@support.0", "pipeline/x", "a/b"])
def test_names_that_name_nothing(name):
    with pytest.raises(ValidationError, match="names no assistant"):
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

    def test_it_is_no_part_of_what_the_draft_says(self, fields):
        drafted = CHATBOT.render(fields(pipeline="flow", published=3))
        assert drafted == {"pipeline": reference("pipeline/flow")}

    def test_without_it_nobody_decides_what_is_published(self, fields):
        assert "published" not in fields(pipeline="flow")

    @pytest.mark.parametrize("number", [0, -1, "3", True, 1.0, 10**9])
    def test_numbers_that_are_none(self, number):
        with pytest.raises(ValidationError):
            ChatbotSpec.model_validate({"pipeline": "flow", "published": number})

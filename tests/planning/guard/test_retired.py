"""Models that OpenAI has shut down."""

from datetime import date

import pytest

from reconciler.planning.reasons import Cause
from tests.support.asking import refusal, rules
from tests.support.guard_estates import Estate
from tests.support.plan_inputs import ref

ON = date(2026, 10, 23)
ENDED = {"shutdowns": {"gpt-4": ON}, "today": date(2026, 11, 21)}


def running() -> Estate:
    """A bot whose assistant, and whose one release, run on a model that is gone."""
    estate = Estate().assistant("triage", model="gpt-4").bot("support", assistant="triage")
    return estate.release("support", 1, assistant="triage", model="gpt-4")


def test_what_runs_on_it_unchanged_is_left_in_peace():
    assert rules(running(), **ENDED) == []


@pytest.mark.parametrize(("day", "refused"), [(22, False), (23, True), (24, True)])
def test_it_is_gone_on_the_day_of_its_shutdown(day, refused):
    estate = running().want("assistant/triage", model="gpt-4", note="edited")
    assert bool(rules(estate, shutdowns={"gpt-4": ON}, today=date(2026, 10, day))) is refused


def test_a_new_assistant():
    found = refusal(Estate().want("assistant/triage", model="gpt-4"), **ENDED)
    assert (found.rule, found.action, found.address) == ("retired-model", "create", "assistant/triage")
    assert found.cause == Cause("models-shut-down", {"models": {"gpt-4": "2026-10-23"}})


def test_an_edit_that_moves_away_from_it():
    assert rules(running().want("assistant/triage", model="gpt-6-luna"), **ENDED) == []


def test_protection_writes_no_model():
    assert rules(running().want("assistant/triage", model="gpt-4", protect=True), **ENDED) == []


def test_removing_it():
    assert rules(running().gone("assistant/triage", "release/support@1", "chatbot/support"), **ENDED) == []


def test_a_release_is_refused_once_for_all_its_copies():
    estate = running().release("support", 2, assistant="triage", model="gpt-4", new=True)
    assert rules(estate, **ENDED) == [("retired-model", "release/support@2")]


def test_publishing_a_release_that_runs_on_it():
    estate = running().want("chatbot/support", assistant=ref("assistant/triage"), published=ref("release/support@1"))
    assert rules(estate, **ENDED) == [("retired-model", "chatbot/support")]


def test_a_published_bundle_that_is_only_written_again():
    estate = running().bundle("chatbot/support", "v2", "assistant/triage").pointer("chatbot/support", "v1")
    assert rules(estate, **ENDED) == []

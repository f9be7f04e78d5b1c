"""The estate page as text: what it shows, and that nothing of a value is markup."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from reconciler.reports.html.estate import estate_html
from reconciler.reports.views.estate import NOTHING_BLOCKS, estate_view
from tests.support.drifts import report
from tests.support.estates import ASSISTANTS, SUPPORT, estate, hostile_estate
from tests.support.hostile import VALUES
from tests.support.plans import plan


class Reader(HTMLParser):
    """The texts below each element with an id, a class or a section title."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.texts: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data):
        if data.strip():
            self.texts.append(data)


def read(document: str) -> Reader:
    reader = Reader()
    reader.feed(document)
    return reader


def article(name: str, document: str) -> str:
    """Return the texts of the card of an object."""
    found = next(
        part for part in re.findall(r"<article.*?</article>", document, re.DOTALL) if f'class="address">{name}<' in part
    )
    return " ".join(" ".join(read(found).texts).split())


PAGE = estate_html(*estate(), pull="pull it", revert="revert it")


def test_refusals_and_drift_come_before_everything_else():
    titles = re.findall(r"<h2[^>]*>([^<]*)</h2>", PAGE)
    assert titles == [
        *("Refused", "Changed outside Reconciler", "Failing files", "Foreign files", "Retiring models"),
        *("Chatbots", "Assistants", "Vector stores", "Credentials", "Files", "Pipelines", "Releases and their copies"),
        *("Environments", "Not looked at"),
    ]


def test_a_chatbot_is_shown_with_what_answers_in_each_environment():
    card = article("support", PAGE)
    assert "staging v2 pipeline/flow@support.2" in card
    assert "production v1 the manifest publishes v2 pipeline/flow@support.1" in card
    assert "Owner service Labels tier: gold" in card
    assert "v1 2026-10-01 First production" in card
    assert "v2 2026-11-01 Kinder staging" in card
    assert "Not in sync assistant/triage" in card


def test_the_pipeline_is_drawn_and_listed():
    svg = PAGE[PAGE.index("<svg role") :].partition("</svg>")[0]
    assert svg.count('<g class="node') == 5
    assert svg.count('class="edge"') == 5
    assert "<title>assistant/first: uses assistant/triage, not in sync</title>" in svg
    assert "route (router, gpt-6-luna) -&gt; first, last" in PAGE


def test_an_assistant_is_shown_with_its_status_owner_model_costs_and_users():
    card = article("billing", PAGE)
    assert card.startswith("in sync billing agent_2 Owner finance Model gpt-5 ends on 2026-12-11 ")
    assert "Cost a day $0.3100 Used by chatbot/support Vector stores vectorstore/handbook" in card
    assert NOTHING_BLOCKS in card


def test_differences_and_the_sections_of_archive_are_on_the_card():
    card = article("triage", PAGE)
    assert 'Fields (manifest -> live) model: "gpt-6" -> "gpt-5"' in card
    assert "file_search: at OpenAI, not in the manifests" in card
    titles = ("Archiving is blocked: 3 references", "Chatbots", "Pipelines", "Chatbots Referencing Pipeline")
    places = [card.index(title) for title in titles]
    assert places == sorted(places)
    assert "In production:" in card
    assert "Also refers to it at OpenAI session session_1" in card


def test_a_model_that_has_ended_is_said_to_be_shut_down():
    status, seen = estate()
    late = replace(seen.report, plan=replace(seen.report.plan, created_at="2027-01-01T00:00:00+00:00"))
    card = article("billing", estate_html(status, replace(seen, report=late)))
    assert "gpt-5 shut down on 2026-12-11" in card


def test_stores_have_bars_of_size_and_cost():
    text = PAGE[PAGE.index('id="stores"') :]
    assert "4.1 GB" in text
    assert text.count('class="bar"') == 2
    assert text.count('class="bar cost"') == 1
    assert "$0.3100 a day with OpenAI&#x27;s prices of 2026-11-21." in text


def test_early_releases_are_folded_unless_they_are_published():
    status, seen = estate()
    many = tuple(replace(SUPPORT.releases[1], number=number, published_in=()) for number in range(2, 32))
    chatbot = replace(SUPPORT, releases=(SUPPORT.releases[0], *many))
    card = article("support", estate_html(status, replace(seen, chatbots=(chatbot,))))
    assert "18 earlier releases" in card
    assert card.index("v1 2026-10-01") < card.index("v20 ") < card.index("18 earlier")


def test_an_estate_in_sync_has_no_section_of_drift():
    status, seen = estate(report(plan(), assistants=()))
    calm = replace(seen, report=replace(seen.report, plan=replace(seen.report.plan, refusals=())))
    view = estate_view(status, calm)
    assert (view.refusals, view.drift.drift_count) == ((), 0)
    assert "Changed outside Reconciler" not in estate_html(status, calm)


def test_an_assistant_without_a_status_is_still_shown():
    status, seen = estate()
    gone = replace(ASSISTANTS[0], address="assistant/gone")
    assert "not in the manifests gone" in article("gone", estate_html(status, replace(seen, assistants=(gone,))))


@pytest.mark.parametrize("value", VALUES)
def test_a_value_adds_no_element_and_no_attribute(value):
    plain, hostile = (read(estate_html(*hostile_estate(one))) for one in ("plain", value))
    assert set(hostile.tags) <= set(plain.tags)
    assert hostile.attributes <= plain.attributes
    assert hostile.tags.count("script") == 1


def test_no_attribute_runs_a_script_or_sets_a_style():
    assert not [name for name in read(PAGE).attributes if name.startswith("on") or name == "style"]

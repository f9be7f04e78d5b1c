"""Examples of what the property tests of silence have found, and the sample organisation."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.planning.reasons import Notice
from tests.support.world import Document, World, is_silent, manifest, told, world

SAMPLE = Path(__file__).parents[2] / "manifests"
AGENT: Document = {"target": "agents", "model": "gpt-6.1-sol"}
REQUEST: Document = {"target": "responses", "model": "gpt-6.1-sol"}


@pytest.fixture
def estate(tmp_path) -> Iterator[World]:
    with world(tmp_path) as made:
        yield made


def uploads(estate: World) -> list[str]:
    async def names() -> list[str]:
        return [file.filename async for file in estate.sdk.files.list()]

    return sorted(estate.by_hand(names()))


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_the_sample_organisation_is_silent_after_apply(estate, environment):
    shutil.rmtree(estate.root)
    shutil.copytree(SAMPLE, estate.root, ignore=shutil.ignore_patterns(".reconciler"))
    estate.environ = {**estate.environ, "RECONCILER_ENV": environment, "INCIDENTS_TOKEN": "sample"}
    estate.apply()
    assert is_silent(estate.plan())


def test_a_store_may_say_that_it_never_expires(estate):
    """The API takes null for `expires_after` in an update, and not in a create."""
    estate.wants(manifest("VectorStore", "handbook", {"expires_after": None, "metadata": None, "name": None}))
    estate.apply()
    assert is_silent(estate.plan())


def test_a_new_description_waits_for_the_next_store_and_is_told_until_then(estate):
    """The API takes a description only when a store is made."""
    estate.wants(manifest("VectorStore", "handbook", {"description": "Old."}))
    estate.apply()
    estate.wants(manifest("VectorStore", "handbook", {"description": "New.", "name": "Handbook"}))
    estate.apply()
    plan = estate.plan()
    assert not plan.changes
    assert plan.warnings[0] == Notice("set-at-creation", {"field": "description"}, "vectorstore/handbook")


def test_a_request_becomes_an_agent_and_back(estate):
    """What one target may set to null is a mapping for the other."""
    for spec in (REQUEST, AGENT, REQUEST):
        estate.wants(manifest("Assistant", "triage", {**spec, "reasoning": None, "metadata": None}))
        estate.apply()
        assert is_silent(estate.plan())


@pytest.mark.parametrize("copies", [2, 3])
def test_a_shared_upload_goes_with_the_last_path_that_needs_it(estate, copies):
    for number in range(copies):
        estate.file(f"kb/{number}/guide.md", "# Guide")
    estate.wants(manifest("VectorStore", "handbook", {"files": ["kb/**/guide.md"]}))
    estate.apply()
    assert uploads(estate) == ["guide.md"]
    estate.wants(manifest("VectorStore", "handbook", {"files": ["kb/0/guide.md"]}))
    estate.apply()
    assert uploads(estate) == ["guide.md"]
    estate.wants(manifest("VectorStore", "handbook", {}))
    estate.apply()
    assert uploads(estate) == []


@pytest.mark.parametrize("spec", [AGENT, REQUEST], ids=["agents", "responses"])
def test_an_ignored_field_stays_as_it_was_made(estate, spec):
    lifecycle = {"ignore": ["instructions"]}
    estate.wants(manifest("Assistant", "triage", {**spec, "instructions": "First."}, lifecycle=lifecycle))
    estate.apply()
    estate.wants(manifest("Assistant", "triage", {**spec, "instructions": "Second."}, lifecycle=lifecycle))
    assert is_silent(estate.plan())
    estate.wants(
        manifest("Assistant", "triage", {**spec, "instructions": "Third.", "model": "gpt-6-astra"}, lifecycle=lifecycle)
    )
    assert told(estate.plan().changes) == ["update assistant/triage: model"]
    estate.apply()
    assert is_silent(estate.plan())


def test_what_labels_and_bundles_prove_needs_no_state(estate):
    estate.file("kb/guide.md", "# Guide")
    estate.file("data/prices.csv", "item,price")
    interpreter = {"type": "code_interpreter", "container": {"type": "auto", "file_ids": ["data/prices.csv"]}}
    estate.wants(
        manifest("Assistant", "agent", AGENT),
        manifest("Assistant", "search", {**REQUEST, "tools": [{"type": "file_search", "vector_store_ids": ["kb"]}]}),
        manifest("Assistant", "analyst", {**REQUEST, "tools": [interpreter]}),
        manifest("VectorStore", "kb", {"files": ["kb/*.md"]}),
    )
    estate.apply()
    estate.lose_entries()
    plan = estate.plan()
    assert told(plan.changes) == [
        "create file/data/prices.csv: purpose, sha256",
        "adopt file/kb/guide.md",
        "publish assistant/analyst",
    ]
    assert not plan.drift

"""Frugal: what a plan reads, and what an apply writes, counted at the API."""

from collections import Counter
from collections.abc import Iterator

import pytest

from tests.support.world import Document, World, is_silent, manifest, world

AGENTS, STORES, FILES = 250, 3, 120
AGENT: Document = {"target": "agents", "model": "gpt-6.1-sol"}
AGENT_LIST, AGENT_READ, AGENT_WRITE = "GET /v1/agents", "GET /v1/agents/{id}", "POST /v1/agents/{id}"
FILE_LIST, UPLOAD, DELETE_FILE = "GET /v1/files", "POST /v1/files", "DELETE /v1/files/{id}"
AUTOMATIONS, TEMPLATES = "GET /v1/agents/automations", "GET /v1/agents/environments/templates"
SESSIONS = "GET /v1/agents/sessions"
STORE_LIST, STORE_FILES = "GET /v1/vector_stores", "GET /v1/vector_stores/{id}/files"
DETACH, BATCH = "DELETE /v1/vector_stores/{id}/files/{file_id}", "POST /v1/vector_stores/{id}/file_batches"

NO_OP = {AGENT_LIST: -(-AGENTS // 100), FILE_LIST: 1, STORE_LIST: 1, STORE_FILES: STORES * -(-FILES // 100)}


@pytest.fixture(scope="module")
def large(tmp_path_factory) -> Iterator[World]:
    """Every store holds every file."""
    with world(tmp_path_factory.mktemp("large")) as made:
        for number in range(FILES):
            made.file(f"kb/{number}.md", f"# Chapter {number}")
        made.wants(
            *(manifest("Assistant", f"a{number}", AGENT) for number in range(AGENTS)),
            *(manifest("VectorStore", f"s{number}", {"files": ["kb/*.md"]}) for number in range(STORES)),
        )
        made.apply()
        made.requests()
        yield made


@pytest.fixture
def estate(tmp_path) -> Iterator[World]:
    with world(tmp_path) as made:
        yield made


def cost(estate: World) -> Counter[str]:
    """What an apply asks beyond what its plan does."""
    estate.requests()
    estate.plan()
    read = estate.requests()
    estate.apply()
    return estate.requests() - read


def writes(asked: Counter[str]) -> dict[str, int]:
    return {request: number for request, number in asked.items() if not request.startswith("GET")}


def test_a_plan_walks_each_list_once_and_reads_nothing_else(large):
    assert is_silent(large.plan())
    assert large.requests() == NO_OP


def test_a_no_op_apply_reads_what_a_plan_reads_and_writes_nothing(large):
    before = large.memory()
    large.apply()
    assert large.requests() == NO_OP
    assert large.memory() == before


def test_updating_an_agent_costs_a_fresh_read_and_a_write(large):
    large.wants(manifest("Assistant", "a7", {**AGENT, "instructions": "New."}))
    assert cost(large) == {AGENT_READ: 1, AGENT_WRITE: 1}


def test_kinds_that_nobody_uses_are_not_listed(estate):
    """Only when a model is written, it is asked whether it is still there."""
    estate.wants(manifest("Assistant", "triage", {"target": "responses", "model": "gpt-6.1-sol"}))
    estate.apply()
    assert estate.requests() == {"GET /v1/models": 1}
    estate.plan()
    assert estate.requests() == {}


def test_kinds_that_only_state_knows_are_listed(estate):
    estate.wants(manifest("Assistant", "triage", AGENT))
    estate.apply()
    estate.drops("Assistant/triage")
    estate.requests()
    assert [change.action for change in estate.plan().changes] == ["delete"]
    assert estate.requests() == {AGENT_LIST: 1, AUTOMATIONS: 1, SESSIONS: 1}


def test_many_files_attach_in_batches_of_two_thousand(estate):
    for number in range(2001):
        estate.file(f"kb/{number}.md", str(number))
    estate.wants(manifest("VectorStore", "handbook", {"files": ["kb/*.md"]}))
    estate.apply()
    assert writes(estate.requests()) == {UPLOAD: 2001, "POST /v1/vector_stores": 1, BATCH: 2}


def test_a_changed_file_is_uploaded_attached_detached_and_deleted(estate):
    for name in "abc":
        estate.file(f"kb/{name}.md", name)
    estate.wants(manifest("VectorStore", "handbook", {"files": ["kb/*.md"]}))
    estate.apply()
    estate.file("kb/b.md", "other")
    assert writes(cost(estate)) == {UPLOAD: 1, BATCH: 1, DETACH: 1, DELETE_FILE: 1}


def test_deleting_files_also_reads_the_files_of_stores_that_are_not_ours_and_only_theirs(estate):
    """Somebody else's store may hold them."""
    estate.file("kb/a.md", "a")
    estate.file("kb/b.md", "b")
    estate.wants(manifest("VectorStore", "handbook", {"files": ["kb/*.md"]}))
    estate.apply()
    for name in ("theirs", "also theirs"):
        estate.by_hand(estate.sdk.vector_stores.create(name=name))
    estate.requests()
    estate.plan()
    assert estate.requests() == {FILE_LIST: 1, STORE_LIST: 1, STORE_FILES: 1}
    estate.wants(manifest("VectorStore", "handbook", {"files": ["kb/a.md"]}))
    assert [change.action for change in estate.plan().changes] == ["update", "delete"]
    assert estate.requests() == {FILE_LIST: 1, STORE_LIST: 1, STORE_FILES: 3, AUTOMATIONS: 1, TEMPLATES: 1}


def test_a_plan_says_beforehand_what_applying_it_writes(estate):
    estate.file("kb/a.md", "a")
    estate.wants(
        manifest("VectorStore", "handbook", {"files": ["kb/*.md"]}),
        manifest("Assistant", "triage", AGENT),
        manifest("Assistant", "search", {"target": "responses", "model": "gpt-6.1-sol"}),
    )
    announced = estate.plan().requests
    estate.apply()
    written = Counter(request.partition(" ")[0] for request in estate.requests().elements())
    assert announced == {method: number for method, number in written.items() if method != "GET"}

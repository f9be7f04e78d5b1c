"""The graph of what is live at the embedded API: referrers that no manifest has, at the cost of their lists."""

from collections.abc import Iterator
from typing import Any

import pytest

from reconciler.emulator.fault_spec import parse
from reconciler.operations.graph import incomplete, live_graph
from reconciler.planning.dependencies import DependencyGraph
from reconciler.planning.dependencies_codec import graph_json
from reconciler.project.workspace import open_workspace
from reconciler.resources.address import Address
from tests.support.world import World, manifest, world

SESSIONS, STORE_FILES = "GET /v1/agents/sessions", "GET /v1/vector_stores/{id}/files"
NONE: Any = {"type": "none"}
HOSTED: Any = {"type": "openai_hosted"}
SAY: Any = [{"role": "user", "content": [{"type": "input_text", "text": "Write the digest."}]}]


@pytest.fixture
def estate(tmp_path) -> Iterator[World]:
    """An agent, and a store with two files."""
    with world(tmp_path) as made:
        made.file("kb/a.md", "a")
        made.file("kb/b.md", "b")
        made.wants(
            manifest("Assistant", "digest", {"target": "agents", "model": "gpt-6.1-sol"}),
            manifest("VectorStore", "kb", {"files": ["kb/*.md"]}),
        )
        made.apply()
        yield made


def graph(estate: World, address: str = "") -> DependencyGraph:
    workspace = open_workspace(estate.root, estate.environ)
    return estate.run(live_graph(workspace, estate.connection, Address.parse(address) if address else None))


def pairs(found: DependencyGraph) -> set[tuple[str, str]]:
    return {(str(one.source), str(one.target)) for one in found.dependencies}


def surround(estate: World) -> tuple[str, str, str]:
    """Add objects of others: an automation and a session of the agent, and a store with one of the files."""
    beta, agent = estate.sdk.beta.agents, estate.id_of("assistant/digest")
    target: Any = {"type": "new_session", "environment": NONE, "input": SAY, "agent_id": agent}
    schedule: Any = {"type": "periodic", "name": "nightly", "expression": "0 3 * * *", "timezone": "UTC"}
    automation = estate.by_hand(beta.automations.create(**schedule, target=target)).id
    session = estate.by_hand(beta.sessions.create(agent_id=agent, environment=HOSTED, input="Hello")).id
    file = estate.id_of("file/kb/b.md")
    store = estate.by_hand(estate.sdk.vector_stores.create(name="theirs", file_ids=[file])).id
    return f"automation nightly ({automation})", f"session in progress ({session})", f"vector_store theirs ({store})"


def test_live_referrers_of_others_are_in_the_graph(estate):
    automation, session, store = surround(estate)
    assert pairs(graph(estate)) == {
        (automation, "assistant/digest"),
        (session, "assistant/digest"),
        (store, "file/kb/b.md"),
        ("vectorstore/kb", "file/kb/a.md"),
        ("vectorstore/kb", "file/kb/b.md"),
    }


def test_surroundings_have_only_the_referrers_of_the_object(estate):
    automation, session, store = surround(estate)
    assert pairs(graph(estate, "assistant/digest")) == {(automation, "assistant/digest"), (session, "assistant/digest")}
    assert pairs(graph(estate, "file/kb/b.md")) == {(store, "file/kb/b.md"), ("vectorstore/kb", "file/kb/b.md")}


def test_files_of_others_in_our_store_are_needed_by_it(estate):
    extra = estate.by_hand(estate.sdk.files.create(file=("c.md", b"c"), purpose="assistants")).id
    estate.by_hand(estate.sdk.vector_stores.files.create(estate.id_of("vectorstore/kb"), file_id=extra))
    assert ("vectorstore/kb", f"file c.md ({extra})") in pairs(graph(estate))


def test_files_that_manifests_have_by_id_are_named_with_one_more_list(tmp_path):
    with world(tmp_path) as estate:
        sdk, names = estate.sdk.files, ("a.md", "b.md")
        ids = [estate.by_hand(sdk.create(file=(name, name.encode()), purpose="assistants")).id for name in names]
        estate.wants(manifest("VectorStore", "kb", {"files": ids}))
        estate.apply()
        estate.requests()
        found = graph(estate, "vectorstore/kb")
        assert pairs(found) == {
            ("vectorstore/kb", f"file {name} ({id_})") for name, id_ in zip(names, ids, strict=True)
        }
        assert [one["name"] for one in graph_json(found)["objects"] if one["type"] == "file"] == ["a.md", "b.md"]
        assert estate.requests()["GET /v1/files"] == 1
        estate.app.state.faults.set(*parse("403:GET:/v1/files"))
        assert pairs(graph(estate, "vectorstore/kb")) == {("vectorstore/kb", f"file {id_}") for id_ in ids}


def test_requests_are_lists_and_none_is_made_for_each_object(estate):
    agents = [manifest("Assistant", f"a{number}", {"target": "agents", "model": "gpt-6.1-sol"}) for number in range(30)]
    estate.wants(*agents)
    estate.apply()
    estate.requests()
    graph(estate)
    asked = estate.requests()
    assert asked[SESSIONS] <= 2
    assert max(asked.values()) <= 2
    assert sum(asked.values()) <= 16


def test_list_that_the_key_may_not_read_is_a_warning(estate):
    automation, _, _ = surround(estate)
    estate.app.state.faults.set(*parse("403:GET:/v1/agents/automations"))
    found = graph(estate)
    assert (automation, "assistant/digest") not in pairs(found)
    assert ("vectorstore/kb", "file/kb/a.md") in pairs(found)
    (warning,) = incomplete(found)
    assert (warning.code, warning.severity) == ("referrers-unread", "warning")
    assert "automation" in warning.message
    assert [one["type"] for one in graph_json(found)["unlisted"]] == ["automation"]


def test_a_server_without_an_api_has_no_objects_of_it(estate):
    estate.app.state.faults.set(*parse("404:GET:/v1/agents/environments/templates"))
    assert incomplete(graph(estate)) == ()

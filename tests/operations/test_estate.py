"""The estate: what answers where, who owns what, what it costs and what blocks archiving."""

from collections.abc import Iterator
from datetime import date

import pytest

from reconciler.operations.drift import of_interest, report_of
from reconciler.operations.estate import estate_of
from reconciler.operations.plan import make_plan
from reconciler.project.estate import Answer, Estate
from reconciler.project.workspace import open_workspace
from reconciler.releases.release import release
from tests.support.world import Document, World, manifest, world

PROJECT: Document = {
    "kind": "Project",
    "metadata": {"name": "acme"},
    "spec": {
        "defaults": {"target": "agents"},
        "environments": {"staging": {}, "production": {}},
        "prices": {"free_gb": 0, "vector_storage": 1_000_000.0},
    },
}
FLOW: Document = {
    "nodes": {
        "route": {"type": "router", "model": "gpt-6-luna", "prompt": "x", "keywords": ["A", "B"]},
        "first": {"type": "assistant", "assistant": "triage"},
        "last": {"type": "llm", "vector_stores": ["handbook"]},
    },
    "edges": [
        {"from": "start", "to": "route"},
        {"from": ["route.A", "route.B"], "to": "first"},
        {"from": "first", "to": "last"},
        {"from": "last", "to": "end"},
    ],
}
TRIAGE: Document = {"model": "gpt-5", "metadata": {"owner": "care"}}


@pytest.fixture
def estate(tmp_path) -> Iterator[World]:
    """A chatbot with a pipeline in two environments, of which nothing is applied."""
    with world(tmp_path / "acme") as made:
        made.documents = {"Project/acme": PROJECT}
        made.file("kb/a.md", "# A")
        made.wants(
            manifest("VectorStore", "handbook", {"files": ["kb/*.md"]}),
            manifest("Assistant", "triage", TRIAGE),
            manifest("Assistant", "spare", {"model": "gpt-6-luna"}),
            manifest("Pipeline", "flow", FLOW),
            manifest("Chatbot", "support", {"pipeline": "flow"}) | named("support", team="service"),
        )
        yield made


def named(name: str, **labels: str) -> Document:
    return {"metadata": {"name": name, "labels": labels}}


def applied(estate: World, env: str) -> None:
    estate.environ = {**estate.environ, "RECONCILER_ENV": env}
    estate.apply()


def seen(estate: World, env: str) -> Estate:
    workspace = open_workspace(estate.root, estate.environ, env=env)

    async def run() -> Estate:
        observed = await make_plan(workspace, estate.connection, models=of_interest)
        return estate_of(workspace, observed, await report_of(observed))

    return estate.run(run())


def test_an_environment_that_was_never_applied_answers_nothing(estate):
    applied(estate, "staging")
    (support,) = seen(estate, "staging").chatbots
    assert support.answers == (Answer("staging", True, None, "pipeline/flow", True), Answer("production"))


def test_every_environment_is_shown_with_the_release_that_answers_there(estate):
    published = estate.documents["Chatbot/support"]["spec"]
    release(estate.root, {}, "support", message="First", vendor=True)
    published["published"] = {"staging": 1, "production": 1}
    estate.wants()
    applied(estate, "staging")
    applied(estate, "production")
    estate.wants(manifest("Assistant", "triage", {**TRIAGE, "instructions": "Be brief."}))
    release(estate.root, {}, "support", message="Second", vendor=True)
    published["published"] = {"staging": 2, "production": 1}
    estate.wants()
    applied(estate, "staging")
    found = seen(estate, "production")
    (support,) = found.chatbots
    assert support.answers == (
        Answer("staging", True, "release/support@2", "pipeline/flow@support.2", True, 2),
        Answer("production", True, "release/support@1", "pipeline/flow@support.1", True, 1),
    )
    assert [(one.number, one.message, one.published_in) for one in support.releases] == [
        (1, "First", ("production",)),
        (2, "Second", ("staging",)),
    ]
    assert [(one.name, one.source) for one in found.environments] == [("staging", "state"), ("production", "live")]
    assert "Of staging, only the state was read" in found.unread[0]


def test_a_pipeline_has_its_nodes_with_what_they_use(estate):
    (support,) = seen(estate, "staging").chatbots
    assert support.flow is not None
    assert [(node.name, node.type, node.uses) for node in support.flow.nodes] == [
        ("start", "", ()),
        ("route", "router", ()),
        ("first", "assistant", ("assistant/triage",)),
        ("last", "llm", ("vectorstore/handbook",)),
        ("end", "", ()),
    ]
    assert set(support.flow.edges) == {("start", "route"), ("route", "first"), ("first", "last"), ("last", "end")}


def test_owners_are_labels_or_metadata(estate):
    found = seen(estate, "staging")
    assert [(one.address, one.owner) for one in found.chatbots] == [("chatbot/support", "service")]
    assert [(one.address, one.owner) for one in found.assistants] == [
        ("assistant/spare", ""),
        ("assistant/triage", "care"),
    ]


def test_models_have_their_ends_and_stores_their_costs(estate):
    applied(estate, "staging")
    found = seen(estate, "staging")
    models = {one.address: [(end.model, end.on) for end in one.models] for one in found.assistants}
    assert models["assistant/triage"] == [("gpt-5", date(2026, 12, 11))]
    (store,) = found.stores
    assert store.bytes
    assert store.cost_per_day == pytest.approx(store.bytes / 1_000)
    assert (store.files, store.used_by) == (1, ("pipeline/flow",))


def test_what_blocks_archiving_is_what_archive_would_print(estate):
    blockers = {one.address: one.blockers for one in seen(estate, "staging").assistants}
    assert blockers["assistant/spare"] == ()
    (only,) = blockers["assistant/triage"]
    assert (only.environments, only.refusal.rule) == (("staging", "production"), "referenced")


def test_an_error_in_another_environment_is_said_and_hides_nothing(estate):
    broken = {
        **PROJECT,
        "spec": {**PROJECT["spec"], "environments": {"staging": {"variables": {"x": "a"}}, "production": {}}},
    }
    estate.documents["Project/acme"] = broken
    estate.wants(manifest("Assistant", "spare", {"model": "gpt-6-luna", "instructions": "${var.x}"}))
    found = seen(estate, "staging")
    assert len(found.assistants) == 2
    assert any("The manifests for production have an error" in text for text in found.unread)


def test_a_state_that_cannot_be_read_is_said(estate):
    applied(estate, "production")
    (state,) = (estate.root / ".reconciler" / "state").rglob("production/state.json")
    state.write_text("{", encoding="utf-8")
    found = seen(estate, "staging")
    assert [(one.name, one.source) for one in found.environments] == [("staging", "live"), ("production", "unread")]
    (support,) = found.chatbots
    assert support.answers[1] == Answer("production", is_known=False)
    assert any(text.startswith("The state of production could not be read") for text in found.unread)


def test_the_estate_costs_one_request_more_than_a_plan(estate):
    applied(estate, "staging")
    estate.requests()
    estate.plan()
    plan = estate.requests()
    seen(estate, "staging")
    assert estate.requests() - plan == {"GET /v1/models": 1}

"""Drift of every field and every object: reported exactly, and reverted. For the situations of a sync status, see
`test_sync_situations.py`.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from reconciler.bundles.documents import blob_key, pointer_key
from reconciler.planning.model import FieldChange
from reconciler.resources.values import ABSENT
from tests.support.bots import FIND, HANDBOOK, JSON_FORMAT, MCP, SEARCH, TRIAGE, only_drift
from tests.support.world import BUNDLES, Document, World, is_silent, manifest, told, world

AGENT: Document = {
    "target": "agents",
    "model": "gpt-6.1-sol",
    "name": "Triage",
    "instructions": "Be brief.",
    "tools": [FIND, SEARCH, MCP],
    "text": {"format": JSON_FORMAT, "verbosity": "low"},
    "reasoning": {"effort": "low", "summary": "auto"},
    "service_tier": "flex",
    "multi_agent": {"enabled": True, "max_concurrent_subagents": 3},
    "compaction": {"async": True},
    "experimental": {"time_awareness": True},
    "metadata": {"tier": "gold"},
}
REQUEST_FIND = {**FIND, "strict": None}
REQUEST: Document = {
    "target": "responses",
    "model": "gpt-6.1-sol",
    "instructions": "Be brief.",
    "temperature": None,
    "tools": [REQUEST_FIND, {"type": "web_search"}],
    "text": {"verbosity": "low"},
    "metadata": {"tier": "gold"},
}


@pytest.fixture
def estate(tmp_path) -> Iterator[World]:
    with world(tmp_path) as made:
        yield made


@pytest.fixture
def agent(estate) -> World:
    """An agent that sets everything."""
    return applied(estate, manifest("Assistant", "triage", AGENT))


@pytest.fixture
def store(estate) -> World:
    """A store of two files that sets everything."""
    estate.file("kb/a.md", "# A")
    estate.file("kb/b.md", "# B")
    spec = {
        "name": "Handbook",
        "files": ["kb/*.md"],
        "attributes": {"topic": "help"},
        "chunking_strategy": {"type": "auto"},
        "expires_after": {"days": 30},
        "metadata": {"tier": "gold"},
    }
    return applied(estate, manifest("VectorStore", "handbook", spec))


def applied(estate: World, *documents: Document) -> World:
    estate.wants(*documents)
    estate.apply()
    return estate


def edit_agent(estate: World, **fields: Any) -> None:
    estate.by_hand(estate.sdk.beta.agents.update(estate.id_of(TRIAGE), **fields))


def live_agent(estate: World) -> Document:
    return estate.by_hand(estate.sdk.beta.agents.retrieve(estate.id_of(TRIAGE))).model_dump(by_alias=True)


def edit_store(estate: World, **fields: Any) -> None:
    estate.by_hand(estate.sdk.vector_stores.update(estate.id_of(HANDBOOK), **fields))


def reverted(estate: World) -> bool:
    estate.apply()
    return is_silent(estate.plan())


# Every field of every object, one at a time.


@pytest.mark.parametrize(
    ("fields", "path", "before", "after"),
    [
        ({"name": "Other"}, "name", "Other", "Triage"),
        ({"name": None}, "name", None, "Triage"),
        ({"model": "gpt-6-astra"}, "model", "gpt-6-astra", "gpt-6.1-sol"),
        ({"instructions": "Be long."}, "instructions", "Be long.", "Be brief."),
        ({"instructions": None}, "instructions", None, "Be brief."),
        ({"text": {"format": JSON_FORMAT, "verbosity": "high"}}, "text.verbosity", "high", "low"),
        (
            {"text": {"format": {**JSON_FORMAT, "schema": {"type": "object", "required": []}}, "verbosity": "low"}},
            "text.format.schema.required",
            [],
            ABSENT,
        ),
        ({"reasoning": {"effort": "high", "summary": "auto"}}, "reasoning.effort", "high", "low"),
        ({"reasoning": {"effort": "low"}}, "reasoning.summary", None, "auto"),
        ({"service_tier": "default"}, "service_tier", "default", "flex"),
        (
            {"multi_agent": {"enabled": True, "max_concurrent_subagents": 4}},
            "multi_agent.max_concurrent_subagents",
            4,
            3,
        ),
        ({"compaction": {"async": False}}, "compaction.async", False, True),
        ({"experimental": {"time_awareness": False}}, "experimental.time_awareness", False, True),
        (
            {"tools": [{**FIND, "description": "Look."}, SEARCH, MCP]},
            "tools.function:find.description",
            "Look.",
            "Find.",
        ),
        ({"tools": [{**FIND, "async": True}, SEARCH, MCP]}, "tools.function:find.async", True, False),
        ({"tools": [FIND, {**SEARCH, "mode": "cached"}, MCP]}, "tools.web_search.mode", "cached", "live"),
        ({"tools": [FIND, SEARCH, {**MCP, "required": True}]}, "tools.mcp:crm.required", True, False),
        ({"tools": [FIND, SEARCH, {**MCP, "allowed_tools": []}]}, "tools.mcp:crm.allowed_tools", [], ABSENT),
    ],
)
def test_a_field_of_an_agent_is_told_and_undone(agent, fields, path, before, after):
    edit_agent(agent, **fields)
    (item,) = only_drift(agent.plan())
    assert (item.path, item.live, item.desired) == (path, before, after)
    assert reverted(agent)


def test_a_pair_of_an_agent_is_told_and_undone_and_pairs_of_others_stay(agent):
    labels = {key: value for key, value in live_agent(agent)["metadata"].items() if key != "tier"}
    edit_agent(agent, metadata={**labels, "theirs": "1"})
    assert only_drift(agent.plan()) == [FieldChange(("metadata", "tier"), ABSENT, "gold", "drift")]
    assert reverted(agent)
    assert live_agent(agent)["metadata"] == {**labels, "theirs": "1", "tier": "gold"}


@pytest.mark.parametrize(
    ("fields", "path", "before", "after"),
    [
        ({"name": "Other"}, "name", "Other", "Handbook"),
        ({"expires_after": {"anchor": "last_active_at", "days": 7}}, "expires_after.days", 7, 30),
        ({"expires_after": None}, "expires_after", None, {"anchor": "last_active_at", "days": 30}),
    ],
)
def test_a_field_of_a_store_is_told_and_undone(store, fields, path, before, after):
    edit_store(store, **fields)
    (item,) = only_drift(store.plan())
    assert (item.path, item.live, item.desired) == (path, before, after)
    assert reverted(store)


def test_a_pair_of_a_store_is_told_and_undone(store):
    live = store.by_hand(store.sdk.vector_stores.retrieve(store.id_of(HANDBOOK)))
    edit_store(store, metadata={**(live.metadata or {}), "tier": "lead", "theirs": "1"})
    assert only_drift(store.plan()) == [FieldChange(("metadata", "tier"), "lead", "gold", "drift")]
    assert reverted(store)


def detach(estate: World, path: str, address: str = HANDBOOK) -> str:
    file_id, store_id = estate.id_of(f"file/{path}"), estate.id_of(address)
    estate.by_hand(estate.sdk.vector_stores.files.delete(file_id, vector_store_id=store_id))
    return file_id


def attributes_of(estate: World, path: str) -> dict[str, Any]:
    file_id, store_id = estate.id_of(f"file/{path}"), estate.id_of(HANDBOOK)
    file = estate.by_hand(estate.sdk.vector_stores.files.retrieve(file_id, vector_store_id=store_id))
    return dict(file.attributes or {})


def set_attributes(estate: World, path: str, attributes: dict[str, Any]) -> None:
    file_id, store_id = estate.id_of(f"file/{path}"), estate.id_of(HANDBOOK)
    estate.by_hand(estate.sdk.vector_stores.files.update(file_id, vector_store_id=store_id, attributes=attributes))


def test_an_attribute_of_a_file_is_told_and_undone_and_attributes_of_others_stay(store):
    set_attributes(store, "kb/a.md", {**attributes_of(store, "kb/a.md"), "topic": "sales", "theirs": 1})
    assert only_drift(store.plan()) == [
        FieldChange(("files", "kb/a.md", "attributes", "topic"), "sales", "help", "drift")
    ]
    assert reverted(store)
    assert attributes_of(store, "kb/a.md")["theirs"] == 1


def test_the_mark_of_a_file_is_missed_and_set_again(store):
    set_attributes(store, "kb/a.md", {"topic": "help"})
    (item,) = only_drift(store.plan())
    assert item.path == 'files["kb/a.md"].sha256'
    assert reverted(store)
    assert attributes_of(store, "kb/a.md")["reconciler-project"] == "acme"


def test_the_chunking_of_a_file_is_told_and_undone(store):
    attributes = attributes_of(store, "kb/a.md")
    store_id, file_id = store.id_of(HANDBOOK), detach(store, "kb/a.md")
    chunking: Any = {"type": "static", "static": {"max_chunk_size_tokens": 200, "chunk_overlap_tokens": 0}}
    store.by_hand(
        store.sdk.vector_stores.files.create(
            store_id, file_id=file_id, attributes=attributes, chunking_strategy=chunking
        )
    )
    prefix = 'files["kb/a.md"].chunking_strategy.static'
    assert [(item.path, item.live, item.desired) for item in only_drift(store.plan())] == [
        (f"{prefix}.chunk_overlap_tokens", 0, 400),
        (f"{prefix}.max_chunk_size_tokens", 200, 800),
    ]
    assert reverted(store)


# What is nobody's drift.


def test_what_the_server_changes_is_never_told(store):
    applied(store, manifest("Assistant", "triage", AGENT))
    store.clock.seconds += 3600
    edit_agent(store)
    edit_store(store)
    assert is_silent(store.plan())


def test_objects_of_others_are_named_and_are_no_drift(agent):
    agent.by_hand(agent.sdk.beta.agents.create(model="gpt-6.1-sol", name="Theirs"))
    plan = agent.plan()
    assert (plan.changes, plan.drift, plan.refusals) == ((), (), ())
    assert [stranger.name for stranger in plan.unmanaged] == ["Theirs"]


# The three ways to take it.


def test_keep_leaves_it(agent):
    edit_agent(agent, model="gpt-6-astra", service_tier="default")
    assert {item.path for item in only_drift(agent.plan("keep"))} == {"model", "service_tier"}
    agent.apply("keep")
    assert (live_agent(agent)["model"], live_agent(agent)["service_tier"]) == ("gpt-6-astra", "default")


def test_keep_leaves_it_while_another_field_is_changed(agent):
    edit_agent(agent, model="gpt-6-astra")
    agent.wants(manifest("Assistant", "triage", {**AGENT, "instructions": "Be kind."}))
    plan = agent.plan("keep")
    assert told(plan.changes) == ["update assistant/triage: instructions"]
    assert told(plan.drift) == ["update assistant/triage: model"]
    agent.apply("keep")
    live = live_agent(agent)
    assert (live["model"], live["instructions"]) == ("gpt-6-astra", "Be kind.")
    assert only_drift(agent.plan("keep")) == [FieldChange(("model",), "gpt-6-astra", "gpt-6.1-sol", "drift")]


def test_keep_leaves_one_tool_while_another_is_changed(agent):
    edit_agent(agent, tools=[{**FIND, "description": "Look."}, SEARCH, MCP])
    agent.wants(manifest("Assistant", "triage", {**AGENT, "tools": [FIND, {**SEARCH, "mode": "cached"}, MCP]}))
    agent.apply("keep")
    tools = {tool["type"]: tool for tool in live_agent(agent)["tools"]}
    assert (tools["function"]["description"], tools["web_search"]["mode"]) == ("Look.", "cached")


def test_revert_undoes_exactly_it(agent):
    before = live_agent(agent)
    edit_agent(agent, model="gpt-6-astra", service_tier="default")
    assert reverted(agent)
    after = live_agent(agent)
    volatile = {"updated_at": before["updated_at"]}
    assert after | volatile == before | volatile


def test_refuse_refuses(agent):
    edit_agent(agent, model="gpt-6-astra")
    (refusal,) = agent.plan("refuse").refusals
    assert (refusal.rule, refusal.address) == ("drift", TRIAGE)


def test_both_sides_on_one_field_is_a_conflict_only_where_drift_is_kept(agent):
    edit_agent(agent, model="gpt-6-astra")
    agent.wants(manifest("Assistant", "triage", {**AGENT, "model": "gpt-6.1-terra"}))
    (change,) = agent.plan().drift
    assert change.fields == (FieldChange(("model",), "gpt-6-astra", "gpt-6.1-terra", "both"),)
    (refusal,) = agent.plan("keep").refusals
    assert refusal.rule == "conflict"
    agent.apply()
    assert live_agent(agent)["model"] == "gpt-6.1-terra"


def test_both_sides_made_the_same_edit(agent):
    edit_agent(agent, model="gpt-6.1-terra")
    agent.wants(manifest("Assistant", "triage", {**AGENT, "model": "gpt-6.1-terra"}))
    plan = agent.plan()
    assert (told(plan.changes), plan.drift) == (["adopt assistant/triage"], ())
    agent.apply()
    assert is_silent(agent.plan())


def test_a_value_that_was_taken_over_is_drift_when_somebody_takes_it_back(agent):
    edit_agent(agent, model="gpt-6.1-terra")
    agent.wants(manifest("Assistant", "triage", {**AGENT, "model": "gpt-6.1-terra"}))
    agent.apply()
    edit_agent(agent, model=AGENT["model"])
    (item,) = only_drift(agent.plan())
    assert (item.path, item.origin) == ("model", "drift")


# Whole objects.


def test_an_agent_deleted_by_hand_is_made_again_and_published_under_its_new_id(agent):
    old = agent.id_of(TRIAGE)
    agent.by_hand(agent.sdk.beta.agents.delete(old))
    plan = agent.plan()
    assert plan.changes == ()
    assert told(plan.drift)[0].startswith("create assistant/triage")
    assert plan.drift[0].reasons[0].args["id"] == old
    assert reverted(agent)
    assert old.encode() not in agent.memory()[".reconciler/bundles/acme/assistant/triage.json"]


def test_a_file_detached_by_hand_is_attached_again_without_an_upload(store):
    detach(store, "kb/a.md")
    (item,) = only_drift(store.plan())
    assert (item.path, item.live) == ('files["kb/a.md"]', ABSENT)
    store.requests()
    assert reverted(store)
    assert store.requests()["POST /v1/files"] == 0


def test_an_upload_deleted_by_hand_is_made_again_and_replaces_the_dead_entry(store):
    file_id = store.id_of("file/kb/a.md")
    store.by_hand(store.sdk.files.delete(file_id))
    plan = store.plan()
    assert plan.changes == ()
    assert [change.address for change in plan.drift] == ["file/kb/a.md", HANDBOOK]
    assert reverted(store)
    listed = store.by_hand(store.sdk.vector_stores.files.list(store.id_of(HANDBOOK))._get_page())
    assert file_id not in {file.id for file in listed.data}


def test_an_expired_store_is_replaced_and_published_under_its_new_id(store):
    search = {"type": "file_search", "vector_store_ids": ["handbook"]}
    applied(store, manifest("Assistant", "triage", {**REQUEST, "tools": [search]}))
    old = store.id_of(HANDBOOK)
    store.clock.seconds += 31 * 24 * 3600
    plan = store.plan()
    assert plan.changes == ()
    assert [(change.action, change.address) for change in plan.drift] == [("replace", HANDBOOK), ("publish", TRIAGE)]
    assert reverted(store)
    assert store.id_of(HANDBOOK) != old
    assert old.encode() not in store.memory()[".reconciler/bundles/acme/assistant/triage.json"]


def test_labels_removed_by_hand_are_missed_and_put_back(agent):
    labels = live_agent(agent)["metadata"]
    edit_agent(agent, metadata={"tier": "gold"})
    assert only_drift(agent.plan()) == [FieldChange(("labels",), ABSENT, "acme", "drift")]
    assert reverted(agent)
    assert live_agent(agent)["metadata"] == labels


@pytest.fixture
def strangers_file(store: World) -> World:
    """Somebody's file in our store."""
    file = store.by_hand(store.sdk.files.create(file=("theirs.md", b"# Theirs"), purpose="assistants"))
    store.by_hand(store.sdk.vector_stores.files.create(store.id_of(HANDBOOK), file_id=file.id))
    return store


def files_in_store(estate: World) -> int:
    return estate.by_hand(estate.sdk.vector_stores.retrieve(estate.id_of(HANDBOOK))).file_counts.total


def test_a_strangers_file_in_a_store_is_told_and_stays(strangers_file):
    plan = strangers_file.plan()
    assert (plan.changes, plan.drift) == ((), ())
    assert [(one.code, one.address) for one in plan.warnings] == [("files-not-in-manifest", "vectorstore/handbook")]
    assert len(plan.warnings[0].args["files"]) == 1
    strangers_file.apply()
    assert files_in_store(strangers_file) == 3


@pytest.fixture
def pruned(strangers_file: World) -> World:
    """A store that suffers no files of others, with one in it."""
    spec = {**strangers_file.documents["VectorStore/handbook"]["spec"], "prune": True}
    strangers_file.wants(manifest("VectorStore", "handbook", spec))
    return strangers_file


def test_a_strangers_file_stays_in_a_store_that_says_prune_while_drift_is_kept(pruned):
    pruned.file("kb/c.md", "# C")
    pruned.apply("keep")
    assert files_in_store(pruned) == 4
    assert len(only_drift(pruned.plan("keep"))) == 1


def test_a_strangers_file_leaves_a_store_that_says_prune_and_is_not_deleted(pruned):
    (item,) = only_drift(pruned.plan())
    assert item.keys[0] == "files"
    assert item.desired is ABSENT
    pruned.apply()
    assert files_in_store(pruned) == 2
    plan = pruned.plan()
    assert (plan.changes, plan.drift, plan.warnings) == ((), (), ())
    assert [stranger.name for stranger in plan.unmanaged] == ["theirs.md"]


# What applications load.


@pytest.mark.parametrize("damage", ["pointer gone", "pointer broken", "blob gone", "blob altered"])
def test_a_bundle_damaged_by_hand_is_told_and_put_back(store, damage):
    search = {"type": "file_search", "vector_store_ids": ["handbook"]}
    applied(store, manifest("Assistant", "triage", {**REQUEST, "tools": [search]}))
    before = store.memory()
    pointer = store.root / BUNDLES / pointer_key("acme", TRIAGE)
    blob = store.root / BUNDLES / blob_key("acme", json.loads(pointer.read_bytes())["blob"])
    match damage:
        case "pointer gone":
            pointer.unlink()
        case "pointer broken":
            pointer.write_bytes(b"{")
        case "blob gone":
            blob.unlink()
        case "blob altered":
            blob.write_bytes(blob.read_bytes().replace(b"Be brief.", b"Be rude."))
    plan = store.plan()
    assert plan.changes == ()
    assert [change.address for change in plan.drift] == [TRIAGE]
    assert is_put_back(store, before)


def test_other_ids_in_a_pointer_are_put_back(store):
    """Told as a change, not as drift: a run that was killed before it published the new id leaves the same."""
    search = {"type": "file_search", "vector_store_ids": ["handbook"]}
    applied(store, manifest("Assistant", "triage", {**REQUEST, "tools": [search]}))
    before = store.memory()
    pointer = store.root / BUNDLES / pointer_key("acme", TRIAGE)
    pointer.write_text(pointer.read_text().replace(store.id_of(HANDBOOK), "vs_other"))
    assert told(store.plan().changes) == ['publish assistant/triage: ids["vectorstore/handbook"]']
    assert is_put_back(store, before)


def is_put_back(store: World, before: dict[str, bytes]) -> bool:
    """Whether, after an apply, there is nothing to say and every document is as it was."""
    assert reverted(store)
    after = store.memory()
    return all(after[path] == data for path, data in before.items() if "bundles" in path)

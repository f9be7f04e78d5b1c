"""Import of assistants from a server of the Assistants API, with what earlier versions and other servers left."""

from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from reconciler.importing.destination import destination
from reconciler.importing.inventory import take_inventory
from reconciler.importing.live_inventory import project_context
from reconciler.importing.live_objects import import_objects
from reconciler.importing.model import Imported
from reconciler.importing.selection import selection
from reconciler.live.client import Endpoint, connect
from reconciler.live.pace import Pace
from reconciler.manifests import load
from reconciler.operations.adopt import planned_adoption
from reconciler.operations.apply import apply_plan
from reconciler.project.workspace import open_workspace
from reconciler.resources.values import reference
from tests.support.odd_answers import Rewritten
from tests.support.world import Document, Quiet, World, is_silent, told, world

SCHEMA = {
    "type": "object",
    "properties": {"id": {"type": "string"}},
    "required": ["id"],
    "additionalProperties": False,
}
FUNCTION: Document = {"type": "function", "function": {"name": "look_up", "description": "Look.", "parameters": SCHEMA}}


@pytest.fixture
def estate(tmp_path):
    with world(tmp_path / "acme", assistants=True) as made:
        yield made


def run_import(estate: World, *words: str, exclusions: tuple[str, ...] = ()) -> Imported:
    here = project_context(estate.root, estate.environ, env=None, endpoint=None)
    target = destination(estate.root, None, here)
    selected = selection(words, None, exclusions)
    return estate.run(import_objects(here, estate.connection, target, selected, lambda _: None))


def assistant(estate: World, **given: Any) -> str:
    return str(estate.by_hand(estate.connection.replace("assistants", body={"model": "gpt-4o", **given}))["id"])


def upload(estate: World, name: str) -> str:
    return estate.by_hand(estate.sdk.files.create(file=(name, b"text"), purpose="assistants")).id


@pytest.fixture
def returning(estate):
    """Return a function that returns the same world at a server with other values in assistants."""
    stack = AsyncExitStack()

    def at(**fields: Any) -> World:
        transport = Rewritten(httpx2.ASGITransport(app=estate.app), "assistant", lambda found: {**found, **fields})
        endpoint = Endpoint(transport=transport, mirrors_openai=False)
        connection = estate.run(stack.enter_async_context(connect(endpoint, pace=Pace({}))))
        made: World = replace(estate, connection=connection)
        return made

    yield at
    estate.run(stack.aclose())


def spec_of(estate: World, address: str) -> Document:
    resources = {str(resource.address): resource for resource in load(estate.root, env=None).resources}
    return dict(resources[address].spec.model_dump(by_alias=True, exclude_unset=True))


def adopt(estate: World) -> list[str]:
    """Adopt every imported object, and return the fields that its updates write."""
    workspace = open_workspace(estate.root, estate.environ)

    async def run() -> list[str]:
        observed, _ = await planned_adoption(workspace, estate.connection, {})
        result = await apply_plan(workspace, estate.connection, observed, Quiet(), resume="")
        assert result.complete
        return told(observed.planned.plan.changes)

    return estate.run(run())


def test_import_of_every_setting_needs_only_labels(estate):
    file = upload(estate, "rates.csv")
    store = estate.by_hand(estate.sdk.vector_stores.create(name="kb", file_ids=[upload(estate, "hours.md")])).id
    search = {"max_num_results": 7, "ranking_options": {"score_threshold": 0.5}}
    answer = {"name": "answer", "schema": SCHEMA, "strict": True}
    assistant(
        estate,
        name="Night desk",
        description="d",
        instructions="Be kind.\n",
        tools=[{"type": "file_search", "file_search": search}, {"type": "code_interpreter"}, FUNCTION],
        tool_resources={"code_interpreter": {"file_ids": [file]}, "file_search": {"vector_store_ids": [store]}},
        temperature=0.3,
        top_p=0.9,
        response_format={"type": "json_schema", "json_schema": answer},
        metadata={"team": "desk"},
    )
    done = run_import(estate)
    assert done.problems == ()
    assert [origin.losses for origin in done.origins] == [(), ()]
    assert sorted(adopt(estate)) == ["adopt assistant/night-desk", "adopt vectorstore/kb"]
    assert is_silent(estate.plan())
    text = (estate.root / "assistants/night-desk.yaml").read_text()
    assert f"{file}  # rates.csv" in text
    assert spec_of(estate, "assistant/night-desk")["tool_resources"]["file_search"] == {
        "vector_store_ids": [reference("vectorstore/kb")]
    }
    assert {path.as_posix() for path in done.written} >= {
        "formats/night-desk.json",
        "prompts/night-desk.md",
        "tools/night-desk/look_up.json",
    }


def test_a_store_without_a_manifest_is_named_by_id_and_a_managed_one_by_name(estate):
    store = estate.by_hand(estate.sdk.vector_stores.create(name="kb")).id
    assistant(estate, name="bot", tool_resources={"file_search": {"vector_store_ids": [store]}})
    run_import(estate, "assistant/bot")
    assert f"{store}  # kb" in (estate.root / "assistants/bot.yaml").read_text()
    (estate.root / "assistants/bot.yaml").unlink()
    run_import(estate, "vectorstore/kb")
    adopt(estate)
    run_import(estate, "assistant/bot")
    assert "[kb]" in (estate.root / "assistants/bot.yaml").read_text()


def test_values_that_the_api_fills_in_are_left_out(estate):
    assistant(estate, name="bot", tools=[{"type": "file_search"}, {"type": "code_interpreter"}])
    run_import(estate)
    assert spec_of(estate, "assistant/bot") == {
        "target": "assistants",
        "model": "gpt-4o",
        "tools": [{"type": "code_interpreter"}, {"type": "file_search"}],
    }


@pytest.mark.parametrize(
    ("fields", "loss"),
    [
        ({"file_ids": ["file-1", "file-2"]}, "`file_ids` of version 1 of the API (file-1, file-2)"),
        ({"tools": [{"type": "retrieval"}, FUNCTION]}, "`retrieval` is a tool of version 1 of the API"),
        (
            {"tool_resources": {"file_search": {"vector_store_ids": ["vs_1", "vs_2"]}}},
            "`file_search` has 2 vector stores (vs_1, vs_2), and the API allows 1",
        ),
        (
            {"tool_resources": {"code_interpreter": {"file_ids": [f"file-{number}" for number in range(21)]}}},
            "`code_interpreter` has 21 files (file-0, file-1, file-10 and 18 more), and the API allows 20",
        ),
        (
            {"tool_resources": {"file_search": {"vector_store_ids": ["b0c1"]}}},
            "in a manifest, b0c1 would be the name of another object",
        ),
        ({"instructions": "x" * 256_001}, "`instructions`"),
        ({"tools": [{"type": "function", "function": {"name": "a.b"}}]}, "function.name"),
        ({"tools": [{"type": "magic"}]}, "`tools`"),
    ],
    ids=["file_ids", "retrieval", "two stores", "files", "foreign id", "instructions", "function", "unknown tool"],
)
def test_setting_that_a_manifest_cannot_have_is_reported_and_stays_as_it_is(estate, returning, fields, loss):
    assistant(estate, name="bot")
    there = returning(**fields)
    done = run_import(there)
    (origin,) = done.origins
    assert done.problems == ()
    assert [loss in one for one in origin.losses] == [True]
    assert "# Not imported: " in (estate.root / "assistants/bot.yaml").read_text()
    assert adopt(there) == ["adopt assistant/bot"]
    plan = there.plan()
    assert (told(plan.changes), told(plan.drift)) == ([], [])


def test_empty_leftovers_of_version_1_are_not_reported(estate, returning):
    assistant(estate, name="bot")
    (origin,) = run_import(returning(file_ids=[])).origins
    assert origin.losses == ()


def test_field_of_another_server_is_extra(estate, returning):
    assistant(estate, name="bot")
    there = returning(brand_new={"a": 1}, unset=None)
    run_import(there)
    assert spec_of(there, "assistant/bot")["brand_new"] == {"a": 1}
    assert "unset" not in (estate.root / "assistants/bot.yaml").read_text()


def test_frozen_copy_is_not_imported_as_a_working_assistant(estate):
    labels = {"reconciler-project": "globex", "reconciler-address": "assistant/desk@support.1"}
    id_ = assistant(estate, name="desk@support.1", metadata=labels)
    done = run_import(estate)
    assert [(skipped.id, "globex" in skipped.why) for skipped in done.skipped] == [(id_, True)]
    (origin,) = run_import(estate, id_).origins
    assert "permission to change it" in origin.losses[0]


def test_inventory_lists_assistants_with_what_they_use(estate):
    file = upload(estate, "rates.csv")
    store = estate.by_hand(estate.sdk.vector_stores.create(name="kb")).id
    resources = {"code_interpreter": {"file_ids": [file]}, "file_search": {"vector_store_ids": [store]}}
    tools = [{"type": "code_interpreter"}, {"type": "file_search"}]
    id_ = assistant(estate, name="bot", tools=tools, tool_resources=resources)
    here = project_context(estate.root, estate.environ, env=None, endpoint=None)
    found = estate.run(take_inventory(here, estate.connection, by=None, on_progress=lambda _: None))
    assert {item.id: item.used_by for item in found.items} == {id_: (), file: (id_,), store: (id_,)}
    assert not [item.id for item in found.items if item.unused]


def test_a_store_without_a_name_is_not_called_deleted(estate):
    tools = {"tools": [{"type": "file_search"}], "tool_resources": {"file_search": {"vector_stores": [{}]}}}
    assistant(estate, name="Clerk", **tools)
    run_import(estate, "assistant/clerk")
    assert "# unnamed vector store" in (estate.root / "assistants/clerk.yaml").read_text()


def test_reference_to_an_excluded_object_stays_its_id_with_a_warning(estate):
    store = estate.by_hand(estate.sdk.vector_stores.create(name="kb")).id
    resources = {"file_search": {"vector_store_ids": [store]}}
    for name in ("desk", "hours"):
        assistant(estate, name=name, tools=[{"type": "file_search"}], tool_resources=resources)
    done = run_import(estate, exclusions=("kb",))
    (warning,) = done.problems
    assert (warning.code, warning.severity) == ("excluded-reference", "warning")
    assert warning.message == (
        f"assistant/desk, assistant/hours refer by id to kb ({store}), which --exclude leaves out"
    )
    assert store in (estate.root / "assistants/desk.yaml").read_text()
    assert [one.address for one in done.origins] == ["assistant/desk", "assistant/hours"]

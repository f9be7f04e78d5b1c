"""No id ends while something has it: after every apply, all ids in stores and in published tables are live."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from reconciler.planning.model import Plan
from tests.support.asking import listed, remedies
from tests.support.world import BUNDLES, Document, World, is_silent, manifest, told, world

MODEL: Document = {"model": "gpt-6-luna", "instructions": "Help."}
TABLE: Any = [{"type": "code_interpreter", "container": {"type": "auto", "file_ids": ["data/t.csv"]}}]


@pytest.fixture
def estate(tmp_path) -> Iterator[World]:
    with world(tmp_path) as made:
        yield made


def store(name: str, *files: str, **more: Any) -> Document:
    return manifest("VectorStore", name, {"files": list(files or ["kb/*.md"])}, **more)


def reader(name: str, **more: Any) -> Document:
    """An assistant in the outlets that reads a table."""
    return manifest("Assistant", name, {**MODEL, "tools": TABLE}, **more)


def uploads(estate: World) -> set[str]:
    return estate.ids(estate.sdk.files.list())


def attached(estate: World, address: str) -> set[str]:
    """Return the files that a store lists."""
    return estate.ids(estate.sdk.vector_stores.files.list(estate.id_of(address)))


def tables(estate: World) -> dict[str, dict[str, str]]:
    """Return the published tables of ids, by name."""
    documents = (json.loads(path.read_bytes()) for path in (estate.root / BUNDLES).rglob("*.json"))
    return {one["address"]: one["ids"] for one in documents if "ids" in one}


def kept(plan: Plan) -> dict[str, list[str]]:
    """Return the holders of each upload that the plan keeps."""
    reasons = [one.args for change in plan.changes for one in change.reasons if one.code == "still-held"]
    return {args["id"]: list(args["holders"]) for args in reasons}


class TestAStoreThatIgnoresItsFiles:
    @pytest.fixture
    def estate(self, estate: World) -> World:
        estate.file("kb/one.md", "one")
        estate.file("kb/two.md", "two")
        estate.wants(store("s", lifecycle={"ignore": ["files"]}))
        estate.apply()
        return estate

    def test_an_edited_document_changes_nothing(self, estate):
        before = attached(estate, "vectorstore/s")
        estate.file("kb/one.md", "edited")
        estate.file("kb/three.md", "three")
        assert is_silent(estate.plan())
        assert attached(estate, "vectorstore/s") == before == uploads(estate)

    def test_a_removed_document_stays_and_is_said_once(self, estate):
        old = estate.id_of("file/kb/two.md")
        (estate.root / "kb/two.md").unlink()
        assert kept(estate.plan()) == {old: ["vectorstore/s"]}
        estate.apply()
        assert is_silent(estate.plan())
        assert attached(estate, "vectorstore/s") == uploads(estate)
        estate.drops("VectorStore/s")
        estate.apply()
        assert uploads(estate) == set()

    def test_another_store_gets_the_new_content_and_the_old_one_is_deleted_when_it_is_free(self, estate):
        old = estate.id_of("file/kb/one.md")
        estate.wants(store("t", "kb/one.md"))
        estate.apply()
        estate.file("kb/one.md", "edited")
        assert kept(estate.plan()) == {old: ["vectorstore/s"]}
        estate.apply()
        assert is_silent(estate.plan())
        assert old in attached(estate, "vectorstore/s") <= uploads(estate)
        assert attached(estate, "vectorstore/t") == {estate.id_of("file/kb/one.md")} <= uploads(estate) - {old}
        estate.wants(store("s"))
        estate.apply()
        assert is_silent(estate.plan())
        assert old not in uploads(estate)
        assert attached(estate, "vectorstore/s") == uploads(estate)


class TestTargets:
    def test_a_table_that_two_assistants_read_is_kept_for_the_one_out_of_scope(self, estate):
        estate.file("data/t.csv", "a,b\n")
        estate.wants(reader("a"), reader("b"))
        estate.apply()
        old = estate.id_of("file/data/t.csv")
        estate.file("data/t.csv", "c,d\n")
        assert kept(estate.plan(targets=("assistant/a",))) == {old: ["assistant/b"]}
        estate.apply(targets=("assistant/a",))
        assert estate.plan(targets=("assistant/a",)).work == ()
        served = {name: table["file/data/t.csv"] for name, table in tables(estate).items()}
        assert served == {"assistant/a": estate.id_of("file/data/t.csv"), "assistant/b": old}
        assert set(served.values()) == uploads(estate)
        estate.apply()
        assert is_silent(estate.plan())
        assert {table["file/data/t.csv"] for table in tables(estate).values()} == uploads(estate)
        assert old not in uploads(estate)

    def test_an_agent_is_not_moved_while_a_bundle_out_of_scope_has_its_id(self, estate):
        nodes = {"one": {"type": "assistant", "assistant": "a"}}
        edges = [{"from": "start", "to": "one"}, {"from": "one", "to": "end"}]
        estate.wants(
            manifest("Assistant", "a", {**MODEL, "target": "agents"}),
            manifest("Pipeline", "flow", {"nodes": nodes, "edges": edges}),
            manifest("Chatbot", "bot", {"pipeline": "flow"}),
        )
        estate.apply()
        estate.wants(manifest("Assistant", "a", {**MODEL, "target": "responses"}))
        (found,) = estate.plan(targets=("assistant/a",)).refusals
        assert (found.rule, found.action, found.address) == ("referenced", "replace", "assistant/a")
        assert listed(found) == {"Pipelines": ("pipeline/flow",)}
        targets = tuple(remedies(found)["widen-target"]["targets"])
        assert targets == ("chatbot/bot", "pipeline/flow")
        estate.apply(targets=("assistant/a", *targets))
        assert is_silent(estate.plan())
        assert not any("assistant/a" in table for table in tables(estate).values())

    def test_a_store_is_not_deleted_for_an_assistant_out_of_scope(self, estate):
        estate.file("kb/one.md", "one")
        search = [{"type": "file_search", "vector_store_ids": ["s"]}]
        estate.wants(store("s"), manifest("Assistant", "a", {**MODEL, "tools": search}))
        estate.apply()
        estate.wants(manifest("Assistant", "a", MODEL))
        estate.drops("VectorStore/s")
        (found,) = estate.plan(targets=("vectorstore/s",)).refusals
        assert remedies(found)["widen-target"] == {"targets": ["assistant/a"]}
        estate.apply(targets=("vectorstore/s", "assistant/a"))
        assert all(not table for table in tables(estate).values())


class TestOtherHolders:
    def test_an_ignored_list_of_a_published_assistant_keeps_its_table(self, estate):
        estate.file("data/t.csv", "a,b\n")
        estate.wants(reader("a", lifecycle={"ignore": ["tools"]}))
        estate.apply()
        estate.file("data/t.csv", "c,d\n")
        assert is_silent(estate.plan())
        estate.wants(reader("b"))
        estate.apply()
        assert is_silent(estate.plan())
        assert {table["file/data/t.csv"] for table in tables(estate).values()} == uploads(estate)

    def test_a_kept_store_keeps_its_files_when_their_content_changes(self, estate):
        estate.file("kb/one.md", "one")
        estate.wants(store("s"), store("k", lifecycle={"keep_on_delete": True}))
        estate.apply()
        old, left = estate.id_of("file/kb/one.md"), estate.id_of("vectorstore/k")
        estate.drops("VectorStore/k")
        estate.file("kb/one.md", "edited")
        assert kept(estate.plan()) == {old: ["vectorstore/k"]}
        estate.apply()
        assert estate.plan().work == ()
        assert estate.ids(estate.sdk.vector_stores.files.list(left)) == {old}
        assert old in uploads(estate)

    def test_an_upload_that_a_manifest_names_by_its_id_stays(self, estate):
        estate.file("kb/one.md", "one")
        estate.wants(store("s"))
        estate.apply()
        old = estate.id_of("file/kb/one.md")
        estate.wants(store("t", old))
        estate.apply()
        estate.file("kb/one.md", "edited")
        assert kept(estate.plan()) == {old: ["vectorstore/t"]}
        estate.apply()
        assert estate.plan().work == ()
        assert attached(estate, "vectorstore/t") == {old} < uploads(estate)
        estate.drops("VectorStore/t")
        assert told(estate.plan().work)[-1].startswith("delete file/one.md@file-")
        estate.apply()
        assert attached(estate, "vectorstore/s") == uploads(estate)

    def test_two_paths_with_one_upload_that_both_change_delete_it_once(self, estate):
        estate.file("kb/x/a.md", "A")
        estate.file("kb/y/a.md", "A")
        estate.wants(store("s", "kb/**/*.md"))
        estate.apply()
        estate.file("kb/x/a.md", "B")
        estate.file("kb/y/a.md", "C")
        planned = estate.plan().requests
        estate.requests()
        estate.apply()
        sent = estate.requests()
        assert sent["DELETE /v1/files/{id}"] == 1
        assert planned["DELETE"] == sum(sent[route] for route in sent if route.startswith("DELETE"))
        assert attached(estate, "vectorstore/s") == uploads(estate)

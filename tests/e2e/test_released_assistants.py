"""Releases of assistants at a server of the Assistants API: a new assistant for each release, never written again."""

import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from itertools import permutations
from typing import Any

import pytest

from reconciler.bundles.bundle import load
from reconciler.planning.model import Plan, drift_class
from reconciler.releases.release import release
from tests.support.asking import listed
from tests.support.world import BUNDLES, Document, World, is_silent, manifest, told, world

DESK: Document = {
    "target": "assistants",
    "model": "gpt-4o",
    "instructions": "Answer.",
    "description": "The desk.",
    "tools": [
        {"type": "file_search"},
        {"type": "code_interpreter"},
        {"type": "function", "function": {"name": "look_up", "parameters": {"type": "object", "properties": {}}}},
    ],
    "tool_resources": {
        "file_search": {"vector_store_ids": ["kb"]},
        "code_interpreter": {"file_ids": ["data/rates.csv"]},
    },
    "temperature": 0.2,
    "metadata": {"team": "desk"},
}
OTHER: Document = {"target": "responses", "model": "gpt-6-luna"}
BY_TARGET: dict[str, Document] = {
    "agents": {**OTHER, "target": "agents"},
    "assistants": DESK,
    "responses": {**OTHER, "tools": [{"type": "file_search", "vector_store_ids": ["kb"]}]},
}
COPY = "assistant/desk@support.1"
PROJECT: Document = {
    "kind": "Project",
    "metadata": {"name": "acme"},
    "spec": {"safety": {"max_deletes": 20, "max_archives": 20}},
}


class Shop(World):
    """A chatbot whose assistant searches a store and reads a file, in a Git repository."""

    def git(self, *words: str) -> None:
        subprocess.run(["git", "-C", str(self.root), *words], check=True, capture_output=True)

    def desk(self, **changed: Any) -> None:
        self.wants(manifest("Assistant", "desk", {**DESK, **changed}))

    def bot(self, **spec: Any) -> None:
        self.wants(manifest("Chatbot", "support", {"assistant": "desk", **spec}))

    def release(self, publish: int | None = None, **spec: Any) -> None:
        """Release the chatbot, publish a release and apply."""
        self.git("add", "--all")
        self.git("-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "--quiet", "-m", "work")
        release(self.root, self.environ, "support")
        self.bot(**({"published": publish} if publish else {}), **spec)
        self.apply()

    def bundle(self, address: str = "chatbot/support") -> Any:
        return load(self.root / BUNDLES, "acme", address)

    def body(self, id_: str) -> Document:
        return dict(self.by_hand(self.connection.get("assistants", id_)))

    def edit(self, id_: str, **fields: Any) -> None:
        """Change an assistant outside Reconciler."""
        self.by_hand(self.connection.replace("assistants", id_, body=fields))

    def names(self) -> set[str]:
        return {one["name"] for one in self.by_hand(self.connection.page("assistants"))["data"]}

    def contents(self, store: str) -> set[str]:
        """Return the ids of the files in a store."""
        return self.ids(self.sdk.vector_stores.files.list(store))


@pytest.fixture
def shop(tmp_path) -> Iterator[Shop]:
    with world(tmp_path, assistants=True) as made:
        shop = Shop(**{name: getattr(made, name) for name in made.__dataclass_fields__})
        shop.git("init", "--quiet")
        shop.file(".gitignore", ".reconciler/\n")
        shop.file("kb/hours.md", "Open at nine.\n")
        shop.file("kb/prices.md", "Cheap.\n")
        shop.file("data/rates.csv", "plan,price\nbasic,5\n")
        shop.wants(PROJECT, manifest("VectorStore", "kb", {"files": ["kb/*.md"]}))
        shop.desk()
        shop.bot()
        shop.apply()
        yield shop


def actions(plan: Plan) -> list[str]:
    """Return the changes without the digests in the names of frozen stores and files."""
    found = [f"{change.action} {change.address}" for change in plan.changes]
    return [one.partition("@")[0] if "file/" in one or "vectorstore/" in one else one for one in found]


def held(body: Document) -> tuple[str, str]:
    """Return the store and the file of an assistant."""
    (store,) = body["tool_resources"]["file_search"]["vector_store_ids"]
    (file,) = body["tool_resources"]["code_interpreter"]["file_ids"]
    return store, file


def test_release_makes_an_assistant_with_a_store_of_its_own_and_the_same_uploads(shop):
    shop.release(publish=1)
    working, frozen = shop.body(shop.id_of("assistant/desk")), shop.body(shop.bundle().assistant_id("assistant/desk"))
    assert frozen["id"] != working["id"]
    assert {name: frozen[name] for name in DESK.keys() - {"target", "metadata", "tool_resources"}} == {
        name: working[name] for name in DESK.keys() - {"target", "metadata", "tool_resources"}
    }
    assert held(frozen)[0] != held(working)[0]
    assert held(frozen)[1] == held(working)[1]
    assert shop.contents(held(frozen)[0]) == shop.contents(held(working)[0])
    assert is_silent(shop.plan())


@pytest.mark.parametrize(
    "edit",
    [
        lambda shop: shop.desk(instructions="Other.", model="gpt-4o-mini", temperature=1, metadata={"team": "two"}),
        lambda shop: shop.desk(tools=[{"type": "code_interpreter"}], tool_resources=None),
        lambda shop: shop.file("kb/prices.md", "Dear.\n"),
        lambda shop: shop.file("kb/new.md", "New.\n"),
        lambda shop: shop.file("data/rates.csv", "plan,price\nbasic,6\n"),
        lambda shop: shop.wants(manifest("VectorStore", "kb", {"files": ["kb/hours.md"], "metadata": {"a": "b"}})),
        lambda shop: shop.wants(manifest("Assistant", "desk", {**OTHER, "target": "agents"})),
        lambda shop: shop.wants(manifest("Assistant", "desk", OTHER)),
    ],
    ids=["assistant", "tools", "document", "new document", "data", "store", "target agents", "target responses"],
)
def test_nothing_of_a_release_changes_with_what_it_was_made_of(shop, edit):
    shop.release(publish=1)
    before = shop.body(shop.bundle().assistant_id("assistant/desk"))
    files = shop.contents(held(before)[0])
    edit(shop)
    shop.apply()
    assert is_silent(shop.plan())
    assert shop.bundle().assistant_id("assistant/desk") == before["id"]
    assert shop.body(before["id"]) == before
    assert shop.contents(held(before)[0]) == files
    assert {*files, held(before)[1]} <= shop.ids(shop.sdk.files.list())


def test_file_with_new_content_is_uploaded_and_the_old_upload_is_deleted_when_nothing_holds_it(shop):
    _, before = held(shop.body(shop.id_of("assistant/desk")))
    shop.file("data/rates.csv", "plan,price\nbasic,6\n")
    assert actions(shop.plan()) == ["replace file/data/rates.csv", "update assistant/desk"]
    shop.apply()
    _, after = held(shop.body(shop.id_of("assistant/desk")))
    assert after != before
    assert before not in shop.ids(shop.sdk.files.list())
    assert is_silent(shop.plan())


def test_upload_that_a_release_holds_stays_until_the_release_is_archived(shop):
    shop.release(publish=1)
    _, before = held(shop.body(shop.bundle().assistant_id("assistant/desk")))
    shop.file("data/rates.csv", "plan,price\nbasic,6\n")
    shop.apply()
    assert before in shop.ids(shop.sdk.files.list())
    shop.release(publish=2)
    mark(shop, 1)
    shop.apply()
    assert before not in shop.ids(shop.sdk.files.list())
    assert is_silent(shop.plan())


def test_file_that_a_plan_of_targets_replaced_is_no_drift_of_the_others(shop):
    data = {"code_interpreter": {"file_ids": ["data/rates.csv"]}}
    shop.wants(manifest("Assistant", "clerk", {**DESK, "tool_resources": data}))
    shop.release(publish=1)
    shop.file("data/rates.csv", "plan,price\nbasic,6\n")
    shop.apply(targets=("assistant/clerk",))
    plan = shop.plan(on_drift="keep")
    assert (actions(plan), plan.drift) == (["update assistant/desk"], ())
    shop.apply(on_drift="keep")
    assert held(shop.body(shop.id_of("assistant/desk")))[1] == shop.id_of("file/data/rates.csv")
    assert is_silent(shop.plan())


class TestLiteralIds:
    """A manifest may name a managed object by its id."""

    @pytest.fixture
    def by_id(self, shop) -> Document:
        """The resources of the desk by id; `clerk` has the file by its path, so that it stays managed."""
        data = {"code_interpreter": {"file_ids": ["data/rates.csv"]}}
        shop.wants(manifest("Assistant", "clerk", {**DESK, "tool_resources": data}))
        store, file = held(shop.body(shop.id_of("assistant/desk")))
        return {"file_search": {"vector_store_ids": [store]}, "code_interpreter": {"file_ids": [file]}}

    def test_id_in_place_of_a_name_changes_nothing(self, shop, by_id):
        shop.apply()
        shop.desk(tool_resources=by_id)
        assert is_silent(shop.plan())
        shop.desk(tool_resources=by_id, instructions="Other.")
        shop.apply()
        assert is_silent(shop.plan())

    def test_further_edit_of_the_resources_is_no_conflict(self, shop, by_id):
        shop.desk(tool_resources=by_id)
        shop.apply()
        shop.file("data/more.csv", "more\n")
        files = [*by_id["code_interpreter"]["file_ids"], "data/more.csv"]
        shop.desk(tool_resources={**by_id, "code_interpreter": {"file_ids": files}})
        plan = shop.plan(on_drift="keep")
        assert (plan.refusals, plan.drift) == ((), ())
        shop.apply(on_drift="keep")
        assert is_silent(shop.plan())

    def test_id_of_a_file_with_new_content_stays(self, shop, by_id):
        shop.desk(tool_resources=by_id)
        shop.apply()
        shop.file("data/rates.csv", "plan,price\nbasic,6\n")
        shop.apply()
        assert held(shop.body(shop.id_of("assistant/desk"))) == (
            *by_id["file_search"]["vector_store_ids"],
            *by_id["code_interpreter"]["file_ids"],
        )
        assert {change.action for change in shop.plan().changes} <= {"adopt"}  # the state gets the id for the name
        shop.apply()
        assert is_silent(shop.plan())


def test_rollback_writes_nothing_at_the_server(shop):
    shop.release(publish=1)
    first = shop.bundle().pointer
    shop.desk(instructions="Other.")
    shop.release(publish=2)
    shop.bot(published=1)
    shop.requests()
    assert actions(shop.plan()) == ["publish chatbot/support"]
    shop.apply()
    assert not [asked for asked in shop.requests() if not asked.startswith("GET")]
    assert shop.bundle().pointer == first


class TestTampered:
    """A release is restored as it was made."""

    @pytest.mark.parametrize(
        "change",
        [
            {"instructions": "hacked"},
            {"instructions": None},
            {"name": None},
            {"description": "hacked"},
            {"model": "gpt-4o-mini"},
            {"tools": [{"type": "code_interpreter"}]},
            {"tool_resources": {"file_search": {"vector_store_ids": []}}},
            {"tool_resources": {"code_interpreter": {"file_ids": []}}},
            {"temperature": None},
            {"top_p": 0.5},
            {"response_format": {"type": "json_object"}},
            {"metadata": {"mine": "1"}},
        ],
        ids=lambda change: "-".join(map(str, (*change, *(one for one in change.values() if isinstance(one, dict))))),
    )
    def test_every_field(self, shop, change):
        shop.release(publish=1)
        before = shop.body(shop.id_of(COPY))
        kept = {"metadata": {**before["metadata"], **change["metadata"]}} if "metadata" in change else {}
        shop.edit(before["id"], **{**change, **kept})
        plan = shop.plan()
        assert [(drift_class(one), one.address) for one in plan.drift] == [("tampered", COPY)]
        assert plan.changes == ()
        shop.apply()
        assert without_hashes(shop.body(before["id"])) == without_hashes(before)
        assert is_silent(shop.plan())

    def test_copy_that_was_deleted_is_made_again_and_published(self, shop):
        shop.release(publish=1)
        before = shop.bundle().assistant_id("assistant/desk")
        shop.by_hand(shop.connection.remove("assistants", before))
        shop.apply()
        after = shop.body(shop.bundle().assistant_id("assistant/desk"))
        assert after["id"] != before
        assert after["instructions"] == "Answer."
        assert is_silent(shop.plan())

    @pytest.mark.parametrize("on_drift", ["revert", "keep"])
    def test_store_that_expired_is_made_again_and_its_assistants_get_the_new_id(self, shop, on_drift):
        shop.wants(manifest("VectorStore", "kb", {"files": ["kb/*.md"], "expires_after": {"days": 1}}))
        shop.release(publish=1)
        before = {address: shop.id_of(address) for address in ("assistant/desk", COPY)}
        stores = {address: held(shop.body(id_))[0] for address, id_ in before.items()}
        shop.clock.seconds += 2 * 86400
        shop.apply(on_drift=on_drift)
        shop.apply()
        for address, id_ in before.items():
            assert shop.id_of(address) == id_
            store, _ = held(shop.body(id_))
            assert store != stores[address]
            assert len(shop.contents(store)) == 2
        assert is_silent(shop.plan())

    def test_store_that_was_deleted_is_made_again_and_its_assistants_get_the_new_id(self, shop):
        shop.release(publish=1)
        store, _ = held(shop.body(shop.id_of(COPY)))
        shop.by_hand(shop.sdk.vector_stores.delete(store))
        shop.apply()
        assert held(shop.body(shop.id_of(COPY)))[0] in shop.ids(shop.sdk.vector_stores.list())
        assert is_silent(shop.plan())


class TestArchived:
    def test_release_goes_with_all_that_only_it_has(self, shop):
        shop.release(publish=1)
        shop.file("kb/prices.md", "Dear.\n")
        shop.release(publish=2)
        mark(shop, 1)
        assert actions(shop.plan()) == [
            "archive release/support@1",
            f"archive {COPY}",
            "archive vectorstore/kb",
            "archive file/kb/prices.md",
        ]
        shop.apply()
        assert shop.names() == {"desk", "desk@support.2"}
        assert is_silent(shop.plan())

    def test_family_goes_with_its_stores_and_files_and_costs_nothing_afterwards(self, shop):
        shop.release(publish=1)
        shop.desk(instructions="Other.")
        shop.file("kb/prices.md", "Dear.\n")
        shop.file("data/rates.csv", "plan,price\nbasic,6\n")
        shop.release(publish=2)
        shop.wants(manifest("Assistant", "other", OTHER))
        shop.bot(assistant="other")
        shop.release(publish=3, assistant="other")
        shop.drops("Assistant/desk", "VectorStore/kb")
        order = [one for one in actions(shop.plan()) if "file/" not in one]
        assert order == [
            "archive release/support@1",
            "archive release/support@2",
            f"archive {COPY}",
            "archive assistant/desk@support.2",
            "delete assistant/desk",
            "archive vectorstore/kb",
            "archive vectorstore/kb",
            "delete vectorstore/kb",
        ]
        shop.apply()
        assert shop.names() == set()
        assert shop.ids(shop.sdk.vector_stores.list()) == set()
        assert shop.ids(shop.sdk.files.list()) == set()
        assert shop.plan().changes == ()

    def test_file_that_something_else_holds_stays(self, shop):
        only_data = {"code_interpreter": {"file_ids": ["data/rates.csv"]}}
        shop.wants(manifest("Assistant", "clerk", {**DESK, "tool_resources": only_data}))
        shop.apply()
        _, file = held(shop.body(shop.id_of("assistant/desk")))
        shop.drops("Assistant/desk", "Chatbot/support", "VectorStore/kb")
        shop.apply()
        assert shop.ids(shop.sdk.vector_stores.list()) == set()
        assert shop.ids(shop.sdk.files.list()) == {file}
        assert is_silent(shop.plan())

    def test_three_sections_list_the_referrers(self, shop):
        shop.wants(manifest("Pipeline", "flow", flow("desk")))
        shop.release(publish=1, assistant=None, pipeline="flow")
        shop.wants(manifest("Pipeline", "other", flow("desk")))
        shop.wants(manifest("Chatbot", "direct", {"assistant": "desk"}))
        shop.wants(manifest("Chatbot", "support", {"pipeline": "flow", "published": 1}))
        shop.apply()
        shop.drops("Assistant/desk")
        (refusal,) = shop.plan().refusals
        assert listed(refusal) == {
            "Chatbots": ("chatbot/direct [unreleased]", "release/support@1 [published]"),
            "Pipelines": ("pipeline/flow", "pipeline/other"),
        }


class TestTargets:
    """An assistant gets another target while a release of it is published."""

    @pytest.mark.parametrize(("old", "new"), list(permutations(sorted(BY_TARGET), 2)))
    def test_old_object_is_deleted_and_the_release_keeps_its_own(self, shop, old, new):
        shop.wants(manifest("Assistant", "desk", BY_TARGET[old]))
        shop.apply()
        shop.release(publish=1)
        before = (shop.bundle().pointer, shop.bundle().content)
        shop.wants(manifest("Assistant", "desk", BY_TARGET[new]))
        shop.apply()
        assert is_silent(shop.plan())
        assert (shop.bundle().pointer, shop.bundle().content) == before
        saved = shop.names() | {one.name for one in self.agents(shop)}
        live = {"desk@support.1": old, "desk": new}
        assert saved == {name for name, target in live.items() if target != "responses"}

    def test_old_object_that_a_literal_id_names_is_not_deleted(self, shop):
        id_ = shop.id_of("assistant/desk")
        shop.wants(manifest("Pipeline", "flow", flow(id_)))
        shop.apply()
        shop.wants(manifest("Assistant", "desk", OTHER))
        (refusal,) = shop.plan().refusals
        assert (refusal.rule, listed(refusal)) == ("referenced", {"Pipelines": ("pipeline/flow",)})

    def agents(self, shop: Shop) -> list[Any]:
        async def every() -> list[Any]:
            return [one async for one in shop.sdk.beta.agents.list(limit=100)]

        return shop.by_hand(every())


class TestRestored:
    def test_from_git_alone(self, shop):
        shop.release(publish=1)
        shop.file("kb/prices.md", "Dear.\n")
        shop.file("data/rates.csv", "plan,price\nbasic,6\n")
        for id_ in [one["id"] for one in shop.by_hand(shop.connection.page("assistants"))["data"]]:
            shop.by_hand(shop.connection.remove("assistants", id_))
        for id_ in shop.ids(shop.sdk.vector_stores.list()):
            shop.by_hand(shop.sdk.vector_stores.delete(id_))
        for id_ in shop.ids(shop.sdk.files.list()):
            shop.by_hand(shop.sdk.files.delete(id_))
        shutil.rmtree(shop.root / ".reconciler" / "state")
        shutil.rmtree(shop.root / BUNDLES)
        shop.apply()
        frozen = shop.body(shop.bundle().assistant_id("assistant/desk"))
        sizes = [shop.by_hand(shop.sdk.files.retrieve(id_)).bytes for id_ in shop.contents(held(frozen)[0])]
        assert sorted(sizes) == [len("Cheap.\n"), len("Open at nine.\n")]
        assert shop.by_hand(shop.sdk.files.retrieve(held(frozen)[1])).bytes == len("plan,price\nbasic,5\n")
        assert is_silent(shop.plan())

    def test_lost_state_is_found_by_labels(self, shop):
        shop.release(publish=1)
        shop.lose_entries()
        plan = shop.plan()
        assert told(plan.drift) == []
        assert {change.action for change in plan.changes} <= {"adopt", "update", "publish", "create"}


class TestWrites:
    """The requests that a plan names are those that its apply sends."""

    def check(self, shop: Shop) -> None:
        expected = dict(shop.plan().requests)
        shop.requests()
        shop.apply()
        asked = Counter(request.partition(" ")[0] for request in shop.requests().elements())
        assert {method: number for method, number in asked.items() if method != "GET"} == expected

    def test_through_the_life_of_a_chatbot(self, shop):
        shop.git("add", "--all")
        shop.git("-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "--quiet", "-m", "work")
        release(shop.root, shop.environ, "support")
        shop.bot(published=1)
        self.check(shop)
        shop.file("data/rates.csv", "plan,price\nbasic,6\n")
        self.check(shop)
        shop.desk(instructions="Other.", tool_resources={"code_interpreter": {"file_ids": ["data/rates.csv"]}})
        self.check(shop)
        mark(shop, 1)
        shop.bot()
        self.check(shop)
        shop.drops("Assistant/desk", "Chatbot/support")
        self.check(shop)
        assert is_silent(shop.plan())


def flow(assistant: str) -> Document:
    edges = [{"from": "start", "to": "first"}, {"from": "first", "to": "end"}]
    return {"nodes": {"first": {"type": "assistant", "assistant": assistant}}, "edges": edges}


def without_hashes(body: Document) -> Document:
    """Return an assistant without the label that has the hashes of its fields."""
    return {**body, "metadata": {key: value for key, value in body["metadata"].items() if key != "reconciler-spec"}}


def mark(shop: Shop, number: int) -> None:
    """Archive a release in its manifest."""
    path = shop.root / f"releases/support/v{number}.yaml"
    path.write_text(path.read_text().replace("spec:\n", "spec:\n  archived: true\n", 1))

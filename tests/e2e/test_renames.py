"""Renames and literal ids, from the manifest to the API: what keeps its object costs, sends and loses nothing."""

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from reconciler.bundles.bundle import load
from reconciler.bundles.documents import BundleError
from reconciler.operations.apply import apply_plan
from reconciler.operations.plan import adoption_plan
from reconciler.operations.state_edits import rewritten
from reconciler.planning.model import Plan
from reconciler.planning.referrers import subject_text
from reconciler.project.workspace import open_workspace
from reconciler.releases.publish import publish
from reconciler.releases.release import release
from reconciler.resources.address import Address
from reconciler.resources.problems import ReconcilerError
from reconciler.state.lock import this_process
from tests.support.cli import Cli, by_hand, edit
from tests.support.world import (
    BUNDLES,
    Document,
    Quiet,
    World,
    is_silent,
    is_silent_but_for_names,
    manifest,
    told,
    world,
)

REQUEST: Document = {"target": "responses", "model": "gpt-6.1-sol"}
AGENT: Document = {"target": "agents", "model": "gpt-6.1-sol"}


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        yield made


def searching(*stores: str, **more: Any) -> Document:
    return {**REQUEST, "tools": [{"type": "file_search", "vector_store_ids": list(stores)}], **more}


def store(name: str, *files: str, former: str = "", **spec: Any) -> Document:
    return manifest("VectorStore", name, {"files": list(files), **spec}, **_moved(former))


def assistant(name: str, spec: Document, *, former: Any = "") -> Document:
    return manifest("Assistant", name, spec, **_moved(former))


def bot(name: str, *, former: str = "", **spec: Any) -> Document:
    return manifest("Chatbot", name, {"assistant": "triage", **spec}, **_moved(former))


def _moved(former: Any) -> Document:
    return {"lifecycle": {"moved_from": former}} if former else {}


def reconciled(estate: World) -> Plan:
    """Apply what is wanted, which sends exactly what the plan says; then there is nothing to do."""
    plan = estate.plan()
    assert plan.refusals == ()
    estate.requests()
    estate.apply()
    sent = Counter(request.partition(" ")[0] for request in estate.requests().elements())
    del sent["GET"]
    assert sent == plan.requests
    assert is_silent_but_for_names(estate.plan()), told(estate.plan().changes)
    return plan


def risks(plan: Plan) -> list[str]:
    return [risk.rule for risk in plan.risks]


def move(estate: World, source: str, target: str) -> None:
    (estate.root / target).parent.mkdir(parents=True, exist_ok=True)
    (estate.root / source).rename(estate.root / target)


class TestFolder:
    WAS = ("docs/one.md", "(was kb/one.md)")

    @pytest.fixture
    def renamed(self, applied: Path, cli: Cli) -> Path:
        """The starter's folder of knowledge, with two files more, under another name."""
        for name in ("one", "two"):
            (applied / "kb" / f"{name}.md").write_text(name)
        assert cli("apply", "--yes").code == 0
        (applied / "kb").rename(applied / "docs")
        edit(applied / "stores" / "handbook.yaml", "kb/", "docs/")
        return applied

    @pytest.mark.parametrize("format_", ["text", "markdown", "html", "json"])
    def test_every_format_says_what_it_was_called(self, renamed: Path, cli: Cli, format_: str):
        done = cli("plan", "-o", format_)
        assert done.code == 0
        if format_ == "json":
            moved = [(item["live"], item["desired"]) for one in done.document["changes"] for item in one["fields"]]
            assert ("file/kb/one.md", "file/docs/one.md") in moved
            return
        assert " ".join(self.WAS) in done.out
        assert "knowledge-removed" not in done.out
        assert "writes to OpenAI" not in done.out

    def test_offline_it_is_the_same_plan(self, renamed: Path, cli: Cli):
        online, offline = (cli("plan", "-o", "json", *words).document for words in ([], ["--offline"]))
        assert offline["changes"] == online["changes"]
        assert (online["requests"], offline["requests"]) == ({}, {})
        assert (online["risks"], offline["risks"]) == ([], [])

    def test_bytes_and_cost_stay(self, renamed: Path, cli: Cli):
        costs = cli("plan", "-o", "json").document["costs"]
        assert costs["stored"][0] == costs["stored"][1] > 0
        assert costs["per_day"][0] == costs["per_day"][1]
        assert costs["growth"] == []

    def test_a_saved_plan_of_it_applies(self, renamed: Path, cli: Cli):
        assert cli("plan", "--out", renamed / "plan.json").code == 0
        done = cli("apply", renamed / "plan.json", "--yes", "-o", "json")
        assert (done.code, done.document["requests"].get("POST", 0)) == (0, 0)
        assert cli("plan", "--detailed-exitcode").code == 0

    def test_many_files_are_one_row_that_says_it_too(self, estate: World):
        for number in range(12):
            estate.file(f"kb/{number:02}.md", str(number))
        estate.wants(store("kb", "kb/*.md"))
        estate.apply()
        move(estate, "kb", "docs")
        estate.wants(store("kb", "docs/*.md"))
        plan = reconciled(estate)
        assert (plan.summary["update"], plan.requests) == (13, {})

    def test_a_folder_of_code_interpreter_files(self, estate: World):
        """No store holds them: their upload is known by state alone."""
        container = {"type": "auto", "file_ids": ["data/prices.csv"]}
        estate.file("data/prices.csv", "item,price")
        estate.wants(assistant("triage", {**REQUEST, "tools": [{"type": "code_interpreter", "container": container}]}))
        estate.apply()
        move(estate, "data", "tables")
        container["file_ids"] = ["tables/prices.csv"]
        estate.wants()
        assert reconciled(estate).requests == {}


class TestFiles:
    @pytest.fixture
    def two(self, estate: World) -> World:
        """Two stores with a file each, and an assistant that searches both."""
        estate.file("a/one.md", "one")
        estate.file("b/two.md", "two")
        estate.wants(store("a", "a/*.md"), store("b", "b/*.md"), assistant("triage", searching("a", "b")))
        estate.apply()
        return estate

    def test_into_a_folder_of_the_same_store(self, two: World):
        move(two, "a/one.md", "a/more/one.md")
        two.wants(store("a", "a/**/*.md"))
        plan = reconciled(two)
        assert told(plan.changes) == [
            "update file/a/more/one.md: address",
            'update vectorstore/a: files["a/more/one.md"].file',
        ]
        assert plan.requests == {}

    def test_another_name_is_what_search_cites_and_is_uploaded(self, two: World):
        move(two, "a/one.md", "a/first.md")
        plan = reconciled(two)
        assert plan.requests == {"DELETE": 2, "POST": 2}
        assert risks(plan) == []

    def test_from_one_store_to_another(self, two: World):
        """Its upload goes along; it is attached there and detached here."""
        move(two, "a/one.md", "b/one.md")
        two.wants(store("a"))
        plan = reconciled(two)
        assert plan.requests == {"DELETE": 1, "POST": 1}
        assert told(plan.changes)[1:3] == [
            'update vectorstore/a: files["a/one.md"]',
            'update vectorstore/b: files["b/one.md"]',
        ]

    def test_one_of_two_equal_files(self, estate: World):
        for path in ("a/x.md", "b/x.md"):
            estate.file(path, "same")
        estate.wants(store("kb", "a/*.md", "b/*.md"))
        estate.apply()
        move(estate, "a/x.md", "c/x.md")
        estate.wants(store("kb", "c/*.md", "b/*.md"))
        assert reconciled(estate).requests == {}

    def test_a_copy_is_no_move(self, two: World):
        two.file("a/copy/one.md", "one")
        two.wants(store("a", "a/**/*.md"))
        plan = reconciled(two)
        assert told(plan.changes)[0] == "adopt file/a/copy/one.md"
        assert plan.requests == {}

    def test_with_other_content_at_once_it_is_one_file_that_changed(self, two: World):
        move(two, "a", "docs")
        two.file("docs/one.md", "one, edited")
        two.wants(store("a", "docs/*.md"))
        plan = reconciled(two)
        assert told(plan.changes) == [
            "replace file/docs/one.md: sha256, address",
            'update vectorstore/a: files["docs/one.md"].sha256, files["docs/one.md"].file',
        ]
        assert plan.requests == {"DELETE": 2, "POST": 2}
        assert risks(plan) == []

    def test_with_its_store(self, two: World):
        move(two, "a", "docs")
        two.documents.pop("VectorStore/a")
        two.wants(store("docs", "docs/*.md", former="a"), assistant("triage", searching("b", "docs")))
        plan = reconciled(two)
        assert plan.requests == {"POST": 1}
        assert risks(plan) == []

    def test_what_a_release_holds_keeps_its_upload(self, two: World):
        two.wants(bot("support"))
        released(two)
        two.wants(bot("support", published=1))
        two.apply()
        move(two, "a", "docs")
        two.wants(store("a", "docs/*.md"))
        assert reconciled(two).requests == {}
        two.file("docs/one.md", "one, edited")
        assert reconciled(two).requests == {"DELETE": 1, "POST": 2}

    def test_recorded_half_way_it_is_recorded_by_the_next_run(self, two: World):
        """A run that ended when state had the new path of the file, and the old one in the store."""
        move(two, "a", "docs")
        two.wants(store("a", "docs/*.md"))
        two.apply()
        old = {"files": {"a/one.md": {"file": {"$address": "file/a/one.md"}, "sha256": sha256(b"one").hexdigest()}}}
        workspace = open_workspace(two.root, two.environ)
        snapshot = workspace.backend.read()
        kb = Address("vectorstore", "a")
        applied_then = replace(snapshot.state.objects[kb], fields={**snapshot.state.objects[kb].fields, **old})
        state = replace(snapshot.state, objects={**snapshot.state.objects, kb: applied_then})
        with workspace.backend.lock(this_process({})) as lease:
            rewritten(workspace, lease, snapshot, replace(snapshot, state=state), "test")
        plan = reconciled(two)
        assert (told(plan.changes), plan.requests) == (["adopt vectorstore/a"], {})


def released(estate: World, chatbot: str = "support") -> str:
    return release(estate.root, estate.environ, chatbot, vendor=True).path


class TestLiteralIds:
    @pytest.fixture
    def named(self, estate: World) -> World:
        """An assistant, a pipeline and a release that name a store by its id; later the store is adopted."""
        id_ = estate.by_hand(estate.sdk.vector_stores.create(name="kb")).id
        node = {"type": "llm", "model": "gpt-6.1-sol", "prompt": "Help.", "vector_stores": [id_]}
        edges = [{"from": "start", "to": "a"}, {"from": "a", "to": "end"}]
        estate.wants(
            assistant("triage", searching(id_)),
            manifest("Pipeline", "flow", {"nodes": {"a": node}, "edges": edges}),
            bot("support"),
        )
        released(estate)
        estate.wants(bot("support", published=1))
        estate.apply()
        estate.wants(store("kb"))
        adopt(estate, "vectorstore/kb", id_)
        return estate

    def test_nothing_drifts_on_any_later_plan(self, named: World):
        assert is_silent(named.plan())
        named.apply()
        assert is_silent(named.plan())

    def test_nor_where_state_does_not_have_it(self, named: World):
        named.lose_entries()
        assert named.plan().drift == ()
        named.apply()
        assert is_silent(named.plan())

    def test_nor_where_state_was_rebuilt(self, named: World):
        named.lose_state()
        named.rebuild()
        assert is_silent(named.plan())

    def test_writing_the_name_instead_changes_what_is_published_and_nothing_else(self, named: World):
        id_ = named.id_of("vectorstore/kb")
        named.wants(assistant("triage", searching("kb")))
        plan = reconciled(named)
        (item,) = plan.changes[0].fields
        assert (item.live, item.desired) == ([id_], [{"$address": "vectorstore/kb"}])
        assert (risks(plan), plan.requests) == ([], {})

    def test_the_store_is_still_in_use(self, named: World):
        named.drops("VectorStore/kb")
        (refusal,) = named.plan().refusals
        assert (refusal.rule, refusal.address) == ("referenced", "vectorstore/kb")

    def test_an_edit_beside_it_is_an_edit(self, named: World):
        spec = named.documents["Assistant/triage"]["spec"]
        named.wants(assistant("triage", {**spec, "instructions": "Be kind."}))
        assert told(named.plan().changes)[0] == "update assistant/triage: instructions"
        reconciled(named)

    def test_an_upload_of_ours_that_another_store_names_by_id(self, estate: World):
        estate.file("kb/a.md", "a")
        estate.wants(store("kb", "kb/*.md"))
        estate.apply()
        estate.wants(store("other", estate.id_of("file/kb/a.md")))
        reconciled(estate)
        move(estate, "kb", "docs")
        estate.wants(store("kb", "docs/*.md"))
        assert reconciled(estate).requests == {}


def adopt(estate: World, address: str, id_: str) -> None:
    workspace = open_workspace(estate.root, estate.environ)
    observed = estate.run(adoption_plan(workspace, estate.observed(), {Address.parse(address): id_}))
    done = estate.run(apply_plan(workspace, estate.connection, observed, Quiet(), resume="reconciler adopt"))
    assert done.complete


class TestReleases:
    @pytest.fixture(params=["agents", "responses"])
    def shop(self, estate: World, request: pytest.FixtureRequest) -> World:
        """A chatbot with a published release of one assistant."""
        spec = AGENT if request.param == "agents" else searching("kb")
        estate.wants(assistant("triage", spec), store("kb"), bot("support"))
        released(estate)
        estate.wants(bot("support", published=1))
        estate.apply()
        return estate

    def rename(self, shop: World, old: str, new: str, *, former: Any = None, **more: Any) -> None:
        spec = shop.documents.pop(f"Assistant/{old}")["spec"]
        shop.wants(assistant(new, {**spec, **more}, former=former or old), bot("support", assistant=new, published=1))

    def test_a_renamed_assistant_with_a_new_release_archives_none(self, shop: World):
        before = published(shop)
        self.rename(shop, "triage", "first", instructions="Be kind.")
        released(shop)
        shop.wants(bot("support", assistant="first", published=2))
        plan = reconciled(shop)
        assert [change.address for change in plan.changes if change.action in {"archive", "delete", "replace"}] == []
        assert risks(plan) == ["name-lost", "published-version-changed"]
        publish(shop.root, shop.environ, "support", 1)
        shop.wants(bot("support", assistant="first", published=1))
        assert told(reconciled(shop).changes) == ["publish chatbot/support: published"]
        assert published(shop) == before

    def test_what_a_new_release_loses_is_told_of_the_assistant_under_its_new_name(self, shop: World):
        guarded = "Answer. Never give legal advice."
        shop.wants(assistant("triage", {**shop.documents["Assistant/triage"]["spec"], "instructions": guarded}))
        released(shop)
        shop.wants(bot("support", published=2))
        shop.apply()
        self.rename(shop, "triage", "first", instructions="Answer.")
        released(shop)
        shop.wants(bot("support", assistant="first", published=3))
        parts = [risk.part for risk in shop.plan().risks if risk.rule == "guardrail-removed"]
        assert "assistant/first" in parts, shop.plan().risks

    @pytest.mark.parametrize("former", ["first", ["first", "triage"]])
    def test_over_two_merges(self, shop: World, former: Any):
        """Whether or not the manifest goes on naming the first name."""
        self.rename(shop, "triage", "first")
        reconciled(shop)
        self.rename(shop, "first", "second", former=former)
        plan = reconciled(shop)
        assert [change.address for change in plan.changes if change.action == "archive"] == []
        assert told(plan.changes)[0].startswith("update assistant/second: ")

    def test_and_over_one(self, shop: World):
        self.rename(shop, "triage", "second", former=["first", "triage"])
        assert [change.address for change in reconciled(shop).changes if change.action == "archive"] == []

    def test_a_swap_is_refused_with_a_way(self, shop: World):
        spec = shop.documents["Assistant/triage"]["spec"]
        shop.wants(assistant("first", spec))
        shop.apply()
        shop.wants(assistant("first", spec, former="triage"), assistant("triage", spec, former="first"))
        with pytest.raises(ReconcilerError, match="to swap names, rename in two separate changes"):
            shop.plan()


class TestStores:
    def test_a_release_goes_on_using_a_live_store_under_its_new_name(self, estate: World):
        estate.wants(assistant("triage", searching("kb")), store("kb", releases="live"), bot("support"))
        released(estate)
        estate.wants(bot("support", published=1))
        estate.apply()
        before = published(estate)
        estate.documents.pop("VectorStore/kb")
        estate.wants(store("guides", former="kb", releases="live"), assistant("triage", searching("guides")))
        plan = reconciled(estate)
        assert risks(plan) == []
        assert published(estate) == before
        # Also once the manifest says no more what it was called: what is published has its id.
        estate.wants(store("guides", releases="live"), assistant("triage", REQUEST))
        reconciled(estate)
        estate.drops("VectorStore/guides")
        (refusal,) = estate.plan().refusals
        assert (refusal.rule, refusal.address) == ("referenced", "vectorstore/guides")
        assert [*map(subject_text, refusal.sections["Other references"])] == ["release/support@1 [published]"]

    def test_a_copy_of_a_renamed_store_is_no_other_knowledge(self, estate: World):
        estate.wants(assistant("triage", searching("kb")), store("kb"), bot("support"))
        released(estate)
        estate.wants(bot("support", published=1))
        estate.apply()
        estate.documents.pop("VectorStore/kb")
        estate.wants(store("guides", former="kb"), assistant("triage", searching("guides")))
        reconciled(estate)
        released(estate)
        estate.wants(bot("support", published=2))
        assert risks(reconciled(estate)) == ["published-version-changed"]

    def test_a_renamed_pipeline(self, estate: World):
        nodes = {"a": {"type": "assistant", "assistant": "triage"}}
        flow = {"nodes": nodes, "edges": [{"from": "start", "to": "a"}, {"from": "a", "to": "end"}]}
        answered: Document = {"pipeline": "flow"}
        estate.wants(
            assistant("triage", AGENT), manifest("Pipeline", "flow", flow), manifest("Chatbot", "support", answered)
        )
        released(estate)
        estate.wants(manifest("Chatbot", "support", {**answered, "published": 1}))
        estate.apply()
        before = published(estate)
        estate.documents.pop("Pipeline/flow")
        estate.wants(
            manifest("Pipeline", "main", flow, lifecycle={"moved_from": "flow"}),
            manifest("Chatbot", "support", {"pipeline": "main", "published": 1}),
        )
        assert [change.address for change in reconciled(estate).changes if change.action == "archive"] == []
        assert published(estate) == before


def published(estate: World, chatbot: str = "support") -> Any:
    """What applications load under the name of a chatbot."""
    found = load(estate.root / BUNDLES, "acme", f"chatbot/{chatbot}")
    return json.loads(json.dumps([found.content, dict(found.pointer.ids)]))


class TestChatbot:
    @pytest.fixture
    def shop(self, estate: World) -> World:
        estate.wants(assistant("triage", AGENT), bot("support"))
        released(estate)
        estate.wants(bot("support", published=1))
        estate.apply()
        return estate

    def rename(self, shop: World, **spec: Any) -> None:
        shop.documents.pop("Chatbot/support", None)
        shop.wants(bot("help", former="support", **spec))

    def test_a_renamed_chatbot_publishes_the_same_release(self, shop: World):
        before = published(shop)
        self.rename(shop, published=1)
        plan = reconciled(shop)
        assert (risks(plan), plan.requests) == (["publication-withdrawn"], {})
        assert published(shop, "help") == before
        with pytest.raises(BundleError):
            published(shop)

    def test_its_numbers_go_on(self, shop: World):
        self.rename(shop, published=1)
        reconciled(shop)
        shop.wants(assistant("triage", {**AGENT, "instructions": "Be kind."}))
        assert released(shop, "help") == "releases/help/v2.yaml"
        self.rename(shop, published=2)
        reconciled(shop)
        publish(shop.root, shop.environ, "help", 1)
        self.rename(shop, published=1)
        assert told(reconciled(shop).changes) == ["publish chatbot/help: published"]

    def test_with_a_new_release_at_once(self, shop: World):
        shop.wants(assistant("triage", {**AGENT, "instructions": "Be kind."}))
        self.rename(shop)
        assert released(shop, "help") == "releases/help/v2.yaml"
        self.rename(shop, published=2)
        plan = reconciled(shop)
        assert risks(plan) == ["publication-withdrawn", "published-version-changed"]
        assert published(shop, "help")[0]["release"]["number"] == 2

    def test_how_many_are_kept_counts_those_of_both_names(self, shop: World):
        self.rename(shop)
        shop.wants(assistant("triage", {**AGENT, "instructions": "Be kind."}))
        released(shop, "help")
        self.rename(shop, published=2, releases={"keep": 1})
        archived = [change.address for change in reconciled(shop).changes if change.action == "archive"]
        assert archived == ["release/support@1", "assistant/triage@support.1"]

    def test_unpublished_it_is_only_renamed(self, shop: World):
        shop.wants(bot("support"))
        reconciled(shop)
        self.rename(shop)
        assert told(reconciled(shop).changes) == ["update chatbot/help: address"]


class TestCommands:
    """The same with the commands of a person, on the project that `init` writes."""

    HELPER, BOT, STORE = "assistants/helper.yaml", "chatbots/helper.yaml", "stores/handbook.yaml"

    @pytest.fixture
    def published(self, project: Path, cli: Cli) -> Path:
        """With release 1 of `helper` published."""
        assert cli("release", "helper", "--publish", "--vendor").code == 0
        assert cli("apply", "--yes").code == 0
        return project

    def reconciled(self, cli: Cli) -> list[dict[str, Any]]:
        """The changes of the plan that is applied; afterwards there is nothing to do."""
        plan = cli("plan", "-o", "json").document
        assert plan["refusals"] == []
        done = cli("apply", "--yes", "-o", "json").document
        sent = {method: number for method, number in done["requests"].items() if method != "GET"}
        assert sent == plan["requests"]
        assert cli("plan", "--detailed-exitcode").code == 0
        assert cli("drift").code == 0
        found: list[dict[str, Any]] = plan["changes"]
        return found

    def test_an_assistant_is_renamed_released_and_rolled_back(self, published: Path, cli: Cli):
        edit(published / self.HELPER, "name: helper\nspec:", "name: guide\nlifecycle: {moved_from: helper}\nspec:")
        edit(published / self.BOT, "assistant: helper", "assistant: guide")
        edit(published / "prompts/helper.md", "You answer", "Answer")
        assert cli("release", "helper", "--publish", "--vendor").code == 0
        changes = self.reconciled(cli)
        assert not {"archive", "delete", "replace"} & {change["action"] for change in changes}
        told_of = sorted(risk["rule"] for change in changes for risk in change["risks"])
        assert told_of == ["name-lost", "published-version-changed"]
        assert cli("ci", "rollback", "helper", 1, "--out", published / "back.json").code == 0
        assert cli("apply", published / "back.json", "--yes").code == 0
        assert cli("plan", "--detailed-exitcode").code == 0

    def test_a_chatbot_is_renamed_and_rolled_back(self, published: Path, cli: Cli):
        edit(published / self.BOT, "name: helper\nspec:", "name: desk\nlifecycle: {moved_from: helper}\nspec:")
        assert {change["address"] for change in self.reconciled(cli)} == {"chatbot/desk"}
        edit(published / "prompts/helper.md", "You answer", "Answer")
        assert "release/desk@2" in cli("release", "desk", "--publish", "--vendor").out
        self.reconciled(cli)
        assert cli("ci", "rollback", "desk", 1, "--out", published / "back.json").code == 0
        assert cli("apply", published / "back.json", "--yes").code == 0
        assert cli("export", "chatbot/desk").document["release"]["number"] == 1
        assert cli("plan", "--detailed-exitcode").code == 0

    def test_a_chatbot_that_forgets_its_former_name_is_told_what_it_publishes(self, published: Path, cli: Cli):
        edit(published / self.BOT, "name: helper\nspec:", "name: desk\nspec:")
        done = cli("plan")
        assert done.code == 1
        assert "release/desk@1" in done.err
        assert "moved_from: helper" in done.err

    def test_a_store_that_an_assistant_names_by_id_is_adopted(self, project: Path, cli: Cli):
        id_ = by_hand(project, lambda sdk: sdk.vector_stores.create(name="wiki")).id
        edit(project / self.HELPER, "[handbook]", f"[{id_}]")
        assert cli("apply", "--yes").code == 0
        (project / "stores" / "wiki.yaml").write_text(
            "apiVersion: reconciler/v1\nkind: VectorStore\nmetadata:\n  name: wiki\nspec:\n  files: []\n"
        )
        assert cli("adopt", f"vectorstore/wiki={id_}", "--yes").code == 0
        assert cli("plan", "--detailed-exitcode").code == 0
        assert cli("drift").code == 0
        lineage = cli("state", "pull").document["lineage"]
        shutil.rmtree(project / ".reconciler" / "state")
        assert cli("state", "rebuild", "--lineage", lineage).code == 0
        assert cli("plan", "--detailed-exitcode").code == 0
        assert cli("drift").code == 0

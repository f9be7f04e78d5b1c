"""Releases from beginning to end: made, published, rolled back, tampered with, restored from Git, archived."""

import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from reconciler.applying.steps import lower
from reconciler.bundles.bundle import load
from reconciler.planning.model import Plan, drift_class
from reconciler.releases.release import release
from reconciler.resources.problems import ReconcilerError
from tests.support.world import BUNDLES, Document, World, is_silent, manifest, told, world

KNOWLEDGE = {"type": "file_search", "vector_store_ids": ["kb"]}
TRIAGE: Document = {"target": "agents", "model": "gpt-6-luna", "instructions": "Call ${var.phone}."}
HELPER: Document = {"target": "responses", "model": "gpt-6-luna", "instructions": "Help.", "tools": [KNOWLEDGE]}
BOTH: Document = {
    "nodes": {
        "first": {"type": "assistant", "assistant": "triage"},
        "second": {"type": "assistant", "assistant": "helper"},
    },
    "edges": [{"from": "start", "to": "first"}, {"from": "first", "to": "second"}, {"from": "second", "to": "end"}],
}
ONLY_TRIAGE: Document = {
    "nodes": {"first": {"type": "assistant", "assistant": "triage"}},
    "edges": [{"from": "start", "to": "first"}, {"from": "first", "to": "end"}],
}
PROJECT: Document = {
    "kind": "Project",
    "metadata": {"name": "acme"},
    "spec": {
        "environments": {"production": {"variables": {"phone": "123"}}},
        "safety": {"max_deletes": 20, "max_archives": 20},
    },
}
IDENTITY = "acme/production"


class Shop(World):
    """A chatbot with two assistants and some knowledge, in a Git repository."""

    def git(self, *words: str) -> None:
        subprocess.run(["git", "-C", str(self.root), *words], check=True, capture_output=True)

    def bot(self, **spec: Any) -> None:
        self.wants(manifest("Chatbot", "support", {"pipeline": "flow", **spec}))

    def commit(self) -> None:
        self.git("add", "--all")
        self.git("-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "--quiet", "-m", "work")

    def release(self, publish: int) -> None:
        """Release what is there, publish it and apply."""
        self.commit()
        release(self.root, self.environ, "support")
        self.bot(published=publish)
        self.apply()

    def listed(self, pages: Any) -> list[Any]:
        """Everything on all pages of a list."""

        async def every() -> list[Any]:
            return [item async for item in pages]

        return self.by_hand(every())

    def bundle(self, address: str = "chatbot/support") -> Any:
        return load(self.root / BUNDLES, IDENTITY, address)


@pytest.fixture
def shop(tmp_path) -> Iterator[Shop]:
    with world(tmp_path) as made:
        shop = Shop(**{name: getattr(made, name) for name in made.__dataclass_fields__})
        shop.git("init", "--quiet")
        shop.file(".gitignore", ".reconciler/\n")
        shop.file("kb/hours.md", "Open at nine.\n")
        shop.file("kb/prices.md", "Cheap.\n")
        shop.wants(
            PROJECT,
            manifest("Pipeline", "flow", BOTH),
            manifest("Assistant", "triage", TRIAGE),
            manifest("Assistant", "helper", HELPER),
            manifest("VectorStore", "kb", {"files": ["kb/*.md"]}),
        )
        shop.bot()
        shop.apply()
        yield shop


def actions(plan: Plan) -> list[str]:
    return [f"{change.action} {change.address}" for change in plan.changes]


def without_digests(lines: list[str]) -> list[str]:
    """Without the digests that files and stores are called by."""
    return [
        line.partition("@")[0] if {"file", "vectorstore"} & set(line.replace("/", " ").split()) else line
        for line in lines
    ]


def test_an_edit_its_release_and_its_publication_are_one_change(shop):
    shop.wants(manifest("Assistant", "triage", {**TRIAGE, "instructions": "Be kind. Call ${var.phone}."}))
    shop.commit()
    release(shop.root, shop.environ, "support", publish=True)
    assert without_digests(actions(shop.plan())) == [
        "update assistant/triage",
        "create assistant/triage@support.1",
        "adopt file/kb/hours.md",
        "adopt file/kb/prices.md",
        "create vectorstore/kb",
        "create assistant/helper@support.1",
        "create pipeline/flow@support.1",
        "release release/support@1",
        "publish chatbot/support",
    ]
    shop.apply()
    assert is_silent(shop.plan())
    agent = shop.by_hand(shop.sdk.beta.agents.retrieve(shop.bundle().agent_id("assistant/triage@support.1")))
    assert agent.instructions == "Be kind. Call 123."


def test_what_is_published_does_not_change_with_the_working_chatbot(shop):
    shop.release(publish=1)
    before = shop.bundle()
    shop.wants(
        manifest("Assistant", "triage", {**TRIAGE, "instructions": "Other."}),
        manifest("Assistant", "helper", {**HELPER, "instructions": "Other."}),
        manifest("Pipeline", "flow", ONLY_TRIAGE),
    )
    shop.file("kb/prices.md", "Dear.\n")
    shop.apply()
    assert is_silent(shop.plan())
    after = shop.bundle()
    assert (after.pointer, after.content) == (before.pointer, before.content)
    [store] = after.request("assistant/helper@support.1")["tools"][0]["vector_store_ids"]
    held = shop.listed(shop.sdk.vector_stores.files.list(store))
    names = [shop.by_hand(shop.sdk.files.retrieve(file.id)).bytes for file in held]
    assert sorted(names) == [len("Cheap.\n"), len("Open at nine.\n")]


def test_what_the_api_fills_in_of_a_field_is_no_news(shop):
    shop.wants(manifest("Assistant", "triage", {**TRIAGE, "reasoning": {"effort": "low"}}))
    shop.release(publish=1)
    assert is_silent(shop.plan())
    shop.lose_entries()
    assert told(shop.plan().drift) == []


def test_a_rollback_writes_nothing_at_openai(shop):
    shop.release(publish=1)
    first = shop.bundle().pointer
    shop.wants(manifest("Assistant", "helper", {**HELPER, "instructions": "Other."}))
    shop.release(publish=2)
    shop.bot(published=1)
    shop.requests()
    assert actions(shop.plan()) == ["publish chatbot/support"]
    shop.apply()
    assert not [asked for asked in shop.requests() if not asked.startswith("GET")]
    assert shop.bundle().pointer == first


def test_the_first_release_of_equal_content_shares_its_store_with_the_next(shop):
    shop.release(publish=1)
    shop.wants(manifest("Assistant", "triage", {**TRIAGE, "instructions": "Other."}))
    shop.commit()
    release(shop.root, shop.environ, "support")
    assert not [line for line in actions(shop.plan()) if "vectorstore/" in line or "file/" in line]


def test_a_pointer_moves_only_when_all_of_its_release_is_ready(shop):
    shop.release(publish=1)
    shop.wants(manifest("Assistant", "helper", {**HELPER, "instructions": "Other."}))
    shop.commit()
    release(shop.root, shop.environ, "support")
    shop.bot(published=2)
    planned = shop.observed().planned
    steps = {f"{step.verb} {step.address}": needs for step, needs in lower(planned).items()}
    assert "write release/support@2" in {f"{step.verb} {step.address}" for step in steps["publish chatbot/support"]}


class TestTampered:
    """What a release has frozen is put back, whole."""

    @pytest.mark.parametrize(
        "change",
        [
            {"instructions": "hacked"},
            {"model": "gpt-6-astra"},
            {"tools": [{"type": "web_search"}]},
            {"metadata": {"mine": "1"}},
            {"name": None},
            {"text": {"verbosity": "high"}},
            {"reasoning": {"effort": "high"}},
            {"service_tier": "flex"},
        ],
        ids=lambda change: next(iter(change)),
    )
    def test_every_field_of_an_agent(self, shop, change):
        shop.release(publish=1)
        id_ = shop.id_of("assistant/triage@support.1")
        before = shop.by_hand(shop.sdk.beta.agents.retrieve(id_))
        keep = {} if "metadata" not in change else {"metadata": {**(before.metadata or {}), **change["metadata"]}}
        shop.by_hand(shop.sdk.beta.agents.update(id_, **{**change, **keep}))
        plan = shop.plan()
        assert [(drift_class(one), one.address) for one in plan.drift] == [("tampered", "assistant/triage@support.1")]
        assert plan.changes == ()
        shop.apply()
        after = shop.by_hand(shop.sdk.beta.agents.retrieve(id_))
        assert _without_label(after.model_dump()) == _without_label(before.model_dump())

    def test_a_file_that_somebody_put_into_a_store(self, shop):
        shop.release(publish=1)
        [store] = shop.bundle().request("assistant/helper@support.1")["tools"][0]["vector_store_ids"]
        made = shop.by_hand(shop.sdk.files.create(file=("spy.md", b"spy"), purpose="assistants"))
        shop.by_hand(shop.sdk.vector_stores.files.create(store, file_id=made.id))
        assert [drift_class(one) for one in shop.plan().drift] == ["tampered"]
        shop.apply()
        held = shop.listed(shop.sdk.vector_stores.files.list(store))
        assert made.id not in {file.id for file in held}
        assert shop.plan().drift == ()

    def test_a_copy_that_somebody_deleted_is_made_again(self, shop):
        shop.release(publish=1)
        before = shop.bundle().agent_id("assistant/triage@support.1")
        shop.by_hand(shop.sdk.beta.agents.delete(before))
        shop.apply()
        assert shop.bundle().agent_id("assistant/triage@support.1") != before
        assert is_silent(shop.plan())

    def test_kept_drift_stays_and_is_told_again(self, shop):
        shop.release(publish=1)
        shop.by_hand(shop.sdk.beta.agents.update(shop.id_of("assistant/triage@support.1"), instructions="hacked"))
        shop.apply(on_drift="keep")
        assert told(shop.plan().drift) == told(shop.plan(on_drift="keep").drift) != []

    def test_a_frozen_store_that_expired_is_made_again_and_published(self, shop):
        shop.wants(manifest("VectorStore", "kb", {"files": ["kb/*.md"], "expires_after": {"days": 1}}))
        shop.release(publish=1)
        before = shop.bundle().request("assistant/helper@support.1")["tools"][0]["vector_store_ids"]
        shop.clock.seconds += 2 * 86400
        shop.apply()
        after = shop.bundle().request("assistant/helper@support.1")["tools"][0]["vector_store_ids"]
        assert after != before
        assert is_silent(shop.plan())


class TestRestored:
    """From Git alone: another OpenAI project, no state, no bundles."""

    def lose(self, shop: Shop) -> None:
        shop.commit()
        for id_ in [agent.id for agent in shop.listed(shop.sdk.beta.agents.list(limit=100))]:
            shop.by_hand(shop.sdk.beta.agents.delete(id_))
        for store in shop.listed(shop.sdk.vector_stores.list(limit=100)):
            shop.by_hand(shop.sdk.vector_stores.delete(store.id))
        for file in shop.listed(shop.sdk.files.list()):
            shop.by_hand(shop.sdk.files.delete(file.id))
        shutil.rmtree(shop.root / ".reconciler" / "state")
        shutil.rmtree(shop.root / BUNDLES)

    def test_with_files_as_they_were(self, shop):
        shop.release(publish=1)
        released = shop.bundle().content
        shop.file("kb/prices.md", "Dear.\n")
        self.lose(shop)
        shop.apply()
        assert is_silent(shop.plan())
        assert [file.bytes for file in shop.listed(shop.sdk.files.list())].count(len("Cheap.\n")) == 1
        assert shop.bundle().content["pipelines"] == released["pipelines"]

    def test_bytes_that_nobody_has_are_an_error_before_anything_is_written(self, shop):
        shop.release(publish=1)
        shop.file("kb/prices.md", "Dear.\n")
        self.lose(shop)
        shutil.rmtree(shop.root / ".git")
        shop.git("init", "--quiet")
        shop.requests()
        with pytest.raises(ReconcilerError) as found:
            shop.apply()
        [problem] = found.value.problems
        assert problem.code == "missing-bytes"
        assert str(problem.place).startswith("releases/support/v1.yaml:")
        assert not [asked for asked in shop.requests() if asked.startswith("POST")]


class TestArchived:
    def test_a_release_that_is_marked_goes_with_all_that_only_it_has(self, shop):
        shop.release(publish=1)
        shop.wants(manifest("Assistant", "triage", {**TRIAGE, "instructions": "Other."}))
        shop.release(publish=2)
        _mark(shop, 1)
        assert actions(shop.plan()) == [
            "archive release/support@1",
            "archive pipeline/flow@support.1",
            "archive assistant/helper@support.1",
            "archive assistant/triage@support.1",
        ]
        shop.apply()
        assert is_silent(shop.plan())
        names = {agent.name for agent in shop.listed(shop.sdk.beta.agents.list(limit=100))}
        assert names == {"triage", "triage@support.2"}

    def test_releases_that_nobody_has_published_go_with_an_assistant_they_use(self, shop):
        shop.release(publish=1)
        shop.wants(manifest("Pipeline", "flow", ONLY_TRIAGE))
        shop.release(publish=2)
        shop.drops("Assistant/helper", "VectorStore/kb")
        gone = [line for line in without_digests(actions(shop.plan())) if " file/" not in line]
        assert gone == [
            "archive release/support@1",
            "archive pipeline/flow@support.1",
            "archive assistant/helper@support.1",
            "archive assistant/triage@support.1",
            "delete assistant/helper",
            "archive vectorstore/kb",
            "delete vectorstore/kb",
        ]
        shop.apply()
        assert shop.listed(shop.sdk.vector_stores.list(limit=100)) == []
        assert shop.listed(shop.sdk.files.list()) == []

    def test_it_does_not_come_back(self, shop):
        shop.release(publish=1)
        shop.wants(manifest("Pipeline", "flow", ONLY_TRIAGE))
        shop.release(publish=2)
        kept = {name: shop.documents[name] for name in ("Assistant/helper", "VectorStore/kb")}
        shop.drops(*kept)
        shop.apply()
        shop.wants(*kept.values())
        plan = shop.plan()
        assert not [line for line in actions(plan) if "@support.1" in line or "release/" in line]
        assert ("already-archived", "release/support@1") in [(one.code, one.address) for one in plan.warnings]

    def test_the_newest_are_kept(self, shop):
        for number in (1, 2, 3, 4):
            shop.wants(manifest("Assistant", "triage", {**TRIAGE, "instructions": f"Number {number}."}))
            shop.release(publish=1)
        shop.bot(published=1, releases={"keep": 2})
        assert [line for line in actions(shop.plan()) if "release/" in line] == ["archive release/support@2"]
        shop.apply()
        assert is_silent(shop.plan())


def _without_label(agent: Document) -> Document:
    """All but when and by whom it was written."""
    pairs = {key: value for key, value in agent["metadata"].items() if key != "reconciler-spec"}
    return {**agent, "metadata": pairs, "updated_at": None}


def _mark(shop: Shop, number: int) -> None:
    path = shop.root / f"releases/support/v{number}.yaml"
    path.write_text(path.read_text().replace("spec:\n", "spec:\n  archived: true\n", 1))


def test_two_environments_publish_different_releases_of_one_content(shop):
    both = {"staging": {"variables": {"phone": "999"}}, "production": {"variables": {"phone": "123"}}}
    shop.wants({**PROJECT, "spec": {**PROJECT["spec"], "environments": both}})
    shop.commit()
    release(shop.root, shop.environ, "support")
    shop.wants(manifest("Assistant", "triage", {**TRIAGE, "instructions": "Two: ${var.phone}"}))
    shop.commit()
    release(shop.root, shop.environ, "support")
    shop.bot(published={"staging": 2, "production": 1})
    instructions = {}
    for name in both:
        shop.environ = {**shop.environ, "RECONCILER_ENV": name}
        shop.apply()
        bundle = load(shop.root / BUNDLES, f"acme/{name}", "chatbot/support")
        agent = shop.by_hand(shop.sdk.beta.agents.retrieve(next(iter(bundle.pointer.ids.values()))))
        instructions[name] = agent.instructions
    assert instructions == {"staging": "Two: 999", "production": "Call 123."}


class TestWrites:
    """What a plan says it writes is what applying it writes."""

    def written(self, shop: Shop) -> dict[str, int]:
        asked = Counter(request.partition(" ")[0] for request in shop.requests().elements())
        return {method: asked[method] for method in sorted(asked) if method != "GET"}

    def check(self, shop: Shop) -> None:
        expected = dict(shop.plan().requests)
        shop.requests()
        shop.apply()
        assert self.written(shop) == expected

    def test_through_the_life_of_a_chatbot(self, shop):
        shop.commit()
        release(shop.root, shop.environ, "support")
        shop.bot(published=1)
        self.check(shop)
        shop.file("kb/prices.md", "Dear.\n")
        shop.file("kb/new.md", "New.\n")
        self.check(shop)
        shop.wants(manifest("VectorStore", "kb", {"files": ["kb/*.md"], "metadata": {"team": "x"}}))
        self.check(shop)
        (shop.root / "kb/hours.md").unlink()
        self.check(shop)
        shop.wants(manifest("VectorStore", "kb", {"files": [{"path": "kb/*.md", "attributes": {"lang": "en"}}]}))
        self.check(shop)
        shop.commit()
        release(shop.root, shop.environ, "support")
        shop.bot(published=2)
        self.check(shop)
        _mark(shop, 1)
        self.check(shop)
        shop.wants(manifest("Pipeline", "flow", ONLY_TRIAGE))
        shop.bot()
        shop.drops("Assistant/helper", "VectorStore/kb")
        self.check(shop)
        assert is_silent(shop.plan()) or shop.plan().warnings

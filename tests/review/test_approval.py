"""Tests of the separation of reviewed changes from others, including their dependents."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.planning.codec import from_json, to_json
from reconciler.releases.release import release
from reconciler.resources.problems import ReconcilerError
from reconciler.review.approval import Approval, approval, digests
from tests.support.chatbot_automations import Desk, bot, desk, nightly, two_releases
from tests.support.world import BUNDLES, Document, World, manifest, world


def clerk(agent: str, instructions: str = "File it.", **more: Any) -> Document:
    return manifest(
        "Assistant", agent, {"target": "agents", "model": "gpt-6-luna", "instructions": instructions, **more}
    )


def request(name: str, instructions: str, **more: Any) -> Document:
    return manifest("Assistant", name, {"model": "gpt-6-luna", "instructions": instructions, **more})


FLOW = manifest(
    "Pipeline",
    "flow",
    {
        "nodes": {"a": {"type": "assistant", "assistant": "one"}, "b": {"type": "assistant", "assistant": "two"}},
        "edges": [{"from": "start", "to": "a"}, {"from": "a", "to": "b"}, {"from": "b", "to": "end"}],
    },
)
BOT = manifest("Chatbot", "desk", {"pipeline": "flow"})


@pytest.fixture
def office(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        yield made


def shown(office: World, *documents: Document) -> set[str]:
    """Return the digests of the plan of a pull request with these edits, and undo the edits."""
    before = dict(office.documents)
    office.wants(*documents)
    found = {change.digest for change in office.plan("keep").work}
    office.documents = before
    office.wants()
    return found


def parted(office: World, reviewed: set[str]) -> Approval:
    return approval(office.observed("keep").planned, reviewed)


def held(found: Approval) -> dict[str, str | None]:
    return {one.change.address: one.because_of for one in found.held}


def test_a_completely_reviewed_plan_is_not_changed(office: World):
    reviewed = shown(office, clerk("one"), clerk("two"))
    office.wants(clerk("one"), clerk("two"))
    found = parted(office, reviewed)
    assert found.held == ()
    assert found.plan.digest == office.plan("keep").digest


def test_unreviewed_changes_are_held_back(office: World):
    reviewed = shown(office, clerk("one"))
    office.wants(clerk("one"), clerk("two"))
    found = parted(office, reviewed)
    assert held(found) == {"assistant/two": None}
    assert [change.address for change in found.plan.work] == ["assistant/one"]


def test_the_reviewed_plan_can_be_applied(office: World):
    reviewed = shown(office, clerk("one"))
    office.wants(clerk("one"), clerk("two"))
    rest = parted(office, reviewed).plan
    assert from_json(json.loads(json.dumps(to_json(rest)))) == rest


def test_the_combined_change_of_two_pull_requests_is_held_back(office: World):
    """One pull request changes the name, the other the instructions; together they are a third change."""
    office.wants(clerk("one"))
    office.apply()
    reviewed = shown(office, clerk("one", name="Ann")) | shown(office, clerk("one", "Burn it."))
    office.wants(clerk("one", "Burn it.", name="Ann"))
    assert held(parted(office, reviewed)) == {"assistant/one": None}


def test_dependents_of_held_back_changes_are_held_back(office: World):
    office.file("kb/a.md", "A")
    tools = [{"type": "file_search", "vector_store_ids": ["kb"]}]
    store = manifest("VectorStore", "kb", {"files": ["kb/*.md"]})
    office.wants(store, request("one", "Look it up.", tools=tools))
    everything = {change.digest: change.address for change in office.plan("keep").work}
    reviewed = {digest for digest, address in everything.items() if address != "vectorstore/kb"}
    assert held(parted(office, reviewed)) == {"vectorstore/kb": None, "assistant/one": "vectorstore/kb"}


def test_a_bundle_follows_from_the_changes_of_two_pull_requests(office: World):
    """No pull request contained the bundle of the chatbot with both changes, but each part of it was reviewed."""
    office.wants(request("one", "A"), request("two", "B"), FLOW, BOT)
    office.apply()
    reviewed = shown(office, request("one", "AA")) | shown(office, request("two", "BB"))
    office.wants(request("one", "AA"), request("two", "BB"))
    assert held(parted(office, reviewed)) == {}


def test_a_bundle_is_held_back_with_its_parts(office: World):
    office.wants(request("one", "A"), request("two", "B"), FLOW, BOT)
    office.apply()
    reviewed = shown(office, request("one", "AA"))
    office.wants(request("one", "AA"), request("two", "BB"))
    found = held(parted(office, reviewed))
    assert found.pop("assistant/two") is None
    assert found == {"chatbot/desk": "assistant/two", "pipeline/flow": "assistant/two"}


def test_the_choice_of_a_release_always_requires_review(office: World):
    office.wants(request("one", "A"), request("two", "B"), FLOW, BOT)
    office.apply()
    release(office.root, office.environ, "desk", publish=False)
    office.documents["Chatbot/desk"] = manifest("Chatbot", "desk", {"pipeline": "flow", "published": 1})
    office.wants()
    plan = office.plan("keep")
    reviewed = {change.digest for change in plan.work if change.action != "publish"}
    assert "chatbot/desk" in held(parted(office, reviewed))


class TestAutomationsOfAChatbot:
    @pytest.fixture
    def two(self, tmp_path: Path) -> Iterator[Desk]:
        with desk(tmp_path / "acme") as made:
            two_releases(made)
            yield made

    def test_an_automation_follows_the_reviewed_release(self, two: Desk):
        two.drops("Automation/nightly")
        reviewed = shown(two, bot(published=2))
        two.wants(nightly(), bot(published=2))
        assert held(parted(two, reviewed)) == {}
        two.wants(nightly(expression="0 4 * * *"))
        assert held(parted(two, reviewed)) == {"automation/nightly": None}

    def test_an_automation_is_held_back_with_the_publication(self, two: Desk):
        two.wants(bot(published=2))
        assert held(parted(two, set())) == {"chatbot/support": None, "automation/nightly": "chatbot/support"}


def test_plans_of_other_identities_are_no_review_and_what_is_no_plan_is_an_error(office: World):
    office.wants(clerk("one"))
    data = json.dumps(to_json(office.plan("keep"))).encode()
    assert len(set(digests([data], "acme"))) == 1
    assert set(digests([data], "acme/production")) == set()
    for broken in (b"{", b"[]", data.replace(b"File it.", b"Burn it.")):
        with pytest.raises(ReconcilerError, match="plan"):
            set(digests([broken], "acme"))


class TestRepairs:
    """A repair restores what was applied, and needs no review of its own."""

    @pytest.fixture
    def shop(self, office: World) -> World:
        office.file("kb/a.md", "# A")
        office.file("kb/b.md", "# B")
        search = {"tools": [{"type": "file_search", "vector_store_ids": ["kb"]}]}
        store = manifest("VectorStore", "kb", {"files": ["kb/*.md"], "expires_after": {"days": 7}})
        office.wants(store, request("one", "Help.", **search), manifest("Chatbot", "bot", {"assistant": "one"}))
        office.apply()
        for words in (["init", "--quiet"], ["add", "--all"]):
            subprocess.run(["git", "-C", str(office.root), *words], check=True)
        release(office.root, office.environ, "bot")
        office.wants(manifest("Chatbot", "bot", {"assistant": "one", "published": 1}))
        office.apply()
        return office

    def test_expired_stores_and_what_holds_them_are_repaired(self, shop: World):
        shop.clock.seconds += 8 * 24 * 3600
        found = parted(shop, set())
        assert {change.action for change in found.plan.work} == {"replace", "publish", "update"}
        assert held(found) == {}

    def test_deleted_documents_are_written_again(self, shop: World):
        shutil.rmtree(shop.root / BUNDLES)
        assert held(parted(shop, set())) == {}
        assert shop.plan("keep").work

    def test_files_that_stores_still_list_are_uploaded_again(self, shop: World):
        shop.by_hand(shop.sdk.files.delete(shop.id_of("file/kb/b.md")))
        assert held(parted(shop, set())) == {}

    def test_a_repair_that_carries_an_edit_is_held_back(self, shop: World):
        shop.clock.seconds += 8 * 24 * 3600
        shop.wants(manifest("VectorStore", "kb", {"files": ["kb/a.md"], "expires_after": {"days": 7}}))
        assert held(parted(shop, set()))["vectorstore/kb"] is None

"""What is written is what the plan said, and what is recorded is what was written: nothing rides along."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.applying.model import ApplyResult
from reconciler.applying.write import StaleError
from reconciler.bundles.publish import read_all
from reconciler.operations.apply import apply_plan
from reconciler.operations.plan import Observed, make_plan
from reconciler.planning.model import Plan
from reconciler.planning.reasons import Notice
from reconciler.project.workspace import open_workspace
from reconciler.resources.address import Address
from reconciler.review.approval import approval
from reconciler.review.saved_plans import changed_addresses, on_drift_of, restricted
from reconciler.state.lock import this_process
from reconciler.state.model import AppliedPlan
from tests.support.publishing import publish
from tests.support.world import Document, Quiet, World, manifest, problem_of, told, world

WORKING_BOT = Address("chatbot", "bot@working")


@pytest.fixture
def office(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        yield made


def request(name: str, instructions: str, **more: Any) -> Document:
    return manifest("Assistant", name, {"model": "gpt-6-luna", "instructions": instructions, **more})


def clerk(name: str, **spec: Any) -> Document:
    return manifest("Assistant", name, {"target": "agents", "model": "gpt-6-luna", "instructions": "File it.", **spec})


def store(name: str, /, *, lifecycle: Document | None = None, **spec: Any) -> Document:
    return manifest("VectorStore", name, spec, **({"lifecycle": lifecycle} if lifecycle else {}))


def carry_out(office: World, observed: Observed) -> ApplyResult:
    workspace = open_workspace(office.root, office.environ)
    return office.run(apply_plan(workspace, office.connection, observed, Quiet(), resume="again"))


def apply_saved(office: World, saved: Plan) -> ApplyResult:
    """The way of `apply PLAN`."""
    workspace = open_workspace(office.root, office.environ)
    targets = changed_addresses(saved)
    observed = office.run(make_plan(workspace, office.connection, on_drift=on_drift_of(saved), targets=targets))
    return carry_out(office, replace(observed, planned=restricted(observed.planned, observed.snapshot, saved)))


def apply_reviewed(office: World, *addresses: str) -> list[str]:
    """The way of a merge, of which a pull request had shown these; gives what is held back."""
    observed = office.observed("keep")
    shown = {change.digest for change in observed.planned.plan.work if change.address in addresses}
    parted = approval(observed.planned, shown)
    result = carry_out(office, replace(observed, planned=replace(observed.planned, plan=parted.plan)))
    assert result.complete
    assert not result.found
    return [held.change.address for held in parted.held]


def published(office: World, address: Address) -> dict[str, Any]:
    """The instructions of each assistant that applications load."""
    workspace = open_workspace(office.root, office.environ)
    content: Any = read_all(workspace.built_in_outlet, workspace.identity)[address].content
    return {name: entry["request"]["instructions"] for name, entry in content["assistants"].items()}


class TestSavedPlans:
    def test_a_bundle_is_not_published_with_what_was_edited_in_it_since(self, office: World):
        office.wants(request("one", "One."), request("two", "Two."), manifest("Chatbot", "bot", {"assistant": "one"}))
        office.apply()
        office.wants(manifest("Chatbot", "bot", {"assistant": "two"}))
        saved = office.plan()
        office.wants(request("two", "Nobody has read this."))
        with pytest.raises(StaleError, match="chatbot/bot: objects written together with this update were edited"):
            apply_saved(office, saved)
        assert published(office, WORKING_BOT) == {"assistant/one": "One."}

    def test_undoing_a_hand_made_change_does_not_bring_an_edit_along(self, office: World):
        office.wants(request("one", "One."))
        office.apply()
        workspace, address = open_workspace(office.root, office.environ), Address("assistant", "one")
        found = read_all(workspace.built_in_outlet, workspace.identity)[address]
        content = json.loads(json.dumps(found.content))
        content["assistants"]["assistant/one"]["request"]["instructions"] = "By hand."
        publish([workspace.built_in_outlet], workspace.identity, address, content, {})
        saved = office.plan()
        assert (told(saved.changes), told(saved.drift)) == ([], ["update assistant/one: instructions"])
        office.wants(request("one", "One.", temperature=0.5))
        with pytest.raises(StaleError):
            apply_saved(office, saved)

    def test_unrelated_edits_do_not_matter(self, office: World):
        office.wants(request("one", "One."), request("two", "Two."), manifest("Chatbot", "bot", {"assistant": "one"}))
        office.apply()
        office.wants(request("one", "First."))
        saved = office.plan()
        office.wants(request("two", "Second."))
        assert apply_saved(office, saved).complete
        assert published(office, WORKING_BOT) == {"assistant/one": "First."}


class TestMerges:
    def test_what_nobody_reviewed_is_not_published_inside_of_what_was(self, office: World):
        flow = {"nodes": {"a": {"type": "assistant", "assistant": "two"}}, "edges": []}
        edges = [{"from": "start", "to": "a"}, {"from": "a", "to": "end"}]
        office.wants(
            request("one", "One."),
            request("two", "Two."),
            manifest("Pipeline", "flow", {**flow, "edges": edges}),
            manifest("Chatbot", "bot", {"assistant": "one"}),
        )
        office.apply()
        office.wants(manifest("Chatbot", "bot", {"pipeline": "flow"}), request("two", "Nobody has read this."))
        held = apply_reviewed(office, "chatbot/bot")
        assert sorted(held) == ["assistant/two", "chatbot/bot", "pipeline/flow"]
        assert published(office, WORKING_BOT) == {"assistant/one": "One."}

    def test_what_is_held_back_is_not_taken_for_the_work_of_a_killed_run(self, office: World):
        office.wants(request("one", "One."), request("two", "Two."))
        office.apply()
        kill_a_run(office)
        office.wants(request("one", "First."), request("two", "Second."))
        assert apply_reviewed(office, "assistant/two") == ["assistant/one"]
        plan = office.plan("keep")
        assert (told(plan.changes), plan.drift) == (["update assistant/one: instructions"], ())


def kill_a_run(office: World) -> None:
    """One that had begun, and that nobody ended."""
    workspace = open_workspace(office.root, office.environ)
    with workspace.backend.lock(this_process({})) as lease:
        plan = AppliedPlan("sha256:0", lease.token, lease.now(), "somebody")
        workspace.backend.begin(workspace.backend.read(), [], lease, plan=plan)


class TestBetweenPlanAndWrite:
    def test_a_hand_on_another_key_of_what_is_written_whole_is_seen(self, office: World):
        office.wants(store("kb", metadata={"team": "a", "tier": "1"}))
        office.apply()
        id_ = office.id_of("vectorstore/kb")
        office.wants(store("kb", metadata={"team": "b", "tier": "1"}))
        observed = office.observed("keep")
        office.by_hand(hotfix(office, id_))
        (outcome,) = carry_out(office, observed).outcomes
        assert problem_of(outcome).code == "stale"
        assert "metadata was changed after the plan was made" in problem_of(outcome).message
        live = office.by_hand(office.sdk.vector_stores.retrieve(id_))
        assert (live.metadata or {})["tier"] == "hotfix"

    def test_a_hand_on_another_tool_is_seen(self, office: World):
        def tools(said: str, other: str = "Stays.") -> list[Document]:
            parameters = {"type": "object", "properties": {}}
            pairs = (("look_up", said), ("write_down", other))
            return [{"type": "function", "name": n, "description": d, "parameters": parameters} for n, d in pairs]

        office.wants(clerk("ann", tools=tools("Old.")))
        office.apply()
        id_ = office.id_of("assistant/ann")
        office.wants(clerk("ann", tools=tools("New.")))
        observed = office.observed("keep")
        office.by_hand(office.connection.replace("agents", id_, body={"tools": tools("Old.", "Hotfix.")}))
        (outcome,) = carry_out(office, observed).outcomes
        assert problem_of(outcome).code == "stale"


async def hotfix(office: World, id_: str) -> None:
    found = await office.sdk.vector_stores.retrieve(id_)
    await office.sdk.vector_stores.update(id_, metadata={**(found.metadata or {}), "tier": "hotfix"})


class TestRecords:
    def test_what_is_ignored_is_not_recorded_as_written(self, office: World):
        ignoring = {"ignore": ["expires_after"]}
        office.wants(store("kb", name="one", expires_after={"days": 7}, lifecycle=ignoring))
        office.apply()
        office.wants(store("kb", name="two", expires_after={"days": 30}, lifecycle=ignoring))
        assert told(office.plan().changes) == ["update vectorstore/kb: name"]
        office.apply()
        office.wants(store("kb", name="two", expires_after={"days": 30}))
        plan = office.plan("keep")
        assert (told(plan.changes), plan.drift) == (["update vectorstore/kb: expires_after.days"], ())


class TestFiles:
    def test_an_upload_of_ours_that_somebody_else_attached_is_told_and_stays(self, office: World):
        for name in ("a.md", "b.md", "c.md"):
            office.file(name, name)
        office.wants(store("one", files=["a.md"]), store("two", files=["b.md"]))
        office.apply()
        two, upload = office.id_of("vectorstore/two"), office.id_of("file/a.md")
        office.by_hand(office.sdk.vector_stores.files.create(two, file_id=upload))
        warning = Notice("files-not-in-manifest", {"files": ["a.md"]}, "vectorstore/two")
        assert office.plan().warnings == (warning,)
        office.wants(store("two", files=["b.md", "c.md"]))
        office.apply()
        assert upload in held_by(office, two)
        assert office.plan().warnings == (warning,)

    def test_what_is_ours_goes_although_somebody_took_our_mark_off(self, office: World):
        office.file("a.md", "a")
        office.file("b.md", "b")
        office.wants(store("one", files=["a.md", "b.md"]), store("two", files=["a.md"]))
        office.apply()
        one, upload = office.id_of("vectorstore/one"), office.id_of("file/a.md")
        office.by_hand(office.sdk.vector_stores.files.update(upload, vector_store_id=one, attributes={}))
        office.wants(store("one", files=["b.md"]))
        office.apply()
        assert held_by(office, one) == {office.id_of("file/b.md")}

    def test_files_that_are_ignored_are_not_pruned(self, office: World):
        office.file("a.md", "a")
        office.wants(store("kb", files=["a.md"], prune=True, lifecycle={"ignore": ["files"]}))
        office.apply()
        kb = office.id_of("vectorstore/kb")
        theirs = office.by_hand(office.sdk.files.create(file=("x.md", b"x"), purpose="assistants"))
        office.by_hand(office.sdk.vector_stores.files.create(kb, file_id=theirs.id))
        assert not office.plan().work


def held_by(office: World, store_id: str) -> set[str]:
    async def look() -> set[str]:
        return {file.id async for file in office.sdk.vector_stores.files.list(store_id)}

    return office.by_hand(look())

"""`adopt`, `moved_from` and `keep_on_delete` against the embedded API."""

import pytest

from reconciler.operations.adopt import planned_adoption
from reconciler.operations.apply import apply_plan
from reconciler.planning.codec import from_json, to_json
from reconciler.planning.reasons import Reason
from reconciler.project.workspace import open_workspace
from reconciler.resources.address import Address
from reconciler.resources.labels import ADDRESS, KEYS, PROJECT, SPEC
from reconciler.resources.problems import ReconcilerError
from reconciler.review.saved_plans import adoptions
from tests.support.world import Quiet, World, is_silent, manifest, told, world

AGENT = {"target": "agents", "model": "gpt-6-luna"}


@pytest.fixture
def estate(tmp_path):
    with world(tmp_path / "acme") as made:
        yield made


def agent(estate: World, **given):
    return estate.by_hand(estate.sdk.beta.agents.create(**{"model": "gpt-6-luna", **given}))


def store(estate: World, *names: str, **given):
    async def make():
        files = [await estate.sdk.files.create(file=(name, b"text"), purpose="assistants") for name in names]
        return await estate.sdk.vector_stores.create(file_ids=[file.id for file in files], **given)

    return estate.by_hand(make())


def adopt(estate: World, **wanted: str | None):
    """Adopt assistants by name, or all objects, and return the pairing and the applied plan."""
    workspace = open_workspace(estate.root, estate.environ)
    asked = {Address("assistant", name): id_ for name, id_ in wanted.items()}

    async def run():
        observed, pairing = await planned_adoption(workspace, estate.connection, asked)
        result = await apply_plan(workspace, estate.connection, observed, Quiet(), resume="")
        assert result.complete
        return pairing, observed.planned.plan

    return estate.run(run())


def agent_at(estate: World, id_: str):
    return estate.by_hand(estate.sdk.beta.agents.retrieve(id_))


def held_by(estate: World, id_: str):
    async def read():
        return [file async for file in estate.sdk.vector_stores.files.list(id_)]

    return estate.by_hand(read())


class TestAdopt:
    def test_only_labels_are_written(self, estate):
        made = agent(estate, name="triage", instructions="Live.", metadata={"theirs": "1"})
        estate.wants(manifest("Assistant", "triage", {**AGENT, "instructions": "Wanted."}))
        estate.requests()
        adopt(estate)
        assert {request: n for request, n in estate.requests().items() if "GET" not in request} == {
            "POST /v1/agents/{id}": 1
        }
        after = agent_at(estate, made.id)
        assert after.metadata.keys() == {"theirs", *KEYS}
        assert (after.metadata[PROJECT], after.metadata[ADDRESS]) == ("acme", "assistant/triage")
        assert after.to_dict() | {"metadata": {}, "updated_at": 0} == made.to_dict() | {"metadata": {}, "updated_at": 0}

    def test_differences_are_shown_by_the_next_plan_only(self, estate):
        agent(estate, name="triage", instructions="Live.", metadata={"tier": "gold", "theirs": "1"})
        spec = {**AGENT, "instructions": "Wanted.", "metadata": {"tier": "silver"}}
        estate.wants(manifest("Assistant", "triage", spec))
        _, plan = adopt(estate)
        assert plan.work[0].reasons[1] == Reason("manifest-differs", {"fields": ["instructions", "metadata"]})
        plan = estate.plan(on_drift="refuse")
        assert told(plan.changes) == ["update assistant/triage: instructions, metadata.tier"]
        assert not plan.drift
        estate.apply()
        assert is_silent(estate.plan())

    def test_a_store_with_its_files_by_id(self, estate):
        made = store(estate, "hours.md", name="kb")
        files = [file.id for file in held_by(estate, made.id)]
        estate.wants(manifest("VectorStore", "kb", {"files": files}))
        adopt(estate)
        assert [file.attributes for file in held_by(estate, made.id)] == [{}]
        plan = estate.plan()
        assert not plan.work
        assert not plan.warnings

    def test_a_store_whose_manifest_names_paths_gets_uploads_of_its_own(self, estate):
        """The content of the existing upload cannot be compared."""
        made = store(estate, "hours.md", name="kb")
        estate.file("kb/hours.md", "text")
        estate.wants(manifest("VectorStore", "kb", {"files": ["kb/*.md"]}))
        _, plan = adopt(estate)
        assert (plan.warnings[0].code, plan.warnings[0].args["path"]) == ("upload-alike", "kb/hours.md")
        estate.apply()
        assert len(held_by(estate, made.id)) == 2
        assert not estate.plan().work

    def test_of_stores_with_one_name_the_one_that_holds_the_files(self, estate):
        store(estate, "hours.md", name="kb")
        second = store(estate, "prices.md", name="kb")
        files = [file.id for file in held_by(estate, second.id)]
        estate.wants(manifest("VectorStore", "kb", {"files": files}))
        pairing, _ = adopt(estate)
        assert pairing.ids == {Address("vectorstore", "kb"): second.id}

    def test_an_object_without_room_for_labels_is_managed_by_state(self, estate):
        made = agent(estate, name="triage", metadata={f"key {number}": "x" for number in range(14)})
        estate.wants(manifest("Assistant", "triage", AGENT))
        adopt(estate)
        assert agent_at(estate, made.id).metadata == made.metadata
        assert not estate.plan().work
        estate.wants(manifest("Assistant", "triage", {**AGENT, "instructions": "New."}))
        estate.apply()
        assert agent_at(estate, made.id).instructions == "New."
        assert agent_at(estate, made.id).metadata == made.metadata
        assert not estate.plan().work

    def test_an_adopted_object_is_protected_by_its_manifest(self, estate):
        agent(estate, name="triage")
        estate.wants(manifest("Assistant", "triage", AGENT, lifecycle={"protect": True}))
        adopt(estate)
        assert not estate.plan().work
        estate.drops("Assistant/triage")
        assert [refusal.rule for refusal in estate.plan().refusals] == ["protected"]

    def test_foreign_objects_are_reported_and_the_rest_is_adopted(self, estate):
        foreign = agent(estate, name="a", metadata={PROJECT: "globex", ADDRESS: "assistant/a", SPEC: "v1"})
        mine = agent(estate, name="b")
        estate.wants(manifest("Assistant", "a", AGENT), manifest("Assistant", "b", AGENT))
        pairing, _ = adopt(estate, a=foreign.id, b=None)
        assert [problem.code for problem in pairing.problems] == ["foreign-owner"]
        assert "keep_on_delete" in pairing.problems[0].hint
        assert pairing.ids == {Address("assistant", "b"): mine.id}
        assert agent_at(estate, foreign.id).metadata == foreign.metadata

    def test_a_run_killed_before_the_state_write_is_recovered(self, estate):
        agent(estate, name="triage", instructions="Live.")
        estate.wants(manifest("Assistant", "triage", {**AGENT, "instructions": "Wanted."}))
        adopt(estate)
        estate.lose_entries()
        plan = estate.plan()
        assert told(plan.changes) == ["update assistant/triage: instructions"]
        assert not plan.drift

    def test_a_saved_plan_adopts_its_objects(self, estate):
        made = agent(estate, name="triage")
        estate.wants(manifest("Assistant", "triage", AGENT))
        workspace = open_workspace(estate.root, estate.environ)
        observed, _ = estate.run(planned_adoption(workspace, estate.connection, {}))
        saved = from_json(to_json(observed.planned.plan))
        assert adoptions(observed.snapshot, saved) == {Address("assistant", "triage"): made.id}
        adopt(estate)
        assert not adoptions(estate.observed().snapshot, saved)

    def test_a_thousand_agents_are_read_by_list_walks(self, estate):
        async def make():
            for number in range(150):
                await estate.sdk.beta.agents.create(model="gpt-6-luna", name=f"bot-{number}")

        estate.by_hand(make())
        estate.wants(*(manifest("Assistant", f"bot-{number}", AGENT) for number in range(150)))
        estate.requests()
        workspace = open_workspace(estate.root, estate.environ)
        estate.run(planned_adoption(workspace, estate.connection, {}))
        assert estate.requests() == {"GET /v1/agents": 2, "GET /v1/models": 1}


class TestMoved:
    def move(self, estate: World, kind: str, spec, **lifecycle):
        estate.drops(f"{kind}/old")
        estate.wants(manifest(kind, "new", spec, lifecycle={"moved_from": "old", **lifecycle}))

    @pytest.mark.parametrize(("kind", "spec"), [("Assistant", AGENT), ("VectorStore", {"files": ["kb/*.md"]})])
    def test_a_moved_manifest_keeps_its_live_object(self, estate, kind, spec):
        estate.file("kb/hours.md", "# Hours")
        estate.wants(manifest(kind, "old", spec))
        estate.apply()
        address = f"{'assistant' if kind == 'Assistant' else 'vectorstore'}/new"
        id_ = estate.id_of(address.replace("new", "old"))
        self.move(estate, kind, spec)
        assert told(estate.plan().changes) == [f"update {address}: name, address"]
        estate.apply()
        assert estate.id_of(address) == id_
        assert is_silent(estate.plan())
        estate.lose_entries()
        assert not estate.plan().drift
        assert {change.action for change in estate.plan().work} <= {"adopt"}

    def test_references_follow_a_move_and_the_old_bundle_is_removed(self, estate):
        request = {"target": "responses", "model": "gpt-6-luna"}
        estate.wants(manifest("Assistant", "old", request), manifest("Chatbot", "desk", {"assistant": "old"}))
        estate.apply()
        self.move(estate, "Assistant", request)
        estate.wants(manifest("Chatbot", "desk", {"assistant": "new"}))
        plan = estate.plan()
        assert told(plan.changes) == ["update assistant/new: address", "update chatbot/desk: assistant"]
        estate.apply()
        names = {path.rpartition("/")[2] for path in estate.memory() if "/assistant/" in path}
        assert names == {"new.json"}
        assert is_silent(estate.plan())

    def test_a_chain_of_names_serves_every_environment(self, estate):
        estate.wants(manifest("Assistant", "old", AGENT))
        estate.apply()
        id_ = estate.id_of("assistant/old")
        estate.drops("Assistant/old")
        estate.wants(manifest("Assistant", "newest", AGENT, lifecycle={"moved_from": ["new", "old"]}))
        estate.apply()
        assert estate.id_of("assistant/newest") == id_
        assert is_silent(estate.plan())


class TestKept:
    def test_a_kept_agent_is_unmanaged_and_can_be_adopted_again(self, estate):
        estate.wants(manifest("Assistant", "triage", AGENT, lifecycle={"keep_on_delete": True}))
        estate.apply()
        id_ = estate.id_of("assistant/triage")
        estate.drops("Assistant/triage")
        assert told(estate.plan().changes) == ["forget assistant/triage"]
        estate.apply()
        assert agent_at(estate, id_).metadata == {}
        assert not estate.plan().work
        assert any(path.endswith("/assistant/triage.json") for path in estate.memory())
        estate.wants(manifest("Assistant", "triage", AGENT))
        pairing, _ = adopt(estate)
        assert pairing.ids == {Address("assistant", "triage"): id_}
        assert is_silent(estate.plan())

    def test_a_kept_store_keeps_its_files(self, estate):
        estate.file("kb/hours.md", "# Hours")
        kept = {"keep_on_delete": True}
        estate.wants(
            manifest("VectorStore", "kb", {"files": [{"path": "kb/*.md", "attributes": {"a": 1}}]}, lifecycle=kept)
        )
        estate.apply()
        id_ = estate.id_of("vectorstore/kb")
        estate.drops("VectorStore/kb")
        assert told(estate.plan().changes) == ["forget vectorstore/kb", "forget file/kb/hours.md"]
        estate.apply()
        assert [file.attributes for file in held_by(estate, id_)] == [{"a": 1}]
        assert not estate.plan().work

    def test_a_reference_to_a_kept_object_is_an_error(self, estate):
        kept = {"keep_on_delete": True}
        request = {"target": "responses", "model": "gpt-6-luna"}
        tools = [{"type": "file_search", "vector_store_ids": ["kb"]}]
        estate.wants(manifest("VectorStore", "kb", {}, lifecycle=kept))
        estate.wants(manifest("Assistant", "triage", {**request, "tools": tools}))
        estate.apply()
        estate.drops("VectorStore/kb")
        with pytest.raises(ReconcilerError, match="no manifest defines vectorstore/kb"):
            estate.plan()

    def test_a_kept_document_stays_published(self, estate):
        request = {"target": "responses", "model": "gpt-6-luna"}
        estate.wants(manifest("Assistant", "triage", request, lifecycle={"keep_on_delete": True}))
        estate.apply()
        estate.drops("Assistant/triage")
        before = estate.memory()
        plan = estate.plan()
        assert not plan.work
        assert plan.warnings[0].code == "stays-published"
        estate.apply()
        assert estate.memory() == before

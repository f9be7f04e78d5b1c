"""Two repositories with one `metadata.name`, or one whose state was lost: objects of another state are left alone."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.importing.inventory import take_inventory
from reconciler.importing.live_inventory import project_context
from reconciler.live.adapters import adapters
from reconciler.operations.adopt import planned_adoption
from reconciler.operations.drift import report_of
from reconciler.operations.state_rebuild import rebuild_state
from reconciler.planning.model import Plan, Refusal
from reconciler.project.status import object_statuses
from reconciler.project.workspace import open_workspace
from reconciler.releases.release import release
from reconciler.resources.address import Address, Identity
from reconciler.resources.labels import ADDRESS, PROTECTED, from_metadata, is_lineage
from reconciler.resources.problems import ReconcilerError
from reconciler.state.edits import StateRebuild
from tests.support.world import BUNDLES, PROJECT, STATE, World, is_silent, manifest, world

AGENT: Any = {"target": "agents", "model": "gpt-6-luna", "instructions": "Sort."}
REQUEST: Any = {
    "target": "responses",
    "model": "gpt-6-luna",
    "instructions": "Help.",
    "tools": [{"type": "file_search", "vector_store_ids": ["kb"]}],
}
SHARED = "published"


@pytest.fixture
def first(tmp_path) -> Iterator[World]:
    """Return an applied project with a published release."""
    with world(tmp_path / "first") as made:
        made.file("kb/a.md", "Bills.")
        made.wants(
            manifest("Assistant", "triage", AGENT),
            manifest("Assistant", "helper", REQUEST),
            manifest("VectorStore", "kb", {"files": ["kb/*.md"]}),
            manifest("Chatbot", "support", {"assistant": "triage"}),
        )
        made.apply()
        release(made.root, made.environ, "support", publish=True)
        made.documents["Chatbot/support"]["spec"]["published"] = 1
        made.wants()
        made.apply()
        assert is_silent(made.plan())
        yield made


def repository(first: World, name: str, *documents: Any, **spec: Any) -> World:
    """Return another repository with the same `metadata.name` and the same API."""
    other = replace(first, root=first.root.parent / name, documents={})
    other.root.mkdir()
    other.wants({**PROJECT, "spec": {**PROJECT["spec"], **spec}}, *documents)
    return other


def live(estate: World) -> dict[str, Any]:
    """Return everything at OpenAI, with its metadata and files."""

    async def look() -> dict[str, Any]:
        sdk = estate.sdk
        found: dict[str, Any] = {one.id: one.to_dict() async for one in sdk.beta.agents.list()}
        found |= {one.id: one.to_dict() async for one in sdk.files.list()}
        async for store in sdk.vector_stores.list():
            files = [one.to_dict() async for one in sdk.vector_stores.files.list(store.id)]
            found[store.id] = (store.to_dict(), files)
        return found

    return estate.by_hand(look())


def labelled(estate: World) -> dict[str, tuple[str, str]]:
    """Return the id and the name of every labelled object by the address on its label."""

    async def look() -> dict[str, tuple[str, str]]:
        found: list[Any] = [one async for one in estate.sdk.beta.agents.list()]
        found += [one async for one in estate.sdk.vector_stores.list()]
        return {one.metadata[ADDRESS]: (one.id, one.name) for one in found if ADDRESS in (one.metadata or {})}

    return estate.by_hand(look())


def lineage_of(estate: World) -> str:
    found = open_workspace(estate.root, estate.environ).backend.read().state.lineage
    assert found is not None
    return found


def relabel(estate: World, id_: str, lineage: str) -> str:
    """Give an agent a label with another lineage, or with none. Return its id."""

    async def work() -> None:
        agent = await estate.sdk.beta.agents.retrieve(id_)
        protected = f"false {lineage}".rstrip()
        await estate.sdk.beta.agents.update(id_, metadata={**(agent.metadata or {}), PROTECTED: protected})

    estate.by_hand(work())
    return id_


def foreign(plan: Plan) -> Refusal:
    """Return the only refusal."""
    (refusal,) = plan.refusals
    assert (refusal.rule, refusal.address, refusal.consent) == ("foreign-owner", "project/acme", None)
    assert "rebuild-state" in {one.code for one in refusal.remedies}
    return refusal


def listed(refusal: Refusal) -> dict[str, tuple[str, str]]:
    return {one["address"]: (one["id"], one["name"]) for one in refusal.cause.args["objects"]}


def test_the_label_has_the_lineage_of_the_state_in_the_value_of_the_protection(first: World) -> None:
    lineage = lineage_of(first)
    assert is_lineage(lineage)
    for body in live(first).values():
        metadata = (body[0] if isinstance(body, tuple) else body).get("metadata")
        if metadata:
            assert metadata[PROTECTED] == f"false {lineage}"
            assert len([key for key in metadata if key.startswith("reconciler-")]) == 4


def test_a_second_repository_is_refused_and_changes_nothing(first: World) -> None:
    stores = manifest("VectorStore", "other", {})
    second = repository(first, "second", manifest("Assistant", "other", AGENT), stores)
    before = live(first)
    plan = second.plan()
    refusal = foreign(plan)
    assert listed(refusal) == labelled(first), "with their ids and names"
    assert {change.action for change in plan.work} == {"create"}
    with pytest.raises(AssertionError):
        second.apply()
    assert live(first) == before
    assert is_silent(first.plan())


@pytest.mark.parametrize("same", [True, False], ids=["same-manifests", "other-content"])
def test_a_second_repository_with_the_same_addresses_takes_nothing_over(first: World, same: bool) -> None:
    content = AGENT if same else {**AGENT, "instructions": "Other."}
    second = repository(first, "second", manifest("Assistant", "triage", content))
    plan = second.plan()
    assert "assistant/triage" in listed(foreign(plan))
    assert not plan.work, "no second object either"
    assert plan.unchanged == 0


def test_a_second_repository_with_a_state_of_its_own_is_refused_too(first: World) -> None:
    """It was applied when the first one had nothing of the kinds that it uses."""
    second = repository(first, "second", manifest("Assistant", "note", {**REQUEST, "tools": []}))
    second.apply()
    assert lineage_of(second) != lineage_of(first)
    second.wants(manifest("Assistant", "triage", AGENT))
    assert listed(foreign(second.plan())).keys() == {"assistant/triage", "assistant/triage@support.1"}
    second.drops("Assistant/triage")
    second.wants(manifest("VectorStore", "more", {}))
    assert "vectorstore/kb" in listed(foreign(second.plan()))


def test_the_inventory_lists_the_objects_of_the_other_state_as_unmanaged(first: World) -> None:
    second = repository(first, "second", manifest("Assistant", "other", AGENT))
    for estate, ownership in ((first, "ours"), (second, "unmanaged")):
        here = project_context(estate.root, estate.environ, env=None, endpoint=None)
        done = estate.run(take_inventory(here, estate.connection, by=None, on_progress=lambda _: None))
        found = {item.address: item.ownership for item in done.items if item.type in ("agent", "vector_store")}
        assert found == dict.fromkeys(labelled(first), ownership)


def test_two_first_applies_at_once_leave_both_without_power_over_the_objects_of_the_other(tmp_path: Path) -> None:
    with world(tmp_path / "first") as one:
        one.wants(manifest("Assistant", "triage", AGENT))
        two = repository(one, "second", manifest("Assistant", "triage", AGENT))
        planned = two.observed()  # before the first one has made anything
        one.apply()
        mine = one.id_of("assistant/triage")
        two.carry_out(planned)
        theirs = (set(live(one)) - {mine}).pop()
        assert listed(foreign(one.plan())) == {"assistant/triage": (theirs, "triage")}
        assert listed(foreign(two.plan())) == {"assistant/triage": (mine, "triage")}
        one.drops("Assistant/triage")
        assert {change.id for change in one.plan().work} == {mine}


def test_environments_that_share_an_openai_project_leave_each_other_alone(tmp_path: Path) -> None:
    with world(tmp_path / "first") as made:
        environments: Any = {"environments": {"staging": {}, "production": {}}}
        made.wants({**PROJECT, "spec": {**PROJECT["spec"], **environments}}, manifest("Assistant", "triage", AGENT))
        found = set()
        for environment in ("staging", "production"):
            made.environ = {**made.environ, "RECONCILER_ENV": environment}
            assert not made.plan().refusals
            made.apply()
            found.add(lineage_of(made))
            assert not made.plan().work
        assert len(found) == 2


class TestLostState:
    def test_the_status_of_every_object_is_refused(self, first: World) -> None:
        first.lose_state()
        observed = first.observed()
        report = first.run(report_of(observed))
        refused = {one.address for one in object_statuses(observed.planned, report) if one.refusals}
        assert labelled(first).keys() | {"project/acme"} <= refused

    def test_nothing_is_planned_for_what_is_live_until_the_state_is_rebuilt(self, first: World) -> None:
        lineage, before = lineage_of(first), live(first)
        first.lose_state()
        plan = first.plan()
        assert listed(foreign(plan)) == labelled(first)
        assert "chatbot/support" in foreign(plan).cause.args["documents"]
        assert not [change for change in plan.work if change.action in ("delete", "archive", "replace")]
        rebuilt = first.rebuild(lineage)
        assert rebuilt.taken == dict(labelled(first).values())
        assert lineage_of(first) == lineage, "taken over, not a new one"
        assert is_silent(first.plan())
        assert live(first) == before

    def test_with_the_manifests_gone_as_well_nothing_is_deleted(self, first: World) -> None:
        first.lose_state()
        first.drops("Chatbot/support", "Assistant/triage", "Assistant/helper", "VectorStore/kb")
        shutil.rmtree(first.root / "releases")
        first.wants(manifest("Assistant", "new", AGENT), manifest("VectorStore", "new", {}))
        plan = first.plan()
        assert {change.action for change in plan.work} == {"create"}
        assert foreign(plan)

    def test_a_state_that_was_rebuilt_without_a_name_asks_first(self, first: World) -> None:
        first.lose_state()
        asked: list[StateRebuild] = []

        def decline(found: StateRebuild) -> bool:
            asked.append(found)
            return False

        workspace = open_workspace(first.root, first.environ)
        done = first.run(rebuild_state(workspace, first.connection, decline))
        assert (done.written, len(asked)) == (False, 1)
        assert asked[0].taken == dict(labelled(first).values())
        assert not (first.root / STATE / "acme").exists()

    def test_objects_of_several_states_are_refused_until_one_is_named(self, first: World) -> None:
        mine = lineage_of(first)
        theirs = "00000000deadbeef"
        triage, _ = labelled(first)["assistant/triage"]
        relabel(first, triage, theirs)
        for lost in (False, True):
            if lost:
                first.lose_state()
            with pytest.raises(ReconcilerError) as error:
                first.rebuild()
            (problem,) = error.value.problems
            assert problem.code == "several-lineages"
            assert all(text in str(problem) for text in (mine, theirs, f"{triage} (triage)"))
        with pytest.raises(ReconcilerError) as error:
            first.rebuild("0123456789abcdef")
        assert error.value.problems[0].code == "unknown-lineage"
        assert triage not in first.rebuild(mine).taken
        assert listed(foreign(first.plan())) == {"assistant/triage": (triage, "triage")}

    def test_an_object_of_another_state_is_not_adopted_by_its_id(self, first: World) -> None:
        second = repository(first, "second", manifest("Assistant", "mine", AGENT))
        triage, _ = labelled(first)["assistant/triage"]
        wanted = {Address("assistant", "mine"): triage}
        workspace = open_workspace(second.root, second.environ)
        _, pairing = second.run(planned_adoption(workspace, second.connection, wanted))
        (problem,) = pairing.problems
        assert (problem.code, "state rebuild" in problem.hint) == ("foreign-owner", True)
        assert pairing.ids == {}

    def test_an_adoption_and_a_target_wait_for_the_rebuild(self, first: World) -> None:
        """The first run of the new state would give it a lineage beside the one that is live."""
        first.lose_state()
        first.wants(manifest("Assistant", "spare", AGENT))
        spare = Address("assistant", "spare")
        foreign(first.plan(targets=(str(spare),)))
        id_ = first.by_hand(first.sdk.beta.agents.create(name="spare", model="gpt-6-luna")).id
        before = live(first)
        workspace = open_workspace(first.root, first.environ)
        observed, pairing = first.run(planned_adoption(workspace, first.connection, {spare: id_}))
        assert pairing.ids == {spare: id_}
        foreign(observed.planned.plan)
        assert live(first) == before

    def test_an_older_state_of_the_same_lineage_finds_its_objects(self, first: World) -> None:
        first.lose_entries()
        plan = first.plan()
        assert not plan.refusals
        assert not plan.drift
        assert not [
            change for change in plan.work if change.action in ("create", "delete") and "file/" not in change.address
        ]


class TestLabelsThatChange:
    def test_an_id_of_the_state_with_another_lineage_is_foreign(self, first: World) -> None:
        id_ = relabel(first, first.id_of("assistant/triage"), "00000000deadbeef")
        first.wants(manifest("Assistant", "spare", AGENT))
        for names in ((), ("Assistant/triage", "Chatbot/support")):
            first.drops(*names)
            plan = first.plan()
            refusal = next(one for one in plan.refusals if one.rule == "foreign-owner")
            assert listed(refusal) == {"assistant/triage": (id_, "triage")}
            assert refusal.cause.args["objects"][0]["in_state"]
            assert not [change for change in plan.work if change.id == id_]

    def test_a_missing_lineage_is_no_change_and_is_added_with_the_next_write(self, first: World) -> None:
        id_ = relabel(first, first.id_of("assistant/triage"), "")
        assert is_silent(first.plan())
        first.requests()
        first.apply()
        assert {one.partition(" ")[0] for one in first.requests()} <= {"GET"}
        first.wants(manifest("Assistant", "triage", {**AGENT, "instructions": "Sort well."}))
        first.apply()
        labels = from_metadata(live(first)[id_]["metadata"])
        assert labels is not None
        assert labels.lineage == lineage_of(first)

    def test_a_missing_lineage_costs_no_request_where_only_files_of_a_store_change(self, first: World) -> None:
        id_ = first.id_of("vectorstore/kb")

        async def unlineaged() -> None:
            store = await first.sdk.vector_stores.retrieve(id_)
            await first.sdk.vector_stores.update(id_, metadata={**(store.metadata or {}), PROTECTED: "false"})

        first.by_hand(unlineaged())
        assert is_silent(first.plan())
        first.file("kb/b.md", "More.")
        first.requests()
        first.apply()
        assert "POST /v1/vector_stores/{id}" not in first.requests()
        assert is_silent(first.plan())

    def test_the_label_of_another_state_stays_when_the_entry_is_removed(self, first: World) -> None:
        id_ = relabel(first, first.id_of("assistant/triage"), "00000000deadbeef")
        before = live(first)[id_]
        first.run(adapters(first.connection)["agent"].disown(id_, Identity("acme"), lineage_of(first)))
        assert live(first)[id_] == before

    def test_a_label_that_changes_after_the_plan_stops_the_write(self, first: World) -> None:
        first.wants(manifest("Assistant", "triage", {**AGENT, "instructions": "Sort well."}))
        observed = first.observed()
        id_ = relabel(first, first.id_of("assistant/triage"), "00000000deadbeef")
        before = live(first)[id_]
        result = first.carry_out(observed)
        assert not result.complete
        assert live(first)[id_] == before


class TestFilesWithMarks:
    """Marks have no lineage: in a store that is adopted, they may be those of another state."""

    def store(self, estate: World, **attributes: str) -> tuple[str, str]:
        """Create a store without a label that holds a file with a mark. Return both ids."""

        async def make() -> tuple[str, str]:
            file = await estate.sdk.files.create(file=("theirs.md", b"theirs"), purpose="assistants")
            store = await estate.sdk.vector_stores.create(name="old")
            pairs: Any = {"reconciler-project": "acme", "reconciler-sha256": "0" * 64, **attributes}
            await estate.sdk.vector_stores.files.create(store.id, file_id=file.id, attributes=pairs)
            return store.id, file.id

        return estate.by_hand(make())

    def adopted(self, estate: World, id_: str | None) -> tuple[Any, Any]:
        workspace = open_workspace(estate.root, estate.environ)
        wanted = {Address("vectorstore", "old"): id_}
        return estate.run(planned_adoption(workspace, estate.connection, wanted))

    @pytest.mark.parametrize("is_named", [True, False], ids=["by-id", "by-name"])
    @pytest.mark.parametrize("owner", ["acme", "another"])
    def test_a_store_with_marks_of_other_files_is_not_adopted(self, first: World, is_named: bool, owner: str) -> None:
        store, file = self.store(first, **{"reconciler-project": owner})
        first.wants(manifest("VectorStore", "old", {}))
        observed, pairing = self.adopted(first, store if is_named else None)
        (problem,) = pairing.problems
        assert (problem.code, file in problem.message, pairing.ids) == ("foreign-owner", True, {})
        assert not observed.planned.plan.work

    def test_without_the_marks_it_is_adopted_and_keeps_its_files(self, first: World) -> None:
        store, file = self.store(first)
        first.by_hand(first.sdk.vector_stores.files.update(file, vector_store_id=store, attributes={}))
        first.wants(manifest("VectorStore", "old", {}))
        observed, pairing = self.adopted(first, store)
        assert pairing.problems == ()
        first.carry_out(observed)
        first.apply()
        assert not first.plan().changes
        assert file in live(first)
        assert [one["id"] for one in live(first)[store][1]] == [file]


class TestOutlets:
    @pytest.fixture
    def publishing(self, first: World) -> World:
        first.wants({**PROJECT, "spec": {**PROJECT["spec"], "outlets": [{"directory": SHARED}]}})
        first.apply()
        return first

    def second(self, first: World, *documents: Any) -> World:
        """Return another repository without objects of its own at OpenAI, and with a copy of the outlet."""
        made = repository(first, "second", *documents, outlets=[{"directory": SHARED}])
        shutil.copytree(first.root / SHARED, made.root / SHARED)
        return made

    def test_a_pointer_of_another_state_is_not_overwritten(self, publishing: World) -> None:
        content = {**REQUEST, "instructions": "Other.", "tools": []}
        second = self.second(publishing, manifest("Assistant", "helper", content))
        (refusal,) = second.plan().refusals
        assert (refusal.rule, refusal.address) == ("foreign-owner", "assistant/helper")
        assert refusal.cause.code == "foreign-pointer"
        pointer = second.root / SHARED / "acme/assistant/helper.json"
        before = pointer.read_bytes()
        with pytest.raises(AssertionError):
            second.apply()
        assert pointer.read_bytes() == before

    def test_a_name_that_the_other_state_does_not_use_is_published(self, publishing: World) -> None:
        second = self.second(publishing, manifest("Assistant", "new", {**REQUEST, "tools": []}))
        second.apply()
        assert is_silent(second.plan())
        assert (second.root / SHARED / "acme/assistant/helper.json").exists()

    def test_an_outlet_that_is_added_later_is_not_overwritten_nor_emptied(self, publishing: World) -> None:
        content = {**REQUEST, "instructions": "Other.", "tools": []}
        second = repository(publishing, "second", manifest("Assistant", "helper", content))
        second.apply()
        shutil.copytree(publishing.root / SHARED, second.root / SHARED)
        second.wants({**PROJECT, "spec": {**PROJECT["spec"], "outlets": [{"directory": SHARED}]}})
        assert [one.rule for one in second.plan().refusals] == ["foreign-owner"]
        second.drops("Assistant/helper")
        assert [one.rule for one in second.plan().refusals] == ["foreign-owner"]

    def test_an_outlet_that_is_added_again_is_written(self, publishing: World) -> None:
        publishing.wants(PROJECT)
        publishing.apply()
        publishing.wants(manifest("Assistant", "helper", {**REQUEST, "instructions": "New."}))
        publishing.apply()
        publishing.wants({**PROJECT, "spec": {**PROJECT["spec"], "outlets": [{"directory": SHARED}]}})
        publishing.apply()
        assert is_silent(publishing.plan())
        built_in = publishing.root / BUNDLES / "acme/assistant/helper.json"
        again = publishing.root / SHARED / "acme/assistant/helper.json"
        assert json.loads(built_in.read_text()) == json.loads(again.read_text())

    def test_after_a_loss_of_state_and_bundles_the_rebuilt_state_may_publish_again(self, publishing: World) -> None:
        publishing.lose_state()
        shutil.rmtree(publishing.root / BUNDLES)
        assert {one.cause.code for one in publishing.plan().refusals} == {"other-lineage", "foreign-pointer"}
        publishing.rebuild()
        publishing.apply()
        assert is_silent(publishing.plan())

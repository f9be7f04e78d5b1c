"""The target `assistants` against a server of the Assistants API: plan, apply, drift, repair and removal."""

from typing import Any

import pytest

from reconciler.applying.write import StaleError
from reconciler.emulator.fault_spec import parse
from reconciler.live.errors import LiveError
from reconciler.operations.plan import planned
from reconciler.resources.address import Address
from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.review.saved_plans import restricted
from tests.support.world import World, is_silent, manifest, problem_of, told, world

SUPPORT: dict[str, Any] = {
    "target": "assistants",
    "model": "gpt-6-luna",
    "description": "Answers customers.",
    "instructions": "Be kind.",
    "tools": [
        {"type": "file_search"},
        {"type": "code_interpreter"},
        {"type": "function", "function": {"name": "get_balance", "description": "Return the balance."}},
    ],
    "tool_resources": {
        "code_interpreter": {"file_ids": ["data/tariffs.csv"]},
        "file_search": {"vector_store_ids": ["handbook"]},
    },
    "temperature": None,
    "response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": {"type": "object"}}},
    "reasoning_effort": "low",
    "metadata": {"team": "support"},
}
ADDRESS = "assistant/support"


@pytest.fixture
def office(tmp_path):
    """A project with an assistant, its file and its vector store, before the first apply."""
    with world(tmp_path, assistants=True) as made:
        made.file("data/tariffs.csv", "plan,price\nbasic,5\n")
        made.file("kb/hours.md", "From nine to five.")
        wants(made)
        yield made


@pytest.fixture
def applied(office):
    office.apply()
    office.requests()
    return office


def wants(office: World, **changed: Any) -> None:
    spec = {name: value for name, value in {**SUPPORT, **changed}.items() if value is not ...}
    office.wants(manifest("VectorStore", "handbook", {"files": ["kb/*.md"]}), manifest("Assistant", "support", spec))


def body(office: World) -> dict[str, Any]:
    return office.by_hand(office.connection.get("assistants", office.id_of(ADDRESS)))


def edit(office: World, **fields: Any) -> None:
    """Change the assistant outside Reconciler."""
    office.by_hand(office.connection.replace("assistants", office.id_of(ADDRESS), body=fields))


def ids(office: World) -> set[str]:
    page = office.by_hand(office.connection.page("assistants"))
    return {one["id"] for one in page["data"]}


def test_applied_project_has_an_empty_plan(applied):
    assert is_silent(applied.plan())
    assert body(applied)["tool_resources"] == {
        "code_interpreter": {"file_ids": [applied.id_of("file/data/tariffs.csv")]},
        "file_search": {"vector_store_ids": [applied.id_of("vectorstore/handbook")]},
    }


@pytest.mark.parametrize(
    "changed",
    [
        {"tools": SUPPORT["tools"][::-1]},
        {"temperature": 1, "top_p": None},
        {"temperature": ...},
        {"tools": [{"type": "file_search", "file_search": {"max_num_results": 20}}, *SUPPORT["tools"][1:]]},
    ],
)
def test_other_wording_of_the_same_configuration_writes_nothing_to_the_server(applied, changed):
    wants(applied, **changed)
    assert [change for change in applied.plan().changes if change.action == "update"] == []
    assert applied.plan().requests.get("POST", 0) <= 1


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"model": "gpt-6-terra"}, "model"),
        ({"instructions": "Be brief."}, "instructions"),
        ({"description": None}, "description"),
        ({"temperature": 0.2}, "temperature"),
        ({"response_format": "auto"}, "response_format"),
        ({"tools": SUPPORT["tools"][:2]}, "tools.function:get_balance"),
        ({"tool_resources": {"file_search": {"vector_store_ids": []}}}, "tool_resources.file_search.vector_store_ids"),
        ({"tool_resources": {"code_interpreter": {"file_ids": []}}}, "tool_resources.code_interpreter.file_ids"),
    ],
)
def test_change_outside_reconciler_is_drift_that_apply_reverts(applied, fields, expected):
    before = body(applied)
    edit(applied, **fields)
    (change,) = applied.plan().drift
    assert [item.path for item in change.fields] == [expected]
    applied.apply()
    assert body(applied) == before
    assert is_silent(applied.plan())


def test_field_that_the_manifest_does_not_set_is_not_managed(applied):
    edit(applied, top_p=0.5)
    assert is_silent(applied.plan())
    wants(applied, instructions="Be very kind.")
    applied.apply()
    assert body(applied)["top_p"] == 0.5


def test_dropped_fields_get_their_defaults(applied):
    wants(applied, description=..., response_format=..., tool_resources=..., tools=..., metadata=...)
    applied.apply()
    found = body(applied)
    assert (found["description"], found["response_format"], found["tools"]) == (None, "auto", [])
    assert is_silent(applied.plan())


@pytest.mark.parametrize("effort", ["high", ...])
def test_reasoning_effort_is_compared_with_what_was_applied(applied, effort):
    wants(applied, reasoning_effort=effort)
    assert told(applied.plan().changes) == [f"update {ADDRESS}: reasoning_effort"]
    applied.apply()
    assert effort_of(applied) == (None if effort is ... else effort)
    assert is_silent(applied.plan())


@pytest.mark.parametrize("effort", ["low", "high"])
def test_reasoning_effort_is_written_again_after_the_state_was_rebuilt(applied, effort):
    wants(applied, reasoning_effort=effort)
    applied.lose_state()
    assert applied.rebuild().unknown == {Address.parse(ADDRESS): ("reasoning_effort",)}
    assert told(applied.plan().changes) == [f"update {ADDRESS}: reasoning_effort"]
    applied.apply()
    assert effort_of(applied) == effort
    assert is_silent(applied.plan())


def test_reasoning_effort_is_written_again_after_an_older_state_was_restored(applied):
    wants(applied, reasoning_effort="high")
    applied.lose_entries()
    assert f"update {ADDRESS}: reasoning_effort" in told(applied.plan().changes)
    applied.apply()
    assert effort_of(applied) == "high"
    assert is_silent(applied.plan())


def effort_of(office: World) -> str | None:
    """Return the reasoning effort of the assistant, which the API does not return."""
    id_, store = office.id_of(ADDRESS), office.app.state.store
    with store.transaction(write=False):
        effort: str | None = store.get("assistant", id_)["given"]["reasoning_effort"]
    return effort


def test_removed_assistant_is_deleted_and_its_unmanaged_store_stays(applied):
    store = applied.by_hand(applied.sdk.vector_stores.create(name="shared")).id
    wants(applied, tool_resources={"file_search": {"vector_store_ids": [store]}})
    applied.apply()
    applied.drops("Assistant/support")
    applied.apply()
    assert ids(applied) == set()
    assert store in applied.ids(applied.sdk.vector_stores.list())


class TestReplacedFiles:
    """An assistant has the id of an upload, and a changed file is another upload."""

    def test_assistant_gets_the_new_id_and_the_old_upload_is_deleted(self, applied):
        old = applied.id_of("file/data/tariffs.csv")
        applied.file("data/tariffs.csv", "plan,price\nbasic,6\n")
        plan = applied.plan()
        assert told(plan.changes) == [
            "replace file/data/tariffs.csv: sha256",
            f"update {ADDRESS}: tool_resources.code_interpreter.file_ids",
        ]
        (update,) = [change for change in plan.changes if change.action == "update"]
        assert update.is_consequence
        assert update.risks == ()
        applied.apply()
        new = applied.id_of("file/data/tariffs.csv")
        assert body(applied)["tool_resources"]["code_interpreter"] == {"file_ids": [new]}
        assert old not in applied.ids(applied.sdk.files.list())
        assert is_silent(applied.plan())

    def test_new_id_is_written_with_an_edit_in_one_update(self, applied):
        applied.file("data/tariffs.csv", "plan,price\nbasic,6\n")
        wants(applied, instructions="Be very kind.")
        (update,) = [change for change in applied.plan().changes if change.action == "update"]
        assert [item.path for item in update.fields] == ["instructions", "tool_resources.code_interpreter.file_ids"]
        assert not update.is_consequence

    def test_ignored_field_keeps_the_old_upload(self, applied):
        document = manifest("Assistant", "support", SUPPORT, lifecycle={"ignore": ["tool_resources"]})
        applied.wants(document)
        applied.apply()
        applied.file("data/tariffs.csv", "plan,price\nbasic,6\n")
        assert is_silent(applied.plan())

    @pytest.mark.parametrize("on_drift", ["keep", "refuse"])
    def test_old_id_that_an_interrupted_run_left_is_not_drift(self, applied, on_drift):
        applied.file("data/tariffs.csv", "plan,price\nbasic,6\n")
        observed = applied.observed()
        working = applied.connection.replace

        async def fail(*path: str, **given: Any) -> Any:
            if path[0] == "assistants":
                raise ReconcilerError(Problem("killed", "the run ends here"))
            return await working(*path, **given)

        applied.connection.replace = fail
        assert not applied.carry_out(observed).complete
        applied.connection.replace = working
        plan = applied.plan(on_drift)
        assert (plan.drift, plan.refusals) == ((), ())
        applied.apply(on_drift)
        assert body(applied)["tool_resources"]["code_interpreter"] == {
            "file_ids": [applied.id_of("file/data/tariffs.csv")]
        }
        assert len(applied.ids(applied.sdk.files.list())) == 2
        assert is_silent(applied.plan())


def test_assistant_gets_the_id_of_the_store_that_replaces_an_expired_one(office):
    store = {"files": ["kb/*.md"], "expires_after": {"anchor": "last_active_at", "days": 1}}
    office.wants(manifest("VectorStore", "handbook", store))
    office.apply()
    office.clock.seconds += 3 * 86_400
    plan = office.plan()
    assert {change.address: change.action for change in plan.drift} == {
        "vectorstore/handbook": "replace",
        ADDRESS: "update",
    }
    office.apply()
    assert body(office)["tool_resources"]["file_search"] == {"vector_store_ids": [office.id_of("vectorstore/handbook")]}
    assert is_silent(office.plan())


class TestRaces:
    """The API has no time of the last change: what is compared is the object, read again before the write."""

    def test_update_of_a_field_that_was_changed_since_the_plan_is_stale(self, applied):
        wants(applied, instructions="Be very kind.")
        observed = applied.observed()
        edit(applied, instructions="By hand.")
        problem = problem_of(applied.carry_out(observed).outcomes[0])
        assert problem.code == "stale"
        assert body(applied)["instructions"] == "By hand."

    def test_update_of_one_list_of_resources_is_stale_if_another_was_changed(self, applied):
        wants(applied, tool_resources={"code_interpreter": {"file_ids": ["data/tariffs.csv"]}})
        observed = applied.observed()
        edit(applied, tool_resources={"code_interpreter": {"file_ids": []}})
        assert problem_of(applied.carry_out(observed).outcomes[0]).code == "stale"

    def test_change_of_another_field_since_the_plan_is_kept(self, applied):
        wants(applied, instructions="Be very kind.")
        observed = applied.observed()
        edit(applied, description="By hand.")
        assert applied.carry_out(observed).complete
        assert body(applied)["description"] == "By hand."

    @pytest.mark.parametrize("fields", [{"instructions": "By hand."}, {"top_p": 0.5}, {"metadata": {}}])
    def test_delete_of_an_assistant_that_was_changed_since_the_plan_is_stale(self, applied, fields):
        applied.drops("Assistant/support")
        observed = applied.observed()
        edit_labelled(applied, fields)
        outcome = next(one for one in applied.carry_out(observed).outcomes if one.address == ADDRESS)
        assert problem_of(outcome).code == "stale"
        assert len(ids(applied)) == 1

    def test_delete_of_an_assistant_that_does_not_exist_any_more_is_done(self, applied):
        applied.drops("Assistant/support")
        observed = applied.observed()
        applied.by_hand(applied.connection.remove("assistants", *ids(applied)))
        assert applied.carry_out(observed).complete


def edit_labelled(office: World, fields: dict[str, Any]) -> None:
    """Change the assistant outside Reconciler, but not its labels."""
    (id_,) = ids(office)
    labels = office.by_hand(office.connection.get("assistants", id_))["metadata"]
    kept = {key: value for key, value in labels.items() if key.startswith("reconciler-")}
    sent = {name: {**kept, **value} if name == "metadata" else value for name, value in fields.items()}
    office.by_hand(office.connection.replace("assistants", id_, body=sent))


class TestGuard:
    def test_store_of_an_unmanaged_assistant_is_not_deleted(self, applied):
        wants(applied, tool_resources=...)
        applied.apply()
        store = applied.id_of("vectorstore/handbook")
        resources = {"file_search": {"vector_store_ids": [store]}}
        made = {"model": "gpt-6-luna", "name": "other", "tool_resources": resources}
        applied.by_hand(applied.connection.replace("assistants", body=made))
        applied.drops("VectorStore/handbook")
        (refusal,) = applied.plan().refusals
        assert (refusal.rule, refusal.address) == ("referenced", "vectorstore/handbook")

    def test_store_of_an_unmanaged_assistant_is_guarded_without_assistants_of_our_own(self, office):
        office.drops("Assistant/support")
        office.apply()
        resources = {"file_search": {"vector_store_ids": [office.id_of("vectorstore/handbook")]}}
        made = {"model": "gpt-6-luna", "name": "other", "tool_resources": resources}
        office.by_hand(office.connection.replace("assistants", body=made))
        office.drops("VectorStore/handbook")
        assert [refusal.rule for refusal in office.plan().refusals] == ["referenced"]

    def test_delete_is_refused_if_assistants_cannot_be_listed(self, office):
        office.drops("Assistant/support")
        office.apply()
        office.drops("VectorStore/handbook")
        office.app.state.faults.set(*parse("403:GET:/v1/assistants*"))
        plan = office.plan()
        assert {refusal.rule for refusal in plan.refusals} == {"unlisted"}
        assert plan.refusals[0].cause.args["requests"] == ["GET /v1/assistants"]


class TestServersWithoutTheApi:
    @pytest.fixture
    def shop(self, tmp_path):
        """A project on an API without assistants."""
        with world(tmp_path) as made:
            made.file("kb/hours.md", "From nine to five.")
            made.wants(manifest("VectorStore", "handbook", {"files": ["kb/*.md"]}))
            yield made

    def test_manifests_of_the_target_are_an_error(self, shop):
        shop.wants(manifest("Assistant", "support", {"target": "assistants", "model": "gpt-6-luna"}))
        with pytest.raises(LiveError) as caught:
            shop.plan()
        assert "the target `assistants` requires" in caught.value.problems[0].hint

    def test_no_assistants_are_listed_where_openai_would_not_have_any(self, shop):
        shop.apply()
        shop.drops("VectorStore/handbook")
        shop.requests()
        assert not shop.plan().refusals
        assert "GET /v1/assistants" not in shop.requests()

    def test_list_that_another_server_does_not_have_is_empty_and_not_a_warning(self, shop):
        shop.connection.mirrors_openai = False
        shop.apply()
        shop.drops("VectorStore/handbook")
        plan = shop.plan()
        assert (plan.refusals, plan.warnings) == ((), ())
        shop.apply()


def test_entries_of_the_state_are_forgotten_at_openai_without_a_request_for_assistants(applied):
    applied.drops("Assistant/support")
    applied.connection.client.base_url = "https://api.openai.com/v1"
    applied.requests()
    assert f"forget {ADDRESS}" in told(applied.plan().changes)
    assert not any("/v1/assistants" in request for request in applied.requests())


@pytest.mark.parametrize("endpoint", [None, "https://api.openai.com/v1", "https://eu.api.openai.com/v1"])
def test_target_is_refused_at_openai_before_any_request(office, endpoint):
    with pytest.raises(ReconcilerError) as caught:
        planned(office.root, {}, endpoint=endpoint)
    (problem,) = caught.value.problems
    assert problem.code == "target-ended"
    assert "2026-08-26" in problem.message
    assert "reconciler migrate" in problem.hint
    assert problem.place is not None
    assert problem.place.file == "manifests.yaml"


def test_saved_plan_that_deletes_an_assistant_which_was_changed_is_stale(applied):
    applied.drops("Assistant/support")
    saved = applied.plan()
    edit_labelled(applied, {"top_p": 0.5})
    now = applied.observed()
    with pytest.raises(StaleError, match="assistant/support"):
        restricted(now.planned, now.snapshot, saved)

"""A key that may not list every kind, and a server that does not have every API: only deletes are affected."""

from collections.abc import Iterator
from typing import Any

import pytest

from reconciler.emulator.fault_spec import parse
from reconciler.live.errors import LiveError
from reconciler.operations.drift import drift_of
from reconciler.planning.drift import DriftReport
from reconciler.planning.model import Plan
from reconciler.project.status import object_statuses
from reconciler.project.workspace import open_workspace
from tests.e2e.interleaved import apply_after
from tests.support.asking import remedies, warned
from tests.support.world import Document, World, manifest, problem_of, told, world

SEARCH: Document = {"type": "file_search", "vector_store_ids": ["kb"]}
HELPER: Document = {"target": "responses", "model": "gpt-6-luna", "tools": [SEARCH]}
AUTOMATIONS, TEMPLATES = "GET /v1/agents/automations", "GET /v1/agents/environments/templates"
DENIED = ["401", "403", "405", "501", "gateway", "gateway=403"]


@pytest.fixture
def estate(tmp_path) -> Iterator[World]:
    """A project without agents: a request that searches a store of two files."""
    with world(tmp_path) as made:
        made.file("kb/a.md", "a")
        made.file("kb/b.md", "b")
        made.wants(manifest("Assistant", "helper", HELPER), manifest("VectorStore", "kb", {"files": ["kb/*.md"]}))
        made.apply()
        yield made


def faulty(estate: World, spec: str) -> World:
    estate.app.state.faults.set(*parse(spec))
    return estate


def without_b(estate: World) -> World:
    estate.wants(manifest("VectorStore", "kb", {"files": ["kb/a.md"]}))
    return estate


def refused(plan: Plan) -> list[tuple[str, str, str]]:
    return [(one.rule, one.action, one.address) for one in plan.refusals]


class TestAssistantsOfAServer:
    """Assistants may hold any store and any file."""

    @pytest.fixture
    def server(self, tmp_path) -> Iterator[World]:
        with world(tmp_path, assistants=True) as made:
            made.file("kb/a.md", "a")
            made.file("kb/b.md", "b")
            made.wants(manifest("VectorStore", "kb", {"files": ["kb/*.md"]}))
            made.apply()
            yield made

    @pytest.mark.parametrize("fault", DENIED)
    def test_store_and_files_are_not_deleted_while_assistants_cannot_be_listed(self, server, fault):
        server.drops("VectorStore/kb")
        plan = faulty(server, f"{fault}:GET:/v1/assistants").plan()
        assert sorted(refused(plan)) == [
            ("unlisted", "delete", "file/kb/a.md"),
            ("unlisted", "delete", "file/kb/b.md"),
            ("unlisted", "delete", "vectorstore/kb"),
        ]
        assert all(one.cause.args["requests"] == ["GET /v1/assistants"] for one in plan.refusals)

    def test_replaced_upload_stays(self, server):
        server.file("kb/b.md", "other")
        assert refused(faulty(server, "403:GET:/v1/assistants").plan()) == []
        server.apply()
        later = faulty(server, "").plan()
        assert [(one.action, one.address.startswith("file/b.md@")) for one in later.work] == [("delete", True)]

    def test_server_without_assistants_has_none_that_refer(self, server):
        server.drops("VectorStore/kb")
        plan = faulty(server, "404:GET:/v1/assistants").plan()
        assert refused(plan) == []

    def test_rebuilt_state_lacks_nothing_of_an_api_that_ended(self, server):
        assert faulty(server, "404:GET:/v1/assistants").rebuild().unlisted == ()
        assert faulty(server, "403:GET:/v1/assistants").rebuild().unlisted == ("GET /v1/assistants",)

    def test_assistants_of_our_own_must_be_listed(self, server):
        server.wants(manifest("Assistant", "desk", {"target": "assistants", "model": "gpt-4o"}))
        server.apply()
        with pytest.raises(LiveError):
            faulty(server, "403:GET:/v1/assistants").plan()


class TestDenied:
    @pytest.mark.parametrize("fault", DENIED)
    def test_only_deletes_are_refused(self, estate, fault):
        plan = faulty(without_b(estate), f"{fault}:GET:/v1/agents*").plan()
        assert told(plan.changes) == ['update vectorstore/kb: files["kb/b.md"]', "delete file/kb/b.md"]
        assert refused(plan) == [("unlisted", "delete", "file/kb/b.md")]
        assert plan.refusals[0].cause.args["requests"] == [AUTOMATIONS, TEMPLATES]
        assert plan.refusals[0].consent is None

    @pytest.mark.parametrize("fault", ["401", "403"])
    def test_the_scope_is_named(self, estate, fault):
        plan = faulty(without_b(estate), f"{fault}:GET:/v1/agents*").plan()
        assert remedies(plan.refusals[0])["grant-scopes"] == {"scopes": ["api.agents.read"]}

    @pytest.mark.parametrize("fault", ["405", "501", "gateway"])
    def test_no_scope_is_named_for_what_is_not_about_the_key(self, estate, fault):
        plan = faulty(without_b(estate), f"{fault}:GET:/v1/agents*").plan()
        assert "make-readable" in remedies(plan.refusals[0])

    @pytest.mark.parametrize("fault", ["403", "404"])
    def test_a_plan_without_deletes_does_not_ask(self, estate, fault):
        estate.file("kb/c.md", "c")
        plan = faulty(estate, f"{fault}:GET:/v1/agents*").plan()
        assert (plan.refusals, plan.warnings) == ((), ())
        estate.apply()

    def test_a_replaced_upload_stays_until_everything_can_be_listed(self, estate):
        estate.file("kb/b.md", "other")
        plan = faulty(estate, "403:GET:/v1/agents*").plan()
        assert refused(plan) == []
        estate.apply()
        assert faulty(estate, "403:GET:/v1/agents*").plan().work == ()
        later = faulty(estate, "").plan()
        assert [(one.action, one.address.startswith("file/b.md@")) for one in later.work] == [("delete", True)]

    def test_a_deleted_store_needs_no_list_of_agents(self, estate):
        estate.wants(manifest("Assistant", "helper", {**HELPER, "tools": []}))
        estate.apply()
        estate.wants(manifest("VectorStore", "spare", {"files": []}))
        estate.apply()
        estate.drops("VectorStore/spare")
        assert faulty(estate, "403:GET:/v1/agents*").plan().refusals == ()

    def test_the_files_of_a_store_that_is_not_ours_cannot_be_listed(self, estate):
        theirs = estate.by_hand(estate.sdk.vector_stores.create(name="theirs")).id
        plan = faulty(without_b(estate), f"403:GET:/v1/vector_stores/{theirs}/files").plan()
        assert refused(plan) == [("unlisted", "delete", "file/kb/b.md")]
        assert remedies(plan.refusals[0])["grant-scopes"] == {"scopes": ["api.vector_stores.read"]}

    def test_stores_are_listed_only_for_a_delete_of_a_file(self, tmp_path):
        with world(tmp_path) as made:
            code = {"type": "code_interpreter", "container": {"type": "auto", "file_ids": ["data/t.csv"]}}
            made.file("data/t.csv", "a,b")
            made.wants(manifest("Assistant", "coder", {**HELPER, "tools": [code]}))
            made.apply()
            made.wants(manifest("Assistant", "coder", {**HELPER, "tools": []}))
            plan = faulty(made, "403:GET:/v1/vector_stores").plan()
            assert refused(plan) == [("unlisted", "delete", "file/data/t.csv")]

    def test_sessions_of_an_agent_cannot_be_listed(self, tmp_path):
        with world(tmp_path) as made:
            made.wants(manifest("Assistant", "digest", {"target": "agents", "model": "gpt-6-luna"}))
            made.apply()
            made.drops("Assistant/digest")
            assert refused(faulty(made, "403:GET:/v1/agents/sessions").plan()) == [
                ("unlisted", "delete", "assistant/digest")
            ]

    def test_drift_and_status_are_reported(self, estate):
        faulty(without_b(estate), "403:GET:/v1/agents*")
        found = estate.run(drift_of(open_workspace(estate.root, estate.environ), estate.connection))
        assert isinstance(found, DriftReport)
        assert found.in_sync
        rows = {one.address: one for one in object_statuses(estate.observed().planned, found)}
        assert [one.rule for one in rows["file/kb/b.md"].refusals] == ["unlisted"]

    def test_models_cannot_be_listed(self, estate):
        estate.wants(manifest("Assistant", "helper", {**HELPER, "instructions": "Be brief."}))
        plan = faulty(estate, "403:GET:/v1/models").plan()
        assert warned(plan) == [("models-not-listed", None, {"scope": "api.model.read"})]
        estate.apply()

    def test_a_key_without_any_list_is_an_error(self, estate):
        with pytest.raises(LiveError) as error:
            faulty(estate, "401:GET:*").plan()
        assert error.value.problems[0].code == "unauthorized"


class TestKindsInUse:
    @pytest.mark.parametrize(
        ("fault", "code"),
        [("401", "unauthorized"), ("403", "forbidden"), ("404", "not-served"), ("gateway", "not-served")],
    )
    @pytest.mark.parametrize("path", ["/v1/vector_stores", "/v1/files", "/v1/vector_stores/*/files"])
    def test_a_list_of_a_kind_in_use_is_required(self, estate, fault, code, path):
        """Without it, every managed object would seem to be deleted."""
        with pytest.raises(LiveError) as error:
            faulty(estate, f"{fault}:GET:{path}").plan()
        assert error.value.problems[0].code == code

    @pytest.mark.parametrize(("fault", "scope"), [("401", "files"), ("403", "files")])
    def test_the_scope_is_in_the_hint(self, estate, fault, scope):
        with pytest.raises(LiveError) as error:
            faulty(estate, f"{fault}:GET:/v1/files").plan()
        assert f"`api.{scope}.read`" in error.value.problems[0].hint


class TestNotServed:
    def test_it_counts_as_empty_and_is_named(self, estate):
        plan = faulty(without_b(estate), "404:GET:/v1/agents*").plan()
        assert plan.refusals == ()
        assert warned(plan) == [
            ("list-not-served", None, {"request": AUTOMATIONS}),
            ("list-not-served", None, {"request": TEMPLATES}),
        ]

    def test_the_lists_are_asked_for_again_before_each_delete(self, estate):
        faulty(without_b(estate), "404:GET:/v1/agents*")
        estate.apply()
        (fault,) = estate.app.state.faults.report()
        assert fault["hit"] == 4  # two lists, for the plan and before the delete
        assert "file/kb/b.md" not in map(str, estate.observed().planned.matched.live)

    def test_one_that_is_served_by_then_is_searched(self, estate):
        """The automation came with the API."""
        file = estate.id_of("file/kb/b.md")
        faulty(without_b(estate), "404:GET:/v1/agents*")

        def served(world: World) -> None:
            named: Any = [{"type": "file_id", "file_id": file, "path": "/workspace/b.md"}]
            faulty(world, "")
            world.by_hand(world.sdk.beta.agents.environments.templates.create(name="desk", files=named))

        outcomes = {one.address: one for one in apply_after(estate, served).outcomes}
        assert problem_of(outcomes["file/kb/b.md"]).code == "stale"

    def test_one_that_is_denied_by_then_stops_the_delete(self, estate):
        faulty(without_b(estate), "404:GET:/v1/agents*")
        outcomes = {
            one.address: one for one in apply_after(estate, lambda world: faulty(world, "403:GET:/v1/agents*")).outcomes
        }
        assert problem_of(outcomes["file/kb/b.md"]).code == "forbidden"

    def test_one_that_was_served_when_planned_is_no_longer_empty(self, estate):
        without_b(estate)
        outcomes = {
            one.address: one for one in apply_after(estate, lambda world: faulty(world, "404:GET:/v1/agents*")).outcomes
        }
        assert problem_of(outcomes["file/kb/b.md"]).code == "not-served"

    def test_openai_serves_every_list(self, estate, monkeypatch):
        monkeypatch.setattr(type(estate.connection), "is_openai", property(lambda _: True))
        plan = faulty(without_b(estate), "404:GET:/v1/agents*").plan()
        assert refused(plan) == [("unlisted", "delete", "file/kb/b.md")]
        assert remedies(plan.refusals[0])["grant-scopes"] == {"scopes": ["api.agents.read"]}

    def test_a_list_of_a_kind_in_use_that_openai_does_not_show_needs_a_scope(self, estate, monkeypatch):
        monkeypatch.setattr(type(estate.connection), "is_openai", property(lambda _: True))
        with pytest.raises(LiveError) as error:
            faulty(estate, "404:GET:/v1/vector_stores").plan()
        (problem,) = error.value.problems
        assert (problem.code, "`api.vector_stores.read`" in problem.hint) == ("forbidden", True)

    def test_a_rebuilt_state_names_what_was_not_listed(self, estate):
        estate.lose_state()
        faulty(estate, "404:GET:/v1/agents*")
        done = estate.rebuild()
        assert (done.objects, done.unlisted) == (4, ("GET /v1/agents", AUTOMATIONS, TEMPLATES))

    def test_a_state_is_not_rebuilt_without_a_list_of_a_kind_in_use(self, estate):
        estate.lose_state()
        faulty(estate, "404:GET:/v1/vector_stores")
        with pytest.raises(LiveError):
            estate.rebuild()

    def test_an_agent_that_only_the_outlets_name_is_known(self, tmp_path):
        with world(tmp_path) as made:
            made.wants(manifest("Assistant", "digest", {"target": "agents", "model": "gpt-6-luna"}))
            made.wants(manifest("Chatbot", "desk", {"assistant": "digest"}))
            made.apply()
            made.lose_state()
            made.drops("Chatbot/desk", "Assistant/digest")
            faulty(made, "404:GET:/v1/agents*")
            with pytest.raises(LiveError):
                made.rebuild()

"""Nothing is deleted that somebody at OpenAI needs: not when it is planned, and not when they came after the plan."""

from collections.abc import Iterator
from typing import Any

import pytest

from reconciler.planning.model import Refusal
from reconciler.planning.referrers import Foreign, Referrer
from tests.e2e.interleaved import apply_after
from tests.support.asking import listed, remedies
from tests.support.world import PROJECT, Document, World, is_silent, manifest, problem_of, told, world

AGENT: Document = {"target": "agents", "model": "gpt-6.1-sol"}
NONE: Any = {"type": "none"}
HOSTED: Any = {"type": "openai_hosted"}
SAY: Any = [{"role": "user", "content": [{"type": "input_text", "text": "Write the digest."}]}]
DELETE_AGENT, READ_AGENT = "DELETE /v1/agents/{id}", "GET /v1/agents/{id}"
AUTOMATIONS, SESSIONS = "GET /v1/agents/automations", "GET /v1/agents/sessions"
TEMPLATES, STORES = "GET /v1/agents/environments/templates", "GET /v1/vector_stores"
STORE_FILES = "GET /v1/vector_stores/{id}/files"


@pytest.fixture
def estate(tmp_path) -> Iterator[World]:
    """An agent of ours, and a store with two files."""
    with world(tmp_path) as made:
        made.file("kb/a.md", "a")
        made.file("kb/b.md", "b")
        made.wants(manifest("Assistant", "digest", AGENT), manifest("VectorStore", "kb", {"files": ["kb/*.md"]}))
        made.apply()
        yield made


def automate(estate: World, agent: str, **target: Any) -> str:
    """A schedule made by somebody else."""
    wanted: Any = {"type": "new_session", "environment": NONE, "input": SAY, "agent_id": agent, **target}
    schedule: Any = {"type": "periodic", "name": "nightly digest", "expression": "0 3 * * *", "timezone": "UTC"}
    return estate.by_hand(estate.sdk.beta.agents.automations.create(**schedule, target=wanted)).id


def converse(estate: World, agent: str) -> str:
    """A conversation that is under way."""
    session = estate.sdk.beta.agents.sessions.create(agent_id=agent, environment=HOSTED, input="Hello")
    return estate.by_hand(session).id


def template(estate: World, file: str) -> str:
    named: Any = [{"type": "file_id", "file_id": file, "path": "/workspace/b.md"}]
    return estate.by_hand(estate.sdk.beta.agents.environments.templates.create(name="desk", files=named)).id


def collect(estate: World, file: str) -> str:
    """A store of somebody else that holds a file of ours."""
    return estate.by_hand(estate.sdk.vector_stores.create(name="theirs", file_ids=[file])).id


def refusal(estate: World, address: str) -> Refusal:
    plan = estate.plan()
    (found,) = [one for one in plan.refusals if one.address == address]
    return found


def held_by(estate: World, upload: str) -> list[str]:
    """Return what holds an upload, as the plan says."""
    plan = estate.plan()
    assert not plan.refusals
    (reason,) = [dict(one.args) for change in plan.changes for one in change.reasons if one.code == "still-held"]
    assert reason["id"] == upload
    return list(reason["holders"])


def is_live(estate: World, upload: str) -> bool:
    return upload in estate.ids(estate.sdk.files.list())


def without_b(estate: World) -> None:
    estate.wants(manifest("VectorStore", "kb", {"files": ["kb/a.md"]}))


class TestPlan:
    def test_an_automation_keeps_its_agent(self, estate):
        automation = automate(estate, estate.id_of("assistant/digest"))
        estate.drops("Assistant/digest")
        found = refusal(estate, "assistant/digest")
        name = f"automation nightly digest ({automation})"
        nightly = Referrer(Foreign("automation", automation, "nightly digest"), place="live")
        assert (found.rule, found.sections["Other references"]) == ("referenced", (nightly,))
        assert remedies(found)["repoint-referrers"] == {"names": [name]}

    def test_a_session_in_progress_keeps_its_agent(self, estate):
        session = converse(estate, estate.id_of("assistant/digest"))
        estate.drops("Assistant/digest")
        found = refusal(estate, "assistant/digest")
        assert listed(found)["Other references"] == (f"session in progress ({session})",)

    def test_a_session_at_rest_does_not(self, estate):
        session = converse(estate, estate.id_of("assistant/digest"))
        cancel: Any = [{"type": "agent.session.input.cancel"}]
        estate.by_hand(estate.sdk.beta.agents.sessions.events.create(session, events=cancel))
        estate.drops("Assistant/digest")
        assert told(estate.plan().changes) == ["delete assistant/digest"]

    def test_moving_an_agent_into_the_outlets_is_refused_too(self, estate):
        automate(estate, estate.id_of("assistant/digest"))
        estate.wants(manifest("Assistant", "digest", {"target": "responses", "model": "gpt-6.1-sol"}))
        assert refusal(estate, "assistant/digest").action == "replace"

    def test_a_template_keeps_the_file_it_names(self, estate):
        old = estate.id_of("file/kb/b.md")
        made = template(estate, old)
        without_b(estate)
        assert held_by(estate, old) == [f"environment_template desk ({made})"]
        estate.apply()
        assert is_live(estate, old)
        assert not estate.plan().work

    def test_a_store_that_is_not_ours_keeps_the_file_it_holds(self, estate):
        old = estate.id_of("file/kb/b.md")
        made = collect(estate, old)
        without_b(estate)
        assert held_by(estate, old) == [f"vector_store theirs ({made})"]
        estate.apply()
        assert is_live(estate, old)
        estate.by_hand(estate.sdk.vector_stores.delete(made))
        estate.apply()
        assert not is_live(estate, old)

    def test_new_content_leaves_the_old_upload_to_the_template_that_names_it(self, estate):
        old = estate.id_of("file/kb/b.md")
        template(estate, old)
        estate.file("kb/b.md", "other")
        estate.apply()
        assert is_live(estate, old)
        assert estate.id_of("file/kb/b.md") != old

    def test_who_needs_something_else_is_neither_told_nor_in_the_way(self, estate):
        other = estate.by_hand(estate.sdk.beta.agents.create(model="gpt-6.1-sol")).id
        automate(estate, other)
        converse(estate, other)
        estate.drops("Assistant/digest")
        plan = estate.plan()
        assert (plan.refusals, [one.type for one in plan.unmanaged]) == ((), ["agent", "automation"])

    def test_a_plan_that_takes_nothing_away_reads_none_of_them(self, estate):
        estate.wants(manifest("Assistant", "digest", {**AGENT, "instructions": "New."}))
        estate.requests()
        estate.plan()
        assert not {AUTOMATIONS, SESSIONS, TEMPLATES} & estate.requests().keys()


class TestBetweenPlanAndDelete:
    def test_an_automation_is_seen(self, estate):
        """A refusal is final, so what would cause it is looked at twice: a step of this run may have removed it."""
        agent = estate.id_of("assistant/digest")
        estate.drops("Assistant/digest")
        (outcome,) = apply_after(estate, automate, agent).outcomes
        assert outcome.status == "failed"
        assert problem_of(outcome).code == "stale"
        assert problem_of(outcome).message.startswith("assistant/digest: automation nightly digest (auto_")
        assert estate.requests() == {READ_AGENT: 1, AUTOMATIONS: 1, SESSIONS: 2}
        assert refusal(estate, "assistant/digest").rule == "referenced"

    def test_a_session_is_seen(self, estate):
        agent = estate.id_of("assistant/digest")
        estate.drops("Assistant/digest")
        (outcome,) = apply_after(estate, converse, agent).outcomes
        assert "session in progress" in problem_of(outcome).message
        assert DELETE_AGENT not in estate.requests()

    def test_a_new_owner_is_seen(self, estate):
        agent = estate.id_of("assistant/digest")
        theirs: Any = {"reconciler-project": "globex", "reconciler-address": "assistant/digest"}
        estate.drops("Assistant/digest")
        (outcome,) = apply_after(
            estate, lambda it: it.by_hand(it.sdk.beta.agents.update(agent, metadata=theirs))
        ).outcomes
        assert "is now assistant/digest of globex" in problem_of(outcome).message
        assert estate.requests() == {READ_AGENT: 1}

    def test_what_is_gone_is_done(self, estate):
        agent = estate.id_of("assistant/digest")
        estate.drops("Assistant/digest")
        result = apply_after(estate, lambda it: it.by_hand(it.sdk.beta.agents.delete(agent)))
        assert result.complete
        assert is_silent(estate.plan())

    @pytest.mark.parametrize("takes", [template, collect])
    def test_who_takes_a_file_is_seen(self, estate, takes):
        file = estate.id_of("file/kb/b.md")
        without_b(estate)
        result = apply_after(estate, takes, file)
        failed = result.of("failed")
        assert [(one.action, one.address) for one in failed] == [("delete", "file/kb/b.md")]
        assert f"started referencing {file}" in problem_of(failed[0]).message
        assert estate.by_hand(estate.sdk.files.retrieve(file)).id == file

    def test_a_store_of_ours_that_took_it_by_hand_is_seen(self, estate):
        """Its own detaching is not: that the plan knew."""
        estate.wants(manifest("VectorStore", "other", {"name": "other"}))
        estate.apply()
        file, store = estate.id_of("file/kb/b.md"), estate.id_of("vectorstore/other")
        without_b(estate)
        attach = lambda it: it.by_hand(it.sdk.vector_stores.files.create(store, file_id=file))  # noqa: E731
        (failed,) = apply_after(estate, attach).of("failed")
        assert f"vector_store other ({store}) started referencing {file}" in problem_of(failed).message


class TestMany:
    """Requests grow with what is deleted: they are not deletes times lists."""

    COUNT = 60

    @pytest.fixture
    def allowed(self, estate):
        estate.wants({**PROJECT, "spec": {**PROJECT["spec"], "safety": {"max_deletes": self.COUNT}}})
        return estate

    def deleting(self, estate: World) -> dict[str, int]:
        """What applying asks beyond what planning does."""
        apply_after(estate, lambda _: None)
        return estate.requests()

    def test_agents(self, allowed):
        names = [f"a{number}" for number in range(self.COUNT)]
        allowed.wants(*(manifest("Assistant", name, AGENT) for name in names))
        allowed.apply()
        allowed.drops(*(f"Assistant/{name}" for name in names))
        asked = self.deleting(allowed)
        assert asked.pop(AUTOMATIONS) <= 1 + self.COUNT // 16
        assert asked == {READ_AGENT: self.COUNT, SESSIONS: self.COUNT, DELETE_AGENT: self.COUNT}

    def test_files(self, allowed):
        for number in range(self.COUNT // 2):
            allowed.file(f"more/{number}.md", f"# {number}")
        allowed.wants(manifest("VectorStore", "more", {"files": ["more/*.md"]}))
        allowed.apply()
        for _ in range(3):
            allowed.by_hand(allowed.sdk.vector_stores.create(name="theirs"))
        allowed.wants(manifest("VectorStore", "more", {"files": []}))
        asked = self.deleting(allowed)
        looks = asked[STORES]
        assert looks <= 1 + self.COUNT // 32
        assert asked["DELETE /v1/files/{id}"] == self.COUNT // 2
        assert (asked[TEMPLATES], asked[AUTOMATIONS]) == (looks, looks)
        # One listing is that of the store before its files are detached.
        assert asked[STORE_FILES] == 1 + 5 * looks

from dataclasses import replace

import pytest

from reconciler.emulator.fault_spec import parse
from reconciler.live.errors import UnknownOutcomeError
from reconciler.resources.address import Identity
from reconciler.resources.values import reference

IDENTITY = Identity("acme", "production")
SAY = [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Write the digest."}]}]
NIGHTLY = {"type": "periodic", "name": "nightly", "expression": "0 3 * * *", "timezone": "UTC"}
LIST = "GET /v1/agents/automations"
CREATE = "POST /v1/agents/automations"
UPDATE = "POST /v1/agents/automations/{id}"


@pytest.fixture
def automations(api):
    return api.adapters["automation"]


@pytest.fixture
def sdk(api):
    return api.connection.client.beta


@pytest.fixture
def agent(api, sdk):
    return api.run(sdk.agents.create(model="gpt-5", name="digest")).id


@pytest.fixture
def order(api, automations, agent):
    """A request for an automation; other targets have members of their own."""

    def build(target=None, /, **fields):
        api.ids["assistant/digest"] = agent
        plain = {"type": "new_session", "agent_id": reference("assistant/digest"), "environment": {"type": "none"}}
        wanted = {**NIGHTLY, "target": {**plain, "input": SAY, **(target or {})}, **fields}
        form = automations._resource_type
        canonical = {name: form.canonical(name, value) for name, value in wanted.items()}
        api.requests()
        return api.order("automation", "automation/nightly", canonical)

    return build


@pytest.fixture
def made(api, automations, order):
    found = api.run(automations.create(order()))
    api.requests()
    return found


def changing(request, **fields):
    return replace(request, fields=fields)


class TestReading:
    def test_an_automation_reads_as_it_was_wanted(self, api, automations, order, agent):
        wanted = order(metadata={"team": "night"})
        made = api.run(automations.create(wanted))
        assert made == api.run(automations.read(made.id))
        expected = {**wanted.desired.fields, "paused": False}
        assert made.fields == {**expected, "target": {**expected["target"], "agent_id": agent}}
        assert (made.labels, made.name, made.refers_to) == (wanted.labels, "nightly", (agent,))
        assert api.requests() == [CREATE, "GET /v1/agents/automations/{id}"]

    def test_a_list_takes_one_walk_and_is_complete(self, api, automations, made):
        assert api.run(automations.list(IDENTITY, [])) == [made]
        assert api.requests() == [LIST]
        assert api.run(automations.whole(made)) is made

    def test_a_wakeup_that_an_agent_made_for_its_session_is_not_listed(self, api, automations, made):
        store = api.app.state.store
        with store.transaction(write=True):
            body = store.get("agent.automation", made.id)
            by_agent = {"type": "agent", "session_id": "sess_1", "tool_call_id": "call_1"}
            store.put("agent.automation", {**body, "id": "auto_own", "metadata": {}, "created_by": by_agent})
        assert [live.id for live in api.run(automations.list(IDENTITY, []))] == [made.id]
        assert api.run(automations.read("auto_own")) is not None

    def test_one_that_does_not_exist_is_none(self, api, automations):
        assert api.run(automations.read("auto_none")) is None

    def test_everything_that_its_runs_need_is_referred_to(self, api, sdk, automations, order, agent):
        vault = api.run(sdk.agents.vaults.create(name="crm")).id
        template = api.run(sdk.agents.environments.templates.create(name="kb")).id
        file = {"type": "file_id", "file_id": "file-1", "path": "/workspace/a.md"}
        skill = {"type": "skill_reference", "skill_id": "skill_1"}
        hosted = {"type": "openai_hosted", "environment_template_id": template, "files": [file], "skills": [skill]}
        made = api.run(automations.create(order({"environment": hosted, "vault_ids": [vault]})))
        assert made.refers_to == tuple(sorted([agent, vault, template, "file-1", "skill_1"]))

    def test_a_paused_automation_still_refers_to_its_agent(self, api, sdk, automations, made, agent):
        api.run(sdk.agents.automations.pause(made.id))
        read = api.run(automations.read(made.id))
        assert (read.fields["paused"], read.refers_to) == (True, (agent,))

    def test_a_completed_automation_needs_nothing_and_is_not_paused(self, api, automations, order):
        once = {"type": "once", "run_at": int(1_795_000_000 + api.bench.now) + 60}
        request = order(**once)
        fields = {name: value for name, value in request.fields.items() if name not in ("expression", "timezone")}
        made = api.run(automations.create(changing(request, **fields)))
        assert made.refers_to
        api.run(api.connection.pace.sleep(61))
        read = api.run(automations.read(made.id))
        assert (read.detail["status"], read.fields["paused"], read.refers_to) == ("completed", None, ())


class TestWriting:
    def test_a_paused_automation_is_created_and_then_paused(self, api, automations, order):
        assert api.run(automations.create(order(paused=True))).fields["paused"] is True
        assert api.requests() == [CREATE, f"{UPDATE}/pause"]

    def test_an_update_sends_what_changes(self, api, automations, order, made):
        after = api.run(automations.update(made, changing(order(), expression="0 4 * * *")))
        assert after.fields == {**made.fields, "expression": "0 4 * * *"}
        assert api.requests() == [UPDATE]

    def test_pausing_alone_is_one_request(self, api, automations, order, made):
        request = order()
        paused = api.run(automations.update(made, changing(request, paused=True)))
        assert paused.fields["paused"] is True
        resumed = api.run(automations.update(paused, changing(request, paused=False)))
        assert resumed == made
        assert api.requests() == [f"{UPDATE}/pause", f"{UPDATE}/resume"]

    def test_it_is_paused_before_other_changes_and_resumed_after_them(self, api, automations, order, made):
        request = order()
        paused = api.run(automations.update(made, changing(request, name="a", paused=True)))
        api.run(automations.update(paused, changing(request, name="b", paused=False)))
        assert api.requests() == [f"{UPDATE}/pause", UPDATE, UPDATE, f"{UPDATE}/resume"]

    def test_metadata_of_others_stays(self, api, sdk, automations, order, made):
        body = api.run(sdk.agents.automations.retrieve(made.id))
        api.run(sdk.agents.automations.update(made.id, metadata={**body.metadata, "theirs": "1"}))
        live = api.run(automations.read(made.id))
        after = api.run(automations.update(live, changing(order(), metadata={"ours": "2"})))
        assert (after.fields["metadata"], after.labels) == ({"theirs": "1", "ours": "2"}, made.labels)

    def test_a_lost_create_is_found_by_its_labels(self, api, automations, order):
        request = order()
        api.app.state.faults.set(*parse("drop-after:POST:/v1/agents/automations"))
        with pytest.raises(UnknownOutcomeError):
            api.run(automations.create(request))
        found = api.run(automations.find(request, 1_795_000_000))
        assert found is not None
        assert found.labels == request.labels

    def test_disowned_it_has_no_labels_and_stays(self, api, automations, made):
        api.run(automations.disown(made.id, IDENTITY, made.labels.lineage))
        read = api.run(automations.read(made.id))
        assert (read.labels, read.fields) == (None, made.fields)

    def test_deleted_twice_it_is_no_error(self, api, automations, made):
        for _ in range(2):
            api.run(automations.delete(made.id))
        assert api.run(automations.list(IDENTITY, [])) == []

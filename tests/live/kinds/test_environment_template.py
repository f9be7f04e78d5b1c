from dataclasses import replace

import httpx2
import pytest

from reconciler.emulator.fault_spec import parse
from reconciler.live.adapters import adapters
from reconciler.live.errors import LiveError, UnknownOutcomeError
from reconciler.resources.address import Identity
from reconciler.resources.values import reference

PATH = "/v1/agents/environments/templates"
FIELDS = {
    "name": "desk",
    "network": {"access": "restricted", "allowed_domains": ["api.example.com"]},
    "files": [
        {"type": "file_id", "file_id": reference("file/data/t.csv"), "path": "/workspace/t.csv"},
        {"type": "inline", "path": "/workspace/a", "size_bytes": 1},
    ],
    "skills": [{"type": "skill_reference", "skill_id": "skill_1", "version": None}],
}
UNREADABLE = {"env": {"MODE": "prod"}, "file_contents": {"/workspace/a": "eA=="}}


class Desk:
    """Requests for one template."""

    def __init__(self, api):
        self.api = api
        self.adapter = api.adapters["environment_template"]
        api.ids = {"file/data/t.csv": "file-1", "file/data/u.csv": "file-2"}

    def order(self, **fields):
        made = {**FIELDS, **fields}
        return self.api.order("environment_template", "template/desk", made, unreadable=UNREADABLE)

    def make(self, **fields):
        made = self.api.run(self.adapter.create(self.order(**fields)))
        self.api.requests()
        return made

    def update(self, live, **fields):
        return self.api.run(self.adapter.update(live, replace(self.order(), fields=fields)))

    def find(self, since=0.0):
        return self.api.run(self.adapter.find(self.order(), since))


@pytest.fixture
def desk(api):
    return Desk(api)


class TestReading:
    def test_list_has_all_that_the_api_returns(self, api, desk):
        made = desk.make()
        (listed,) = api.run(desk.adapter.list("acme", []))
        assert listed == made
        assert api.requests() == [f"GET {PATH}"]
        assert made.refers_to == ("file-1", "skill_1")
        assert made.fields["packages"] == {"npm": [], "python": [], "system": []}
        assert made.fields["desktop"] == {"enabled": False}

    def test_missing_template_is_none(self, api, desk):
        assert api.run(desk.adapter.read("envtmpl_none")) is None

    def test_template_of_another_shape_is_an_error_without_its_values(self, server):
        body = {"id": "envtmpl_1", "object": "agent.environment.template", "network": "tok-1", "name": "x"}
        connection = server.says(httpx2.Response(200, json={"data": [body], "has_more": False}))
        with pytest.raises(LiveError) as raised:
            server.bench.run(adapters(connection)["environment_template"].list(Identity("acme", None), []))
        assert "tok-1" not in str(raised.value)


class TestWriting:
    def test_update_sends_the_fields_that_change_and_no_others(self, api, desk):
        live = desk.make()
        changed = desk.update(live, packages={"npm": ["x"], "python": [], "system": []})
        assert changed.fields == {**live.fields, "packages": {"npm": ["x"], "python": [], "system": []}}

    def test_write_only_value_is_sent_with_its_field_as_it_is_live(self, desk):
        live = desk.make()
        changed = desk.update(live, file_contents={"/workspace/a": "digest"})
        assert changed.fields == live.fields

    def test_content_that_the_manifest_does_not_have_cannot_be_sent(self, desk):
        live = desk.make()
        theirs = [*live.fields["files"], {"type": "inline", "path": "/workspace/b", "size_bytes": 1}]
        with pytest.raises(LiveError, match="/workspace/b"):
            desk.update(live, files=theirs)

    def test_content_of_another_size_is_not_replaced_unseen(self, desk):
        live = desk.make()
        edited = [{"type": "inline", "path": "/workspace/a", "size_bytes": 2}]
        with pytest.raises(LiveError, match="/workspace/a"):
            desk.update(live, files=edited)

    def test_delete_of_a_deleted_template_is_not_an_error(self, api, desk):
        live = desk.make()
        api.run(desk.adapter.delete(live.id))
        api.run(desk.adapter.delete(live.id))
        assert api.run(desk.adapter.list("acme", [])) == []


class TestFind:
    def test_lost_create_is_found_by_what_can_be_read(self, api, desk):
        api.app.state.faults.set(*parse(f"drop-after:POST:{PATH}:1"))
        with pytest.raises(UnknownOutcomeError):
            api.run(desk.adapter.create(desk.order()))
        found = desk.find(api.bench.now + 1_795_000_000.0)
        assert found.fields["files"][1]["file_id"] == "file-1"

    @pytest.mark.parametrize(
        "fields",
        [
            {"name": "other"},
            {"network": {"access": "disabled", "allowed_domains": []}},
            {"files": [{"type": "file_id", "file_id": reference("file/data/u.csv"), "path": "/workspace/t.csv"}]},
        ],
        ids=str,
    )
    def test_template_with_other_settings_is_not_taken(self, desk, fields):
        desk.make(**fields)
        assert desk.find() is None

    def test_oldest_of_several_is_taken_and_the_others_are_named(self, desk):
        first, second = desk.make(), desk.make()
        found = desk.find()
        assert (found.id, found.detail["also_fits"]) == (first.id, [second.id])

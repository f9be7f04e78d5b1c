"""Containers expire after their last use, and have files of their own."""

import openai
import pytest


@pytest.fixture
def container(api):
    return api.run(api.sdk.containers.create(name="lab"))


def added(api, container, **given):
    return api.run(api.sdk.containers.files.create(container.id, **given))


def test_a_container_answers_its_defaults(api, container):
    assert container.to_dict() == {
        "id": container.id,
        "object": "container",
        "created_at": 1_795_000_000,
        "name": "lab",
        "status": "running",
        "expires_after": {"anchor": "last_active_at", "minutes": 20},
        "last_active_at": 1_795_000_000,
        "memory_limit": "1g",
        "network_policy": {"type": "disabled"},
    }
    assert api.run(api.sdk.containers.retrieve(container.id)).id == container.id


def test_secrets_of_domains_are_not_shown(api):
    secrets = [{"domain": "a.example", "name": "KEY", "value": "s3cret"}]
    policy = {"type": "allowlist", "allowed_domains": ["a.example"], "domain_secrets": secrets}
    made = api.run(api.sdk.containers.create(name="lab", network_policy=policy, memory_limit="4g"))
    assert made.network_policy.to_dict() == {"type": "allowlist", "allowed_domains": ["a.example"]}
    assert made.memory_limit == "4g"


def test_a_list_can_be_narrowed_to_a_name(api, container):
    other = api.run(api.sdk.containers.create(name="other"))
    assert [one.id for one in api.all(api.sdk.containers.list())] == [other.id, container.id]
    assert [one.id for one in api.all(api.sdk.containers.list(name="lab"))] == [container.id]


def test_files_are_copied_when_a_container_is_made(api):
    file = api.upload("orders.csv", b"1,2")
    container = api.run(api.sdk.containers.create(name="lab", file_ids=[file]))
    (copy,) = api.all(api.sdk.containers.files.list(container.id))
    assert (copy.path, copy.bytes, copy.source) == ("/mnt/data/orders.csv", 3, "user")
    content = api.sdk.containers.files.content.retrieve(copy.id, container_id=container.id)
    assert api.run(content).content == b"1,2"


def test_files_are_added_as_uploads_and_as_copies(api, container):
    upload = added(api, container, file=("a.txt", b"text"))
    copy = added(api, container, file_id=api.upload("b.txt", b"other"))
    assert [upload.path, copy.path] == ["/mnt/data/a.txt", "/mnt/data/b.txt"]
    assert api.run(api.sdk.containers.files.retrieve(copy.id, container_id=container.id)).bytes == 5
    api.run(api.sdk.containers.files.delete(upload.id, container_id=container.id))
    assert [one.id for one in api.all(api.sdk.containers.files.list(container.id))] == [copy.id]


def test_a_deleted_container_is_gone_with_its_files(api, container):
    file = added(api, container, file=("a.txt", b"text"))
    api.run(api.sdk.containers.delete(container.id))
    for path in ("", "/files", f"/files/{file.id}", f"/files/{file.id}/content"):
        api.refusal("GET", f"/containers/{container.id}{path}", 404)


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({}, 400),
        ({"name": "lab", "memory_limit": "2g"}, 400),
        ({"name": "lab", "file_ids": ["file-gone"]}, 404),
        ({"name": "lab", "skills": [{"type": "skill_reference", "skill_id": "skill_gone"}]}, 404),
    ],
)
def test_other_containers_are_refused(api, given, status):
    api.refusal("POST", "/containers", status, json=given)


class TestReferences:
    def ask(self, api, tool):
        return api.run(api.sdk.responses.create(model="gpt-6-luna", input="Hi", tools=[tool]))

    def tools(self, container):
        return [
            {"type": "code_interpreter", "container": container},
            {"type": "shell", "environment": {"type": "container_reference", "container_id": container}},
        ]

    def test_a_request_may_name_a_container(self, api, container):
        for tool in self.tools(container.id):
            assert self.ask(api, tool).status == "completed"

    def test_a_request_that_names_an_unknown_container_is_refused(self, api):
        for tool in self.tools("cntr_gone"):
            with pytest.raises(openai.NotFoundError, match="cntr_gone"):
                self.ask(api, tool)

    def test_a_container_lives_on_while_it_is_used(self, api, container, clock):
        for _ in range(2):
            clock.advance(19 * 60)
            self.ask(api, self.tools(container.id)[0])
        clock.advance(20 * 60)
        assert api.run(api.sdk.containers.retrieve(container.id)).status == "expired"
        with pytest.raises(openai.BadRequestError, match="expired"):
            self.ask(api, self.tools(container.id)[1])

    @pytest.mark.parametrize(
        "tool",
        [
            {"type": "code_interpreter", "container": {"type": "auto", "file_ids": ["file-gone"]}},
            {"type": "shell", "environment": {"type": "container_auto", "file_ids": ["file-gone"]}},
        ],
    )
    def test_a_request_that_names_an_unknown_file_is_refused(self, api, tool):
        with pytest.raises(openai.NotFoundError, match="file-gone"):
            self.ask(api, tool)

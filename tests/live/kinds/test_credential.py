import json
from typing import Any

import httpx2
import pytest

from reconciler.live.adapters import Nested, WriteRequest
from reconciler.live.errors import LiveError, UnknownOutcomeError
from reconciler.live.kinds.credential import Credentials
from reconciler.resources.address import Address, Identity
from reconciler.resources.base import Labels
from reconciler.resources.values import reference

IDENTITY = Identity("acme", "production")
SECRET = "a-long-secret-value"
BEARER: dict[str, Any] = {"type": "static_bearer", "mcp_server_url": "https://mcp.example.com"}
OAUTH: dict[str, Any] = {
    "type": "mcp_oauth",
    "mcp_server_url": "https://mcp.example.com",
    "refresh": {
        "client_id": "a",
        "token_endpoint": "https://login.example.com",
        "token_endpoint_auth": {"type": "client_secret_post"},
    },
}
OAUTH_SECRETS = {
    ("auth", "access_token"): "A",
    ("auth", "refresh", "refresh_token"): "B",
    ("auth", "refresh", "token_endpoint_auth", "client_secret"): "C",
}


@pytest.fixture
def vault(api) -> str:
    made = api.run(api.adapters["vault"].create(api.order("vault", "vault/crm", {"name": "crm", "metadata": {}})))
    api.ids["vault/crm"] = made.id
    api.requests()
    return str(made.id)


@pytest.fixture
def order(api, vault):
    def build(auth=BEARER, secrets=None, fields=None, **more) -> WriteRequest:
        named = {"vault": reference(Address("vault", "crm")), "name": "crm-token", "auth": auth, **more}
        found = api.order("credential", "credential/crm-token", named, secrets=secrets or {("auth", "token"): "T"})
        changed = found.fields if fields is None else fields
        return WriteRequest(found.desired, changed, found.labels, found.id_of, found.root, lambda _name: SECRET)

    return build


def test_it_is_made_and_read_below_its_vault(api, vault, order):
    adapter = api.adapters["credential"]
    made = api.run(adapter.create(order()))
    assert api.run(adapter.read(made.id)) == made
    assert made.fields == {"vault": vault, "name": "crm-token", "auth": BEARER, "metadata": {}}
    assert (made.refers_to, made.labels.address) == ((vault,), "credential/crm-token")
    assert api.requests() == [
        "POST /v1/vaults/{id}/credentials",
        "GET /v1/vaults/{id}/credentials/{credential_id}",
    ]


def test_one_list_for_each_vault_and_no_read_for_each_object(api, vault, order):
    adapter = api.adapters["credential"]
    for _ in range(3):
        api.run(adapter.create(order()))
    api.requests()
    assert len(api.run(adapter.list(IDENTITY, []))) == 3
    assert api.requests() == ["GET /v1/vaults", "GET /v1/vaults/{id}/credentials"]


def test_it_is_found_by_its_label(api, order):
    adapter = api.adapters["credential"]
    made = api.run(adapter.create(order()))
    assert api.run(adapter.find(order(), 0.0)) == made


def test_it_is_an_adapter_of_objects_below_a_parent(api):
    assert isinstance(api.adapters["credential"], Nested)
    assert not isinstance(api.adapters["vault"], Nested)


def test_one_of_an_unknown_vault_does_not_exist(api, vault):
    adapter = api.adapters["credential"]
    assert api.run(adapter.read("cred_1")) is None
    adapter.place({"cred_1": vault})
    assert api.run(adapter.read("cred_1")) is None
    assert api.requests() == ["GET /v1/vaults/{id}/credentials/{credential_id}"]


def test_deleted_with_its_vault_it_is_no_error(api, vault, order):
    adapter = api.adapters["credential"]
    made = api.run(adapter.create(order()))
    api.run(api.adapters["vault"].delete(vault))
    assert api.run(adapter.read(made.id)) is None
    api.run(adapter.delete(made.id))


def test_an_update_of_metadata_sends_no_secret(api, order):
    adapter = api.adapters["credential"]
    made = api.run(adapter.create(order()))
    request = order(fields={"metadata": {"team": "a"}}, metadata={"team": "a"})
    silent = WriteRequest(request.desired, request.fields, request.labels, request.id_of, request.root)
    assert api.run(adapter.update(made, silent)).fields["metadata"] == {"team": "a"}


class TestRequests:
    """The bodies that are sent, to a server that records them."""

    @pytest.fixture
    def sent(self, server, order):
        def run(request: WriteRequest, live=None):
            body = {"id": "cred_1", "vault_id": "vault_1", "name": "n", "auth": {}, "metadata": {}}
            adapter = Credentials(server.says(httpx2.Response(200, json=body)))
            adapter.place({"cred_1": "vault_1"})
            found = server.bench.run(adapter.read("cred_1"))
            server.asked.clear()
            server.bench.run(adapter.update(found, request) if live else adapter.create(request))
            (asked,) = server.asked
            return json.loads(asked.content)

        return run

    def test_a_create_has_every_secret_at_its_place(self, sent, order):
        assert sent(order(OAUTH, OAUTH_SECRETS))["auth"] == {
            **OAUTH,
            "access_token": SECRET,
            "refresh": {
                **OAUTH["refresh"],
                "refresh_token": SECRET,
                "token_endpoint_auth": {"type": "client_secret_post", "client_secret": SECRET},
            },
        }

    def test_a_rotation_has_the_secrets_and_nothing_that_cannot_change(self, sent, order):
        assert sent(order(OAUTH, OAUTH_SECRETS, {"generation": "2"}), live=True)["auth"] == {
            "type": "mcp_oauth",
            "access_token": SECRET,
            "refresh": {
                "refresh_token": SECRET,
                "token_endpoint_auth": {"type": "client_secret_post", "client_secret": SECRET},
            },
        }

    def test_a_new_token_keeps_the_expiry_of_the_manifest(self, sent, order):
        auth = {"type": "mcp_oauth", "mcp_server_url": "https://a.example.com", "expires_at": "2027-01-31T00:00:00Z"}
        found = sent(order(auth, {("auth", "access_token"): "A"}, {"generation": "2"}), live=True)
        assert found["auth"]["expires_at"] == "2027-01-31T00:00:00Z"

    def test_a_dropped_expiry_is_cleared(self, sent, order):
        auth = {"type": "mcp_oauth", "mcp_server_url": "https://a.example.com"}
        assert sent(order(auth, {}, {"auth": {**auth, "expires_at": None}}), live=True)["auth"] == {
            "type": "mcp_oauth",
            "expires_at": None,
        }


class TestErrors:
    @pytest.mark.parametrize(
        "said", [SECRET, SECRET[4:12], SECRET.upper(), f"{SECRET[:8]}\n{SECRET[8:]}", SECRET[::-1]]
    )
    @pytest.mark.parametrize("status", [400, 500])
    def test_a_message_with_a_part_of_the_secret_is_not_shown(self, server, order, said, status):
        answer = httpx2.Response(status, json={"error": {"message": f"wrong: {said}", "type": "t", "param": None}})
        with pytest.raises(LiveError) as raised:
            server.bench.run(Credentials(server.says(answer)).create(order()))
        assert "is not shown" in str(raised.value)
        assert "secret-v" not in str(raised.value)
        assert isinstance(raised.value, UnknownOutcomeError) == (status == 500)

    def test_any_other_message_is_shown(self, server, order):
        answer = httpx2.Response(400, json={"error": {"message": "name is too long", "type": "t", "param": "name"}})
        with pytest.raises(LiveError, match="name: name is too long"):
            server.bench.run(Credentials(server.says(answer)).create(order()))

    def test_an_unexpected_value_of_a_response_is_not_shown(self, server, order):
        body = {"id": "cred_1", "vault_id": "vault_1", "name": "n", "auth": SECRET, "metadata": {}}
        with pytest.raises(LiveError) as raised:
            server.bench.run(Credentials(server.says(httpx2.Response(201, json=body))).create(order()))
        assert SECRET not in str(raised.value)


def test_labels_are_taken_off_and_the_rest_stays(api, order):
    adapter = api.adapters["credential"]
    made = api.run(adapter.create(order(metadata={"team": "a"})))
    api.run(adapter.disown(made.id, Identity.parse(made.labels.identity), None))
    left = api.run(adapter.read(made.id))
    assert (left.labels, left.fields["metadata"]) == (None, {"team": "a"})
    assert isinstance(made.labels, Labels)

"""Vaults and credentials: secrets go in and never come out."""

import pytest

BEARER = {"type": "static_bearer", "token": "secret", "mcp_server_url": "https://crm.example"}
VARIABLE = {
    "type": "environment_variable",
    "secret_name": "KEY",
    "secret_value": "secret",
    "networking": {"type": "limited", "allowed_hosts": ["API.Example"]},
}
OAUTH = {
    "type": "mcp_oauth",
    "access_token": "secret",
    "expires_at": "2026-12-01T00:00:00Z",
    "mcp_server_url": "https://crm.example",
    "refresh": {
        "client_id": "id",
        "refresh_token": "secret",
        "token_endpoint": "https://crm.example/token",
        "token_endpoint_auth": {"type": "client_secret_basic", "client_secret": "secret"},
        "scope": "read",
    },
}


@pytest.fixture
def vault(api):
    response = api.call("POST", "/vaults", json={"name": " crm ", "metadata": {"team": "night"}})
    assert response.status_code == 201
    return response.json()


@pytest.fixture
def credentials(vault):
    return f"/vaults/{vault['id']}/credentials"


def made(api, credentials, auth, **given):
    response = api.call("POST", credentials, json={"name": "key", "auth": auth, **given})
    assert response.status_code == 201, response.text
    assert "secret" not in response.text.replace("secret_name", "").replace("client_secret_basic", "")
    return response.json()


def test_a_vault_answers_every_field_with_its_name_trimmed(vault):
    assert vault.pop("id").startswith("vault_")
    assert vault == {"object": "vault", "created_at": 1_795_000_000, "name": "crm", "metadata": {"team": "night"}}


def test_a_vault_may_lose_its_name(api, vault):
    updated = api.call("POST", f"/vaults/{vault['id']}", json={"name": None, "metadata": {}}).json()
    assert updated == {**vault, "name": None, "metadata": {}}


@pytest.mark.parametrize("name", ["", "  ", "x" * 257, "é" * 129])
def test_names_are_of_1_to_256_bytes(api, name):
    assert api.refusal("POST", "/vaults", json={"name": name})["param"] == "name"


def test_vaults_are_listed_by_metadata_and_status(api, vault):
    other = api.call("POST", "/vaults", json={}).json()
    vaults = api.sdk.beta.agents.vaults

    def listed(**filters):
        return [found.id for found in api.all(vaults.list(**filters))]

    assert listed() == listed(status="active") == [other["id"], vault["id"]]
    assert listed(metadata={"team": "night"}) == [vault["id"]]
    assert listed(status=["active", "archived"]) == [other["id"], vault["id"]]
    assert listed(status="archived") == []


@pytest.mark.parametrize(
    ("auth", "shown"),
    [
        (BEARER, {"type": "static_bearer", "mcp_server_url": "https://crm.example"}),
        (
            VARIABLE,
            {
                "type": "environment_variable",
                "secret_name": "KEY",
                "networking": {"type": "limited", "allowed_hosts": ["api.example"]},
            },
        ),
        (
            OAUTH,
            {
                "type": "mcp_oauth",
                "mcp_server_url": "https://crm.example",
                "expires_at": "2026-12-01T00:00:00Z",
                "refresh": {
                    "client_id": "id",
                    "resource": None,
                    "scope": "read",
                    "token_endpoint": "https://crm.example/token",
                    "token_endpoint_auth": {"type": "client_secret_basic"},
                },
            },
        ),
    ],
    ids=["bearer", "variable", "oauth"],
)
def test_secrets_are_never_shown(api, credentials, auth, shown):
    credential = made(api, credentials, auth)
    assert credential["auth"] == shown
    assert api.call("GET", f"{credentials}/{credential['id']}").json() == credential
    assert api.call("GET", credentials).json()["data"] == [credential]


def test_a_new_token_clears_the_expiry_of_the_old_one(api, credentials):
    path = f"{credentials}/{made(api, credentials, OAUTH)['id']}"
    refreshed = {"type": "mcp_oauth", "refresh": {"scope": "write"}}
    auth = api.call("POST", path, json={"auth": refreshed}).json()["auth"]
    assert (auth["expires_at"], auth["refresh"]["scope"]) == ("2026-12-01T00:00:00Z", "write")
    rotated = {"type": "mcp_oauth", "access_token": "other"}
    assert api.call("POST", path, json={"auth": rotated}).json()["auth"]["expires_at"] is None


@pytest.mark.parametrize(
    ("sent", "param"),
    [
        ({"auth": {"type": "environment_variable", "secret_value": "x"}}, "auth.type"),
        ({"name": "other"}, "name"),
        (
            {"auth": {"type": "static_bearer", "token": "x", "mcp_server_url": "https://b.example"}},
            "auth.mcp_server_url",
        ),
    ],
)
def test_what_a_credential_is_for_cannot_change(api, credentials, sent, param):
    path = f"{credentials}/{made(api, credentials, BEARER)['id']}"
    assert api.refusal("POST", path, json=sent)["param"] == param


def test_a_vault_takes_its_credentials_with_it(api, vault, credentials):
    credential = made(api, credentials, BEARER)
    assert api.run(api.sdk.beta.agents.vaults.delete(vault["id"])).deleted
    api.refusal("GET", f"{credentials}/{credential['id']}", 404)
    api.refusal("GET", credentials, 404)


def test_a_deleted_credential_is_gone(api, credentials):
    path = f"{credentials}/{made(api, credentials, BEARER)['id']}"
    assert api.call("DELETE", path).json()["object"] == "vault.credential.deleted"
    api.refusal("DELETE", path, 404)

from typing import Any

import pytest
from pydantic import ValidationError

from reconciler.resources.address import Address
from reconciler.resources.base import Live
from reconciler.resources.kinds.credential import CREDENTIAL, KIND, CredentialSpec
from reconciler.resources.resource_type import SecretError, check_secrets
from reconciler.resources.secrets import EnvReference
from reconciler.resources.values import reference

TOKEN = EnvReference("CRM_TOKEN")
URL = "https://MCP.Example.com/Crm"
BEARER = {"type": "static_bearer", "mcp_server_url": URL, "token": TOKEN}
REFRESH = {
    "client_id": "acme",
    "refresh_token": TOKEN,
    "token_endpoint": "https://login.example.com/token",
    "token_endpoint_auth": {"type": "client_secret_basic", "client_secret": EnvReference("CLIENT_SECRET")},
}
OAUTH = {"type": "mcp_oauth", "mcp_server_url": URL, "access_token": TOKEN}
VARIABLE = {
    "type": "environment_variable",
    "secret_name": "CRM_KEY",
    "secret_value": TOKEN,
    "networking": {"type": "limited", "allowed_hosts": ["B.example.com", "a.example.com"]},
}


def spec(**fields: Any) -> dict[str, Any]:
    return {"vault": "crm", "auth": BEARER, **fields}


@pytest.fixture
def desired(resource, scope):
    def build(**fields):
        (found,) = KIND.desired(resource(KIND, "crm-token", spec(**fields)), scope)
        return found

    return build


def returned(auth: dict[str, Any]) -> Any:
    """Return the canonical form of `auth` as the API returns it."""
    return CREDENTIAL.canonical("auth", auth)


class TestDesired:
    def test_vault_is_a_reference_and_the_secret_a_name_only(self, desired):
        found = desired()
        assert found.fields["vault"] == reference(Address("vault", "crm"))
        assert found.fields["auth"] == {"type": "static_bearer", "mcp_server_url": "https://mcp.example.com/Crm"}
        assert found.secrets == {("auth", "token"): "CRM_TOKEN"}
        check_secrets(CREDENTIAL, found.fields, found.unreadable, found.write_only)

    def test_literal_id_of_a_vault_stays_one(self, desired):
        assert desired(vault="vault_1").fields["vault"] == "vault_1"

    def test_every_secret_of_oauth_has_its_place_in_the_request(self, desired):
        assert desired(auth={**OAUTH, "refresh": REFRESH}).secrets == {
            ("auth", "access_token"): "CRM_TOKEN",
            ("auth", "refresh", "refresh_token"): "CRM_TOKEN",
            ("auth", "refresh", "token_endpoint_auth", "client_secret"): "CLIENT_SECRET",
        }

    def test_generation_is_known_to_the_state_only(self, desired):
        assert desired().write_only == {}
        found = desired(generation=3)
        assert (found.write_only, "generation" in found.fields) == ({"generation": "3"}, False)

    def test_expiry_goes_with_the_secret_if_the_token_is_renewed(self, desired):
        at = "2027-01-31T00:00:00Z"
        assert desired(auth={**OAUTH, "expires_at": at}).fields["auth"]["expires_at"] == at
        found = desired(auth={**OAUTH, "expires_at": at, "refresh": REFRESH})
        assert "expires_at" not in found.fields["auth"]
        assert found.with_secrets == {("auth", "expires_at"): at}


class TestCanonical:
    def test_hosts_are_in_lower_case_and_sorted(self, desired):
        networking = {"type": "limited", "allowed_hosts": ["a.example.com", "b.example.com"]}
        live = {"type": "environment_variable", "secret_name": "CRM_KEY", "networking": networking}
        assert desired(auth=VARIABLE).fields["auth"] == returned({**live, "mcp_server_url": None, "refresh": None})

    def test_nulls_of_the_api_are_left_out(self):
        refresh = {"client_id": "a", "token_endpoint": "https://b.example.com", "token_endpoint_auth": {"type": "none"}}
        live = {"type": "mcp_oauth", "mcp_server_url": "https://c.example.com", "expires_at": None}
        filled = {**live, "refresh": {**refresh, "resource": None, "scope": None}}
        assert returned(filled) == returned({**live, "refresh": refresh})

    def test_equal_times_are_equal(self):
        live = {"type": "mcp_oauth", "mcp_server_url": "https://c.example.com"}
        assert returned({**live, "expires_at": "2027-01-31T01:00:00+01:00"}) == returned(
            {**live, "expires_at": "2027-01-31T00:00:00Z"}
        )

    def test_a_secret_that_a_server_returns_is_dropped(self):
        auth = {"type": "static_bearer", "mcp_server_url": "https://c.example.com", "token": "t", "secret_value": "t"}
        assert returned(auth) == {"type": "static_bearer", "mcp_server_url": "https://c.example.com"}

    @pytest.mark.parametrize("auth", [BEARER, OAUTH, {**OAUTH, "refresh": REFRESH}, VARIABLE], ids=str)
    def test_it_is_idempotent(self, desired, auth):
        once = desired(auth=auth).fields["auth"]
        assert returned(once) == once

    def test_a_secret_at_any_depth_is_not_stored(self):
        with pytest.raises(SecretError):
            check_secrets(CREDENTIAL, {"auth": {"refresh": {"refresh_token": "t"}}})


class TestRefused:
    @pytest.mark.parametrize(
        ("auth", "message"),
        [
            ({**BEARER, "token": "a-token"}, "a secret must not be in a manifest"),
            ({**BEARER, "mcp_server_url": "http://a.example.com"}, "starts with `https://`"),
            *(
                ({**BEARER, "mcp_server_url": f"https://{url}"}, "contains a secret")
                for url in (
                    "user:pass@a.example.com",
                    "token@a.example.com",
                    "a.example.com/?api_key=x",
                    "a.example.com/#access_token=x",
                    "a.example.com/ghp_abcdefghijklmnopqrstuvwx/mcp",
                )
            ),
            ({**OAUTH, "expires_at": "2027-01-31"}, "time with a time zone"),
            ({**VARIABLE, "secret_name": "1X"}, "ASCII letters"),
            ({**VARIABLE, "secret_name": "codex_x"}, "reserved"),
            ({**VARIABLE, "networking": {"type": "limited", "allowed_hosts": []}}, "at least 1"),
            (
                {**VARIABLE, "networking": {"type": "limited", "allowed_hosts": [f"{n}.b" for n in range(17)]}},
                "at most 16",
            ),
            ({**VARIABLE, "networking": {"type": "limited", "allowed_hosts": ["A.b", "a.B"]}}, "listed twice"),
            *(
                ({**VARIABLE, "networking": {"type": "limited", "allowed_hosts": [host]}}, "without scheme")
                for host in ("https://a.example.com", "a.example.com:443", "*.example.com", "::1", "a/b", "")
            ),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_values_that_the_api_or_the_guard_of_secrets_refuses(self, auth, message):
        with pytest.raises(ValidationError, match=message):
            CredentialSpec.model_validate(spec(auth=auth))

    @pytest.mark.parametrize("generation", [0, -1, "x"])
    def test_generation_is_a_positive_number(self, generation):
        with pytest.raises(ValidationError):
            CredentialSpec.model_validate(spec(generation=generation))


class TestReplacement:
    @pytest.mark.parametrize(
        ("path", "fields"),
        [
            (("vault",), ["vault"]),
            (("name",), ["name"]),
            (("auth", "mcp_server_url"), ["auth"]),
            (("auth", "refresh"), ["auth"]),
            (("auth", "refresh", "client_id"), ["auth"]),
            (("auth", "refresh", "scope"), []),
            (("auth", "expires_at"), []),
            (("metadata", "team"), []),
            (("generation",), []),
        ],
        ids=str,
    )
    def test_only_what_cannot_be_changed_makes_another_credential(self, path, fields):
        assert CREDENTIAL.replaces([path], {}) == fields


class TestImport:
    def test_a_manifest_does_not_have_the_secret_in_a_url(self):
        url = "https://me:hidden@a.example.com/mcp?team=b&token=hidden#api_key=hidden"
        fields = {
            "vault": "vault_1",
            "name": "crm",
            "metadata": {},
            "auth": {"type": "static_bearer", "mcp_server_url": url},
        }
        draft = KIND.to_manifest["credential"](Live("credential", "cred_1", fields), "crm", str)
        assert draft.spec["auth"]["mcp_server_url"] == "https://a.example.com/mcp?team=b"
        assert "mcp_server_url" in draft.losses[0]

    @pytest.mark.parametrize("auth", [BEARER, OAUTH, {**OAUTH, "refresh": REFRESH}, VARIABLE], ids=str)
    def test_a_manifest_has_names_of_variables_in_place_of_secrets(self, desired, auth):
        fields = {"vault": "vault_1", "name": "CRM", "auth": desired(auth=auth).fields["auth"], "metadata": {}}
        draft = KIND.to_manifest["credential"](Live("credential", "cred_1", fields), "crm-token", lambda _id: "CRM")
        written = replaced(draft.spec)
        assert CredentialSpec.model_validate(written).generation is None
        assert {name for _, name in names(draft.spec)} >= {"CRM_TOKEN_TOKEN"} or auth is not BEARER
        assert draft.losses


def replaced(value: Any) -> Any:
    """Return a draft with references to environment variables, as they are after reading."""
    if isinstance(value, dict):
        return EnvReference(value["$env"]) if "$env" in value else {key: replaced(item) for key, item in value.items()}
    return value


def names(value: Any) -> list[tuple[str, str]]:
    if not isinstance(value, dict):
        return []
    return [("", value["$env"])] if "$env" in value else [one for item in value.values() for one in names(item)]

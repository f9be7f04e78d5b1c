"""Credentials in vaults. Secrets are checked and dropped: they are neither used nor shown.

Rules of updates: docstrings of `openai.types.beta.agents.vaults.credential_auth_rotate_param`.
"""

from collections.abc import Mapping
from typing import Any

from openai.types.beta.agents.vaults.credential_create_params import CredentialCreateParams
from openai.types.beta.agents.vaults.credential_list_params import CredentialListParams
from openai.types.beta.agents.vaults.credential_update_params import CredentialUpdateParams

from reconciler.emulator.api import Body, Call, Endpoint, new_id
from reconciler.emulator.errors import invalid, not_found
from reconciler.emulator.limits import items, pairs
from reconciler.emulator.paging import Paging, by_metadata
from reconciler.emulator.resources.vaults import CREDENTIAL as KIND, by_status, existing as existing_vault, title
from reconciler.emulator.schema import Check
from reconciler.emulator.store import Document

SHOWN = ("type", "mcp_server_url", "secret_name")
REFRESH = ("client_id", "resource", "scope", "token_endpoint")


def create(call: Call) -> Document:
    existing_vault(call, call.id)
    credential = {
        "id": new_id("cred_"),
        "object": KIND,
        "created_at": int(call.now),
        "updated_at": int(call.now),
        "vault_id": call.id,
        "name": call.body["name"].strip(),
        "metadata": call.body.get("metadata") or {},
        "auth": _public(call.body["auth"]),
    }
    call.store.put(KIND, credential, call.id)
    return credential


def retrieve(call: Call) -> Document:
    return _existing(call)


def update(call: Call) -> Document:
    credential = _existing(call)
    if "metadata" in call.body:
        credential["metadata"] = call.body["metadata"]
    if "auth" in call.body:
        credential["auth"] = _rotated(credential["auth"], call.body["auth"])
    credential["updated_at"] = int(call.now)
    call.store.put(KIND, credential, call.id)
    return credential


def delete(call: Call) -> Document:
    credential = _existing(call)
    call.store.delete(KIND, credential["id"], call.id)
    return {"id": credential["id"], "object": "vault.credential.deleted", "deleted": True}


def list_credentials(call: Call) -> Document:
    existing_vault(call, call.id)
    paging = Paging(params=CredentialListParams, beta=True)
    where = by_metadata(call.query) & by_status(call.query)
    return call.list(KIND, paging, dict, scope=call.id, where=lambda _filters: where)


def _existing(call: Call) -> Document:
    existing_vault(call, call.id)
    id_ = call.path["credential_id"]
    credential = call.store.get(KIND, id_, call.id)
    if credential is None:
        raise not_found(f"Credential with id '{id_}' not found.")
    return credential


def _public(given: Mapping[str, Any]) -> Document:
    """Return the public part of the authentication."""
    shown = {name: given[name] for name in SHOWN if name in given}
    if given["type"] == "environment_variable":
        shown["networking"] = _networking(given["networking"])
    if given["type"] == "mcp_oauth":
        shown |= {"expires_at": given.get("expires_at"), "refresh": _refresh(given.get("refresh"))}
    return shown


def _networking(given: Mapping[str, Any]) -> Document:
    hosts = {"allowed_hosts": [host.lower() for host in given["allowed_hosts"]]} if "allowed_hosts" in given else {}
    return {"type": given["type"], **hosts}


def _refresh(given: Mapping[str, Any] | None) -> Document | None:
    if given is None:
        return None
    how = {"type": given["token_endpoint_auth"]["type"]}
    return {**{name: given.get(name) for name in REFRESH}, "token_endpoint_auth": how}


def _rotated(auth: Document, given: Mapping[str, Any]) -> Document:
    """Return the updated authentication. A new access token clears the expiry of the previous one."""
    if given["type"] != auth["type"]:
        raise invalid(f"The credential's type is '{auth['type']}', not '{given['type']}'.", "auth.type")
    if auth["type"] != "mcp_oauth":
        return auth
    kept = None if given.get("access_token") else auth["expires_at"]
    refresh = auth["refresh"]
    if refresh and "scope" in (given.get("refresh") or {}):
        refresh = {**refresh, "scope": given["refresh"]["scope"]}
    return {**auth, "expires_at": given.get("expires_at", kept), "refresh": refresh}


LIMITS: Mapping[str, Check] = {"name": title, "metadata": pairs, "auth.networking.allowed_hosts": items(16, minimum=1)}
CREATE = Body(CredentialCreateParams, LIMITS)
UPDATE = Body(CredentialUpdateParams, LIMITS, in_path={"vault_id"})
CREDENTIALS = "/v1/vaults/{id}/credentials"
CREDENTIAL = CREDENTIALS + "/{credential_id}"
ENDPOINTS = [
    Endpoint(method="POST", path=CREDENTIALS, handle=create, body=CREATE, status=201),
    Endpoint(method="GET", path=CREDENTIALS, handle=list_credentials),
    Endpoint(method="GET", path=CREDENTIAL, handle=retrieve),
    Endpoint(method="POST", path=CREDENTIAL, handle=update, body=UPDATE),
    Endpoint(method="DELETE", path=CREDENTIAL, handle=delete),
]

"""Vaults: named collections of credentials.

Limits: docstrings of `openai.types.beta.agents.vault_create_params`. Vaults cannot be archived through the API.
"""

from collections.abc import Mapping

from openai.types.beta.agents.vault_create_params import VaultCreateParams
from openai.types.beta.agents.vault_list_params import VaultListParams
from openai.types.beta.agents.vault_update_params import VaultUpdateParams
from starlette.datastructures import QueryParams

from reconciler.emulator.api import Body, Call, Endpoint, deleted, new_id
from reconciler.emulator.errors import invalid, not_found
from reconciler.emulator.limits import pairs
from reconciler.emulator.paging import Paging, by_metadata
from reconciler.emulator.schema import Check
from reconciler.emulator.store import Document, Where

KIND = "vault"
CREDENTIAL = "vault.credential"


def create(call: Call) -> Document:
    vault = {
        "id": new_id("vault_"),
        "object": KIND,
        "created_at": int(call.now),
        "name": _trimmed(call.body.get("name")),
        "metadata": call.body.get("metadata") or {},
    }
    call.store.put(KIND, vault)
    return vault


def retrieve(call: Call) -> Document:
    return existing(call, call.id)


def update(call: Call) -> Document:
    vault = existing(call, call.id) | call.body
    vault["name"] = _trimmed(vault["name"])
    call.store.put(KIND, vault)
    return vault


def delete(call: Call) -> Document:
    """Delete the vault and all its credentials."""
    existing(call, call.id)
    call.store.delete(KIND, call.id)
    call.store.delete_scope(CREDENTIAL, call.id)
    return deleted(call, "vault.deleted")


def by_status(query: QueryParams) -> Where:
    """Return the condition on the status of vaults and credentials, which are all active here."""
    asked = [*query.getlist("status"), *query.getlist("status[]")]
    return Where("FALSE") if asked and "active" not in asked else Where()


def list_vaults(call: Call) -> Document:
    paging = Paging(params=VaultListParams, beta=True)
    return call.list(KIND, paging, dict, where=lambda _filters: by_metadata(call.query) & by_status(call.query))


def existing(call: Call, id_: str) -> Document:
    vault = call.store.get(KIND, id_)
    if vault is None:
        raise not_found(f"Vault with id '{id_}' not found.")
    return vault


def title(value: str, path: str) -> None:
    """Check a name: 1 to 256 bytes after trimming."""
    size = len(value.strip().encode())
    if not 1 <= size <= 256:
        raise invalid(f"Invalid '{path}': expected 1 to 256 bytes after trimming, but got {size}.", path)


def _trimmed(name: str | None) -> str | None:
    return None if name is None else name.strip()


LIMITS: Mapping[str, Check] = {"name": title, "metadata": pairs}
CREATE = Body(VaultCreateParams, LIMITS)
UPDATE = Body(VaultUpdateParams, LIMITS)
ENDPOINTS = [
    Endpoint(method="POST", path="/v1/vaults", handle=create, body=CREATE, status=201),
    Endpoint(method="GET", path="/v1/vaults", handle=list_vaults),
    Endpoint(method="GET", path="/v1/vaults/{id}", handle=retrieve),
    Endpoint(method="POST", path="/v1/vaults/{id}", handle=update, body=UPDATE),
    Endpoint(method="DELETE", path="/v1/vaults/{id}", handle=delete),
]

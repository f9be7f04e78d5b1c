"""Manifests and live objects of vaults, credentials and the agents that use them."""

from typing import Any, Final

from tests.support.world import Document, World, manifest

SERVER: Final = "https://mcp.example.com/crm"
SECRETS: Final = {"CRM_TOKEN": "token-of-the-crm-1", "NEXT_TOKEN": "token-of-the-crm-2"}
BEARER: Final[Document] = {"type": "static_bearer", "mcp_server_url": SERVER, "token": {"$env": "CRM_TOKEN"}}
OAUTH: Final[Document] = {
    "type": "mcp_oauth",
    "mcp_server_url": SERVER,
    "access_token": {"$env": "CRM_TOKEN"},
    "refresh": {
        "client_id": "acme",
        "refresh_token": {"$env": "CRM_TOKEN"},
        "token_endpoint": "https://Login.Example.com/token",
        "token_endpoint_auth": {"type": "client_secret_post", "client_secret": {"$env": "CRM_TOKEN"}},
    },
}
VARIABLE: Final[Document] = {
    "type": "environment_variable",
    "secret_name": "CRM_KEY",
    "secret_value": {"$env": "CRM_TOKEN"},
    "networking": {"type": "limited", "allowed_hosts": ["B.example.com", "api.Example.com"]},
}


def vault(name: str = "crm", **more: Any) -> Document:
    return manifest("Vault", name, {}, **more)


def credential(name: str = "crm-token", /, *, lifecycle: Any = None, **spec: Any) -> Document:
    more = {"lifecycle": lifecycle} if lifecycle else {}
    return manifest("Credential", name, {"vault": "crm", "auth": BEARER, **spec}, **more)


def agent(name: str = "triage", credential_id: str | None = "crm-token", server: str = SERVER, **more: Any) -> Document:
    named = {"credential_id": credential_id} if credential_id else {}
    tool = {"type": "mcp", "server_label": "crm", "transport": {"type": "http", "server_url": server}, **named}
    return manifest("Assistant", name, {"target": "agents", "model": "gpt-6-luna", "tools": [tool]}, **more)


def with_secrets(world: World, **environ: str) -> World:
    """Set the environment of commands: the secrets, and more."""
    world.environ = {"RECONCILER_ENDPOINT": "embedded", **SECRETS, **environ}
    return world


def credentials(world: World, vault_id: str | None = None) -> list[Document]:
    """Return the live credentials of a vault, by default that of the manifest `crm`."""
    id_ = vault_id or world.id_of("vault/crm")
    listed: list[Document] = world.by_hand(world.connection.page("vaults", id_, "credentials"))["data"]
    return listed


def used_by(world: World, address: str = "assistant/triage") -> str | None:
    """Return the id of the credential that an agent uses."""
    body = world.by_hand(world.connection.get("agents", world.id_of(address)))
    found: str | None = body["tools"][0]["credential_id"]
    return found

"""Credentials in vaults. Secrets are read from the environment when they are sent, and stored nowhere."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from pydantic import Field

from reconciler.resources.assistants.agent_tools import Http, Mcp
from reconciler.resources.base import Desired, Live, Resource, Scope, Spec
from reconciler.resources.credential_auth import CHANGEABLE, SECRETS, Auth, McpOauth, canonical_auth, same_server
from reconciler.resources.kind import Kind, SpecDraft
from reconciler.resources.metadata import Metadata, kept_pairs
from reconciler.resources.names import Title, VaultName
from reconciler.resources.problems import Finding
from reconciler.resources.references import canonical
from reconciler.resources.resource_type import ResourceType
from reconciler.resources.secrets import ENV, secrets_in
from reconciler.resources.values import JSON, Fields

GENERATION: Final = "generation"
_PLACES: Final[Mapping[str, Sequence[tuple[str, ...]]]] = {
    "static_bearer": [("token",)],
    "environment_variable": [("secret_value",)],
    "mcp_oauth": [("access_token",)],
}
"""Paths of the secrets that every credential of a type has."""


class CredentialSpec(Spec):
    """A credential in a vault, for an MCP server or for requests from an environment."""

    vault: VaultName
    """Vault of the credential: the name of a manifest, or the id of an unmanaged vault. A change makes another
    credential."""
    auth: Auth
    """Method of authentication. Most of its values cannot be changed: another credential replaces this one, and agents
    are changed to use that."""
    name: Title | None = None
    """Name of the credential at OpenAI: 1 to 256 bytes. A change makes another credential. Default: the name of the
    manifest."""
    generation: int | None = Field(default=None, ge=1)
    """Number of the present secret. Change it to send the secrets again, after the environment variables have new
    values. Default: secrets are sent only when the credential is created."""
    metadata: Metadata | None = None
    """Metadata of the object at OpenAI: at most 12 pairs, keys of at most 64 characters, text values of at most 512.
    Keys that start with `reconciler-` are reserved. Default: none."""


def _canonical(field: str, value: JSON) -> JSON:
    if field == "auth":
        return canonical_auth(value)
    if field == "metadata":
        return dict(value or {})
    return value.strip() if field == "name" and isinstance(value, str) else value


def _render(fields: Fields) -> dict[str, JSON]:
    """Return a request body. The vault is in the path, and `generation` is only in the state."""
    return {name: value for name, value in fields.items() if name not in ("vault", GENERATION)}


def _desired(resource: Resource, _scope: Scope) -> Iterator[Desired]:
    spec: CredentialSpec = resource.spec
    dumped = spec.model_dump(exclude_unset=True, exclude_none=True, exclude={GENERATION})
    written = {"name": resource.address.name, **dumped}
    auth = spec.auth
    renewed = isinstance(auth, McpOauth) and auth.refresh is not None and auth.expires_at is not None
    yield Desired(
        address=resource.address,
        type=CREDENTIAL.type,
        fields={name: _canonical(name, value) for name, value in canonical(CredentialSpec, written).items()},
        place=resource.place,
        lifecycle=resource.lifecycle,
        write_only={} if spec.generation is None else {GENERATION: str(spec.generation)},
        secrets=dict(secrets_in(auth, ("auth",))),
        with_secrets={("auth", "expires_at"): auth.expires_at} if renewed and isinstance(auth, McpOauth) else {},
    )


def _ambiguous(resources: Sequence[Resource]) -> Iterator[tuple[Resource, Finding]]:
    """Yield the tools of agents that use a server without a `credential_id`, if a vault has two for the server."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for resource in resources:
        if isinstance(resource.spec, CredentialSpec) and (url := getattr(resource.spec.auth, "mcp_server_url", None)):
            found[resource.spec.vault.removeprefix("vault/"), _server(url)].append(resource.address.name)
    several = {url: (vault, sorted(names)) for (vault, url), names in sorted(found.items()) if len(names) > 1}
    for resource in resources if several else ():
        for index, url in _implicit(resource.spec):
            if _server(url) in several:
                vault, names = several[_server(url)]
                message = f"the vault {vault} has {len(names)} credentials for this server: {', '.join(names)}"
                hint = f"set which one the agent uses, for example `credential_id: {names[0]}`"
                yield resource, Finding(("spec", "tools", index), "ambiguous-credential", message, hint)


def _implicit(spec: Any) -> Iterator[tuple[int, str]]:
    """Yield the servers that a spec uses over HTTP without a `credential_id`, each with the index of its tool."""
    for index, tool in enumerate(getattr(spec, "tools", None) or ()):
        if isinstance(tool, Mcp) and isinstance(tool.transport, Http) and tool.credential_id is None:
            yield index, tool.transport.server_url


def _server(url: str) -> str:
    return same_server(url).rstrip("/")


def _to_manifest(live: Live, name: str, called: Callable[[str], str]) -> SpecDraft:
    """Return the spec of a credential, with the names of environment variables to set in place of its secrets."""
    auth = {key: dict(value) if isinstance(value, Mapping) else value for key, value in live.fields["auth"].items()}
    own = {"name": live.fields["name"]} if live.fields["name"] != name else {}
    pairs, losses = kept_pairs(live.fields["metadata"])
    prefix = name.upper().replace("-", "_")
    prefix = f"_{prefix}" if prefix[:1].isdigit() else prefix
    written = _with_places(auth, prefix)
    spec = {"vault": live.fields["vault"], **own, "auth": written, **pairs}
    lost = "secrets, which cannot be read: they are sent only after `generation` is set, from the environment"
    return SpecDraft(spec, {("vault",): called(live.fields["vault"])}, (*losses, lost))


def _with_places(auth: dict[str, JSON], prefix: str) -> dict[str, JSON]:
    for (field,) in _PLACES.get(auth.get("type", ""), ()):
        auth[field] = {ENV: f"{prefix}_{field.upper()}"}
    refresh = auth.get("refresh")
    if refresh:
        refresh["refresh_token"] = {ENV: f"{prefix}_REFRESH_TOKEN"}
        method = dict(refresh["token_endpoint_auth"])
        secret = {} if method["type"] == "none" else {"client_secret": {ENV: f"{prefix}_CLIENT_SECRET"}}
        refresh["token_endpoint_auth"] = method | secret
    return auth


CREDENTIAL: Final = ResourceType(
    type="credential",
    specs=(CredentialSpec,),
    canonical=_canonical,
    render=_render,
    defaults={"metadata": {}},
    owned_by_key=frozenset({"auth", "metadata"}),
    immutable=frozenset({"vault", "name", "auth"}),
    changeable=CHANGEABLE,
    outlives=True,
    parent="vault",
    write_only=frozenset({GENERATION}),
    secret=SECRETS,
    renewed_by=GENERATION,
)

KIND: Final = Kind(
    name="Credential",
    prefix="credential",
    models={"": CredentialSpec},
    desired=_desired,
    check_all=_ambiguous,
    to_manifest={"credential": _to_manifest},
)

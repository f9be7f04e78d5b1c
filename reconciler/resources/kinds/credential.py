"""Credentials in vaults. Secrets are read from the environment when they are sent, and stored nowhere."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel, Field

from reconciler.resources.assistants.agent_tools import Http, Mcp
from reconciler.resources.assistants.server_secrets import check_texts, has_secret, url_without_secrets
from reconciler.resources.base import Desired, Live, Path, Resource, Scope, Spec
from reconciler.resources.credential_auth import CHANGEABLE, SECRETS, Auth, McpOauth, canonical_auth, reaches
from reconciler.resources.kind import Kind, SpecDraft
from reconciler.resources.metadata import Metadata, kept_pairs
from reconciler.resources.names import Title, VaultName
from reconciler.resources.problems import Finding
from reconciler.resources.references import canonical
from reconciler.resources.resource_type import ResourceType
from reconciler.resources.secrets import ENV, secrets_in
from reconciler.resources.values import JSON, Fields

GENERATION: Final = "generation"
_AGENT: Final = "assistant/"
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


def _check(resource: Resource, _scope: Scope) -> Iterator[Finding]:
    yield from check_texts(resource.spec)


def _ambiguous(resources: Sequence[Resource]) -> Iterator[tuple[Resource, Finding]]:
    """Yield the tools that use a server without a `credential_id`, if a vault has two credentials for the server, or
    the vaults of an automation have.
    """
    held: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for resource in resources:
        is_credential = resource.kind is KIND  # so that no other spec is read from the cache
        if is_credential and (url := getattr(resource.spec.auth, "mcp_server_url", None)):
            held[reaches(url)][resource.spec.vault.removeprefix("vault/")].append(resource.address.name)
    several = {url: vaults for url, vaults in held.items() if sum(map(len, vaults.values())) > 1}
    agents = {one.address.name: one for one in resources if one.address.kind == "assistant"} if several else {}
    for resource in resources if several else ():
        attached = _vaults(resource.spec)
        for path, url in _implicit(resource.spec, ("spec",)):
            vaults = several.get(reaches(url), {})
            groups = [[vault] for vault in vaults] if attached is None else [[one for one in attached if one in vaults]]
            yield from ((resource, finding) for group in groups for finding in _finding(group, vaults, path))
        if attached and isinstance(name := resource.spec.target.agent, str) and name.removeprefix(_AGENT) in agents:
            yield from ((resource, one) for one in _of_saved(agents[name.removeprefix(_AGENT)], attached, several))


def _of_saved(
    agent: Resource, attached: Sequence[str], several: Mapping[str, Mapping[str, Sequence[str]]]
) -> Iterator[Finding]:
    """Yield a finding for each server of a saved agent that several vaults of an automation have a credential for."""
    for _, url in _implicit(agent.spec, ()):
        vaults = several.get(reaches(url), {})
        group = [one for one in attached if one in vaults]
        if all(len(vaults[one]) == 1 for one in group):  # otherwise the agent itself has the finding
            yield from _finding(group, vaults, ("spec", "target", "vault_ids"), f" of {agent.address}")


def _finding(
    group: Sequence[str], vaults: Mapping[str, Sequence[str]], path: Path, of_agent: str = ""
) -> Iterator[Finding]:
    names = sorted(name for vault in group for name in vaults[vault])
    if len(names) > 1:
        subject = f"the vault {group[0]} has" if len(group) == 1 else f"the vaults {', '.join(sorted(group))} have"
        message = f"{subject} {len(names)} credentials for {f'a server{of_agent}' if of_agent else 'this server'}"
        hint = f"set which one the agent uses, for example `credential_id: {names[0]}`"
        yield Finding(path, "ambiguous-credential", f"{message}: {', '.join(names)}", hint)


def _vaults(spec: Any) -> Sequence[str] | None:
    """Return the vaults of the sessions of an automation; None for any other spec, whose sessions are not known."""
    target = getattr(spec, "target", None)
    if not isinstance(target, BaseModel):
        return None
    return sorted({name.removeprefix("vault/") for name in getattr(target, "vault_ids", None) or ()})


def _implicit(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """Yield the servers that a spec uses over HTTP without a `credential_id`, each with the path of its tool."""
    if isinstance(value, Mcp):
        if isinstance(value.transport, Http) and value.credential_id is None:
            yield path, value.transport.server_url
    elif isinstance(value, BaseModel):
        for name in ("tools", "agent", "target"):
            yield from _implicit(getattr(value, name, None), (*path, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _implicit(item, (*path, index))


def _to_manifest(live: Live, name: str, called: Callable[[str], str]) -> SpecDraft:
    """Return the spec of a credential, with the names of environment variables to set in place of its secrets."""
    auth = {key: dict(value) if isinstance(value, Mapping) else value for key, value in live.fields["auth"].items()}
    own = {"name": live.fields["name"]} if live.fields["name"] != name else {}
    pairs, losses = kept_pairs(live.fields["metadata"])
    prefix = name.upper().replace("-", "_")
    prefix = f"_{prefix}" if prefix[:1].isdigit() else prefix
    written = _with_places(auth, prefix)
    spec = {"vault": live.fields["vault"], **own, "auth": written, **pairs}
    url = auth.get("mcp_server_url")
    if isinstance(url, str) and has_secret(url):
        written["mcp_server_url"] = url_without_secrets(url)
        losses = (*losses, "the secret in `mcp_server_url`: applying the manifest makes another credential")
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
    check=_check,
    check_all=_ambiguous,
    to_manifest={"credential": _to_manifest},
)

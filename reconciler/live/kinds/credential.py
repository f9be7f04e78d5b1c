"""Credentials: `/v1/vaults/{vault}/credentials`, in beta. There is one list for each vault.

An update can write metadata, the secrets, and the values in `ResourceType.changeable`
(`openai.types.beta.agents.vaults.credential_auth_rotate_param`). Secrets are in no response.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from reconciler.live import bodies
from reconciler.live.adapters import WriteRequest, gather
from reconciler.live.bodies import carries, older_than
from reconciler.live.client import Connection, Object
from reconciler.live.errors import MissingError
from reconciler.live.pages import shared_walk, walk
from reconciler.live.shapes import OBJECT, TEXT, TEXTS, TIME, understood
from reconciler.resources.address import Identity
from reconciler.resources.base import Live
from reconciler.resources.labels import from_metadata
from reconciler.resources.references import ids_in
from reconciler.resources.registry import resource_types
from reconciler.resources.values import ADDRESS_KEY, JSON, is_reference

TIMES: Final = ("created_at", "updated_at")
FIELDS: Final = ("vault", "name", "auth", "metadata")
SHAPES: Final = {
    "vault_id": TEXT,
    "name": TEXT,
    "auth": OBJECT,
    "metadata": TEXTS,
    **dict.fromkeys(TIMES, TIME),
}


class Credentials:
    type = "credential"
    lists_whole = True

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._resource_type = resource_types()[self.type]
        self.refers = self._resource_type.refers
        self._vaults: dict[str, str] = {}
        """Ids of vaults by the id of a credential."""

    def place(self, parents: Mapping[str, str]) -> None:
        self._vaults = {**parents, **self._vaults}

    async def list(self, identity: Identity, known: Sequence[str]) -> Sequence[Live]:  # noqa: ARG002 - no parts
        vaults = await shared_walk(self._connection, "vaults")
        found = await gather(self._below(vault["id"]) for vault in vaults)
        return [live for group in found for live in group]

    async def _below(self, vault: str) -> Sequence[Live]:
        """Return the credentials of a vault; none if it was deleted in the meantime."""
        try:
            return [self._live(body) for body in await walk(self._connection, *_path(vault))]
        except MissingError:
            if await self._connection.read("vaults", vault) is None:
                return []
            raise

    async def whole(self, live: Live) -> Live:
        return live

    async def read(self, id: str) -> Live | None:  # noqa: A002
        vault = self._vaults.get(id)
        body = None if vault is None else await self._connection.read(*_path(vault), id)
        return None if body is None else self._live(body)

    async def create(self, request: WriteRequest) -> Live:
        body, secrets = bodies.with_secrets(bodies.creation(self._resource_type, request), request)
        path = _path(self._vault_of(request))
        made = await self._connection.create(*path, body=body, about=request.desired, secrets=secrets)
        return self._live(made)

    async def find(self, request: WriteRequest, since: float) -> Live | None:
        until = older_than(since, self._connection.ahead)
        recent = await walk(self._connection, *_path(self._vault_of(request)), until=until)
        return next((self._live(body) for body in recent if carries(body, request.labels)), None)

    async def update(self, live: Live, request: WriteRequest) -> Live:
        body = bodies.change(self._resource_type, request, live)
        auth, secrets = self._rotation(request, request.fields.get("auth"))
        body = {"metadata": body["metadata"], **({"auth": auth} if auth else {})}
        path = (*_path(self._vaults[live.id]), live.id)
        changed = await self._connection.replace(*path, body=body, about=request.desired, secrets=secrets)
        return self._live(changed)

    def _rotation(self, request: WriteRequest, changed: JSON) -> tuple[dict[str, JSON], tuple[str, ...]]:
        """Return the `auth` of an update, with the secrets if they are to be sent again; and the secrets."""
        wanted = request.desired.fields["auth"]
        auth: dict[str, JSON] = {}
        if changed is not None:
            auth = {name: changed[name] for name in ("expires_at",) if name in changed}
            refresh = changed.get("refresh")
            auth |= {"refresh": {"scope": refresh.get("scope")}} if refresh else {}
        secrets: tuple[str, ...] = ()
        if self._resource_type.renewed_by in request.fields:
            if "expires_at" in wanted:
                auth["expires_at"] = wanted["expires_at"]  # a new token clears it otherwise
            body, secrets = bodies.with_secrets({"auth": auth}, request)
            auth = body["auth"]
            method = ((wanted.get("refresh") or {}).get("token_endpoint_auth") or {}).get("type")
            if "token_endpoint_auth" in (auth.get("refresh") or {}):
                named = {"type": method, **auth["refresh"]["token_endpoint_auth"]}
                auth = {**auth, "refresh": {**auth["refresh"], "token_endpoint_auth": named}}
        return ({"type": wanted["type"], **auth} if auth else {}), secrets

    async def disown(self, id: str, identity: Identity, lineage: str | None) -> None:  # noqa: A002
        live = await self.read(id)
        if live and live.labels and live.labels.is_of(str(identity), lineage):
            path = (*_path(self._vaults[id]), id)
            await self._connection.replace(*path, body={"metadata": live.fields["metadata"]})

    async def delete(self, id: str) -> None:  # noqa: A002
        if id in self._vaults:
            await self._connection.remove(*_path(self._vaults[id]), id)

    def _vault_of(self, request: WriteRequest) -> str:
        vault = request.desired.fields["vault"]
        return request.id_of(vault[ADDRESS_KEY]) if is_reference(vault) else vault

    def _live(self, body: Object) -> Live:
        with understood(self.type, body, SHAPES, hides=True):
            self._vaults[body["id"]] = body["vault_id"]
            made = {**body, "vault": body["vault_id"]}
            return Live(
                type=self.type,
                id=body["id"],
                fields=bodies.canonical(self._resource_type, made, FIELDS),
                labels=from_metadata(body.get("metadata")),
                name=body.get("name") or "",
                refers_to=ids_in(self._resource_type.specs, made),
                detail=bodies.detail(body, TIMES),
            )


def _path(vault: str) -> tuple[str, str, str]:
    return "vaults", vault, "credentials"


ADAPTER: Final = Credentials

"""Credentials: `/v1/vaults/{vault}/credentials`, in beta. There is one list for each vault.

An update can write metadata, the secrets, and the values in `ResourceType.changeable`
(`openai.types.beta.agents.vaults.credential_auth_rotate_param`). Secrets are in no response.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from reconciler.live import bodies
from reconciler.live.adapters import WriteRequest, gather
from reconciler.live.client import Connection
from reconciler.live.errors import MissingError
from reconciler.live.labelled import Description, Labelled, Read
from reconciler.live.pages import shared_walk
from reconciler.live.requests import Object
from reconciler.live.shapes import OBJECT, TEXT, TEXTS, TIME
from reconciler.resources.address import Identity
from reconciler.resources.base import Live
from reconciler.resources.registry import resource_types
from reconciler.resources.values import ADDRESS_KEY, JSON, is_reference

TIMES: Final = ("created_at", "updated_at")
SHAPES: Final = {
    "vault_id": TEXT,
    "name": TEXT,
    "auth": OBJECT,
    "metadata": TEXTS,
    **dict.fromkeys(TIMES, TIME),
}
CREDENTIALS: Final = Description(
    type="credential", shapes=SHAPES, fields=("vault", "name", "auth", "metadata"), detail=TIMES, hides=True
)


class Credentials:
    type = CREDENTIALS.type
    lists_whole = True

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._resource_type = resource_types()[self.type]
        self._credentials = Labelled(replace(CREDENTIALS, reads=self._noted), connection)
        self.refers = self._credentials.refers
        self._vaults: dict[str, str] = {}
        """Ids of vaults by the id of a credential."""

    def place(self, parents: Mapping[str, str]) -> None:
        self._vaults = {**parents, **self._vaults}

    async def list(self, identity: Identity, known: Sequence[str]) -> Sequence[Live]:
        vaults = await shared_walk(self._connection, "vaults")
        found = await gather(self._below(vault["id"], identity, known) for vault in vaults)
        return [live for group in found for live in group]

    async def _below(self, vault: str, identity: Identity, known: Sequence[str]) -> Sequence[Live]:
        """Return the credentials of a vault; none if it was deleted in the meantime."""
        try:
            return await self._in(vault).list(identity, known)
        except MissingError:
            if await self._connection.read("vaults", vault) is None:
                return []
            raise

    async def whole(self, live: Live) -> Live:
        return live

    async def read(self, id: str) -> Live | None:  # noqa: A002
        vault = self._vaults.get(id)
        return None if vault is None else await self._in(vault).read(id)

    async def create(self, request: WriteRequest) -> Live:
        return await self._in(self._vault_of(request)).create(request)

    async def find(self, request: WriteRequest, since: float) -> Live | None:
        return await self._in(self._vault_of(request)).find(request, since)

    async def update(self, live: Live, request: WriteRequest) -> Live:
        body = bodies.change(self._resource_type, request, live)
        auth, secrets = self._rotation(request, request.fields.get("auth"))
        body = {"metadata": body["metadata"], **({"auth": auth} if auth else {})}
        return await self._in(self._vaults[live.id]).send(live.id, body=body, request=request, secrets=secrets)

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
        if id in self._vaults:
            await self._in(self._vaults[id]).disown(id, identity, lineage)

    async def delete(self, id: str) -> None:  # noqa: A002
        if id in self._vaults:
            await self._in(self._vaults[id]).delete(id)

    def _in(self, vault: str) -> Labelled:
        return self._credentials.at("vaults", vault, "credentials")

    def _vault_of(self, request: WriteRequest) -> str:
        vault = request.desired.fields["vault"]
        return request.id_of(vault[ADDRESS_KEY]) if is_reference(vault) else vault

    def _noted(self, body: Object, read: Read) -> Live:
        self._vaults[body["id"]] = body["vault_id"]
        return read({**body, "vault": body["vault_id"]})


ADAPTER: Final = Credentials

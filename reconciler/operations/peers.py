"""Who among the peers of a project needs what a plan takes away.

Agents and stores are in live lists, whoever owns them. Requests, pipelines, chatbots and releases are in the outlets of
their identity, and all that they refer to is in its state: ids that their manifests write, too.
"""

import asyncio
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from reconciler.live.gather import gather
from reconciler.manifests.peers import Peer
from reconciler.planning.reasons import Notice
from reconciler.project.endpoint import EMBEDDED
from reconciler.project.workspace import Workspace
from reconciler.resources.address import Address, Identity
from reconciler.resources.base import Live
from reconciler.resources.problems import Place, Problem, ReconcilerError
from reconciler.resources.registry import outlet_types, resource_types
from reconciler.resources.values import references_in, strings_in
from reconciler.state.backend import Backend, open_store
from reconciler.state.model import Snapshot, State
from reconciler.state.store import Store

ALLOWED: Final = "RECONCILER_PEER_STATES"
"""URLs, with white space between, of further states that `peers` may name where RECONCILER_STATE is set."""


@dataclass(frozen=True)
class Found:
    """What peers have and needs something of ours."""

    objects: Mapping[Identity, Sequence[Live]] = field(default_factory=dict)
    warnings: tuple[Notice, ...] = ()


class Peers:
    """The peers of a workspace. As a `Referrer` it looks at them again, right before a delete."""

    type = "peer"
    asks_by_id = False

    def __init__(self, workspace: Workspace) -> None:
        self.refers = frozenset(resource_types()) - outlet_types()
        self._workspace = workspace

    async def referring(self, ids: Mapping[str, Collection[str]]) -> Sequence[Live]:
        found = await self.needing(ids)
        return [live for group in found.objects.values() for live in group]

    async def needing(self, ids: Mapping[str, Collection[str]]) -> Found:
        """What needs one of these objects, which are given by type. ReconcilerError where a state cannot be read: then
        nobody can tell; one that is not there yet is worth a warning.
        """
        wanted = {id_ for group in ids.values() for id_ in group}
        backends = self._backends if wanted else {}
        snapshots = await gather(asyncio.to_thread(_read, *named) for named in backends.items())
        read = list(zip(backends.values(), snapshots, strict=True))
        objects = {backend.identity: list(_needing(snapshot.state, wanted)) for backend, snapshot in read}
        return Found(
            objects={identity: documents for identity, documents in objects.items() if documents},
            warnings=tuple(_unknown(backend) for backend, snapshot in read if not snapshot.run),
        )

    @cached_property
    def _backends(self) -> Mapping[Place, Backend]:
        """By where the peer is named."""
        return {place: self._backend(place, peer) for place, peer in self._workspace.loaded.project.peers.items()}

    def _backend(self, place: Place, peer: Peer) -> Backend:
        return Backend(_store(self._workspace, place, peer), Identity.parse(peer.identity))


def _store(workspace: Workspace, place: Place, peer: Peer) -> Store:
    """The store that has the state of a peer; ReconcilerError where CI allows no such."""
    environ = dict(workspace.environ)
    given = environ.pop("RECONCILER_STATE", None)
    own = given or workspace.loaded.project.spec.state.url
    url = peer.state.url if peer.state else own
    if url == own:
        return workspace.backend.store
    if given and url not in environ.get(ALLOWED, "").split():
        message = f"the state of {peer.identity} would be read from {url}, which only RECONCILER_STATE may decide here"
        hint = f"What a pull request can edit does not choose where credentials go: put {url} into {ALLOWED} as well."
        raise ReconcilerError(Problem("peer-not-allowed", message, place, hint))
    return open_store(workspace.root, url, environ, embedded=workspace.endpoint == EMBEDDED)


def _read(place: Place, backend: Backend) -> Snapshot:
    try:
        return backend.read()
    except ReconcilerError as error:
        message = f"nobody can tell whether {backend.identity} needs what is deleted: {error.problems[0].message}"
        hint = "Make its state readable, or correct `spec.peers`. Until then nothing is deleted."
        raise ReconcilerError(Problem("peer-unreadable", message, place, hint)) from error


def _unknown(backend: Backend) -> Notice:
    return Notice("peer-without-state", {"identity": str(backend.identity), "location": str(backend.store.location)})


def _needing(state: State, wanted: Collection[str]) -> Iterator[Live]:
    """The documents of a state that refer to one of these ids: by the id, or as an object that the peer has, too."""
    for address, applied in sorted(state.objects.items()):
        if applied.type in outlet_types():
            named = {*strings_in(dict(applied.fields)), *_ids(state, references_in(dict(applied.fields)))}
            if found := sorted(named.intersection(wanted)):
                id_ = f"{state.identity}: {address}"
                yield Live(applied.type, id_, {}, name=str(address), refers_to=tuple(found))


def _ids(state: State, addresses: Iterable[str]) -> Iterator[str]:
    return (state.objects[one].id for one in map(Address.parse, addresses) if one in state.objects)

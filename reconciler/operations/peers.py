"""References from peers of a project to objects that a plan deletes.

Agents and vector stores of peers are in live lists. Their requests, pipelines, chatbots and releases are in their
outlets, and the references of those are in their state.
"""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final

from reconciler.live.adapters import gather
from reconciler.planning.reasons import Notice
from reconciler.project.endpoint import is_embedded
from reconciler.project.workspace import Workspace
from reconciler.resources.address import Address, Identity
from reconciler.resources.base import Live, Unlisted
from reconciler.resources.guard_settings import GuardSettings
from reconciler.resources.problems import Place, Problem, ReconcilerError
from reconciler.resources.registry import outlet_types, resource_types
from reconciler.resources.values import references_in, strings_in
from reconciler.state.backend import Backend, identities_with_state, open_store
from reconciler.state.model import Snapshot, State
from reconciler.state.store import Store

ALLOWED: Final = "RECONCILER_PEER_STATES"
"""State URLs, separated by white space, that `peers` may use if RECONCILER_STATE is set."""


@dataclass(frozen=True)
class PeerReferences:
    """Objects of peers that reference our objects."""

    objects: Mapping[Identity, Sequence[Live]] = field(default_factory=dict)
    warnings: tuple[Notice, ...] = ()
    unreadable: tuple[Unlisted, ...] = ()
    """Peers whose state cannot be read."""


class PeerUnreadableError(ReconcilerError):
    """The state of a peer cannot be read."""

    identity: str = ""


class Peers:
    """The peers of a workspace. As a `Referrer`, it is checked again right before a delete."""

    type = "peer"
    asks_by_id = False

    def __init__(self, workspace: Workspace, recorded: GuardSettings | None = None) -> None:
        """Read the peers of project.yaml, and those among the `recorded` settings."""
        self.refers = frozenset(resource_types()) - outlet_types()
        self._workspace, self._recorded = workspace, recorded

    async def referring(self, ids: Mapping[str, Collection[str]]) -> Sequence[Live]:
        found = await self.needing(ids)
        return [live for group in found.objects.values() for live in group]

    async def needing(self, ids: Mapping[str, Collection[str]]) -> PeerReferences:
        """Return the references to these objects, which are given by type.

        Raises PeerUnreadableError if a state cannot be read; returns a warning for a state that does not exist yet.
        """
        wanted = {id_ for group in ids.values() for id_ in group}
        backends = self._backends if wanted else ()
        snapshots = await gather(asyncio.to_thread(_read, *named) for named in backends)
        read = list(zip((backend for _, backend in backends), snapshots, strict=True))
        objects: dict[Identity, dict[str, Live]] = defaultdict(dict)  # a peer may have moved: both its states are read
        for backend, snapshot in read:
            objects[backend.identity].update((one.id, one) for one in _needing(snapshot.state, wanted))
        return PeerReferences(
            objects={identity: list(documents.values()) for identity, documents in objects.items() if documents},
            warnings=tuple(_unknown(backend) for backend, snapshot in read if not snapshot.run),
        )

    async def for_plan(self, ids: Mapping[str, Collection[str]]) -> PeerReferences:
        """Return the same as `needing`, or the peers that cannot be read instead of an error; also the references of
        every other identity with a state in the same backend.
        """
        try:
            found = await self.needing(ids)
            beside = await asyncio.to_thread(self._beside, {id_ for group in ids.values() for id_ in group})
            return replace(found, objects={**beside, **found.objects})
        except PeerUnreadableError as error:
            message = error.problems[0].message
            return PeerReferences(
                unreadable=(Unlisted(self.type, self.refers, f"the state of {error.identity}", "", message),)
            )

    def _beside(self, wanted: Collection[str]) -> dict[Identity, Sequence[Live]]:
        """Return the references of other identities in the same backend. Nobody has named them as peers, so a state
        that is not readable with these credentials, or that was moved to another backend, is left out.
        """
        named = {Identity.parse(identity) for identity, _ in self._places}
        states = {one.identity: one for one in self._states_beside()} if wanted else {}
        found = {identity: list(_needing(state, wanted)) for identity, state in states.items() if identity not in named}
        return {identity: documents for identity, documents in found.items() if documents}

    def owned(self) -> frozenset[str]:
        """Return the live ids in the states of other identities in the same backend, as far as they can be read."""
        return frozenset(applied.id for state in self._states_beside() for applied in state.objects.values())

    def _states_beside(self) -> Iterator[State]:
        store = self._workspace.backend.store
        with suppress(ReconcilerError):
            for identity in sorted(identities_with_state(store) - {self._workspace.identity}, key=str):
                with suppress(ReconcilerError):
                    yield Backend(store, identity).read_latest().state

    @cached_property
    def _backends(self) -> Sequence[tuple[Place, Backend]]:
        """The backends of all peers, each with the place that names the peer in project.yaml, or named it."""
        return [
            (place, Backend(_store(self._workspace, place, identity, url), Identity.parse(identity)))
            for (identity, url), place in self._places.items()
        ]

    @property
    def _places(self) -> Mapping[tuple[str, str | None], Place]:
        """The places of peers, by identity and by the URL of the state, if it has one of its own."""
        project = self._workspace.loaded.project
        named = {
            (peer.identity, peer.state.url if peer.state else None): place for place, peer in project.peers.items()
        }
        recorded = self._recorded.peers.items() if self._recorded else ()
        return {**dict.fromkeys(recorded, project.where(("spec", "peers"))), **named}


def _store(workspace: Workspace, place: Place, identity: str, state: str | None) -> Store:
    """Return the store with the state of a peer, which has the URL `state`, or is in the backend of this project.

    Raises ReconcilerError if the URL is not allowed.
    """
    environ = dict(workspace.environ)
    given = environ.pop("RECONCILER_STATE", None)
    own = given or workspace.loaded.project.spec.state.url
    url = state or own
    if url == own:
        return workspace.backend.store
    if url in environ.get(ALLOWED, "").split():
        environ["RECONCILER_STATE"] = url
    elif given:
        message = f"reading the state of {identity} from {url} is not allowed while RECONCILER_STATE is set"
        hint = f"A pull request must not choose where credentials are sent. To allow this URL, add {url} to {ALLOWED}."
        raise ReconcilerError(Problem("peer-not-allowed", message, place, hint))
    return open_store(workspace.root, url, environ, embedded=is_embedded(workspace.endpoint))


def _read(place: Place, backend: Backend) -> Snapshot:
    try:
        return backend.read()
    except ReconcilerError as error:
        message = (
            f"cannot check whether {backend.identity} references the objects to delete: {error.problems[0].message}"
        )
        hint = "Make its state readable, or correct `spec.peers`. Until then nothing is deleted."
        unreadable = PeerUnreadableError(Problem("peer-unreadable", message, place, hint))
        unreadable.identity = str(backend.identity)
        raise unreadable from error


def _unknown(backend: Backend) -> Notice:
    return Notice("peer-without-state", {"identity": str(backend.identity), "location": str(backend.store.location)})


def _needing(state: State, wanted: Collection[str]) -> Iterator[Live]:
    """Return the documents of a state that reference one of these ids, by id or by an address of the peer."""
    for address, applied in sorted(state.objects.items()):
        if applied.type in outlet_types():
            named = {*strings_in(dict(applied.fields)), *_ids(state, references_in(dict(applied.fields)))}
            if found := sorted(named.intersection(wanted)):
                id_ = f"{state.identity}: {address}"
                yield Live(applied.type, id_, {}, name=str(address), refers_to=tuple(found))


def _ids(state: State, addresses: Iterable[str]) -> Iterator[str]:
    return (state.objects[one].id for one in map(Address.parse, addresses) if one in state.objects)

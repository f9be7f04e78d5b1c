"""Publishing of bundles to outlets, and reading them back for comparison."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from reconciler.bundles.documents import (
    DRAFT,
    KINDS,
    BundleError,
    Pointer,
    blob_key,
    needs,
    pointer_key,
    read_blob,
    read_pointer,
)
from reconciler.bundles.outlets import Outlet
from reconciler.resources.address import Address, Identity
from reconciler.resources.problems import Problem
from reconciler.resources.values import JSON, canonical_json, digest, digest_of_bytes

_READERS: Final = 16
"""The number of concurrent reads: object stores take tens of milliseconds for each document."""
_HASHED: Final = 16


@dataclass(frozen=True)
class Published:
    """The pointer and the blob of one address in an outlet."""

    pointer: Pointer | None
    """None if it cannot be read."""
    content: JSON | None
    """The content of the blob; None if it is missing or altered."""
    problem: Problem | None = None
    lacks_blob: bool = False
    """True if the pointer can be read and its blob does not exist."""


def pointer_hash(pointer: Pointer) -> str:
    """Return the hash by which the state remembers what was written to an outlet."""
    return _short(digest(pointer.document()))


def _short(digest: str) -> str:
    return digest.removeprefix("sha256:")[:_HASHED]


@dataclass(frozen=True, slots=True)
class Bundle:
    """The two documents of a bundle, as they are written."""

    blob_key: str
    blob: bytes
    pointer_key: str
    pointer: bytes

    @property
    def hash(self) -> str:
        """The hash of the pointer; see `pointer_hash`."""
        return _short(digest_of_bytes(self.pointer))


def write_all(outlet: Outlet, bundles: Sequence[Bundle]) -> None:
    """Write bundles to an outlet, unless they are unchanged: the blobs first and then the pointers, by folder."""
    blobs = {one.blob_key: one.blob for one in bundles}
    pointers = {one.pointer_key: one.pointer for one in bundles}
    outlet.put_all(blobs | dict(sorted(pointers.items())))


def bundle(
    identity: Identity,
    address: Address,
    content: JSON,
    ids: Mapping[str, str],
    holds: Mapping[str, str] | None = None,
) -> Bundle:
    """Return the documents that publish `content` at the pointer `address` (see `pointer_address`).

    Only the `ids` that the content requires are published; ValueError if one is missing. See `Pointer.holds` for
    `holds`.
    """
    needed = needs(content)
    if missing := sorted(needed - ids.keys()):
        raise ValueError(f"{address} cannot be published without the ids of {', '.join(missing)}")
    if content["address"] == f"{address}@{DRAFT}":
        raise ValueError(
            f"{address} is reserved for releases: the working chatbot is published at {content['address']}"
        )
    blob = canonical_json(content)
    held = {name: ids[name] for name in needed}
    pointer = Pointer(str(identity), str(address), digest_of_bytes(blob), held, holds or {})
    return Bundle(
        blob_key(str(identity), pointer.blob),
        blob,
        pointer_key(str(identity), str(address)),
        canonical_json(pointer.document()),
    )


def withdraw(outlets: Iterable[Outlet], identity: Identity, address: Address) -> None:
    """Delete the pointer at `address`. Blobs stay, because an application may be reading one.

    The first outlet is last: it is the record of what is published, so an interrupted run finds it again.
    """
    for outlet in reversed(tuple(outlets)):
        outlet.delete(pointer_key(str(identity), str(address)))


def read_all(outlet: Outlet, identity: Identity) -> dict[Address, Published]:
    """Return everything published in an outlet for `identity`, by pointer address. Errors are values, not raised."""
    return dict(read_each(outlet, identity))


def read_each(outlet: Outlet, identity: Identity) -> Iterator[tuple[Address, Published]]:
    """Yield everything published in an outlet for `identity`, as `read_all`, one after the other: the contents of all
    bundles together take more memory than the rest of a plan.
    """
    found = [address for kind in KINDS for address in _listed(outlet, identity, kind)]
    if outlet.is_quick:  # threads would take turns, because Python does most of the work
        yield from ((address, read(outlet, identity, address)) for address in found)
        return
    with ThreadPoolExecutor(_READERS) as readers:
        yield from zip(found, readers.map(lambda address: read(outlet, identity, address), found), strict=True)


def _listed(outlet: Outlet, identity: Identity, kind: str) -> list[Address]:
    """Return the pointers of one kind. Keys with more parts belong to an environment of the project."""
    prefix = f"{identity}/{kind}/"
    names = (key.removeprefix(prefix) for key in outlet.list(prefix))
    return [Address(kind, name.removesuffix(".json")) for name in names if "/" not in name and name.endswith(".json")]


def published_by(outlet: Outlet, identity: Identity) -> frozenset[Address]:
    """Return the names that applications load for `identity`: no drafts, releases and frozen copies."""
    found = (address for kind in KINDS for address in _listed(outlet, identity, kind))
    return frozenset(address for address in found if not address.is_frozen)


def identities_in(outlet: Outlet) -> list[Identity]:
    """Return the identities that have published anything in an outlet."""
    keys = (key.split("/") for key in outlet.list(""))
    found = {tuple(parts[:-2]) for parts in keys if len(parts) in (3, 4) and parts[-2] in KINDS}
    return sorted(Identity(*parts) for parts in found)


def read(outlet: Outlet, identity: Identity, address: Address) -> Published:
    """Return the pointer and the blob at `address`."""
    pointer, blob = None, None
    try:
        found = outlet.read(pointer_key(str(identity), str(address)))
        pointer = read_pointer(found, str(identity), str(address))
        blob = outlet.read(blob_key(str(identity), pointer.blob))
        content = read_blob(blob, pointer.blob)
    except BundleError as error:
        problem = Problem(f"bundle-{error.code}", str(error))
        return Published(pointer, None, problem, lacks_blob=pointer is not None and blob is None)
    return Published(pointer, content)

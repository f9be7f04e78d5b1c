"""Bundles into outlets, and out of them again for comparison."""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import rfc8785

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
from reconciler.resources.values import JSON, digest

_READERS: Final = 16
"""Documents read at once: an outlet may be an object store with tens of milliseconds to each."""


@dataclass(frozen=True)
class Published:
    """What an outlet has at one address."""

    pointer: Pointer | None
    """None where it cannot be read."""
    content: JSON | None
    """The blob; None where it is missing or altered."""
    problem: Problem | None = None


def publish(
    outlets: Iterable[Outlet], identity: Identity, address: Address, content: JSON, ids: Mapping[str, str]
) -> None:
    """Publish `content` at the pointer `address` (`pointer_address` tells which one an object has).

    In each outlet the blob goes first and the pointer last; neither is written where it stands already. Of `ids`, those
    that the content needs are published; ValueError where one is missing.
    """
    needed = needs(content)
    if missing := sorted(needed - ids.keys()):
        raise ValueError(f"{address} cannot be published without the ids of {', '.join(missing)}")
    if content["address"] == f"{address}@{DRAFT}":
        raise ValueError(f"{address} is for what was released: a draft is published at {content['address']}")
    pointer = Pointer(str(identity), str(address), digest(content), {name: ids[name] for name in needed})
    key = pointer_key(str(identity), str(address))
    for outlet in outlets:
        _put(outlet, blob_key(str(identity), pointer.blob), rfc8785.dumps(content))
        _put(outlet, key, rfc8785.dumps(pointer.document()))


def _put(outlet: Outlet, key: str, data: bytes) -> None:
    if outlet.read(key) != data:
        outlet.write(key, data)


def withdraw(outlets: Iterable[Outlet], identity: Identity, address: Address) -> None:
    """Take the pointer at `address` away. Blobs stay: somebody may be reading one.

    From the first outlet last: it tells what is live, and a run that is killed in between still has it to remove.
    """
    for outlet in reversed(tuple(outlets)):
        outlet.delete(pointer_key(str(identity), str(address)))


def read_all(outlet: Outlet, identity: Identity) -> dict[Address, Published]:
    """Everything an outlet has for `identity`, by the address of its pointer; what is wrong is told, not raised."""
    found = [address for kind in KINDS for address in _listed(outlet, identity, kind)]
    with ThreadPoolExecutor(_READERS) as readers:
        return dict(zip(found, readers.map(lambda address: read(outlet, identity, address), found), strict=True))


def _listed(outlet: Outlet, identity: Identity, kind: str) -> list[Address]:
    """Pointers of one kind. A key with further parts is another identity's: `acme/assistant/…` of an environment."""
    prefix = f"{identity}/{kind}/"
    names = (key.removeprefix(prefix) for key in outlet.list(prefix))
    return [Address(kind, name.removesuffix(".json")) for name in names if "/" not in name and name.endswith(".json")]


def read(outlet: Outlet, identity: Identity, address: Address) -> Published:
    """What an outlet has at the pointer `address`."""
    pointer = None
    try:
        found = outlet.read(pointer_key(str(identity), str(address)))
        pointer = read_pointer(found, str(identity), str(address))
        content = read_blob(outlet.read(blob_key(str(identity), pointer.blob)), pointer.blob)
    except BundleError as error:
        return Published(pointer, None, Problem(f"bundle-{error.code}", str(error)))
    return Published(pointer, content)

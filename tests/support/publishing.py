"""Publishing of one bundle, as an apply does it with groups of them."""

from collections.abc import Iterable, Mapping

from reconciler.bundles.outlets import Outlet
from reconciler.bundles.publish import bundle, write_all
from reconciler.resources.address import Address, Identity
from reconciler.resources.values import JSON


def publish(
    outlets: Iterable[Outlet],
    identity: Identity,
    address: Address,
    content: JSON,
    ids: Mapping[str, str],
    holds: Mapping[str, str] | None = None,
) -> str:
    """Publish a bundle, and return the hash of its pointer; see `bundle`."""
    made = bundle(identity, address, content, ids, holds)
    for outlet in outlets:
        write_all(outlet, [made])
    return made.hash

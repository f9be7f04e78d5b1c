"""The addresses on the labels of live objects.

A label can be copied from another object or edited. It counts only if Reconciler can have written it: its address is
one that objects of this type have. Otherwise the object is *mislabelled*, and foreign as far as its label goes.
"""

import re
from collections.abc import Mapping
from typing import Final

from reconciler.resources.address import Address, Identity, is_name, parsed, version_of
from reconciler.resources.base import Live
from reconciler.resources.registry import kind_of
from reconciler.resources.resource_type import ResourceType

_CONTENT: Final = re.compile("[0-9a-f]{12}")


def can_label(resource_type: ResourceType, address: Address) -> bool:
    """Return True if an object of this type can have this address on its label."""
    if not resource_type.is_labelled or address.kind != resource_type.address_kind:
        return False
    kind = kind_of(address.kind)
    name, is_copy, suffix = address.name.partition("@")
    if not (kind.naming.accepts(name) if kind else is_name(name)):
        return False
    if not is_copy:
        return True
    if kind is None or not kind.frozen:
        return False
    return _is_of_release(suffix) if kind.frozen == "release" else _CONTENT.fullmatch(suffix) is not None


def _is_of_release(suffix: str) -> bool:
    """Return True for the end of the name of a copy, such as `support.3`."""
    return "@" not in suffix and version_of(suffix) is not None


def address_of(live: Live, resource_types: Mapping[str, ResourceType]) -> Address | None:
    """Return the address on the label of a live object, whoever owns it; None without a label that counts."""
    resource_type = resource_types.get(live.type)
    address = parsed(live.labels.address) if live.labels else None
    return address if address and resource_type and can_label(resource_type, address) else None


def labelled_address(
    live: Live, resource_types: Mapping[str, ResourceType], identity: Identity | None
) -> Address | None:
    """Return the address that a label of `identity` assigns to a live object; None without one that counts."""
    is_named = live.labels is not None and live.labels.identity == str(identity)
    return address_of(live, resource_types) if is_named else None


def is_mislabelled(live: Live, resource_types: Mapping[str, ResourceType], identity: Identity | None) -> bool:
    """Return True if the label names `identity` and an address that an object of this type cannot have."""
    is_named = live.labels is not None and live.labels.identity == str(identity)
    return is_named and labelled_address(live, resource_types, identity) is None

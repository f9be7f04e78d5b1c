"""All kinds and resource types, found in the modules of `kinds/`. To add a kind, add a module there."""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache

from reconciler.resources import kinds as package
from reconciler.resources.kind import Kind
from reconciler.resources.resource_type import Members, ResourceType


def _found(of: type[object]) -> Iterator[object]:
    for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda found: found.name):
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        for value in vars(module).values():
            if isinstance(value, of):
                yield value


@cache
def kinds() -> Mapping[str, Kind]:
    """Return the kinds by their name in manifests."""
    return {kind.name: kind for kind in _found(Kind) if isinstance(kind, Kind)}


@cache
def _by_prefix() -> Mapping[str, Kind]:
    return {kind.prefix: kind for kind in kinds().values()}


def kind_of(prefix: str) -> Kind | None:
    """Return the kind of the addresses that begin with `prefix`; None for uploads, which have no manifests."""
    return _by_prefix().get(prefix)


@cache
def resource_types() -> Mapping[str, ResourceType]:
    """Return the resource types by type of live object."""
    return {
        resource_type.type: resource_type
        for resource_type in _found(ResourceType)
        if isinstance(resource_type, ResourceType)
    }


@cache
def outlet_types() -> frozenset[str]:
    """Return the types whose objects are documents in the outlets."""
    return frozenset(type_ for type_, resource_type in resource_types().items() if resource_type.in_outlets)


@cache
def members() -> Mapping[str, Members]:
    """Return the declarations of members, by their field."""
    declared = (resource_type.members for resource_type in resource_types().values())
    return {found.field: found for found in declared if found}


@cache
def upload_types() -> frozenset[str]:
    """Return the types of objects that are identified by content and shared, and have no manifests."""
    return frozenset(type_ for type_, resource_type in resource_types().items() if resource_type.is_upload)


@cache
def upload_kinds() -> frozenset[str]:
    """Return the first parts of the addresses of uploads. The rest of such an address is a path."""
    return frozenset(resource_types()[type_].address_kind for type_ in upload_types())

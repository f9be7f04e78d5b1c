"""The desired objects of the manifests of a project, from the cache where it has them."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

from reconciler.manifests import Loaded
from reconciler.resources.address import Address
from reconciler.resources.base import Desired, Resource
from reconciler.resources.registry import resource_types
from reconciler.resources.resource_type import check_secrets


@dataclass(frozen=True)
class DesiredObjects:
    loaded: Loaded

    @cached_property
    def by_manifest(self) -> dict[Address, list[Desired]]:
        """Desired objects by the address of their manifest."""
        asked = {resource.address: self._objects(resource) for resource in self.loaded.resources}
        for one in chain.from_iterable(asked.values()):
            check_secrets(resource_types()[one.type], one.fields, one.unreadable, one.write_only)
        return asked

    def _objects(self, resource: Resource) -> list[Desired]:
        cached = self.loaded.objects.get(resource.address)
        found = cached.read() if cached else None
        return list(resource.kind.desired(resource, self.loaded.scope)) if found is None else found

    def types_of(self, address: Address) -> Collection[str]:
        """Return the types of the desired objects of one manifest, which are not read from the cache for it."""
        cached = self.loaded.objects.get(address)
        return cached.types if cached else {one.type for one in self.by_manifest[address]}

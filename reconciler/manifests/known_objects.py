"""The desired objects of a manifest that are known before its spec is read."""

from collections.abc import Callable
from dataclasses import dataclass

from reconciler.resources.base import Desired, Resource


@dataclass(frozen=True, slots=True)
class KnownObjects:
    """The desired objects of a manifest, from the cache, or made when it was validated."""

    of: Resource
    """The manifest. A changed copy of it has other objects."""
    types: frozenset[str]
    _read: Callable[[], list[Desired] | None]

    def read(self) -> list[Desired] | None:
        """Return the objects; None if the cache can no longer be read."""
        return self._read()

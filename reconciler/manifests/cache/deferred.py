"""Resources from the cache, whose manifests are parsed only when more is needed than the cache has."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

from reconciler.manifests.includes import Positions
from reconciler.resources.base import Path as Keys, Resource, Spec
from reconciler.resources.problems import Place
from reconciler.resources.values import JSON


class DeferredResource(Resource):
    """A resource that is parsed and validated when its spec is needed for the first time."""

    @classmethod
    def of(cls, build: Callable[[], Resource], positions: Positions | None, known: Mapping[str, Any]) -> Self:
        """Return a resource of which everything but the spec is known. `positions` has the places of its values if the
        text is sufficient to find them.
        """
        made = cls.__new__(cls)
        made.__dict__.update(known, build=build, positions=positions)
        return made

    @cached_property
    def _built(self) -> Resource:
        found: Resource = self.__dict__["build"]()
        return found

    if not TYPE_CHECKING:  # the fields of the base class, computed

        @cached_property
        def spec(self) -> Spec:
            return self._built.spec

        def where(self, path: Keys) -> Place:
            return (self.__dict__["positions"] or self._built).where(path)

        def written(self) -> Mapping[str, JSON]:
            return self._built.written()

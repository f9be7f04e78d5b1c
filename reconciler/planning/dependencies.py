"""The dependencies of the objects of one identity: what they need, and everything that needs them.

References come from the manifests, from what was last applied, and from everything live. Referrers include objects of
other owners, sessions in progress, documents of peers, and bundles that applications load.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from reconciler.planning.model import Action
from reconciler.planning.referrers import Foreign, Node
from reconciler.resources.address import Address
from reconciler.resources.base import Unlisted

ReleaseStatus: TypeAlias = Literal["published", "released", "archived"]


@dataclass(frozen=True, slots=True)
class GraphObject:
    """One object of a dependency graph."""

    node: Node
    type: str
    """The type at OpenAI, or in the outlets."""
    id: str | None = None
    """Id of the live object at OpenAI, if there is one."""
    name: str = ""
    """Name of an object of another owner."""
    is_live: bool = False
    """True if the object exists at OpenAI or in the outlets."""
    owner: str | None = None
    """The identity that manages it; None for an unmanaged object."""
    release: ReleaseStatus | None = None
    """The status of a release; None for any other object."""
    action: Action | None = None
    """The action of the current plan, other than to record the object."""
    has_drift: bool = False

    @property
    def is_managed(self) -> bool:
        """True if this identity manages the object."""
        return isinstance(self.node, Address)


@dataclass(frozen=True, slots=True)
class Dependency:
    """One reference from an object to another one, or from a frozen copy to the object that it was made from."""

    source: Node
    target: Node
    places: tuple[str, ...]
    """The `file:line` of each manifest that contains it, then `live`; `state` if only the state has it."""
    is_copy: bool = False


@dataclass(frozen=True)
class DependencyGraph:
    """The objects of one identity and their surroundings."""

    identity: str
    objects: tuple[GraphObject, ...]
    dependencies: tuple[Dependency, ...]
    endpoint: str | None = None
    """None without requests: then the state stands for what is live."""
    address: Address | None = None
    """The object whose surroundings these are; None for all objects."""
    unlisted: tuple[Unlisted, ...] = ()
    """Lists of possible referrers that could not be read."""

    @property
    def nodes(self) -> Iterator[Node]:
        return (one.node for one in self.objects)

    @property
    def dependents(self) -> frozenset[Node]:
        """The object with everything that needs it, directly or through others; without an object, all nodes."""
        if self.address is None:
            return frozenset(self.nodes)
        return frozenset({self.address, *(one.source for one in self._reached(self.address, upwards=True))})

    def around(self, address: Address) -> "DependencyGraph":
        """Return the object with everything that needs it, and everything that it needs, directly or through others."""
        above = self._reached(address, upwards=True)
        below = self._reached(address, upwards=False)
        kept = [*above, *(one for one in below if one not in above)]
        nodes = {address, *(node for one in kept for node in (one.source, one.target))}
        return DependencyGraph(
            self.identity,
            tuple(one for one in self.objects if one.node in nodes),
            tuple(sorted(kept, key=pair_text)),
            self.endpoint,
            address,
            self.unlisted,
        )

    def with_names(self, names: Mapping[tuple[str, str], str]) -> "DependencyGraph":
        """Return the graph with these names of objects that it has by id only, given by type and id."""

        def named(node: Node) -> Node:
            if not isinstance(node, Foreign) or node.name:
                return node
            return replace(node, name=names.get((node.type, node.id), ""))

        if not names:
            return self
        objects = (
            replace(one, node=replace(one.node, name=name), name=name)
            if isinstance(one.node, Foreign) and (name := one.name or names.get((one.node.type, one.node.id), ""))
            else one
            for one in self.objects
        )
        pairs = (replace(one, source=named(one.source), target=named(one.target)) for one in self.dependencies)
        return replace(
            self,
            objects=tuple(sorted(objects, key=lambda one: str(one.node))),
            dependencies=tuple(sorted(pairs, key=pair_text)),
        )

    def _reached(self, start: Node, *, upwards: bool) -> dict[Dependency, None]:
        """Return the dependencies on all ways from `start`. A copy needs nothing of the object it was made from."""
        beside: dict[Node, list[Dependency]] = defaultdict(list)
        for one in self.dependencies:
            if upwards:
                beside[one.target].append(one)
            elif not one.is_copy:
                beside[one.source].append(one)
        found: dict[Dependency, None] = {}
        seen, waiting = {start}, [start]
        while waiting:
            for one in beside.get(waiting.pop(), ()):
                found[one] = None
                other = one.source if upwards else one.target
                if other not in seen:
                    seen.add(other)
                    waiting.append(other)
        return found


def pair_text(one: Dependency) -> tuple[str, str]:
    """Return the objects of a dependency as text, by which dependencies are sorted."""
    return str(one.source), str(one.target)

"""What the guard looks at, and what a rule says against it."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from reconciler.planning.changes import ByOrigin
from reconciler.planning.costs import costs
from reconciler.planning.graph import Graph
from reconciler.planning.inputs import PlanInputs
from reconciler.planning.match import Matched
from reconciler.planning.model import DESTROYS, SECTIONS, Action, Change, Costs, Section
from reconciler.planning.reasons import Cause, Remedy
from reconciler.planning.referrers import Referrer
from reconciler.resources.address import RELEASE, Address
from reconciler.resources.values import JSON


@dataclass(frozen=True)
class GuardContext:
    """A plan before the guard has spoken."""

    inputs: PlanInputs
    matched: Matched
    by_origin: tuple[ByOrigin, ...]
    work: tuple[Change, ...]
    after: Graph

    @cached_property
    def removals(self) -> Mapping[Address, Change]:
        """What is taken away, in order of address; but not a second object that wrongly carries an address of ours."""
        found = {Address.parse(change.address): change for change in self.work if self._takes_ours(change)}
        return {address: found[address] for address in sorted(found)}

    @cached_property
    def families(self) -> Mapping[Address, Sequence[Address]]:
        """What is taken away, by the working object that it is or was made of."""
        found: dict[Address, list[Address]] = defaultdict(list)
        for address in self.removals:
            found[self.matched.family(address)].append(address)
        return found

    def _takes_ours(self, change: Change) -> bool:
        live = self.matched.live.get(Address.parse(change.address))
        return change.action in DESTROYS and live is not None and live.id == change.id

    @cached_property
    def published(self) -> Collection[Address]:
        """Releases that some chatbot has published once the plan is done, whether a manifest says so or a pointer stays
        where it is.
        """
        return {edge.target for edge in self.after.edges if edge.target.kind == RELEASE}

    @cached_property
    def costs(self) -> Costs:
        return costs(self.inputs, self.matched, self.work, self.after)

    @cached_property
    def served(self) -> Mapping[Address, Address]:
        """What answers to users of chatbots once the plan is done, with a published release that uses it."""
        found = {release: release for release in sorted(self.published)}
        waiting = [*found]
        while waiting:
            address = waiting.pop()
            for needed in self.after.needs.get(address, ()):
                if needed not in found:
                    found[needed] = found[address]
                    waiting.append(needed)
        return found

    @cached_property
    def released(self) -> Collection[Address]:
        """Releases that the plan makes."""
        return {Address.parse(change.address) for change in self.work if change.action == "release"}

    @property
    def by_hand(self) -> Iterator[Change]:
        return (pair.by_hand for pair in self.by_origin if pair.by_hand)


@dataclass(frozen=True)
class Usage:
    """Who still needs something."""

    sections: Mapping[Section, tuple[Referrer, ...]] = field(default_factory=lambda: dict.fromkeys(SECTIONS, ()))
    chains: tuple[tuple[Referrer, ...], ...] = ()


@dataclass(frozen=True)
class Violation:
    """What a rule has against one change, or against the plan as a whole."""

    address: str
    action: Action
    cause: Cause
    remedies: tuple[Remedy, ...]
    facts: JSON
    """Exactly what speaks against it, live ids included and nothing else: a consent holds while this is the same."""
    usage: Usage = field(default_factory=Usage)
    is_contradiction: bool = False
    """Whether the manifests name what would be gone: no consent makes them right, and editing them costs no more."""


@dataclass(frozen=True)
class Check:
    """One thing that is looked for."""

    find: Callable[[GuardContext], Iterable[Violation]]
    may_be_lifted: bool
    because: str
    """Why a person may, or may not, consent to it."""

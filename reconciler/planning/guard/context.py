"""The values that rules read, and the violations that they return."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from reconciler.planning.changes import ByOrigin
from reconciler.planning.costs import costs
from reconciler.planning.graph import Edge, Graph
from reconciler.planning.holders import holders
from reconciler.planning.inputs import PlanInputs
from reconciler.planning.match import Matched
from reconciler.planning.model import DESTROYS, SECTIONS, Action, Change, Costs, Section, is_optional
from reconciler.planning.reasons import Cause, Remedy
from reconciler.planning.referrers import Referrer
from reconciler.planning.withdrawals import Withdrawal, withdrawn
from reconciler.resources.address import RELEASE, Address
from reconciler.resources.values import JSON


@dataclass(frozen=True)
class GuardContext:
    """A plan before the guard has checked it."""

    inputs: PlanInputs
    matched: Matched
    by_origin: tuple[ByOrigin, ...]
    work: tuple[Change, ...]
    after: Graph

    @property
    def of_environment(self) -> dict[str, JSON]:
        """The environment, as an argument of remedies with commands; empty without one."""
        environment = self.inputs.identity.environment
        return {"environment": environment} if environment else {}

    @cached_property
    def removals(self) -> Mapping[Address, Change]:
        """Changes that remove objects, by address; without duplicates that carry the label of a managed object."""
        found = {Address.parse(change.address): change for change in self.work if self._takes_ours(change)}
        return {address: found[address] for address in sorted(found)}

    @cached_property
    def holders(self) -> Mapping[str, Sequence[Edge]]:
        """The holders, after the plan, of every id at OpenAI that it deletes, except of uploads: these stay."""
        ended: dict[str, Address] = {}
        for change in self.work:
            address = Address.parse(change.address)
            live = self.matched.live.get(address) if change.ends_id else None
            if live is not None and live.id == change.id and live.type not in self.inputs.outlet_types:
                ended[live.id] = address
        return holders(self.inputs, self.matched, ended, self.work)

    @cached_property
    def families(self) -> Mapping[Address, Sequence[Address]]:
        """Removed addresses by the working object that they are or were made from."""
        found: dict[Address, list[Address]] = defaultdict(list)
        for address in self.removals:
            found[self.matched.family(address)].append(address)
        return found

    def _takes_ours(self, change: Change) -> bool:
        live = self.matched.live.get(Address.parse(change.address))
        return change.action in DESTROYS and live is not None and live.id == change.id

    @cached_property
    def published(self) -> Collection[Address]:
        """Releases that a chatbot publishes after the plan, by its manifest or by an unchanged pointer."""
        return {edge.target for edge in self.after.edges if edge.target.kind == RELEASE}

    @property
    def of_removed_environment(self) -> Mapping[str, JSON]:
        """The environment as arguments of a remedy, if project.yaml does not have it any longer; otherwise nothing."""
        environment, manifests = self.inputs.identity.environment, self.inputs.destroys
        return (
            {"environment": environment, "removed": True} if environment and manifests and manifests.is_removed else {}
        )

    @cached_property
    def withdrawn(self) -> Mapping[tuple[str, Action], Sequence[Withdrawal]]:
        """The published names that the plan withdraws, by address and action of the change."""
        return withdrawn(self.inputs, self.matched, self.work)

    @cached_property
    def costs(self) -> Costs:
        return costs(self.inputs, self.matched, self.work, self.after)

    @cached_property
    def served(self) -> Mapping[Address, Address]:
        """Objects that serve users of chatbots after the plan, each with a published release that uses it."""
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
    def drift(self) -> Iterator[Change]:
        return (pair.drift for pair in self.by_origin if pair.drift)

    @property
    def optional_drift(self) -> Iterator[Change]:
        """The drift that `--on-drift` decides about."""
        return (change for change in self.drift if is_optional(change))


@dataclass(frozen=True)
class Usage:
    """The referrers of an object."""

    sections: Mapping[Section, tuple[Referrer, ...]] = field(default_factory=lambda: dict.fromkeys(SECTIONS, ()))
    chains: tuple[tuple[Referrer, ...], ...] = ()


@dataclass(frozen=True)
class Violation:
    """A violation of a rule by one change, or by the plan as a whole."""

    address: str
    action: Action
    cause: Cause
    remedies: tuple[Remedy, ...]
    facts: JSON
    """The facts of the violation, including live ids: a consent is valid while they are the same."""
    usage: Usage = field(default_factory=Usage)
    is_contradiction: bool = False
    """True if the manifests reference the removed object. A consent does not apply: the manifests must be edited."""


@dataclass(frozen=True)
class Check:
    """One check of a rule."""

    find: Callable[[GuardContext], Iterable[Violation]]
    may_be_lifted: bool

"""What can be said only of all resources together: one address each, and references that lead somewhere."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from reconciler.manifests.suggest import SUGGESTIONS, did_you_mean
from reconciler.resources.address import Address
from reconciler.resources.base import Reference, Resource
from reconciler.resources.problems import Place, Problem

FILE = "file"


@dataclass(frozen=True)
class Dangling:
    """A reference to an address that no manifest defines."""

    source: Address
    reference: Reference
    place: Place
    problem: Problem


def unique(resources: Iterable[Resource]) -> tuple[dict[Address, Resource], list[Problem]]:
    """Resources by address; of several with one address the first."""
    first: dict[Address, Resource] = {}
    problems: list[Problem] = []
    for resource in resources:
        known = first.setdefault(resource.address, resource)
        if known is not resource:
            place = resource.where(("metadata", "name"))
            message = f"{resource.address} is defined twice: also at {known.place}"
            problems.append(Problem("duplicate-address", message, place, "rename or remove one"))
    return first, problems


def dangling(resources: Mapping[Address, Resource], known: Collection[Address] = ()) -> Iterator[Dangling]:
    """References to what no manifest defines. Files are no manifests: their kinds look for them. Of what is `known` to
    have moved, or to have a manifest with errors, it is told elsewhere.
    """
    known = {*known, *(address for resource in resources.values() for address in resource.kind.provides(resource))}
    hints: dict[Address, str] = {}
    for resource in resources.values():
        for reference in resource.kind.references(resource):
            target = reference.target
            if target.kind != FILE and target not in resources and target not in known:
                if target not in hints:
                    hints[target] = _hint(target, resources.keys()) if len(hints) < SUGGESTIONS else ""
                place = resource.where(reference.path)
                problem = Problem("dangling-reference", f"no manifest defines {target}", place, hints[target])
                yield Dangling(resource.address, reference, place, problem)


def _hint(target: Address, addresses: Collection[Address]) -> str:
    same_kind = [address.name for address in addresses if address.kind == target.kind]
    hint = did_you_mean(target.name, same_kind)
    if not hint.startswith("did"):
        elsewhere = [str(address) for address in addresses if address.name == target.name]
        hint = f"there is {' and '.join(f'`{name}`' for name in elsewhere)}" if elsewhere else hint
    return hint

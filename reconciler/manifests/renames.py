"""`lifecycle.moved_from`: what it may say, and references that still use the old name."""

from collections.abc import Iterator, Mapping

from reconciler.manifests.suggest import shown
from reconciler.resources.address import NAME_RULE, Address, is_name
from reconciler.resources.base import Resource
from reconciler.resources.problems import Problem


def moves(resources: Mapping[Address, Resource]) -> tuple[dict[Address, Address], list[Problem]]:
    """The new address of every one that moved, and what is wrong with saying so."""
    moved: dict[Address, Address] = {}
    problems: list[Problem] = []
    for address, resource in resources.items():
        for index, name in enumerate(resource.lifecycle.moved_from):
            former = Address(address.kind, name)
            problem = _problem(resources, resource, former, moved.get(former), index)
            if problem is None:
                moved[former] = address
            else:
                problems.append(problem)
    return moved, problems


def left_behind(resources: Mapping[Address, Resource], moved: Mapping[Address, Address]) -> Iterator[Problem]:
    """References to addresses that moved: they would dangle once the move is made."""
    for resource in resources.values() if moved else ():
        for reference in resource.kind.references(resource):
            if reference.target in moved:
                now = moved[reference.target]
                message = f"{reference.target} moved to {now}"
                yield Problem("moved-reference", message, resource.where(reference.path), f"write `{now.name}`")


def _problem(
    resources: Mapping[Address, Resource], resource: Resource, former: Address, claimed: Address | None, index: int
) -> Problem | None:
    place = resource.where(("lifecycle", "moved_from", index))
    if not is_name(former.name):
        return Problem("invalid-name", f"{shown(former.name)} is no name", place, f"names are {NAME_RULE}")
    if former == resource.address:
        hint = "write the name that it had before, or remove `moved_from`"
        return Problem("moved-from-itself", f"{former} cannot move from its own name", place, hint)
    if former in resources:
        message = f"{former} still has a manifest, at {resources[former].place}"
        hint = "remove that manifest, or this `moved_from`; names are swapped in two changes"
        return Problem("moved-from-a-manifest", message, place, hint)
    if claimed is not None and claimed != resource.address:
        message = f"{claimed} has moved from {former} too, at {resources[claimed].place}"
        return Problem("moved-twice", message, place, "only one object can go on under another name")
    return None

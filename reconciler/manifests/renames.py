"""Renames by `lifecycle.moved_from`: their checks, and references that still use an earlier name."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from reconciler.resources.address import NAME_RULE, RELEASE, Address, is_name, release_address, version_of
from reconciler.resources.base import Resource
from reconciler.resources.name_lists import shown
from reconciler.resources.problems import Problem

CHATBOT: Final = "chatbot"


def moves(resources: Mapping[Address, Resource]) -> tuple[dict[Address, Address], list[Problem]]:
    """Return the new address of every renamed address, and the problems of the renames."""
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


def present_names(resources: Iterable[Resource]) -> dict[Address, Address]:
    """Return the present address of each earlier name that no manifest uses again."""
    defined = {resource.address: resource for resource in resources}
    names = (
        (Address(address.kind, name), address) for address, one in defined.items() for name in one.lifecycle.moved_from
    )
    return {former: address for former, address in names if former not in defined}


def with_former_releases(resources: Mapping[Address, Resource]) -> dict[Address, Resource]:
    """Return the resources, each chatbot with the releases that were made under its earlier names."""
    releases = [
        (found, address) for address in resources if address.kind == RELEASE and (found := version_of(address.name))
    ]
    continued: dict[Address, dict[Address, Address]] = defaultdict(dict)
    for former, address in present_names(resources.values()).items():
        for (chatbot, number), release in releases if former.kind == CHATBOT else ():
            made = release_address(address.name, number)
            if chatbot == former.name and made not in resources:
                continued[address].setdefault(made, release)
    return {
        address: replace(one, continued=continued[address]) if address in continued else one
        for address, one in resources.items()
    }


def left_behind(resources: Mapping[Address, Resource], moved: Mapping[Address, Address]) -> Iterator[Problem]:
    """Yield problems for references to renamed addresses, which will not exist after the rename."""
    for resource in resources.values() if moved else ():
        for reference in resource.references:
            if reference.target in moved:
                now = moved[reference.target]
                message = f"{reference.target} was renamed to {now}"
                yield Problem("moved-reference", message, resource.where(reference.path), f"write `{now.name}`")


def _problem(
    resources: Mapping[Address, Resource], resource: Resource, former: Address, claimed: Address | None, index: int
) -> Problem | None:
    place = resource.where(("lifecycle", "moved_from", index))
    if not is_name(former.name):
        message = f"{shown(former.name)} is not a valid name"
        return Problem("invalid-name", message, place, f"names are {NAME_RULE}")
    if former == resource.address:
        hint = "write the earlier name, or remove `moved_from`"
        return Problem("moved-from-itself", f"{former} is the current name, not an earlier one", place, hint)
    if former in resources:
        message = f"{former} still has a manifest, at {resources[former].place}"
        hint = "remove that manifest or this `moved_from`; to swap names, rename in two separate changes"
        return Problem("moved-from-a-manifest", message, place, hint)
    if claimed is not None and claimed != resource.address:
        message = f"{claimed} also has `moved_from` {former}, at {resources[claimed].place}"
        return Problem("moved-twice", message, place, "remove one of the two: an object can have only one new name")
    return None

"""Checks across resources: unique addresses, and references to addresses that exist."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from reconciler.manifests.renames import CHATBOT
from reconciler.resources.address import RELEASE, Address, release_address, version_of
from reconciler.resources.base import Reference, Resource
from reconciler.resources.name_lists import SUGGESTIONS, did_you_mean, listed
from reconciler.resources.problems import Place, Problem
from reconciler.resources.registry import upload_kinds


@dataclass(frozen=True)
class Dangling:
    """A reference to an address that no manifest defines."""

    source: Address
    reference: Reference
    place: Place
    problem: Problem


@dataclass(frozen=True, slots=True)
class Unread:
    """An address that a manifest with errors defines; None for a part that cannot be read."""

    kind: str | None
    name: str | None


def unique(resources: Iterable[Resource]) -> tuple[dict[Address, Resource], list[Problem]]:
    """Return the resources by address, and a problem for each repeated address, of which the first is returned."""
    first: dict[Address, Resource] = {}
    problems: list[Problem] = []
    for resource in resources:
        known = first.setdefault(resource.address, resource)
        if known is not resource:
            place = resource.where(("metadata", "name"))
            message = f"{resource.address} is already defined at {known.place}"
            problems.append(Problem("duplicate-address", message, place, _once(resource.address)))
    return first, problems


def _once(address: Address) -> str:
    if address.kind != RELEASE:
        return "rename or remove one of the two"
    chatbot = address.name.partition("@")[0]
    return f"keep the one that was merged first, remove the other, then run `reconciler release {chatbot}`"


def dangling(
    resources: Mapping[Address, Resource],
    known: Collection[Address] = (),
    unread: Collection[Unread] = (),
    skipped: Mapping[Unread, str] = MappingProxyType({}),
    partial: Iterable[Resource] = (),
) -> Iterator[Dangling]:
    """Yield references to addresses that no manifest defines.

    References to files are checked by the kinds. Addresses in `known` were renamed, and addresses in `unread` have a
    manifest with errors; both are reported elsewhere. `skipped` has hints for what is defined in files that are not
    read because of their names. `partial` are resources of manifests with errors, as far as they can be read.
    """
    live = (resource for resource in resources.values() if not _is_archived(resource))
    provided = (address for resource in live for address in resource.kind.provides(resource))
    archived = {address for address, resource in resources.items() if _is_archived(resource)}
    known = {*resources, *provided, *known} - archived
    similar = known | {Address(one.kind, one.name) for one in unread if one.kind and one.name}
    of_any_kind = {one.name for one in unread if one.name and not one.kind}
    hints: dict[Address, str] = {}
    for resource in (*resources.values(), *partial):
        for reference in resource.references:
            target = reference.target
            if (
                target.kind not in upload_kinds()
                and target not in known
                and not _may_be_defined(target, resources, unread)
            ):
                if target not in hints:
                    in_skipped = skipped.get(Unread(target.kind, target.name), "")
                    searched = len(hints) < SUGGESTIONS
                    candidates = similar | {Address(target.kind, name) for name in of_any_kind} if searched else ()
                    hints[target] = in_skipped or (_hint(target, candidates, archived) if searched else "")
                place = resource.where(reference.path)
                yield Dangling(resource.address, reference, place, _problem(target, archived, place, hints[target]))


def _may_be_defined(target: Address, resources: Mapping[Address, Resource], unread: Collection[Unread]) -> bool:
    """Return True if a manifest with errors may define an address, or the release that it is a copy of, which may have
    an earlier name of its chatbot.
    """
    addresses = [target]
    found = version_of(target.release.name) if unread and target.release else None
    if found:
        chatbot = resources.get(Address(CHATBOT, found[0]))
        names = (found[0], *(chatbot.lifecycle.moved_from if chatbot else ()))
        addresses += [release_address(name, found[1]) for name in names]
    return bool(unread) and any(
        Unread(kind, name) in unread for one in addresses for kind in (one.kind, None) for name in (one.name, None)
    )


def _problem(target: Address, archived: Collection[Address], place: Place, hint: str) -> Problem:
    if target.release in archived:
        message = f"{target} is archived" if target in archived else f"{target} was archived with {target.release}"
        return Problem("archived-reference", message, place, hint)
    return Problem("dangling-reference", f"no manifest defines {target}", place, hint)


def _is_archived(resource: Resource) -> bool:
    """Return True for the manifest of an archived release, which only reserves the number."""
    return resource.address.kind == RELEASE and bool(resource.spec.archived)


def _hint(target: Address, addresses: Collection[Address], archived: Collection[Address]) -> str:
    if target.release in archived:
        return _instead(target, addresses)
    former = _former_chatbot(target, addresses)
    if former:
        chatbot = target.family.name
        return f"if {chatbot} was called {former}, add `lifecycle: {{moved_from: {former}}}` to chatbot/{chatbot}"
    same_kind = {address.name for address in addresses if address.kind == target.kind}
    elsewhere = [str(address) for address in addresses if address.name == target.name]
    there = f"there is {' and '.join(f'`{name}`' for name in elsewhere)}" if elsewhere else ""
    return did_you_mean(target.name, same_kind) or there or listed(same_kind) or _to_release(target, addresses)


def _to_release(target: Address, addresses: Collection[Address]) -> str:
    """Return the command that writes the first release of a chatbot; empty for anything else."""
    version = version_of(target.name) if target.kind == RELEASE else None
    if version is None or Address(CHATBOT, version[0]) not in addresses:
        return ""
    return f"run `reconciler release {version[0]}`"


def _former_chatbot(target: Address, addresses: Collection[Address]) -> str:
    """The name that a chatbot without a manifest has in a release of the same number; empty where there is none."""
    version = version_of(target.name) if target.kind == RELEASE else None
    releases = (version_of(address.name) for address in addresses if version and address.kind == RELEASE)
    names = (found[0] for found in releases if found and version and found[1] == version[1])
    return min((name for name in names if Address(CHATBOT, name) not in addresses), default="")


def _instead(target: Address, addresses: Collection[Address]) -> str:
    """Return a hint with the other releases of an archived release, or the other copies of an archived copy."""
    others = sorted(
        address.name for address in addresses if (address.kind, address.family) == (target.kind, target.family)
    )
    if others:
        return f"use {' or '.join(f'`{name}`' for name in others)} instead"
    return "an archived release cannot be restored; remove the reference"

"""The rules of kinds that need the files of the project or other manifests, checked for all resources."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.manifests.known_objects import KnownObjects
from reconciler.resources.address import Address
from reconciler.resources.base import Resource, Scope
from reconciler.resources.problems import Finding, Problem
from reconciler.resources.registry import kinds as registered_kinds, upload_kinds, upload_types

if TYPE_CHECKING:
    from reconciler.manifests.cache.manifests import ManifestCache


def check(
    resources: Sequence[Resource],
    scope: Scope,
    cached: "ManifestCache | None",
    valid: Mapping[Address, KnownObjects],
) -> tuple[Scope, dict[str, Address], list[Problem]]:
    """Return the scope of all resources, the files that objects consist of, each with an object, and the violations of
    their kinds. Resources whose objects are in `valid` have none.

    Stores are checked first: the upload of a file depends on whether a store contains it.
    """
    stores = [resource for resource in resources if resource.kind.attaches]
    problems: list[Problem] = []
    attached: set[str] = set()
    held: dict[str, Address] = {}
    dated, scope = scope, replace(scope, today=None)
    for store in stores:
        found = _checked(store, scope, cached)
        problems += found
        if not any(problem.severity == "error" for problem in found):
            uploads, parts = cached.uploads(store, scope, _uploads) if cached else _uploads(store, scope)
            attached |= {*uploads}
            held |= dict.fromkeys((*uploads, *parts), store.address)
    scope = replace(scope, attached=frozenset(attached), staged=_staged(resources) - attached)
    dated = replace(scope, today=dated.today)
    for resource in resources:
        known = valid.get(resource.address)
        if not (resource.kind.attaches or (known and known.of is resource)):
            problems += _checked(resource, dated if resource.kind.is_dated else scope, cached)
    for kind in registered_kinds().values():
        problems += (_problem(resource, finding) for resource, finding in kind.check_all(resources))
    return dated, held, problems


def _staged(resources: Iterable[Resource]) -> frozenset[str]:
    """Return the paths of files that are copied to environments, and that no other manifest refers to."""
    found: dict[bool, set[str]] = {True: set(), False: set()}
    for resource in resources:
        targets = (one.target for one in resource.references)
        found[resource.kind.stages].update(target.name for target in targets if target.kind in upload_kinds())
    return frozenset(found[True] - found[False])


def _uploads(store: Resource, scope: Scope) -> tuple[list[str], list[str]]:
    """Return the paths of the uploads of a store, and of the files that its objects consist of."""
    wanted = list(store.kind.desired(store, scope))
    uploads = dict.fromkeys(one.address.name for one in wanted if one.type in upload_types())
    return [*uploads], [part.path for one in wanted for part in one.parts]


def _checked(resource: Resource, scope: Scope, cached: "ManifestCache | None") -> list[Problem]:
    return cached.checked(resource, scope, _violations) if cached else _violations(resource, scope)


def _violations(resource: Resource, scope: Scope) -> list[Problem]:
    return [_problem(resource, finding) for finding in resource.kind.check(resource, scope)]


def _problem(resource: Resource, finding: Finding) -> Problem:
    return Problem(finding.code, finding.message, resource.where(finding.path), finding.hint, finding.severity)

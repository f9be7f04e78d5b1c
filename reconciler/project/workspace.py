"""A project opened for one environment: its manifests, its state, its outlets, its endpoint."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Final

from reconciler.bundles.outlets import Outlet
from reconciler.manifests import Dangling, Loaded, find_project
from reconciler.planning.inputs import DestroyedManifests, Link, Release
from reconciler.project.endpoint import choose
from reconciler.project.loading import load_project
from reconciler.project.outlets import Reachable, outlets_of, reachable
from reconciler.project.stored import backend_of
from reconciler.resources.address import RELEASE, Address, Identity
from reconciler.resources.base import Applied, Desired, Resource
from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.resources.registry import resource_types
from reconciler.resources.resource_type import check_secrets
from reconciler.resources.values import identical
from reconciler.state.backend import Backend, StoreOutlet

BUILT_IN: Final = ""
"""The name of the outlet beside the state."""


@dataclass(frozen=True)
class Workspace:
    """A project in one environment, the starting point of most commands."""

    loaded: Loaded
    endpoint: str | None
    environ: Mapping[str, str]
    destroys: DestroyedManifests | None = None
    """Set to remove everything: of the manifests, only consents are left. See `project.destroyed`."""
    is_implied: bool = False
    """True if no environment was named, because the project has only one or none."""
    _applied: dict[Address, Applied] = field(default_factory=dict, repr=False, compare=False)

    @property
    def identity(self) -> Identity:
        return self.loaded.project.identity

    @property
    def root(self) -> Path:
        return self.loaded.project.root

    @cached_property
    def backend(self) -> Backend:
        return backend_of(self.loaded.project, self.endpoint, self.environ)

    @cached_property
    def built_in_outlet(self) -> Outlet:
        """The outlet beside the state. It always exists, and bundles are read from it."""
        return StoreOutlet(self.backend.store)

    @property
    def outlet_names(self) -> frozenset[str]:
        """The names of the outlets that the project has besides the built-in one."""
        return frozenset(one.name for one in outlets_of(self.loaded.project))

    def reachable(self, recorded: Collection[str], *, applies: bool = False) -> Reachable:
        """Return the outlets that a command contacts, the built-in one first; see `project.outlets.reachable`."""
        found = reachable(self.loaded.project, self.environ, recorded, applies=applies)
        return replace(found, outlets={BUILT_IN: self.built_in_outlet, **found.outlets})

    @cached_property
    def desired(self) -> dict[Address, Desired]:
        """Every desired object, by address; a file that several manifests reference is one object."""
        return {item.address: item for items in self._desired_by_manifest.values() for item in items}

    def share_values(self, applied: Mapping[Address, Applied]) -> None:
        """Make the desired objects, if there are none yet, so that memory has their fields and those of these entries
        of the state once where they are identical.
        """
        self._applied.update(applied)

    @cached_property
    def releases(self) -> dict[Address, Release]:
        """The desired releases; archived releases are not included."""
        parts_of = (
            (address, {item.address for item in items}) for address, items in self._desired_by_manifest.items() if items
        )
        return {
            address: Release(Address("chatbot", address.family.name), frozenset(parts - {address}))
            for address, parts in parts_of
            if address.kind == RELEASE
        }

    @property
    def archived(self) -> frozenset[Address]:
        """Releases that are archived in their manifests."""
        releases = (one for one in self.loaded.resources if one.address.kind == RELEASE)
        return frozenset(one.address for one in releases if one.spec.archived)

    @property
    def links(self) -> dict[Address, list[Link]]:
        """References of the manifests in this environment, each with `file:line`."""
        return {resource.address: list(self._links(resource)) for resource in self.loaded.resources}

    def _links(self, resource: Resource) -> Iterator[Link]:
        for reference in resource.references:
            if not reference.is_listing and reference.environment in (None, self.identity.environment):
                place = resource.where(reference.path)
                yield Link(reference.target, f"{place.file}:{place.line}")

    def desired_of(self, address: Address) -> Collection[Desired]:
        """Return the desired objects of one manifest."""
        return self._desired_by_manifest[address]

    @cached_property
    def _desired_by_manifest(self) -> dict[Address, list[Desired]]:
        """Desired objects by the address of their manifest.

        The memory of each spec is released when its objects are made, but for those that plans read: releases, and
        manifests without objects.
        """
        found: dict[Address, list[Desired]] = {}
        for resource in self.loaded.resources:
            made = self.loaded.desired_of(resource)
            for one in made:
                if resource_types()[one.type].secret:
                    check_secrets(resource_types()[one.type], one.fields, one.unreadable, one.write_only)
                self._share(one)
            found[resource.address] = made
            if made and resource.address.kind != RELEASE:
                resource.without_spec()
        self._applied.clear()
        return found

    def _share(self, wanted: Desired) -> None:
        """Have the fields of an object and of its entry of the state once, if they differ at most in the order of keys:
        those of the manifest. They are in a pack if the entry has digests, so that probably nothing reads them.
        """
        applied = self._applied.get(wanted.address)
        if applied and identical(wanted.read_fields(), applied.read_fields()):
            if applied.verified:
                wanted.pack()
            applied.take(wanted)


def open_workspace(
    start: Path,
    environ: Mapping[str, str],
    *,
    env: str | None = None,
    endpoint: str | None = None,
    edited: Mapping[str, str] | None = None,
) -> Workspace:
    """Open the project at or above `start`; raises ReconcilerError with all errors of its manifests.

    References without a manifest are not errors here, because the target may be live. `edited` are texts of files by
    path, which are read instead of the files.
    """
    named = env or environ.get("RECONCILER_ENV") or None
    loaded = load_project(find_project(start), environ, env=named, edited=edited)
    raise_errors(loaded.problems)
    return Workspace(loaded, choose(loaded.project, endpoint, environ), environ, is_implied=named is None)


def raise_errors(problems: Iterable[Problem]) -> None:
    """Raise all problems together if one of them is an error."""
    problems = tuple(problems)
    if any(problem.severity == "error" for problem in problems):
        raise ReconcilerError(*problems)


def dangling_problems(dangling: Iterable[Dangling], missing: Iterable[Address]) -> list[Problem]:
    """Return the problems of the references to the addresses in `missing`."""
    targets = set(missing)
    return [item.problem for item in dangling if item.reference.target in targets]

"""The project loaded once for each environment, for commands that edit the working tree."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from reconciler.manifests import Loaded
from reconciler.manifests.project import Project, choose_environment
from reconciler.project.endpoint import choose
from reconciler.project.loading import load_each
from reconciler.project.workspace import Workspace, raise_errors
from reconciler.resources.address import RELEASE, Address, version_of
from reconciler.resources.base import Resource
from reconciler.resources.name_lists import did_you_mean, few
from reconciler.resources.problems import Place, Problem, ReconcilerError

CHATBOT: Final = "chatbot"


@dataclass(frozen=True)
class AllEnvironments:
    """One project, loaded for each of its environments; a project without environments is loaded once."""

    loads: tuple[Loaded, ...]

    @property
    def project(self) -> Project:
        """The project of the first environment, for values that are the same in all environments."""
        return self.loads[0].project

    @property
    def root(self) -> Path:
        return self.project.root

    @property
    def environments(self) -> tuple[str, ...]:
        return tuple(self.project.spec.environments)

    def check_environment(self, env: str | None) -> None:
        """Raise ReconcilerError if the project does not have the environment; for None, if it has several."""
        _, finding = choose_environment(self.project.spec, env)
        if finding:
            place = self.project.where(finding.path)
            raise ReconcilerError(Problem(finding.code, finding.message, place, finding.hint))

    @cached_property
    def resources(self) -> Mapping[Address, Resource]:
        """Resources of the first environment, by address."""
        return {resource.address: resource for resource in self.loads[0].resources}

    @cached_property
    def workspaces(self) -> tuple[Workspace, ...]:
        """A workspace for each environment, for work without a connection."""
        return tuple(Workspace(loaded, None, {}) for loaded in self.loads)

    @cached_property
    def secrets(self) -> Mapping[str, Place | None]:
        """The environment variables that have the secrets of manifests, in all environments, each with a manifest."""
        desired = (item for workspace in self.workspaces for item in workspace.desired.values())
        found = {name: item.place for item in desired for name in item.secrets.values()}
        return dict(sorted(found.items()))

    def opened(self, environ: Mapping[str, str], environments: Iterable[str | None]) -> Iterator[Workspace]:
        """Yield a workspace with the state for each of these environments."""
        wanted = set(environments)
        for loaded in self.loads:
            if loaded.project.identity.environment in wanted:
                yield Workspace(loaded, choose(loaded.project, None, environ), environ)

    def problems(self) -> list[Problem]:
        """Return the problems of all environments without repetitions."""
        return list(dict.fromkeys(problem for loaded in self.loads for problem in loaded.problems))

    def warnings(self) -> tuple[Problem, ...]:
        """Return the warnings about the working tree without repetitions."""
        return tuple(dict.fromkeys(problem for loaded in self.loads for problem in loaded.of_checkout))

    def named(self, address: Address) -> Resource:
        """Return the manifest of an address; raises ReconcilerError if there is none."""
        if address not in self.resources:
            raise ReconcilerError(unknown(address, self.resources))
        return self.resources[address]

    def in_each(self, address: Address) -> list[Resource]:
        """Return the manifest of an address in every environment."""
        return [resource for loaded in self.loads for resource in loaded.resources if resource.address == address]

    def releases_of(self, chatbot: str) -> dict[int, Resource]:
        """Return the releases of a chatbot by number, oldest first, including archived ones and earlier names."""
        found: dict[int, Resource] = {}
        for name in self.names_of(chatbot):
            found = dict(self._releases_of(name)) | found
        return dict(sorted(found.items()))

    def names_of(self, chatbot: str) -> tuple[str, ...]:
        """Return the name of a chatbot, and its earlier names that no other chatbot has."""
        known = self.resources.get(Address(CHATBOT, chatbot))
        former = known.lifecycle.moved_from if known else ()
        return (chatbot, *(name for name in former if Address(CHATBOT, name) not in self.resources))

    def _releases_of(self, chatbot: str) -> Iterator[tuple[int, Resource]]:
        for address, resource in self.resources.items():
            found = version_of(address.name) if address.kind == RELEASE else None
            if found and found[0] == chatbot:
                yield found[1], resource


def load_all_environments(
    folder: Path, environ: Mapping[str, str], *, edited: Mapping[str, str] | None = None
) -> AllEnvironments:
    """Load the manifests in `folder` for every environment; raises ReconcilerError with the errors of all of them."""
    found = AllEnvironments(load_each(folder, environ, edited=edited))
    raise_errors(found.problems())
    return found


def unknown(address: Address, known: Iterable[Address]) -> Problem:
    """Return the problem of an address that no manifest defines."""
    same_kind = sorted(str(other) for other in known if other.kind == address.kind)
    hint = did_you_mean(str(address), same_kind) or _some(same_kind)
    return Problem("unknown-address", f"no manifest defines {address}", hint=hint)


def _some(names: Sequence[str], most: int = 8) -> str:
    return f"Existing manifests: {few(names, most)}." if names else "There is no manifest of that kind."

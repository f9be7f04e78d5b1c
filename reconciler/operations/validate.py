"""`validate`: check the manifests without state and API."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from reconciler.manifests import Loaded, find_project, load
from reconciler.operations.release_blockers import undefined_names
from reconciler.planning.inputs import PlanInputs
from reconciler.planning.release_retention import apply_retention
from reconciler.project.connection import ended
from reconciler.project.endpoint import EMBEDDED, choose
from reconciler.project.workspace import Workspace
from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.resources.registry import resource_types


@dataclass(frozen=True)
class Checked:
    """The result of a check of the manifests."""

    identity: str
    resources: int
    problems: tuple[Problem, ...]

    @property
    def valid(self) -> bool:
        return not any(problem.severity == "error" for problem in self.problems)


def validate(start: Path, environ: Mapping[str, str], *, env: str | None = None) -> Checked:
    """Check the project at or above `start`; every reference must have a manifest, as the state is not read."""
    loaded = load(find_project(start), env=env or environ.get("RECONCILER_ENV") or None)
    found = [*loaded.problems, *(item.problem for item in loaded.dangling)]
    if not any(problem.severity == "error" for problem in found):
        workspace = Workspace(loaded, _endpoint(loaded, environ), environ)
        found += _of_releases(workspace)
        found += (Problem("target-ended", one.message, one.place, one.hint, "warning") for one in ended(workspace))
    return Checked(str(loaded.project.identity), len(loaded.resources), tuple(sorted(found, key=_place)))


def _endpoint(loaded: Loaded, environ: Mapping[str, str]) -> str | None:
    """Return the endpoint that a plan here would use; the embedded API if it is not valid, or not allowed here."""
    try:
        return choose(loaded.project, None, environ)
    except ReconcilerError:
        return EMBEDDED


def _of_releases(workspace: Workspace) -> Iterator[Problem]:
    """Return the errors of names in releases that an identity without state cannot resolve."""
    inputs = PlanInputs(
        identity=workspace.identity,
        resource_types=resource_types(),
        desired=workspace.desired,
        applied={},
        live=(),
        releases=workspace.releases,
        settings=workspace.loaded.project.guard_settings,
    )
    staying, _ = apply_retention(inputs)
    return undefined_names(staying)


def _place(problem: Problem) -> tuple[str, int, int]:
    place = problem.place
    return (place.file, place.line, place.column) if place else ("", 0, 0)

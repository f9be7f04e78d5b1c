"""`validate`: check the manifests without state and API."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from reconciler.manifests import Loaded, find_project
from reconciler.project.ended import ended
from reconciler.project.endpoint import EMBEDDED, choose
from reconciler.project.loading import load_each, load_project
from reconciler.resources.address import RELEASE
from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.resources.registry import resource_types


@dataclass(frozen=True)
class Checked:
    """The result of a check of the manifests."""

    identity: str
    """The identity of the environment; of several environments, the name of the project."""
    environments: tuple[str, ...]
    """The environments that were checked; empty for a project without environments."""
    resources: int
    problems: tuple[Problem, ...]

    @property
    def valid(self) -> bool:
        return not any(problem.severity == "error" for problem in self.problems)


def validate(start: Path, environ: Mapping[str, str], *, env: str | None = None) -> Checked:
    """Check the project at or above `start`, in all environments or in one; every reference must have a manifest, as
    the state is not read.
    """
    folder, chosen = find_project(start), env or environ.get("RECONCILER_ENV") or None
    loads = (load_project(folder, environ, env=chosen),) if chosen else load_each(folder, environ)
    project = loads[0].project
    environments = tuple(one.project.identity.environment or "" for one in loads)
    found = _together({name: _problems(loaded, environ) for name, loaded in zip(environments, loads, strict=True)})
    return Checked(
        identity=project.identity.project if len(loads) > 1 else str(project.identity),
        environments=tuple(filter(None, environments)),
        resources=len({resource.address for loaded in loads for resource in loaded.resources}),
        problems=tuple(sorted(found, key=_place)),
    )


def _problems(loaded: Loaded, environ: Mapping[str, str]) -> list[Problem]:
    """Return the problems of one environment."""
    found = [*loaded.problems, *(item.problem for item in loaded.dangling)]
    if not any(problem.severity == "error" for problem in found):
        found += _of_releases(loaded)
        those = ended(loaded, _endpoint(loaded, environ))
        found += (Problem("target-ended", one.message, one.place, one.hint, "warning") for one in those)
    return found


def _together(problems: Mapping[str, Iterable[Problem]]) -> Iterator[Problem]:
    """Yield each problem once, with the environments that have it unless all have it."""
    found: dict[Problem, list[str]] = {}
    for environment, those in problems.items():
        for problem in dict.fromkeys(those):
            found.setdefault(problem, []).append(environment)
    for problem, names in found.items():
        yield problem if len(names) == len(problems) else replace(problem, environments=tuple(names))


def _endpoint(loaded: Loaded, environ: Mapping[str, str]) -> str | None:
    """Return the endpoint that a plan here would use; the embedded API if it is not valid, or not allowed here."""
    try:
        return choose(loaded.project, None, environ)
    except ReconcilerError:
        return EMBEDDED


def _of_releases(loaded: Loaded) -> Iterator[Problem]:
    """Return the errors of names in releases that an identity without state cannot resolve. Without a release there
    are none, and no object is read from the cache.
    """
    if all(resource.address.kind != RELEASE for resource in loaded.resources):
        return iter(())
    # Imported here: the modules of plans take a fifth of a second, and a project without releases does not need them.
    from reconciler.operations.release_blockers import undefined_names
    from reconciler.planning.inputs import PlanInputs
    from reconciler.planning.release_retention import apply_retention
    from reconciler.project.workspace import Workspace

    workspace = Workspace(loaded, None, {})
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

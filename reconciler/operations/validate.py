"""`validate`: check the manifests without state and API."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reconciler.manifests import find_project, load
from reconciler.resources.problems import Problem


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
    dangling = (item.problem for item in loaded.dangling)
    problems = sorted((*loaded.problems, *dangling), key=_place)
    return Checked(str(loaded.project.identity), len(loaded.resources), tuple(problems))


def _place(problem: Problem) -> tuple[str, int, int]:
    place = problem.place
    return (place.file, place.line, place.column) if place else ("", 0, 0)

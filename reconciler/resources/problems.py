"""Problems as values with a code, a message, a place and a hint. Commands collect them and print them together."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NotRequired, TypeAlias

from typing_extensions import TypedDict

PROBLEMS_FORMAT: Final = "reconciler/problems/v1"

Severity: TypeAlias = Literal["error", "warning"]
Shape: TypeAlias = Literal["string", "integer", "number", "boolean", "list", "mapping", "null"]
"""Type of a JSON value."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A position in a text file; `line` and `column` count from 1."""

    file: str
    """Path relative to the root of the repository, or to the project folder if there is no repository."""
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem inside one resource, without its place in the file."""

    path: tuple[str | int, ...]
    """Path of the value from the top of the document: `("spec", "tools", 0, "name")`."""
    code: str
    message: str
    hint: str = ""
    severity: Severity = "error"
    on_key: bool = False
    """True if the problem is the key at the end of `path`, not its value."""
    expected: tuple[Shape, ...] = ()
    """Allowed types of a value of the wrong type."""


def env_option(environment: str | None) -> str:
    """Return the option that selects an environment, as part of a command in a hint; empty without an environment."""
    return f" --env {environment}" if environment else ""


def command_text(environment: str | None, *words: str) -> str:
    """Return a command line of `reconciler` for a message, which is copied into a shell: with `--env` for every project
    that has environments, also for one with a single environment, because a removed one may still have objects.
    """
    return " ".join(("reconciler", *words)) + env_option(environment)


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem with a stable code, a message, a place and a hint about the next step."""

    code: str
    message: str
    place: Place | None = None
    hint: str = ""
    severity: Severity = "error"
    environments: tuple[str, ...] = ()
    """The environments that have the problem, if several were checked and not all of them have it."""

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        hint = f"\n  {self.hint}" if self.hint else ""
        return f"{where}{self.severity}[{self.code}]: {self.text}{hint}"

    @property
    def text(self) -> str:
        """The message, with the environments."""
        return f"{self.message} (only in {', '.join(self.environments)})" if self.environments else self.message


class PlaceDocument(TypedDict):
    """A position in a text file; lines and columns count from 1."""

    file: str
    line: int
    column: int
    """Column, in characters."""


class ProblemDocument(TypedDict):
    """An error or a warning."""

    severity: Severity
    code: str
    """Stable across versions, unlike the message."""
    message: str
    place: PlaceDocument | None
    """Position in a file; null if there is none."""
    hint: str
    """The next step; empty if there is none."""
    environments: NotRequired[list[str]]
    """The environments that have the problem, if several were checked and not all of them have it."""


class SeverityCounts(TypedDict):
    """The number of problems by severity."""

    error: int
    """Errors."""
    warning: int
    """Warnings."""


class ProblemsDocument(TypedDict):
    """Errors and warnings, as printed by `validate`, and by every command that fails with `-o json`."""

    format: Literal["reconciler/problems/v1"]
    summary: SeverityCounts
    """The number of problems by severity."""
    problems: list[ProblemDocument]
    environments: NotRequired[list[str]]
    """The environments that `validate` checked; omitted for a project without environments, and by other commands."""


def problems_json(problems: Iterable[Problem], environments: Sequence[str] = ()) -> ProblemsDocument:
    """Return `problems`, in their order, as a JSON document. `environments` are those that were checked."""
    documents = [problem_json(problem) for problem in problems]
    severities = Counter(document["severity"] for document in documents)
    document: ProblemsDocument = {
        "format": PROBLEMS_FORMAT,
        "summary": {"error": severities["error"], "warning": severities["warning"]},
        "problems": documents,
    }
    if environments:
        document["environments"] = list(environments)
    return document


def problem_json(problem: Problem) -> ProblemDocument:
    place = problem.place
    document: ProblemDocument = {
        "severity": problem.severity,
        "code": problem.code,
        "message": problem.message,
        "place": place_json(place) if place else None,
        "hint": problem.hint,
    }
    if problem.environments:
        document["environments"] = list(problem.environments)
    return document


def place_json(place: Place) -> PlaceDocument:
    return {"file": place.file, "line": place.line, "column": place.column}


class ReconcilerError(Exception):
    """An error that commands turn into an exit code. Users see its problems, without a stack trace."""

    exit_code = 1

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def reason(error: OSError) -> str:
    """Return the message of the operating system, with the name of the file if there is one."""
    return f"{error.strerror or error}{f' ({error.filename})' if error.filename else ''}"

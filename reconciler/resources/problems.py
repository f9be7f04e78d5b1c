"""Problems as values: what is wrong, where, and what to do. Collected, and shown together at the rim."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from typing_extensions import TypedDict

PROBLEMS_FORMAT: Final = "reconciler/problems/v1"

Severity: TypeAlias = Literal["error", "warning"]
Shape: TypeAlias = Literal["string", "integer", "number", "boolean", "list", "mapping", "null"]
"""A type of value, as JSON has them."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A position in a text file; `line` and `column` count from 1."""

    file: str
    """Relative to the repository root (the project folder where there is no repository)."""
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem inside one resource, before anybody knows which line it stands on."""

    path: tuple[str | int, ...]
    """The way to the value from the top of the document: `("spec", "tools", 0, "name")`."""
    code: str
    message: str
    hint: str = ""
    severity: Severity = "error"
    on_key: bool = False
    """Whether the key at the end of `path` is at fault, not its value."""
    expected: tuple[Shape, ...] = ()
    """Of a value of the wrong type: the types that it may have."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: a stable code, what, where, and what to do about it."""

    code: str
    message: str
    place: Place | None = None
    hint: str = ""
    severity: Severity = "error"

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        hint = f"\n  {self.hint}" if self.hint else ""
        return f"{where}{self.severity}[{self.code}]: {self.message}{hint}"


class PlaceDocument(TypedDict):
    """A position in a text file; lines and columns count from 1."""

    file: str
    line: int
    column: int
    """In characters."""


class ProblemDocument(TypedDict):
    """One error or warning."""

    severity: Severity
    code: str
    """Stays the same from version to version; the message may not."""
    message: str
    place: PlaceDocument | None
    """The place in a file; null where there is none."""
    hint: str
    """The next step, or an empty text."""


class SeverityCounts(TypedDict):
    """The number of problems by severity."""

    error: int
    """Errors."""
    warning: int
    """Warnings."""


class ProblemsDocument(TypedDict):
    """What is wrong: printed by `validate`, and by every command that fails with `-o json`."""

    format: Literal["reconciler/problems/v1"]
    summary: SeverityCounts
    """The number of problems by severity."""
    problems: list[ProblemDocument]


def problems_json(problems: Iterable[Problem]) -> ProblemsDocument:
    """Return `problems`, in their order, as a JSON document."""
    documents = [problem_json(problem) for problem in problems]
    severities = Counter(document["severity"] for document in documents)
    return {
        "format": PROBLEMS_FORMAT,
        "summary": {"error": severities["error"], "warning": severities["warning"]},
        "problems": documents,
    }


def problem_json(problem: Problem) -> ProblemDocument:
    place = problem.place
    return {
        "severity": problem.severity,
        "code": problem.code,
        "message": problem.message,
        "place": place_json(place) if place else None,
        "hint": problem.hint,
    }


def place_json(place: Place) -> PlaceDocument:
    return {"file": place.file, "line": place.line, "column": place.column}


class ReconcilerError(Exception):
    """The one exception that commands turn into an exit code: it carries problems, never a stack trace for users."""

    exit_code = 1

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def reason(error: OSError) -> str:
    """What the system says, and of which file, where it knows."""
    return f"{error.strerror or error}{f' ({error.filename})' if error.filename else ''}"

"""Problems as values with a code, a message, a place and a hint. Commands collect them and print them together."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

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


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem with a stable code, a message, a place and a hint about the next step."""

    code: str
    message: str
    place: Place | None = None
    hint: str = ""
    severity: Severity = "error"

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        hint = f"\n  {self.hint}" if self.hint else ""
        return f"{where}{self.severity}[{self.code}]: {self.message}{hint}"


class ReconcilerError(Exception):
    """An error that commands turn into an exit code. Users see its problems, without a stack trace."""

    exit_code = 1

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def reason(error: OSError) -> str:
    """Return the message of the operating system, with the name of the file if there is one."""
    return f"{error.strerror or error}{f' ({error.filename})' if error.filename else ''}"

"""Problems as values: what is wrong, where, and what to do. Collected, and shown together at the rim."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

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


class ReconcilerError(Exception):
    """The one exception that commands turn into an exit code: it carries problems, never a stack trace for users."""

    exit_code = 1

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def reason(error: OSError) -> str:
    """What the system says, and of which file, where it knows."""
    return f"{error.strerror or error}{f' ({error.filename})' if error.filename else ''}"

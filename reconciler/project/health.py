"""The result of `doctor`, and its JSON document (`reconciler/doctor/v1`)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal, NotRequired, TypeAlias, cast

from typing_extensions import TypedDict

from reconciler.resources.problems import Problem

FORMAT: Final = "reconciler/doctor/v1"
Condition: TypeAlias = Literal["ok", "unknown", "warning", "failure"]
CheckName: TypeAlias = Literal[
    "versions",
    "key",
    "endpoint",
    "scopes",
    "openai-project",
    "clock",
    "manifests",
    "cache",
    "git",
    "workflows",
    "state",
    "lock",
    "outlets",
]
"""The checks, in the order in which they are shown."""
BUG: Final = "This is a bug in Reconciler. Set RECONCILER_TRACE=1 to print the stack trace, and report the bug."
"""The next step after an exception that no command expects."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One line of the result."""

    condition: Condition
    message: str
    hint: str = ""
    """The next step, with the command; empty if there is nothing to do."""
    problem: str = ""
    """The code of the error or the refusal that the check met; empty if there is none."""
    defect: Exception | None = None
    """The exception of a bug in Reconciler that ended the check, for its stack trace."""


@dataclass(frozen=True, slots=True)
class HealthLine:
    """A result with its check, and the environment that it is about, if it is about one."""

    check: CheckName
    result: CheckResult
    environment: str | None = None


@dataclass(frozen=True)
class Health:
    """Everything that was found, in the order of the checks."""

    project: str | None
    """The name of the project; None outside of a project."""
    lines: tuple[HealthLine, ...]

    def of(self, condition: Condition) -> int:
        """Return the number of results in this condition."""
        return sum(one.result.condition == condition for one in self.lines)

    @property
    def is_usable(self) -> bool:
        """True if there is no failure."""
        return not self.of("failure")


def ok(message: str) -> CheckResult:
    return CheckResult("ok", message)


def unknown(message: str) -> CheckResult:
    """Return the result of what cannot be checked from here."""
    return CheckResult("unknown", message)


def results_of(problems: Iterable[Problem], prefix: str = "") -> list[CheckResult]:
    """Return the results for the problems of an error."""
    return [
        CheckResult(
            "failure" if problem.severity == "error" else "warning",
            f"{prefix}{problem.message}",
            problem.hint,
            problem.code,
        )
        for problem in problems
    ]


class ResultDocument(TypedDict):
    """One line of the result."""

    check: CheckName
    """The name of the check."""
    environment: NotRequired[str]
    """The environment, for a check of one environment of several."""
    condition: Condition
    """A failure prevents commands from working; a warning does not. `unknown` is what cannot be checked from here."""
    message: str
    hint: NotRequired[str]
    code: NotRequired[str]
    """The code of the error that the check met; `explain` has its meaning."""


class DoctorDocument(TypedDict):
    """Everything that commands need, and whether it is there."""

    format: Literal["reconciler/doctor/v1"]
    project: str | None
    """The name of the project; null outside of a project."""
    usable: bool
    """True if there is no failure."""
    summary: dict[Condition, int]
    """The number of results by condition."""
    results: list[ResultDocument]
    """In the order of the checks."""


def doctor_json(health: Health) -> DoctorDocument:
    """Return the document that `doctor -o json` prints."""
    conditions: tuple[Condition, ...] = ("ok", "unknown", "warning", "failure")
    return {
        "format": FORMAT,
        "project": health.project,
        "usable": health.is_usable,
        "summary": {one: health.of(one) for one in conditions},
        "results": [_result_json(one) for one in health.lines],
    }


def _result_json(one: HealthLine) -> ResultDocument:
    found = one.result
    document: dict[str, Any] = {
        "check": one.check,
        "environment": one.environment,
        "condition": found.condition,
        "message": found.message,
        "hint": found.hint or None,
        "code": found.problem or None,
    }
    return cast("ResultDocument", {key: value for key, value in document.items() if value is not None})

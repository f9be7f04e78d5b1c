"""Failed requests to GitHub: retry decisions, and problems with hints."""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import httpx2

from reconciler.resources.problems import Problem, ReconcilerError

_LONGEST: Final = 300
_LIMITED: Final = 60.0
"""The minimum wait in seconds for a rate limit without a wait time ("Rate limits for the REST API")."""
_HINTS: Final = {
    401: "GITHUB_TOKEN is not valid or has expired: the token of a workflow expires with its job.",
    403: "Grant the job the required permission under `permissions:`. For a pull request from a fork, the token is "
    "read-only.",
    404: "Check GITHUB_REPOSITORY and, for a private repository, that the job has permission to read it.",
    422: "GitHub rejected the values in the request.",
}
_LATER: Final = "Run the same command again; if it keeps failing, see https://www.githubstatus.com."


class GitHubError(ReconcilerError):
    """GitHub rejected a request, or could not be reached."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed attempt of a request."""

    throttled: bool
    """True if GitHub did not process the request because of a rate limit, or was not reached."""
    passing: bool
    """True for a temporary failure."""
    delay: float
    """Seconds to wait before the next attempt."""

    def may_repeat(self, *, repeatable: bool) -> bool:
        return self.throttled or (self.passing and repeatable)


@contextmanager
def understood(request: str) -> Iterator[None]:
    """Raise GitHubError if the context, or the decorated function, reads a value that an answer does not have."""
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        said = " ".join(f"{type(error).__name__}: {error}".split())[:_LONGEST]
        message = f"GitHub's answer cannot be read while {request} ({said})"
        hint = "Check that GITHUB_API_URL is the URL of GitHub's API, and that no proxy answers in its place."
        raise GitHubError(Problem("github", message, hint=hint)) from error


def failure(found: httpx2.Response | httpx2.HTTPError, attempt: int) -> Failure:
    """Classify the result of an attempt; `attempt` counts from 1."""
    doubled = float(2 ** (attempt - 1)) * random.uniform(0.75, 1.25)  # noqa: S311 - no secret
    if isinstance(found, httpx2.HTTPError):
        return Failure(isinstance(found, httpx2.ConnectError), True, doubled)
    asked = _asked_for(found)
    if found.status_code == 429 or (found.status_code == 403 and (asked is not None or _is_limit(found))):
        return Failure(True, False, _LIMITED * max(1.0, doubled) if asked is None else asked)
    return Failure(False, found.status_code >= 500, doubled if asked is None else asked)


def problem(found: httpx2.Response | httpx2.HTTPError, request: str) -> Problem:
    """Return the problem to report for a failed request."""
    if isinstance(found, httpx2.HTTPError):
        message = f"GitHub cannot be reached ({type(found).__name__}): {request}"
        return Problem(
            "github", message, hint="Check GITHUB_API_URL, network and proxy, then run the same command again."
        )
    said = " ".join(_message(found).split())[:_LONGEST]
    message = f"GitHub answered {found.status_code} to {request}" + (f": {said}" if said else "")
    return Problem("github", message, hint=_HINTS.get(found.status_code, _LATER))


def _asked_for(answer: httpx2.Response) -> float | None:
    """Return the wait in seconds that a rate limit requests (docs.github.com, "Rate limits for the REST API")."""
    after = answer.headers.get("retry-after", "")
    if after.isascii() and after.isdigit():
        return float(after)
    reset = answer.headers.get("x-ratelimit-reset", "")
    if answer.headers.get("x-ratelimit-remaining") == "0" and reset.isascii() and reset.isdigit():
        return max(0.0, float(reset) - time.time())
    return None


def _is_limit(answer: httpx2.Response) -> bool:
    """Return True for a rate limit. Missing permissions have the same status, and GitHub sends no code that
    distinguishes them: a secondary rate limit without headers is known by its message only.
    """
    return "rate limit" in _message(answer).lower()


def _message(answer: httpx2.Response) -> str:
    try:
        body = answer.json()
    except ValueError:
        return ""
    return str(body.get("message", "")) if isinstance(body, dict) else ""

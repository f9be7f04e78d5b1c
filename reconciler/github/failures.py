"""What an answer of GitHub means that is none: whether trying again may help, and what people can do."""

import random
import time
from dataclasses import dataclass
from typing import Final

import httpx2

from reconciler.resources.problems import Problem, ReconcilerError

_LONGEST: Final = 300
_LIMITED: Final = 60.0
"""Seconds to wait, at least, for a limit that does not say how long ("Rate limits for the REST API")."""
_HINTS: Final = {
    401: "GITHUB_TOKEN is not valid, or has expired: a workflow's lives as long as its job.",
    403: "Give the job the permission that this takes, under `permissions:`. For a pull request from a fork the token "
    "may only read.",
    404: "Check GITHUB_REPOSITORY; for a private repository, that the job has the permission to see it.",
    422: "GitHub understood the request and refuses it.",
}
_LATER: Final = "Run it again; see https://www.githubstatus.com if it stays."


class GitHubError(ReconcilerError):
    """GitHub refused, or could not be reached."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One attempt that came to nothing."""

    throttled: bool
    """Whether GitHub said that it did not even look."""
    passing: bool
    delay: float
    """Seconds to wait before the next attempt."""

    def may_repeat(self, *, repeatable: bool) -> bool:
        return self.throttled or (self.passing and repeatable)


def failure(found: httpx2.Response | httpx2.HTTPError, attempt: int) -> Failure:
    """What may be done about an attempt, the first being 1."""
    doubled = float(2 ** (attempt - 1)) * random.uniform(0.75, 1.25)  # noqa: S311 - no secret
    if isinstance(found, httpx2.HTTPError):
        return Failure(isinstance(found, httpx2.ConnectError), True, doubled)
    asked = _asked_for(found)
    if found.status_code == 429 or (found.status_code == 403 and (asked is not None or _is_limit(found))):
        return Failure(True, False, _LIMITED * max(1.0, doubled) if asked is None else asked)
    return Failure(False, found.status_code >= 500, doubled if asked is None else asked)


def problem(found: httpx2.Response | httpx2.HTTPError, request: str) -> Problem:
    """What to tell people of it."""
    if isinstance(found, httpx2.HTTPError):
        message = f"GitHub cannot be reached ({type(found).__name__}): {request}"
        return Problem("github", message, hint="Check GITHUB_API_URL, network and proxy, then run it again.")
    said = " ".join(_message(found).split())[:_LONGEST]
    message = f"GitHub answers {found.status_code} to {request}" + (f": {said}" if said else "")
    return Problem("github", message, hint=_HINTS.get(found.status_code, _LATER))


def _asked_for(answer: httpx2.Response) -> float | None:
    """The wait in seconds that a rate limit asks for (docs.github.com, "Rate limits for the REST API")."""
    after = answer.headers.get("retry-after", "")
    if after.isdigit():
        return float(after)
    reset = answer.headers.get("x-ratelimit-reset", "")
    if answer.headers.get("x-ratelimit-remaining") == "0" and reset.isdigit():
        return max(0.0, float(reset) - time.time())
    return None


def _is_limit(answer: httpx2.Response) -> bool:
    """Whether it is a limit, which a refusal for want of a permission has the same status as."""
    return "rate limit" in _message(answer).lower()


def _message(answer: httpx2.Response) -> str:
    try:
        body = answer.json()
    except ValueError:
        return ""
    return str(body.get("message", "")) if isinstance(body, dict) else ""

"""A client for one project in GitLab's REST API (docs.gitlab.com/api/rest), with pagination and retries."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from typing import Any, Final, TypeAlias

import httpx2

from reconciler.resources.problems import Problem, ReconcilerError

Document: TypeAlias = dict[str, Any]
TOKEN: Final = "GITLAB_TOKEN"  # noqa: S105 - the name of a variable
ATTEMPTS: Final = 5
_LONGEST: Final = 300
_PATIENCE: Final = 60.0
"""The maximum wait before one attempt, in seconds."""
_HINTS: Final = {
    401: f"{TOKEN} is not valid or has expired. It must be a token of this project or its group.",
    403: f"{TOKEN} needs the scope `api` and the role Reporter.",
    404: f"Check that {TOKEN} belongs to this project. CI_JOB_TOKEN cannot write notes and issues.",
}
_LATER: Final = "Run the same job again; if it keeps failing, check the status of the GitLab server."


class GitLabError(ReconcilerError):
    """GitLab rejected a request, or could not be reached."""


@dataclass(frozen=True)
class GitLab:
    """A project. Paths are relative to it."""

    client: httpx2.Client = field(repr=False)
    """The HTTP client, which contains the token."""
    project: str
    """The id of the project."""
    sleep: Callable[[float], None] = time.sleep

    @cached_property
    def user(self) -> int:
        """The id of the account of the token, which may edit only its own notes."""
        return int(_parsed(self._call("GET", "user"))["id"])

    def pages(self, path: str, **query: object) -> Iterator[Document]:
        """Yield the entries of a list, loading pages on demand."""
        page = "1"
        while page:
            answer = self._call("GET", self._url(path), params={**query, "per_page": 100, "page": page})
            yield from _parsed(answer)
            page = answer.headers.get("x-next-page", "")

    def post(self, path: str, body: Document) -> Document:
        """Create an object. Retried only if GitLab did not process the request, so that none is created twice."""
        created: Document = _parsed(self._call("POST", self._url(path), body=body))
        return created

    def put(self, path: str, body: Document) -> Document:
        edited: Document = _parsed(self._call("PUT", self._url(path), body=body))
        return edited

    def _url(self, path: str) -> str:
        return f"projects/{self.project}/{path}"

    def _call(
        self, method: str, url: str, *, params: Mapping[str, object] | None = None, body: Document | None = None
    ) -> httpx2.Response:
        query = {name: str(value) for name, value in (params or {}).items()} or None
        for attempt in count(1):
            try:
                found: httpx2.Response | httpx2.RequestError = self.client.request(method, url, params=query, json=body)
            except httpx2.RequestError as error:
                found = error
            if isinstance(found, httpx2.Response) and found.is_success:
                return found
            if attempt == ATTEMPTS or not _may_repeat(found, method):
                raise GitLabError(_problem(found, f"{method} {url}"))
            self.sleep(_delay(found, attempt))
        raise AssertionError("unreachable: the last attempt returns or raises")


@contextmanager
def connect(environ: Mapping[str, str], sleep: Callable[[float], None] = time.sleep) -> Iterator[GitLab]:
    """Connect to the project of a job: `CI_API_V4_URL`, `CI_PROJECT_ID` and `GITLAB_TOKEN`.

    GitLabError if one of them is missing. Messages do not contain the token. Redirects are not followed.
    """
    url, token = f"{_set(environ, 'CI_API_V4_URL').rstrip('/')}/", _set(environ, TOKEN)
    try:
        client = httpx2.Client(base_url=url, headers={"PRIVATE-TOKEN": token}, timeout=httpx2.Timeout(60, connect=10))
    except (httpx2.InvalidURL, ImportError, ValueError) as error:
        hint = "Check CI_API_V4_URL, and the variables HTTP_PROXY, HTTPS_PROXY and ALL_PROXY."
        message = f"the URL of GitLab or of a proxy is not valid: {error}"
        raise GitLabError(Problem("gitlab", message, hint=hint)) from error
    with client:
        yield GitLab(client, _set(environ, "CI_PROJECT_ID"), sleep)


def _set(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name, "").strip()
    if not value:
        hint = f"Add {TOKEN}, a project access token, as a masked CI/CD variable; GitLab sets the others in every job."
        raise GitLabError(Problem("gitlab", f"{name} is not set", hint=hint))
    if not (value.isascii() and value.isprintable()):
        raise GitLabError(Problem("gitlab", f"{name} contains invalid characters", hint="Set it again."))
    return value


def _parsed(answer: httpx2.Response) -> Any:
    try:
        return answer.json()
    except ValueError as error:
        kind = answer.headers.get("content-type", "no content type")
        hint = "Check that CI_API_V4_URL is the URL of GitLab's API, and that no proxy answers in its place."
        raise GitLabError(Problem("gitlab", f"the answer ({kind}) is not JSON", hint=hint)) from error


def _may_repeat(found: httpx2.Response | httpx2.RequestError, method: str) -> bool:
    if isinstance(found, httpx2.RequestError):
        return isinstance(found, httpx2.ConnectError) or method != "POST"
    return found.status_code == 429 or (found.status_code >= 500 and method != "POST")


def _delay(found: httpx2.Response | httpx2.RequestError, attempt: int) -> float:
    after = "" if isinstance(found, httpx2.RequestError) else found.headers.get("retry-after", "")
    return min(float(after) if after.isascii() and after.isdigit() else float(2 ** (attempt - 1)), _PATIENCE)


def _problem(found: httpx2.Response | httpx2.RequestError, request: str) -> Problem:
    if isinstance(found, httpx2.RequestError):
        message = f"GitLab cannot be reached ({type(found).__name__}): {request}"
        return Problem("gitlab", message, hint="Check CI_API_V4_URL, network and proxy, then run the same job again.")
    said = " ".join(_message(found).split())[:_LONGEST]
    message = f"GitLab answered {found.status_code} to {request}" + (f": {said}" if said else "")
    return Problem("gitlab", message, hint=_HINTS.get(found.status_code, _LATER))


def _message(answer: httpx2.Response) -> str:
    try:
        body = answer.json()
    except ValueError:
        return ""
    return str(body.get("message") or body.get("error") or "") if isinstance(body, dict) else ""

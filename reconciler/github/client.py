"""A client for one repository in GitHub's REST API (docs.github.com/rest), with pagination and retries."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final, Literal, TypeAlias

import httpx2

from reconciler.github.failures import GitHubError, failure, problem
from reconciler.resources.problems import Problem

Document: TypeAlias = dict[str, Any]
Method: TypeAlias = Literal["GET", "POST", "PATCH"]

API: Final = "https://api.github.com"
VERSION: Final = "2022-11-28"
"""Version of the REST API, for the header `X-GitHub-Api-Version`."""
ATTEMPTS: Final = 5
PATIENCE: Final = 300.0
"""The maximum total wait between the attempts of one request, in seconds."""


@dataclass(frozen=True)
class GitHub:
    """A repository. Paths are relative to `/repos/OWNER/NAME/`."""

    client: httpx2.Client = field(repr=False)
    """The HTTP client, which contains the token."""
    repository: str
    """`OWNER/NAME`"""
    sleep: Callable[[float], None] = time.sleep

    @property
    def owner(self) -> str:
        return self.repository.partition("/")[0]

    def get(self, path: str, **query: object) -> Document:
        return self._ask("GET", path, query=query)

    def post(self, path: str, body: Document) -> Document:
        """Create an object. Retried only if GitHub did not process the request, so that none is created twice."""
        return self._ask("POST", path, body=body)

    def patch(self, path: str, body: Document) -> Document:
        return self._ask("PATCH", path, body=body)

    def pages(self, path: str, key: str | None = None, **query: object) -> Iterator[Document]:
        """Yield the entries of a list, loading pages on demand; `key` is the member of an answer with the list."""
        url: str | None = self._url(path)
        query = {"per_page": 100, **query}
        while url:
            answer = self._call("GET", url, query=query)
            body, following = _parsed(answer), self._next(answer)
            entries = body.get(key) if key and isinstance(body, dict) else body
            if not isinstance(entries, list):
                raise GitHubError(Problem("github", f"the answer to GET {path} has no list of entries"))
            yield from entries
            url, query = following, {}

    def download(self, path: str) -> bytes:
        """Return the bytes at `path`, which redirects to a server that does not receive the token."""
        return self._call("GET", self._url(path)).content

    def _ask(
        self, method: Method, path: str, *, query: Mapping[str, object] | None = None, body: Document | None = None
    ) -> Document:
        document: Document = _parsed(self._call(method, self._url(path), query=query, body=body))
        return document

    def _url(self, path: str) -> str:
        return f"/repos/{self.repository}/{path}"

    def _next(self, answer: httpx2.Response) -> str | None:
        url = answer.links.get("next", {}).get("url")
        host = httpx2.URL(url).host if url else None
        if host in (None, self.client.base_url.host):
            return url
        raise GitHubError(Problem("github", f"GitHub links the next page on another server, {host}"))

    def _call(
        self, method: Method, url: str, *, query: Mapping[str, object] | None = None, body: Document | None = None
    ) -> httpx2.Response:
        waited = 0.0
        for attempt in count(1):
            found = self._attempt(method, url, query, body)
            if isinstance(found, httpx2.Response) and not found.is_error:
                return found
            failed = failure(found, attempt)
            waited += failed.delay
            if attempt == ATTEMPTS or waited > PATIENCE or not failed.may_repeat(repeatable=method != "POST"):
                raise GitHubError(problem(found, f"{method} {url}"))
            self.sleep(failed.delay)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _attempt(
        self, method: Method, url: str, query: Mapping[str, object] | None, body: Document | None
    ) -> httpx2.Response | httpx2.HTTPError:
        params = {name: str(value) for name, value in (query or {}).items()} or None
        try:
            return self.client.request(method, url, params=params, json=body)
        except httpx2.RequestError as error:
            return error
        except httpx2.InvalidURL as error:
            hint = "Check GITHUB_API_URL."
            raise GitHubError(Problem("github", f"{url} is not a valid URL: {error}", hint=hint)) from error


def _parsed(answer: httpx2.Response) -> Any:
    try:
        return answer.json()
    except ValueError as error:
        kind = answer.headers.get("content-type", "no content type")
        hint = "Check that GITHUB_API_URL is the URL of GitHub's API, and that no proxy answers in its place."
        raise GitHubError(Problem("github", f"the answer ({kind}) is not JSON", hint=hint)) from error


@contextmanager
def connect(environ: Mapping[str, str], sleep: Callable[[float], None] = time.sleep) -> Iterator[GitHub]:
    """Connect to the repository of a workflow: `GITHUB_REPOSITORY`, `GITHUB_API_URL` and `GITHUB_TOKEN`.

    GitHubError if the repository or the token is missing. Messages do not contain the token.
    """
    url = environ.get("GITHUB_API_URL") or API
    try:
        client = _client(url, _set(environ, "GITHUB_TOKEN"))
    except (httpx2.InvalidURL, ImportError, ValueError) as error:
        hint = "Check GITHUB_API_URL, and the variables HTTP_PROXY, HTTPS_PROXY and ALL_PROXY."
        raise GitHubError(
            Problem("github", f"the URL of GitHub or of a proxy is not valid: {error}", hint=hint)
        ) from error
    with client:
        yield GitHub(client, _set(environ, "GITHUB_REPOSITORY"), sleep)


def _client(url: str, token: str) -> httpx2.Client:
    return httpx2.Client(
        base_url=url,
        headers={
            "Authorization": f"Bearer {token}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": VERSION,
        },
        follow_redirects=True,
        timeout=httpx2.Timeout(60, connect=10),
    )


def _set(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name, "").strip()
    if not value:
        hint = "In a workflow, add `env: {GITHUB_TOKEN: ${{ github.token }}}`; GitHub sets GITHUB_REPOSITORY itself."
        raise GitHubError(Problem("github", f"{name} is not set", hint=hint))
    if not (value.isascii() and value.isprintable()):
        raise GitHubError(Problem("github", f"{name} contains invalid characters", hint="Set it again."))
    return value

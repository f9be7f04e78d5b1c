"""One repository by GitHub's REST API (docs.github.com/rest): requests, pages, and failures that may pass."""

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
"""Of the REST API, in the header `X-GitHub-Api-Version`."""
ATTEMPTS: Final = 5
PATIENCE: Final = 300.0
"""The longest that one request waits between its attempts, in seconds, all waits together."""


@dataclass(frozen=True)
class GitHub:
    """A repository. Paths are relative to `/repos/OWNER/NAME/`."""

    client: httpx2.Client = field(repr=False)
    """Holds the token."""
    repository: str
    """`OWNER/NAME`"""
    sleep: Callable[[float], None] = time.sleep

    @property
    def owner(self) -> str:
        return self.repository.partition("/")[0]

    def get(self, path: str, **query: object) -> Document:
        return self._ask("GET", path, query=query)

    def post(self, path: str, body: Document) -> Document:
        """Make something. Sent again only where GitHub says that it has not looked at it: nothing is made twice."""
        return self._ask("POST", path, body=body)

    def patch(self, path: str, body: Document) -> Document:
        return self._ask("PATCH", path, body=body)

    def pages(self, path: str, key: str | None = None, **query: object) -> Iterator[Document]:
        """Every entry of a list, page by page as they are asked for; `key` is where the list is in its answer."""
        url: str | None = self._url(path)
        query = {"per_page": 100, **query}
        while url:
            answer = self._call("GET", url, query=query)
            body = _parsed(answer)
            yield from body[key] if key else body
            url, query = self._next(answer), {}

    def download(self, path: str) -> bytes:
        """The bytes that `path` leads to: it redirects to a server that is not shown the token."""
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
        if url is None or httpx2.URL(url).host == self.client.base_url.host:
            return url
        raise GitHubError(Problem("github", f"the next page is said to be at another server, {httpx2.URL(url).host}"))

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
        except httpx2.TransportError as error:
            return error


def _parsed(answer: httpx2.Response) -> Any:
    try:
        return answer.json()
    except ValueError as error:
        kind = answer.headers.get("content-type", "no content type")
        hint = "Is GITHUB_API_URL that of GitHub's API, and no proxy in between that answers itself?"
        raise GitHubError(Problem("github", f"the answer ({kind}) is not JSON", hint=hint)) from error


@contextmanager
def connect(environ: Mapping[str, str], sleep: Callable[[float], None] = time.sleep) -> Iterator[GitHub]:
    """The repository that a workflow runs in: `GITHUB_REPOSITORY`, `GITHUB_API_URL`, and its token in `GITHUB_TOKEN`.

    GitHubError where one of them is missing. The token is in no message.
    """
    client = httpx2.Client(
        base_url=environ.get("GITHUB_API_URL") or API,
        headers={
            "Authorization": f"Bearer {_set(environ, 'GITHUB_TOKEN')}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": VERSION,
        },
        follow_redirects=True,
        timeout=httpx2.Timeout(60, connect=10),
    )
    with client:
        yield GitHub(client, _set(environ, "GITHUB_REPOSITORY"), sleep)


def _set(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name, "").strip()
    if not value:
        hint = "A workflow has it: `env: {GITHUB_TOKEN: ${{ github.token }}}`; GITHUB_REPOSITORY is there by itself."
        raise GitHubError(Problem("github", f"{name} is not set", hint=hint))
    if not (value.isascii() and value.isprintable()):
        raise GitHubError(Problem("github", f"{name} holds characters that it never has", hint="Set it anew."))
    return value

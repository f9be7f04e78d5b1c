"""The connection to the OpenAI API, which every request uses."""

import asyncio
import math
import os
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import lru_cache
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from reconciler.live.clients import Clients, clients
from reconciler.live.errors import Failure, LiveError, MissingError, failure_of, scope_of
from reconciler.live.lazy_types import import_openai
from reconciler.live.openai_host import is_of_openai
from reconciler.live.pace import Pace
from reconciler.live.requests import Object, Request, send
from reconciler.live.responses import decoded
from reconciler.live.source import Source
from reconciler.live.watching import Watch
from reconciler.resources.base import Desired
from reconciler.resources.problems import Problem

if TYPE_CHECKING:
    import httpx2

NO_KEY: Final = "no-key-is-sent"
"""Required by the SDK where none is sent, or where the API ignores it."""
ATTEMPTS: Final = 6
PATIENCE: Final = 300.0
"""Maximum total wait of one request between its attempts, in seconds."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The location of the API: a URL (None: the default of the SDK, `OPENAI_BASE_URL` or OpenAI), or an app in this
    process.
    """

    base_url: str | None = None
    transport: "httpx2.AsyncBaseTransport | None" = None
    """Reaches an API in this process, like `httpx2.ASGITransport`; it needs no key."""
    mirrors_openai: bool = False
    """True for a server that has exactly the APIs that OpenAI has today."""
    source: Source | None = None
    """Set for a server that is only read, in place of the variables of the SDK."""


async def _always() -> None:
    """Permit a write."""


class Connection:
    """Sends requests, at the pace allowed, and counts them."""

    def __init__(self, clients: Clients, pace: Pace, *, mirrors_openai: bool = False) -> None:
        self.clients = clients
        self.client = clients.first
        self.mirrors_openai = mirrors_openai
        self.pace = pace
        self.attempts = ATTEMPTS
        """Maximum number of attempts of a request."""
        self._watch = Watch(self.client.api_key)
        self.requests: Counter[str] = Counter()
        """Requests sent, by method; each attempt counts."""
        self._may_write: Callable[[], Awaitable[None]] = _always
        self.deadline: float | None = None
        """The time of the event loop at which reading ends with an error; None for no limit. It does not count while
        the run writes.
        """
        self.project: str | None = None
        """The OpenAI project of the key, from the header `openai-project` of the last response."""
        self.organization: str | None = None
        """The organisation of the key, from the header `openai-organization` of the last response."""
        self._ahead = math.inf
        self.lists: set[str] = set()
        """Paths of the lists that the API returned."""
        self.walks: dict[tuple[str, ...], asyncio.Future[list[Object]]] = {}
        """Walks that others may wait for, by path; see `pages.shared_walk`."""
        self._looks_once = False

    @property
    def is_openai(self) -> bool:
        """True if this is an API of OpenAI itself, which serves every list."""
        return is_of_openai(self.client.base_url.host)

    @property
    def ahead(self) -> float:
        """Seconds by which the local clock is fast, compared with the header `Date` of the fastest response.

        Times of objects are OpenAI's: an object whose create was sent at `t` was made at `t - ahead` or later. A slow
        clock counts as correct, as does a clock that was not compared yet.
        """
        return max(0.0, self._ahead) if math.isfinite(self._ahead) else 0.0

    @property
    def clock_difference(self) -> float | None:
        """Seconds by which the local clock is fast (negative: slow), to about a second; None without a response that
        has the time.
        """
        return self._ahead if math.isfinite(self._ahead) else None

    async def call(self, request: Request) -> Object:
        """Send one request and return the JSON of its response.

        A repeatable request is sent again after a transient failure. Any other request is sent again only if it was
        certainly not carried out; if that is unknown, it raises `UnknownOutcomeError`. Every other failure raises a
        `LiveError`.
        """
        try:
            if self.deadline is None or self._may_write is not _always:
                return await self._repeated(request)
            async with asyncio.timeout_at(self.deadline):
                return await self._repeated(request)
        except TimeoutError as error:
            raise self._late(request) from error

    def _late(self, request: Request) -> LiveError:
        """Return the error for a request that the deadline of the command ended."""
        sent = ", ".join(f"{number} {method}" for method, number in sorted(self.requests.items()))
        message = f"the time limit ended during {request.method} {request.url}, after these requests: {sent}"
        hint = "Check the server, or raise the limit with --timeout."
        return LiveError(Problem("timeout", message, hint=hint))

    async def _repeated(self, request: Request) -> Object:
        waited = 0.0
        for attempt in count(1):
            outcome = await self._attempt(request, attempt)
            if not isinstance(outcome, Failure):
                return outcome
            delay = _delay(outcome, attempt)
            waited += delay
            again = outcome.may_repeat(repeatable=request.repeatable)
            if attempt >= self.attempts or waited > PATIENCE or not again:
                raise outcome.exception(request.about, repeatable=request.repeatable)
            self._watch.repeated(request, attempt, delay)
            await self._wait(outcome, delay, (*request.lanes, request.method))
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def get(self, *path: str, object_id: str | None = None) -> Object:
        """Return an object; raise `MissingError` if it does not exist.

        `object_id` is its id, if that is not the last word of `path`.
        """
        return await self.call(Request(method="GET", path=path, repeatable=True, object_id=object_id or path[-1]))

    async def page(self, *path: str, query: Mapping[str, Any] | None = None, first: bool = False) -> Object:
        """Return a page of a list; raise `MissingError` if the server does not have the list. See `Pace.turn` for
        `first`.
        """
        request = Request(method="GET", path=path, repeatable=True, query=query or {}, of_list=True, goes_first=first)
        return await self.call(request)

    async def content(self, *path: str) -> bytes:
        """Return the content of a file."""
        found = await self.call(Request(method="GET", path=path, repeatable=True, of_content=True))
        return bytes(found["content"])

    async def read(self, *path: str, object_id: str | None = None) -> Object | None:
        """Return the object, or None if it does not exist. See `get`."""
        try:
            return await self.get(*path, object_id=object_id)
        except MissingError:
            return None

    async def download(self, *path: str) -> bytes | None:
        """Return the content of a file, or None if it does not exist."""
        try:
            return await self.content(*path)
        except MissingError:
            return None

    async def create(
        self,
        *path: str,
        body: Mapping[str, Any],
        about: Desired,
        files: Sequence[tuple[str, str, bytes]] = (),
        secrets: tuple[str, ...] = (),
    ) -> Object:
        """Make something new: at most once, so that doubt is a `UnknownOutcomeError`."""
        request = Request(
            method="POST", path=path, repeatable=False, body=body, files=files, about=about, secrets=secrets
        )
        return await self.call(request)

    async def replace(
        self,
        *path: str,
        body: Mapping[str, Any],
        about: Desired | None = None,
        lanes: tuple[str, ...] = (),
        secrets: tuple[str, ...] = (),
    ) -> Object:
        """Write values that mean the same when they are written twice."""
        request = Request(
            method="POST", path=path, repeatable=True, body=body, about=about, lanes=lanes, secrets=secrets
        )
        return await self.call(request)

    async def remove(self, *path: str, lanes: tuple[str, ...] = ()) -> None:
        """Delete an object. An object that does not exist is not an error."""
        with suppress(MissingError):
            await self.call(Request(method="DELETE", path=path, repeatable=True, lanes=lanes))

    @contextmanager
    def looking_once(self) -> Iterator[None]:
        """Keep the results of shared walks until the end of the context, for one plan."""
        self._looks_once = True
        try:
            yield
        finally:
            self._looks_once = False
            self.walks = {path: walk for path, walk in self.walks.items() if not walk.done()}

    def walked(self, path: tuple[str, ...], walk: asyncio.Future[list[Object]]) -> None:
        """Forget a shared walk that ended, unless its result is kept."""
        if not self._looks_once or walk.cancelled() or walk.exception():
            self.walks.pop(path, None)

    @contextmanager
    def writing_while(self, check: Callable[[], Awaitable[None]]) -> Iterator[None]:
        """Call `check` immediately before every write request in the context; it raises to prevent the request."""
        before, self._may_write = self._may_write, check
        try:
            yield
        finally:
            self._may_write = before

    async def _attempt(self, request: Request, attempt: int) -> Object | Failure:
        import openai

        asked = self.pace.clock()
        async with self.pace.turn(*request.lanes, request.method, first=request.goes_first):
            if request.method != "GET":
                await self._may_write()
            self.requests[request.method] += 1
            begun = self.pace.clock()
            sent = self._watch.sent(request, attempt, begun - asked)
            try:
                with self.clients.one() as client:
                    response = await send(client, request)
            except openai.APIError as error:
                if isinstance(error.__cause__, LiveError):
                    raise error.__cause__ from None
                if isinstance(error, openai.APIStatusError):
                    self._learn(error.response)
                failure = failure_of(error, self.client.api_key, scope_of(request.method, request.path[0]))
                self._watch.answered(sent, self.pace.clock() - begun, error, failure.advice.code)
                return failure.without(request.secrets)
        self._watch.answered(sent, self.pace.clock() - begun, response)
        self._learn(response)
        if request.of_content:
            return {"content": response.content}
        found = decoded(response, is_list=request.of_list, id_=request.object_id)
        if isinstance(found, Failure):
            return found.without(request.secrets)
        if request.of_list:
            self.lists.add(request.url)
        return found

    def _learn(self, response: "httpx2.Response") -> None:
        """Note what the headers of a response say about the key and the clock."""
        self.project = response.headers.get("openai-project", self.project)
        self.organization = response.headers.get("openai-organization", self.organization)
        self._ahead = min(self._ahead, _ahead(response))

    async def _wait(self, failure: Failure, delay: float, lanes: tuple[str, ...]) -> None:
        """Wait before the next attempt: after a rate limit in all lanes, after any other failure only in this
        request.
        """
        if failure.throttled:
            self.pace.hold(delay, *lanes)
        else:
            await self.pace.sleep(delay)


@asynccontextmanager
async def connect(endpoint: Endpoint, *, pace: Pace) -> AsyncIterator[Connection]:
    """Open a connection, and close it at the end.

    Key, organisation and project are read as the SDK reads them, from `OPENAI_API_KEY`, `OPENAI_ORG_ID` and
    `OPENAI_PROJECT_ID`; raises `LiveError` if a URL is to be reached without a key.
    """
    key = api_key() if endpoint.transport is None and endpoint.source is None else NO_KEY
    # A quarter of a second of imports, in a thread: meanwhile other tasks run.
    await asyncio.to_thread(import_openai)
    async with clients(endpoint.base_url, key, endpoint.transport, endpoint.source) as opened:
        yield Connection(opened, pace, mirrors_openai=endpoint.mirrors_openai)


def api_key() -> str:
    """Return the key of the API from its variable; raises LiveError if there is none, or if it cannot be one."""
    key = os.environ.get("OPENAI_API_KEY", "").strip()
    if not key:
        hint = "Set OPENAI_API_KEY, or use the embedded API, which needs no key: export RECONCILER_ENDPOINT=embedded"
        raise LiveError(Problem("no-api-key", "OPENAI_API_KEY is not set", hint=hint))
    if not (key.isascii() and key.isprintable() and " " not in key):
        hint = "Copy the key again, on one line."
        raise LiveError(
            Problem("bad-api-key", "OPENAI_API_KEY has characters that are not valid in an API key", hint=hint)
        )
    return key


def _delay(failure: Failure, attempt: int) -> float:
    """Return the seconds before the next attempt: the server's value, or else a doubling delay with jitter, longer
    after a rate limit.
    """
    if failure.retry_after:
        return failure.retry_after
    first = 2.0 if failure.throttled else 0.5
    return first * float(2 ** (attempt - 1)) * random.uniform(0.75, 1.25)  # noqa: S311 - no secret


def _ahead(response: "httpx2.Response") -> float:
    """Return the seconds from the time of the response, by the server's clock in whole seconds, to now by the local
    clock.
    """
    return time.time() - _moment(response.headers.get("date", ""))


@lru_cache(maxsize=1)
def _moment(date: str) -> float:
    """Return the Unix time of a header `Date`, which the responses of a second have in common; minus infinity if it
    cannot be read.
    """
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError):
        return -math.inf

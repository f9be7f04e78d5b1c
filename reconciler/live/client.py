"""The connection to an OpenAI API, and the one way that every request takes through it."""

import asyncio
import importlib
import json
import os
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, TypeAlias

from reconciler.live.errors import LiveError, MissingError
from reconciler.live.failures import Failure, failure_of, unreadable
from reconciler.live.pace import AT_ONCE, Pace
from reconciler.resources.base import Desired
from reconciler.resources.problems import Problem

if TYPE_CHECKING:
    import httpx2
    from openai import AsyncOpenAI

Object: TypeAlias = dict[str, Any]
"""JSON as the API answers it: an object with an `id`, or a list of such under `data`."""
Method: TypeAlias = Literal["GET", "POST", "DELETE"]

CONNECT_SECONDS: Final = 5.0
READ_SECONDS: Final = 120.0
UPLOAD_SECONDS: Final = 600.0
ATTEMPTS: Final = 6
PATIENCE: Final = 300.0
"""The longest that one request waits between its attempts, in seconds, all waits together."""


class Answer(Protocol):
    """What a `with_raw_response` method of the SDK gives."""

    @property
    def http_response(self) -> "httpx2.Response": ...


Send: TypeAlias = "Callable[[AsyncOpenAI], Awaitable[Answer]]"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the API is: a URL (None: what the SDK takes, `OPENAI_BASE_URL` or OpenAI), or an app in this process."""

    base_url: str | None = None
    transport: "httpx2.AsyncBaseTransport | None" = None
    """Reaches an API in this process, like `httpx2.ASGITransport`; it needs no key."""


class Connection:
    """Sends requests, at the pace allowed, and counts them."""

    def __init__(self, client: "AsyncOpenAI", pace: Pace) -> None:
        self.client = client
        self.pace = pace
        self.requests: Counter[str] = Counter()
        """Requests sent, by method; each attempt counts."""
        self.project: str | None = None
        """The OpenAI project of the key, as the last answer said (response header `openai-project`)."""

    async def call(
        self,
        method: Method,
        send: Send,
        *,
        repeatable: bool,
        about: Desired | None = None,
        lanes: tuple[str, ...] = (),
    ) -> Object:
        """Send one request and return the JSON of its answer.

        `send` makes the request by a `with_raw_response` method of the SDK, which saves building models. `repeatable`
        tells that doing it twice is as good as doing it once (reads, deletes, full replacements): it is then repeated
        after whatever may pass. Anything else is repeated only if it certainly was not done, and raises `DoubtError`
        where nobody can tell. `about` is named in errors; `lanes` are paced besides the method's, narrowest first.
        """
        waited = 0.0
        for attempt in count(1):
            outcome = await self._attempt(method, send, lanes)
            if not isinstance(outcome, Failure):
                return outcome
            delay = _delay(outcome, attempt)
            waited += delay
            if attempt == ATTEMPTS or waited > PATIENCE or not outcome.may_repeat(repeatable=repeatable):
                raise outcome.exception(about, repeatable=repeatable)
            await self._wait(outcome, delay, (*lanes, method))
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def read(self, send: Send) -> Object | None:
        """The object that `send` reads, or None where there is none."""
        try:
            return await self.call("GET", send, repeatable=True)
        except MissingError:
            return None

    async def remove(self, send: Send, *, lanes: tuple[str, ...] = ()) -> None:
        """Delete what `send` deletes; what is gone already is done."""
        with suppress(MissingError):
            await self.call("DELETE", send, repeatable=True, lanes=lanes)

    async def _attempt(self, method: Method, send: Send, lanes: tuple[str, ...]) -> Object | Failure:
        import openai

        async with self.pace.turn(*lanes, method):
            self.requests[method] += 1
            try:
                response = (await send(self.client)).http_response
            except openai.APIError as error:
                return failure_of(error, self.client.api_key)
        self.project = response.headers.get("openai-project", self.project)
        return _understood(response)

    async def _wait(self, failure: Failure, delay: float, lanes: tuple[str, ...]) -> None:
        """A rate limit concerns everybody in the lanes; any other failure only the request that met it."""
        if failure.throttled:
            self.pace.hold(delay, *lanes)
        else:
            await self.pace.sleep(delay)


@asynccontextmanager
async def connect(endpoint: Endpoint, *, pace: Pace) -> AsyncIterator[Connection]:
    """A connection, closed at the end.

    Key, organisation and project are read as the SDK reads them, from `OPENAI_API_KEY`, `OPENAI_ORG_ID` and
    `OPENAI_PROJECT_ID`; raises `LiveError` where a URL is to be reached without a key.
    """
    key = _key() if endpoint.transport is None else "embedded-needs-none"
    # Half a second of imports, in a thread: meanwhile the caller reads manifests.
    await asyncio.to_thread(importlib.import_module, "openai")
    async with _client(endpoint, key) as client:
        yield Connection(client, pace)


def _client(endpoint: Endpoint, key: str) -> "AsyncOpenAI":
    import httpx2
    import openai

    timeout = httpx2.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
    http = httpx2.AsyncClient(
        transport=endpoint.transport,
        timeout=timeout,
        limits=httpx2.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE),
    )
    base_url = "http://embedded/v1" if endpoint.transport and not endpoint.base_url else endpoint.base_url
    # The SDK repeats creates after a 500, without an idempotency key: repeating is `call`'s business.
    return openai.AsyncOpenAI(api_key=key, base_url=base_url, timeout=timeout, max_retries=0, http_client=http)


def _key() -> str:
    key = os.environ.get("OPENAI_API_KEY", "").strip()
    if not key:
        hint = "Set OPENAI_API_KEY, or use the embedded endpoint to try things out."
        raise LiveError(Problem("no-api-key", "there is no API key for OpenAI", hint=hint))
    if not (key.isascii() and key.isprintable() and " " not in key):
        hint = "Copy it again, on one line."
        raise LiveError(Problem("bad-api-key", "OPENAI_API_KEY holds characters that no API key has", hint=hint))
    return key


def _delay(failure: Failure, attempt: int) -> float:
    """Seconds before the next attempt: what the server says, else doubling, with jitter; more after a rate limit."""
    if failure.retry_after is not None:
        return failure.retry_after
    first = 2.0 if failure.throttled else 0.5
    return first * float(2 ** (attempt - 1)) * random.uniform(0.75, 1.25)  # noqa: S311 - no secret


def _understood(response: "httpx2.Response") -> Object | Failure:
    """The answer, if it is an object with an id, or a list of such objects."""
    try:
        body = json.loads(response.content)
    except ValueError:
        return unreadable(response)
    return body if _is_object(body) or _is_list(body) else unreadable(response)


def _is_object(body: Any) -> bool:
    return isinstance(body, dict) and isinstance(body.get("id"), str)


def _is_list(body: Any) -> bool:
    return isinstance(body, dict) and isinstance(body.get("data"), list) and all(map(_is_object, body["data"]))

"""The clients of the SDK that a connection sends its requests with, each with one connection to the server.

Before and after each request, an HTTP client asks the system about every idle connection of its pool. With sixteen of
them that took a seventh of the CPU of an apply. A client with one connection asks about that one.
"""

import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Final, Self

from reconciler.live.errors import LiveError, plain
from reconciler.live.requests import CONNECT_SECONDS
from reconciler.live.source import Source
from reconciler.resources.problems import Problem

if TYPE_CHECKING:
    from http.cookiejar import CookieJar

    import httpx2
    from openai import AsyncOpenAI

READ_SECONDS: Final = 120.0
SMALL: Final = 64 * 2**10
"""Maximum size in bytes of a body that is sent in one piece."""


class Clients:
    """As many clients as there are requests at once, made on demand and closed together."""

    def __init__(self, make: Callable[[], "AsyncOpenAI"]) -> None:
        self._make = make
        self.first = make()
        self._idle = [self.first]
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self._open.enter_async_context(self.first)
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._open.aclose()

    @contextmanager
    def one(self) -> Iterator["AsyncOpenAI"]:
        """Yield a client that no other request uses: the one that was used last, whose connection is most likely open,
        or a new one.
        """
        client = self._idle.pop() if self._idle else self._another()
        try:
            yield client
        finally:
            self._idle.append(client)

    def _another(self) -> "AsyncOpenAI":
        client = self._make()
        self._open.push_async_callback(client.close)
        return client


async def join_body(request: "httpx2.Request") -> None:
    """Join the parts of a small form: each is sent with its own system call otherwise. Called for every request."""
    if int(request.headers.get("content-length", SMALL + 1)) <= SMALL:
        await request.aread()


def clients(
    base_url: str | None, key: str, transport: "httpx2.AsyncBaseTransport | None", source: Source | None
) -> Clients:
    """Return clients with the same trusted certificates and the same cookies: a load balancer may set one that leads
    all requests of a session to the same server.
    """
    from http.cookiejar import CookieJar

    import httpx2

    url = "http://embedded/v1" if transport and not base_url else base_url
    try:
        hooks = source.hooks() if source else {"request": [join_body]}
        made = partial(_made, url, key, transport, hooks, _trusted(url), CookieJar())
        return Clients(cache(made) if transport else made)  # there is no connection to an app in this process
    except (httpx2.InvalidURL, ImportError, ValueError) as error:
        hint = "Check the endpoint, OPENAI_BASE_URL, and the variables HTTP_PROXY, HTTPS_PROXY and ALL_PROXY."
        message = f"the URL of the API or of a proxy is not valid: {plain(error)}"
        raise LiveError(Problem("bad-endpoint", message, hint=hint)) from error


def _made(
    base_url: str | None,
    key: str,
    transport: "httpx2.AsyncBaseTransport | None",
    hooks: Mapping[str, list[Callable[..., Any]]],
    verify: ssl.SSLContext,
    cookies: "CookieJar",
) -> "AsyncOpenAI":
    import httpx2
    import openai

    timeout = httpx2.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
    http = httpx2.AsyncClient(
        transport=transport,
        verify=verify,
        cookies=cookies,
        timeout=timeout,
        event_hooks=hooks,
        limits=httpx2.Limits(max_connections=1, max_keepalive_connections=1),
    )
    # The SDK repeats creates after a 500, without an idempotency key: `Connection.call` repeats requests.
    return openai.AsyncOpenAI(api_key=key, base_url=base_url, timeout=timeout, max_retries=0, http_client=http)


def _trusted(base_url: str | None) -> ssl.SSLContext:
    """Return the certificates that the connections to the API trust, directly and through proxies.

    To read them takes 20 ms. A client of an `http:` URL without an `https:` proxy needs none, as it follows no
    redirects, and gets none.
    """
    from urllib.request import getproxies

    import httpx2

    proxies = getproxies().values()
    is_plain = base_url is not None and httpx2.URL(base_url).scheme == "http"
    if is_plain and not any(proxy.startswith("https:") for proxy in proxies):
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return httpx2.create_ssl_context()

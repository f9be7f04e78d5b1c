"""Requests to the API, and how they are sent: with the generic methods of the SDK and time limits of our own."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias
from urllib.parse import quote, urlencode

from reconciler.resources.base import Desired

if TYPE_CHECKING:
    import httpx2
    from openai import AsyncOpenAI, Omit, RequestOptions

Object: TypeAlias = dict[str, Any]
"""JSON as the API answers it: an object with an `id`, or a list of such under `data`."""
Method: TypeAlias = Literal["GET", "POST", "DELETE"]

CONNECT_SECONDS: Final = 5.0
UPLOAD_SECONDS: Final = 600.0
REQUEST_SECONDS: Final = 180.0
"""Maximum time from sending a request to the end of its response. The others limit the time without any byte."""
UPLOAD_REQUEST_SECONDS: Final = 1_800.0
BETA: Final = {
    **dict.fromkeys(("agents", "vaults"), "agents=v1"),
    **dict.fromkeys(("assistants", "threads", "vector_stores"), "assistants=v2"),
}
"""The header `OpenAI-Beta` by first part of the path, as the SDK's own methods send it."""

TELEMETRY: Final = (
    *("X-Stainless-Lang", "X-Stainless-Package-Version", "X-Stainless-OS", "X-Stainless-Arch", "X-Stainless-Async"),
    *("X-Stainless-Runtime", "X-Stainless-Runtime-Version", "X-Stainless-Retry-Count", "X-Stainless-Read-Timeout"),
)
"""Headers in which the SDK describes the machine. They are not sent: every layer below the SDK checks and copies each
header, which takes a fifth of the CPU of a request.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request, and what may be done about its failure."""

    method: Method
    path: tuple[str, ...]
    repeatable: bool
    """True if sending it twice has the same effect as sending it once: reads, deletes, full replacements."""
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] | None = field(default=None, repr=False)
    files: Sequence[tuple[str, str, bytes]] = ()
    """Field, name and bytes of each upload; the body is a form then."""
    about: Desired | None = None
    """The written object, for errors."""
    lanes: tuple[str, ...] = ()
    """Paced besides the method's, narrowest first."""
    of_list: bool = False
    """True for a request whose response is a list."""
    goes_first: bool = False
    """True if the request is sent before others that wait for the rate limit."""
    object_id: str | None = None
    """The id that the object in the response must have; None for any."""
    of_content: bool = False
    """True for a request whose response is the content of a file, and not JSON."""
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """Secrets in the body, which no message may contain."""

    @property
    def url(self) -> str:
        """Relative to the base URL."""
        if not all(self.path):
            raise ValueError(f"an empty id in {self.path}")
        return "/" + "/".join(quote(part, safe="") for part in self.path)


async def send(client: "AsyncOpenAI", request: Request) -> "httpx2.Response":
    """Send a request, and raise APITimeoutError if its response is not complete in time."""
    import httpx2
    import openai

    seconds = UPLOAD_REQUEST_SECONDS if request.files or request.of_content else REQUEST_SECONDS
    try:
        async with asyncio.timeout(seconds) as limit:
            return await _sent(client, request)
    except TimeoutError:
        if not limit.expired():
            raise
        cause = TimeoutError(f"the response was not complete after {seconds:.0f} s")
        raise openai.APITimeoutError(request=httpx2.Request(request.method, _url(client, request))) from cause


async def _sent(client: "AsyncOpenAI", request: Request) -> "httpx2.Response":
    """Send a request with the generic methods of the SDK: importing its typed methods for agents takes most of a
    second.
    """
    import httpx2

    url = _url(client, request)
    options: RequestOptions = {"headers": _headers(request)}
    if request.method == "GET":
        return await client.get(url, cast_to=httpx2.Response, options=options)
    if request.method == "DELETE":
        return await client.delete(url, cast_to=httpx2.Response, options=options)
    if not request.files:
        return await client.post(url, cast_to=httpx2.Response, body=request.body, options=options)
    options["timeout"] = httpx2.Timeout(UPLOAD_SECONDS, connect=CONNECT_SECONDS)
    files = [(field, (name, content)) for field, name, content in request.files]
    return await client.post(url, cast_to=httpx2.Response, body=request.body, files=files, options=options)


def _url(client: "AsyncOpenAI", request: Request) -> str:
    """Return the whole URL. The SDK and the layers below it would join its parts one after the other, and parse the
    result each time, which takes a tenth of the CPU of a request.
    """
    query = f"?{urlencode(request.query)}" if request.query else ""
    return f"{str(client.base_url).rstrip('/')}{request.url}{query}"


def _headers(request: Request) -> "dict[str, str | Omit]":
    return dict(_headers_of(BETA.get(request.path[0]), is_form=bool(request.files), of_content=request.of_content))


@cache
def _headers_of(beta: str | None, *, is_form: bool, of_content: bool) -> "Mapping[str, str | Omit]":
    import openai

    return {
        **({"Content-Type": "multipart/form-data"} if is_form else {}),
        **({"Accept": "application/octet-stream"} if of_content else {}),
        **({"OpenAI-Beta": beta} if beta else {}),
        **dict.fromkeys(TELEMETRY, openai.Omit()),
    }

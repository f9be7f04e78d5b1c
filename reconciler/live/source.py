"""A server that is only read, to migrate from it. It gets its own key and no other credential, and no response of
unlimited size is read.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from reconciler.live.errors import LiveError
from reconciler.resources.problems import Problem

if TYPE_CHECKING:
    import httpx2

LARGEST_JSON: Final = 128 * 2**20
"""Maximum size of a response in bytes, unless it is the content of a file."""
LARGEST_FILE: Final = 512 * 2**20
"""Maximum size of a file in bytes: that of an upload to OpenAI."""
_SENT: Final = frozenset({"accept", "connection", "host", "openai-beta", "user-agent"})
"""Headers that are sent. The SDK adds others from the environment: the organisation, the project, custom headers."""
_CONTENT: Final = "/content"
"""The end of the path of a request for the content of a file."""


@dataclass(frozen=True, slots=True)
class Source:
    """The credential of a server that is only read."""

    key: str = ""
    """Empty if the server requires none."""

    def hooks(self) -> dict[str, list[Callable[..., Any]]]:
        """Return the event hooks of the HTTP client."""
        return {"request": [self._check_request], "response": [_check_response]}

    async def _check_request(self, request: "httpx2.Request") -> None:
        """Remove every header that the server does not need, such as the key of OpenAI."""
        for name in {*request.headers} - _SENT:
            del request.headers[name]
        request.headers["Accept-Encoding"] = "identity"
        if self.key:
            request.headers["Authorization"] = f"Bearer {self.key}"


async def _check_response(response: "httpx2.Response") -> None:
    """Make reading of the body raise LiveError where the body is larger than allowed, or compressed."""
    import httpx2

    path = response.request.url.path
    most = LARGEST_FILE if path.endswith(_CONTENT) else LARGEST_JSON
    if response.headers.get("content-encoding", "identity") != "identity":
        raise _refused(path, "is compressed, although that was not accepted")

    class Limited(httpx2.AsyncByteStream):
        def __init__(self, inner: httpx2.AsyncByteStream) -> None:
            self._inner = inner

        async def __aiter__(self) -> AsyncIterator[bytes]:
            size = 0
            async for chunk in self._inner:
                size += len(chunk)
                if size > most:
                    raise _refused(path, f"is larger than {most // 2**20} MiB")
                yield chunk

        async def aclose(self) -> None:
            await self._inner.aclose()

    if isinstance(response.stream, httpx2.AsyncByteStream):
        response.stream = Limited(response.stream)


def _refused(path: str, what: str) -> LiveError:
    hint = "Check that the URL is that of a server with the Assistants API, and that no proxy answers in its place."
    return LiveError(Problem("too-large", f"GET {path}: the response {what}", hint=hint))

"""Reports of the requests of a command to those that follow them: never a header, a body or a credential."""

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

from reconciler.live.errors import plain, repeats
from reconciler.live.requests import Request

if TYPE_CHECKING:
    import httpx2
    import openai


@dataclass(frozen=True, slots=True)
class Sent:
    """One attempt of a request, as it is sent."""

    method: str
    path: str
    """Relative to the base URL, whose query and user are not part of it."""
    attempt: int = 1
    query: Mapping[str, Any] = field(default_factory=dict)
    """The parameters that Reconciler sets, such as the cursor of a list."""
    waited: float = 0.0
    """Seconds for which the request waited until the rate limit admitted it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The end of one attempt: a response, or a failure without one."""

    sent: Sent
    seconds: float
    status: int | None = None
    """The HTTP status; None without a response."""
    request_id: str = ""
    """The header `x-request-id`, by which OpenAI finds a request; empty if there is none."""
    failure: str = ""
    """The code of the failure; empty after a success."""


@dataclass(frozen=True, slots=True)
class Retry:
    """The announcement that a failed attempt is repeated."""

    sent: Sent
    seconds: float
    """The seconds until then, at least."""


class Watcher(Protocol):
    """Follows the requests of a command. Must not block and not raise."""

    def sent(self, sent: Sent) -> None: ...

    def answered(self, answer: Answer) -> None: ...

    def repeated(self, retry: Retry) -> None: ...


WATCHERS: Final[ContextVar[tuple[Watcher, ...]]] = ContextVar("watchers", default=())
"""The followers of the requests that are sent in this context."""


class Watch:
    """Reports the requests of one connection to their followers."""

    def __init__(self, api_key: str) -> None:
        self._api_key = api_key
        self._secrets: set[str] = set()
        """The secrets that were sent, which a server may repeat in the id of an object or of a request."""

    def sent(self, request: Request, attempt: int, waited: float) -> Sent:
        """Report that a request is sent, and return what was reported."""
        self._secrets.update(request.secrets)
        watchers = WATCHERS.get()
        if not watchers:
            return Sent(request.method, "")
        sent = self._of(request, attempt, waited)
        for watcher in watchers:
            watcher.sent(sent)
        return sent

    def answered(
        self, sent: Sent, seconds: float, outcome: "httpx2.Response | openai.APIError", failure: str = ""
    ) -> None:
        """Report a response, or an exception of the SDK with the code of its failure."""
        watchers = WATCHERS.get()
        if not watchers:
            return
        response = getattr(outcome, "response", outcome)
        status, headers = getattr(response, "status_code", None), getattr(response, "headers", {})
        answer = Answer(sent, seconds, status, self._shown(headers.get("x-request-id", "")), failure)
        for watcher in watchers:
            watcher.answered(answer)

    def repeated(self, request: Request, attempt: int, seconds: float) -> None:
        """Report that a failed attempt is repeated after `seconds`."""
        for watcher in WATCHERS.get():
            watcher.repeated(Retry(self._of(request, attempt), seconds))

    def _of(self, request: Request, attempt: int, waited: float = 0.0) -> Sent:
        query = {name: self._shown(str(value)) for name, value in request.query.items()}
        return Sent(request.method, self._shown(request.url), attempt, query, waited)

    def _shown(self, text: str) -> str:
        """Return `text` for output, unless it may contain a part of a secret."""
        return "[hidden]" if any(repeats(text, secret) for secret in self._secrets) else plain(text, self._api_key)

"""Errors of the API: their exceptions, whether the request was carried out, whether to retry, and the hints for
users.
"""

import base64
import html
import json
import math
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from reconciler.resources.base import Desired
from reconciler.resources.problems import Problem, ReconcilerError

if TYPE_CHECKING:
    import httpx2
    import openai


class LiveError(ReconcilerError):
    """The API refused a request, was unreachable, or sent an unreadable response."""

    request: str = ""
    """Method and path of the request."""
    scope: str = ""
    """The scope that a restricted key may lack for the request; empty if the error is not about the key."""


class MissingError(LiveError):
    """The object does not exist (404): it was deleted, never created, or is in another OpenAI project."""


class NotServedError(MissingError):
    """The server does not have the list (404)."""


class DeniedError(LiveError):
    """The key, the server or a gateway before it does not permit the request at all: 401, 403, 405, 501, or a 404 that
    is not from an API. It shows nothing about the object or the list.
    """


def reclassified(error: LiveError, as_type: type[LiveError], code: str, hint: str) -> LiveError:
    """Return an error of another type about the same request, with another code and hint."""
    made = as_type(*(replace(problem, code=code, hint=hint) for problem in error.problems))
    made.request, made.scope = error.request, error.scope
    return made


class QuotaError(LiveError):
    """Credit or a spending limit is used up: trying again does not help, and nothing else will succeed either."""


class UnknownOutcomeError(LiveError):
    """The request may or may not have been carried out. Look for its effect before sending it again."""


_KEY: Final = re.compile(r"\bsk-[\w*-]+")
_LONGEST: Final = 500
_PART: Final = 6
"""Length of the parts of a secret that a message may not contain."""
_HIDDEN: Final = "the server's message is not shown, because it may contain a part of the secret"
_SCOPES: Final = {"models": "model"}
"""Names in scopes, where they differ from the first part of the path."""
_QUOTA_CODES: Final = frozenset(
    {
        "insufficient_quota",
        "credit_balance_exhausted",
        "organization_spend_limit_exceeded",
        "project_spend_limit_exceeded",
        "organization_usage_limit_exceeded",
    }
)
"""Error codes of status 429 that a retry does not resolve (guide "Error codes")."""


@dataclass(frozen=True, slots=True)
class Advice:
    """The meaning of a status for users: a stable code and a hint."""

    code: str
    hint: str


_ADVICE: Final = {
    400: Advice("rejected", "Correct the value in the manifest."),
    401: Advice("unauthorized", "Set OPENAI_API_KEY to a valid key of the right OpenAI project."),
    403: Advice("forbidden", "Grant the key this permission, or use another key or region."),
    404: Advice("not-found", "The object was deleted, or is in another OpenAI project than the key. Plan again."),
    409: Advice("conflict", "Another process uses or changes the object. Check it, then plan again."),
    413: Advice("rejected", "The request is too large for the API."),
    422: Advice("rejected", "Correct the value in the manifest."),
    429: Advice("rate-limited", "The rate limit of the project is used up. Run it again later."),
}
_NOT_SERVED: Final = Advice(
    "not-served",
    "Check the base URL, which must include /v1 if the API does, and that a gateway before the API forwards this path.",
)
_DENIED: Final = frozenset({401, 403, 405, 501})
_QUOTA: Final = Advice("quota", "Add credit or raise the spending limit of the project, then run it again.")
_SERVER: Final = Advice(
    "server-error",
    "Run it again; if the error persists, see the status page of the server, https://status.openai.com for OpenAI.",
)
_REDIRECT: Final = Advice("refused", "Redirects are not followed. If the API is at the other URL, use that one.")
_OTHER: Final = Advice("refused", "Check that the base URL is that of an OpenAI API, including /v1.")
_UNREACHABLE: Final = Advice("unreachable", "Check the network, the proxy and the base URL, then run it again.")
_UNREADABLE: Final = Advice(
    "unreadable", "Check that the base URL is that of an OpenAI API, and that no proxy answers in its place."
)


@dataclass(frozen=True, slots=True)
class Failure:
    """One request that did not succeed."""

    request: str
    """Method and path."""
    message: str
    advice: Advice
    request_id: str | None = None
    error: type[LiveError] = LiveError
    undone: bool = True
    """True if the request certainly changed nothing."""
    passing: bool = False
    """True if the same request may succeed later."""
    throttled: bool = False
    retry_after: float | None = None
    """Seconds, if the server sent a value."""
    scope: str = ""
    """The scope that may be missing; empty if the failure is not about the key."""

    def may_repeat(self, *, repeatable: bool) -> bool:
        """Return True if the request may be sent again; `repeatable` requests may be carried out twice."""
        return self.passing and (self.undone or repeatable)

    def without(self, secrets: Sequence[str]) -> "Failure":
        """Return the failure without the text of the server, if that may contain a part of a secret."""
        if not any(repeats(text, secret) for text in (self.message, self.request_id or "") for secret in secrets):
            return self
        status = self.message.partition(",")[0]
        known = f"{status}, " if status.isdigit() else ""
        return replace(self, message=f"{known}{_HIDDEN}", request_id=None)

    def exception(self, about: Desired | None, *, repeatable: bool) -> LiveError:
        doubtful = not (self.undone or repeatable)
        subject = f"{about.address}: " if about else ""
        hint = (
            "The request may or may not have been carried out. Plan again to check." if doubtful else self.advice.hint
        )
        problem = Problem(
            code="in-doubt" if doubtful else self.advice.code,
            message=f"{subject}{self.request}: {self.message}",
            place=about.place if about else None,
            hint=f"{hint} (request id {self.request_id})" if self.request_id else hint,
        )
        made = UnknownOutcomeError(problem) if doubtful else self.error(problem)
        made.request, made.scope = self.request, self.scope
        return made


def repeats(text: str, secret: str) -> bool:
    """Return True if `text` may contain a part of a secret, as it is or encoded, also split over lines."""
    said = "".join(text.split()).lower()
    found = (form[start : start + _PART] for form in _forms(secret) for start in range(max(1, len(form) - _PART + 1)))
    return any(part in said for part in found if part)


def _forms(secret: str) -> Iterator[str]:
    """Yield the encoded forms of a secret that a message may have, in lower case and without spaces."""
    data = secret.encode()
    shifted = (base64.b64encode(b"\0" * shift + data)[2 * shift :] for shift in range(3))
    encoded = [base64.b32encode(data), *shifted]
    texts = [secret, json.dumps(secret)[1:-1], quote(secret, safe=""), html.escape(secret), data.hex(), secret[::-1]]
    texts += (one.decode().rstrip("=") for one in encoded)
    texts += [one.replace("+", "-").replace("/", "_") for one in texts]
    yield from ("".join(one.split()).lower() for one in texts)


def plain(text: object, secret: str = "") -> str:
    """Return `text` on one line, truncated, without the API key and anything that looks like one."""
    line = " ".join("".join(c if c.isprintable() else " " for c in str(text)).split())
    hidden = line.replace(secret, "[key]") if secret else line
    return _KEY.sub("[key]", hidden)[:_LONGEST]


def scope_of(method: str, resource: str) -> str:
    """Return the scope of a restricted key that requests to a resource, the first part of their path, require."""
    return f"api.{_SCOPES.get(resource, resource)}.{'read' if method == 'GET' else 'write'}"


def failure_of(error: "openai.APIError", secret: str, scope: str) -> Failure:
    """Return the failure for an exception of the SDK, whose own retries are off. `scope` is what the request requires
    of a restricted key.
    """
    import openai

    request = f"{error.request.method} {error.request.url.path}"
    if isinstance(error, openai.APIStatusError):
        return _of_status(error, request, secret, scope)
    return _of_connection(error, request, secret)


def unreadable(response: "httpx2.Response") -> Failure:
    """Return the failure for a successful response that is not the expected JSON: the request may have been carried
    out.

    Truncated JSON may be complete after a retry; the page of a proxy is permanent.
    """
    kind = response.headers.get("content-type", "no content type")
    return Failure(
        request=f"{response.request.method} {response.request.url.path}",
        message=f"the response ({response.status_code}, {plain(kind)}) is not JSON of the OpenAI API",
        advice=_UNREADABLE,
        request_id=response.headers.get("x-request-id"),
        undone=response.request.method == "GET",
        passing=kind.startswith("application/json"),
    )


def _of_connection(error: "openai.APIError", request: str, secret: str) -> Failure:
    import httpx2

    cause = error.__cause__
    unsent = isinstance(cause, (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout))
    hopeless = isinstance(cause, (httpx2.UnsupportedProtocol, httpx2.LocalProtocolError))
    reason = plain(cause or error, secret) or type(cause).__name__
    return Failure(
        request=request,
        message=f"no response from {error.request.url.host}: {reason}",
        advice=_UNREACHABLE,
        undone=unsent or hopeless,
        passing=not hopeless,
    )


def _of_status(error: "openai.APIStatusError", request: str, secret: str, scope: str) -> Failure:
    status, headers = error.status_code, error.response.headers
    quota = status == 429 and any(str(code) in _QUOTA_CODES for code in (error.code, error.type))
    denied = status in _DENIED or (status == 404 and not _is_json(error.response))
    advice = _QUOTA if quota else _advice(status, scope, is_denied=denied)
    return Failure(
        request=request,
        message=f"{status}, {_said(error, secret)}",
        advice=advice,
        request_id=error.request_id,
        error=QuotaError if quota else DeniedError if denied else MissingError if status == 404 else LiveError,
        undone=status == 501 or (status != 408 and status < 500),
        passing=not quota and _passing(error),
        throttled=status == 429,
        retry_after=_wait(headers),
        scope="" if status not in (401, 403, 404) or (denied and status == 404) else scope,
    )


def _advice(status: int, scope: str, *, is_denied: bool) -> Advice:
    if status in (401, 403):
        advice = _ADVICE[status]
        return Advice(advice.code, f"{advice.hint} A restricted key needs the scope `{scope}`.")
    if is_denied:
        return _NOT_SERVED
    if status >= 500:
        return _SERVER
    return _REDIRECT if 300 <= status < 400 else _ADVICE.get(status, _OTHER)


def _is_json(response: "httpx2.Response") -> bool:
    """Return True if the body is JSON, perhaps truncated, as errors of an API are, and not the page of a gateway."""
    if response.headers.get("content-type", "").startswith("application/json"):
        return True
    try:
        return isinstance(json.loads(response.content), dict)
    except ValueError:
        return False


def _passing(error: "openai.APIStatusError") -> bool:
    """Return True if a retry may succeed. A 409 with `conflict_error` is permanent."""
    asked = error.response.headers.get("x-should-retry")
    if error.status_code == 409:
        return asked == "true" and error.code != "conflict_error"
    passing = error.status_code in (408, 429) or (error.status_code >= 500 and error.status_code != 501)
    return asked != "false" and passing


def _said(error: "openai.APIStatusError", secret: str) -> str:
    """Return the message of the API with the name of the field that it is about."""
    elsewhere = error.response.headers.get("location") if error.status_code < 400 else None
    if elsewhere:
        return f"a redirect to {plain(elsewhere.partition('?')[0], secret)}"
    body = error.body if isinstance(error.body, dict) else {}
    message = body.get("message")
    if not isinstance(message, str):
        return f"not an error of the OpenAI API: {plain(error.response.text, secret)[:80]!r}"
    return plain(f"{error.param}: {message}" if error.param else message, secret)


def _wait(headers: "httpx2.Headers") -> float | None:
    """Return the seconds from `retry-after-ms`, or from `Retry-After` as a number or a date (RFC 9110, 10.2.3); None if
    neither is valid.
    """
    precise = _number(headers.get("retry-after-ms", ""))
    if precise is not None:
        return precise / 1000
    asked = headers.get("retry-after", "")
    until, now = _time(asked), _time(headers.get("date", "")) or time.time()
    return max(0.0, until - now) if until else _number(asked)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if number >= 0 and math.isfinite(number) else None


def _time(date: str) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError):
        return None

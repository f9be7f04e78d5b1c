"""Checks before every endpoint: the beta header, the key, and the rate limits.

The error for a missing beta header is the one that users of each API report.

Rate limits are strict sliding windows in the memory of one process. Per method: the limits that OpenAI listed for the
Assistants API (none are published for the current endpoints). Per vector store: 300 writes a minute, files and batches
together (API reference of vector store files).
"""

import math
from collections import defaultdict, deque
from collections.abc import Callable

from starlette.requests import Request

from reconciler.emulator.api import Endpoint
from reconciler.emulator.errors import ApiError, invalid
from reconciler.emulator.settings import Settings

Gate = Callable[[Request, Endpoint], None]

BETA = "agents=v1"
ASSISTANTS = "assistants=v2"
REQUESTS_PER_MINUTE = {"GET": 1000, "POST": 300, "DELETE": 300}
WINDOW = 60.0


def is_beta(path: str) -> bool:
    return path.startswith(("/v1/agents", "/v1/vaults"))


def is_of_assistants(path: str) -> bool:
    return path.startswith(("/v1/assistants", "/v1/threads"))


def gates(settings: Settings) -> list[Gate]:
    """Return the checks in the order of the API: a missing beta header is reported even without a key."""
    limited = [] if settings.rate_limit is None else [_limits(RateLimiter(settings.rate_limit, settings.now))]
    return [_beta_header, _authorization, *limited]


def _beta_header(request: Request, endpoint: Endpoint) -> None:
    given = [value.strip() for value in request.headers.get("openai-beta", "").split(",")]
    if is_beta(endpoint.path) and BETA not in given:
        message = f"You must provide the 'OpenAI-Beta' header with '{BETA}' to use this endpoint."
        raise ApiError(400, message, type="invalid_beta", code="invalid_beta")
    if is_of_assistants(endpoint.path) and ASSISTANTS not in given:
        message = (
            "You must provide the 'OpenAI-Beta' header to access the Assistants API. "
            f"Please try again by setting the header 'OpenAI-Beta: {ASSISTANTS}'."
        )
        raise invalid(message, code="invalid_beta")


def _authorization(request: Request, endpoint: Endpoint) -> None:  # noqa: ARG001 - a Gate
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        message = "You didn't provide an API key. Send it in an Authorization header: 'Authorization: Bearer KEY'."
        raise ApiError(401, message)


class RateLimiter:
    """A rate limiter: admits at most `limit x factor` requests of a key in any minute."""

    def __init__(self, factor: float, now: Callable[[], float]) -> None:
        self._factor = factor
        self._now = now
        self._admitted: dict[str, deque[float]] = defaultdict(deque)

    def admit(self, key: str, limit: int) -> None:
        """Count a request; raises ApiError 429, without counting it, if it exceeds the limit."""
        times, now = self._admitted[key], self._now()
        while times and times[0] <= now - WINDOW:
            times.popleft()
        if len(times) >= max(1, int(limit * self._factor)):
            raise _too_many(times[0] + WINDOW - now)
        times.append(now)


def _too_many(wait: float) -> ApiError:
    return ApiError(
        429,
        f"Rate limit reached for requests. Please try again in {wait:.3f}s.",
        type="rate_limit_error",
        code="rate_limit_exceeded",
        headers={"retry-after": str(math.ceil(wait))},
    )


def _limits(limiter: RateLimiter) -> Gate:
    def gate(request: Request, endpoint: Endpoint) -> None:
        limiter.admit(endpoint.method, REQUESTS_PER_MINUTE[endpoint.method])
        if endpoint.lane:
            limiter.admit(f"{endpoint.lane.name}/{request.path_params['id']}", endpoint.lane.per_minute)

    return gate

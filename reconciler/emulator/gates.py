"""What stands before every endpoint: the beta header, the key, the limits a minute."""

import math
from collections import defaultdict, deque
from collections.abc import Callable

from starlette.requests import Request

from reconciler.emulator.api import Endpoint
from reconciler.emulator.errors import ApiError
from reconciler.emulator.settings import Settings

Gate = Callable[[Request, Endpoint], None]

BETA = "agents=v1"
A_MINUTE = {"GET": 1000, "POST": 300, "DELETE": 300}
STORE_WRITES_A_MINUTE = 300
WINDOW = 60.0


def is_beta(path: str) -> bool:
    return path.startswith(("/v1/agents", "/v1/vaults"))


def gates(settings: Settings) -> list[Gate]:
    """In the order the API looks: a missing beta header is reported even without a key."""
    paced = [] if settings.rate_limit is None else [_limits(Pace(settings.rate_limit, settings.now))]
    return [_beta_header, _authorization, *paced]


def _beta_header(request: Request, endpoint: Endpoint) -> None:
    given = [value.strip() for value in request.headers.get("openai-beta", "").split(",")]
    if is_beta(endpoint.path) and BETA not in given:
        message = f"You must provide the 'OpenAI-Beta' header with '{BETA}' to use this endpoint."
        raise ApiError(400, message, type="invalid_beta", code="invalid_beta")


def _authorization(request: Request, endpoint: Endpoint) -> None:  # noqa: ARG001 - a Gate
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        message = "You didn't provide an API key. Send it in an Authorization header: 'Authorization: Bearer KEY'."
        raise ApiError(401, message)


class Pace:
    """Admits at most `limit x factor` requests of a key in any minute."""

    def __init__(self, factor: float, now: Callable[[], float]) -> None:
        self._factor = factor
        self._now = now
        self._admitted: dict[str, deque[float]] = defaultdict(deque)

    def admit(self, key: str, limit: int) -> None:
        """Count one request; raises ApiError 429, and counts nothing, where it is one too many."""
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


def _limits(pace: Pace) -> Gate:
    def gate(request: Request, endpoint: Endpoint) -> None:
        pace.admit(endpoint.method, A_MINUTE[endpoint.method])
        if endpoint.writes_to_store:
            pace.admit(request.path_params["id"], STORE_WRITES_A_MINUTE)

    return gate

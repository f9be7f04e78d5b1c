"""What stands before every endpoint: the beta header, the key, the limits a minute."""

from collections.abc import Callable

from starlette.requests import Request

from reconciler.emulator.api import Endpoint
from reconciler.emulator.errors import ApiError
from reconciler.emulator.pace import A_MINUTE, Pace
from reconciler.emulator.settings import Settings

Gate = Callable[[Request, Endpoint], None]

BETA = "agents=v1"


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


def _limits(pace: Pace) -> Gate:
    def gate(request: Request, endpoint: Endpoint) -> None:
        pace.admit(endpoint.method, A_MINUTE[endpoint.method])
        if endpoint.lane:
            pace.admit(f"{endpoint.lane.name}/{request.path_params['id']}", endpoint.lane.per_minute)

    return gate

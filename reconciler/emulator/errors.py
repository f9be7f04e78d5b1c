"""Errors in the wording of the API.

Two families of endpoints differ. Agents (beta) repeat the type as the code. The older resources have their own code,
often null, and report even a missing object as an `invalid_request_error`.
"""

from collections.abc import Mapping
from typing import Any

INVALID = "invalid_request_error"
BETA_TYPES = {401: "unauthorized", 403: "forbidden", 404: "not_found_error"}


class ApiError(Exception):
    """An error that becomes the response.

    An explicit `type` is sent as it is, with `code`. Without one, the family of the path determines both.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        type: str | None = None,  # noqa: A002 - the name it has in the envelope
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.param = param
        self.code = code
        self.type = type
        self.headers = dict(headers or {})

    def envelope(self, *, beta: bool) -> dict[str, Any]:
        """Return the body of the response, with the four members that the API always sends."""
        type_, code = self.type or INVALID, self.code
        if beta and self.type is None:
            type_ = code = BETA_TYPES.get(self.status, INVALID)
        return {"error": {"message": self.message, "type": type_, "param": self.param, "code": code}}


def invalid(message: str, param: str | None = None, code: str | None = None) -> ApiError:
    return ApiError(400, message, param=param, code=code)


def not_found(message: str, param: str | None = None, code: str | None = None) -> ApiError:
    return ApiError(404, message, param=param, code=code)


def unserved(status: int, method: str, path: str) -> ApiError:
    """Return the error of a request that the server or the key does not permit at all: 401, 403, 404, 405 or 501."""
    where = f"{method} {path}"
    if status in (401, 403):
        scope = f"api.{path.split('/')[2]}.{'read' if method == 'GET' else 'write'}"
        message = (
            f"You have insufficient permissions for this operation. Missing scopes: {scope}. Check that you have the "
            "correct role in your organization and project, and if you're using a restricted API key, that it has the "
            "necessary scopes."
        )
        return ApiError(status, message, code="missing_scope" if status == 401 else None, type=INVALID)
    messages = {404: f"Invalid URL ({where})", 405: f"Not allowed to {where}"}
    return ApiError(status, messages.get(status, f"{where} is not implemented"), type=INVALID)

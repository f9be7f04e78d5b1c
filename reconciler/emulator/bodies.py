"""Readers of request bodies: strict JSON, and forms with `a[b]` for nested members and `a[]` for items of a list."""

import json
import math
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request

from reconciler.emulator.errors import invalid
from reconciler.emulator.schema import Upload


async def json_object(request: Request) -> dict[str, Any]:
    """Read the body as an object; raises ApiError for another content type, malformed JSON and repeated keys."""
    _expect_content_type(request, "application/json")
    return parse(await request.body())


async def form_or_json(request: Request) -> dict[str, Any]:
    """Read a multipart form, or an object in JSON, as the content type says."""
    is_form = request.headers.get("content-type", "").lower().startswith("multipart/form-data")
    return await (form if is_form else json_object)(request)


async def form(request: Request) -> dict[str, Any]:
    """Read the fields of a multipart form, nested like JSON; files become `Upload`."""
    _expect_content_type(request, "multipart/form-data")
    body: dict[str, Any] = {}
    async with request.form() as fields:
        for name, value in fields.multi_items():
            content = Upload(value.filename or "", await value.read()) if isinstance(value, UploadFile) else value
            _put(body, name, content)
    return body


def parse(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw, object_pairs_hook=_unrepeated, parse_constant=_finite, parse_float=_finite)
        if b"\\u" in raw:
            json.dumps(body, ensure_ascii=False).encode()  # rejects lone surrogates
    except (ValueError, RecursionError) as error:
        raise invalid(f"We could not parse the JSON body of your request: {error}") from error
    if not isinstance(body, dict):
        raise invalid("The JSON body of your request has to be an object.", code="invalid_type")
    return body


def _unrepeated(members: list[tuple[str, Any]]) -> dict[str, Any]:
    body = dict(members)
    if len(body) < len(members):
        names = [name for name, _ in members]
        repeated = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"duplicate field `{repeated}`")
    return body


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is not a number of JSON")
    return number


def _put(body: dict[str, Any], name: str, value: Any) -> None:
    outer, _, rest = name.partition("[")
    if rest == "]":
        items = body.setdefault(outer, [])
        if not isinstance(items, list):
            raise invalid(f"The field `{outer}` is given as a value and as an array.", param=outer)
        items.append(value)
        return
    members = body.setdefault(outer, {}) if rest else body
    if not isinstance(members, dict):
        raise invalid(f"The field `{outer}` is given as a value and as an object.", param=outer)
    members[rest.removesuffix("]") if rest else outer] = value


def _expect_content_type(request: Request, expected: str) -> None:
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != expected:
        raise invalid(f"Expected request with `Content-Type: {expected}`, got '{given}'.", code="invalid_content_type")

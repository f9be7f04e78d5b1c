"""Decoding of successful responses: JSON with exact numbers and complete characters, as an object or a list."""

import json
import math
import re
from typing import TYPE_CHECKING, Any, Final, Never

from reconciler.live.errors import Failure, unreadable

if TYPE_CHECKING:
    import httpx2

_NO_IDS: Final = frozenset({"", ".", ".."})
"""Texts that would change the path of a request."""
_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F]|\xed[\xa0-\xbf]")
"""A sign of half a character, which cannot be written to any output."""
_DIGITS: Final = 20
"""Maximum number of characters of an integer."""


def decoded(response: "httpx2.Response", *, is_list: bool, id_: str | None) -> dict[str, Any] | Failure:
    """Return the response if it is a list of objects or, unless `is_list`, an object: the one with `id_` if given."""
    try:
        body = _DECODER.decode(response.content.decode(json.detect_encoding(response.content), "surrogatepass"))
        if _may_have_surrogates(response.content):
            json.dumps(body, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return unreadable(response)
    is_expected = _is_list(body) if is_list else _is_object(body) and id_ in (None, body["id"])
    return body if is_expected else unreadable(response)


def _may_have_surrogates(content: bytes) -> bool:
    """Return True if there is a sign of half a character. The first two searches are for fixed bytes: on most pages
    they find nothing, in a twentieth of the time that the pattern takes.
    """
    return (b"\\u" in content or b"\xed" in content) and _SURROGATE.search(content) is not None


def _is_object(body: Any) -> bool:
    return isinstance(body, dict) and isinstance(body.get("id"), str) and body["id"] not in _NO_IDS


def _is_list(body: Any) -> bool:
    return isinstance(body, dict) and isinstance(body.get("data"), list) and all(map(_is_object, body["data"]))


def _not_a_number(name: str) -> Never:
    raise ValueError(f"{name} is not JSON")


def _finite_number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is too large")
    return number


def _exact_number(text: str) -> int:
    if len(text) > _DIGITS:
        raise ValueError("a number is too large")
    return int(text)


_DECODER: Final = json.JSONDecoder(parse_constant=_not_a_number, parse_float=_finite_number, parse_int=_exact_number)
"""Decodes as `json.loads`, which would make a decoder for each response."""

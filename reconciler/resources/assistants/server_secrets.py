"""Secrets in the headers and URLs of MCP servers, recognised by their names, and in their tokens."""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from reconciler.resources.values import JSON

_SECRET_NAME: Final = re.compile(
    r"(^|[-_])(authori[sz]ation|auth|bearer|cookie|token|jwt|secret|password|passwd|pwd|passphrase|credentials?|signature|sig"
    r"|(api|rapidapi|access|private|secret|subscription|functions|app|auth|master|admin|signing)[-_]?key)$",
    re.IGNORECASE,
)
_SECRET_VALUE: Final = re.compile(r"(bearer|basic)\s+\S", re.IGNORECASE)
"""The value of a header that authenticates, under any name."""
_NEXT_WORD: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_TOKEN: Final = "authorization"  # noqa: S105 - the name of a field


def secret_headers(headers: Mapping[str, JSON]) -> list[str]:
    """Return the names of headers that may contain a secret."""
    return [name for name, value in headers.items() if _is_secret(name) or _SECRET_VALUE.match(str(value))]


def has_secret(url: str) -> bool:
    """Return True if `url` has a password before its host, or a query field with the name of a secret."""
    try:
        parts = urlsplit(url)
        return parts.password is not None or any(_is_secret(name) for name, _ in parse_qsl(parts.query))
    except ValueError:
        return False


def without_secrets(tool: Mapping[str, JSON]) -> tuple[dict[str, JSON], tuple[str, ...]]:
    """Return an MCP tool of a request, or its transport, without its secrets, and what was removed."""
    made, removed = dict(tool), list[str]()
    transport = made.get("transport")
    if isinstance(transport, Mapping):
        made["transport"], inside = without_secrets(transport)
        removed += inside
    if made.pop(_TOKEN, None) is not None:
        removed.append(f"`{_TOKEN}`")
    headers = made.get("headers")
    if isinstance(headers, Mapping) and (secret := secret_headers(headers)):
        made["headers"] = {name: value for name, value in headers.items() if name not in secret}
        if not made["headers"]:
            del made["headers"]
        removed += [f"header `{name}`" for name in secret]
    url = made.get("server_url")
    if isinstance(url, str) and has_secret(url):
        made["server_url"] = _without_secret(url)
        removed.append("the secret in `server_url`")
    return made, tuple(removed)


def _without_secret(url: str) -> str:
    """Return `url` without the user before its host and without query fields that have the name of a secret."""
    parts = urlsplit(url)
    kept = "&".join(field for field in parts.query.split("&") if not _names_secret(field))
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query=kept))


def _names_secret(field: str) -> bool:
    return any(_is_secret(name) for name, _ in parse_qsl(field, keep_blank_values=True))


def _is_secret(name: str) -> bool:
    """Return True if the words of `name`, which may be joined as `apiKey`, end with those of a secret."""
    return _SECRET_NAME.search(_NEXT_WORD.sub("-", name)) is not None

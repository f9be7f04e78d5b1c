"""Secrets in the headers and URLs of MCP servers, recognised by their names, and in their tokens."""

import re
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from reconciler.resources.values import JSON

_SECRET_NAME: Final = re.compile(
    r"(^|[-_])(authori[sz]ation|auth|cookie|token|secret|password|credentials?|signature|(api|access|private|subscription)[-_]?key)$",
    re.IGNORECASE,
)
_TOKEN: Final = "authorization"  # noqa: S105 - the name of a field


def secret_headers(names: Iterable[str]) -> list[str]:
    """Return the names of headers that may contain a secret."""
    return [name for name in names if _SECRET_NAME.search(name)]


def has_secret(url: str) -> bool:
    """Return True if `url` has a password before its host, or a query field with the name of a secret."""
    try:
        parts = urlsplit(url)
        return parts.password is not None or any(_SECRET_NAME.search(name) for name, _ in parse_qsl(parts.query))
    except ValueError:
        return False


def without_secrets(tool: Mapping[str, JSON]) -> tuple[dict[str, JSON], tuple[str, ...]]:
    """Return an MCP tool of a request without its secrets, and what was removed."""
    made, removed = dict(tool), []
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
    return any(_SECRET_NAME.search(name) for name, _ in parse_qsl(field, keep_blank_values=True))

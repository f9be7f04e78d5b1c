"""Secrets in the headers and URLs of MCP servers, in their tokens and in texts, recognised by name and by form."""

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
_SECRET_TEXT: Final = re.compile(
    r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----"
    r"|\b(sk-[A-Za-z0-9_-]{16,}|gh[pousr]_[A-Za-z0-9]{16,}|github_pat_\w{16,}|glpat-[\w-]{16,}|xox[abeprs]-[\w-]{8,}"
    r"|AKIA[A-Z0-9]{16}|AIza[\w-]{30,}|eyJ[\w-]{8,400}\.eyJ[\w-]{8,400}\.[\w-]{8,})"
    r"|\b([Bb]earer|[Bb]asic)\s{1,9}[A-Za-z0-9._~+/=-]{16,}"
    r"|\b[a-z][a-z0-9+.-]{0,20}://[^\s/:@$]{0,200}:[^\s/@$]{1,200}@"
)
"""Keys and tokens that providers mark as such, headers that authenticate, and passwords in URLs."""
_NEXT_WORD: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_TOKEN: Final = "authorization"  # noqa: S105 - the name of a field


def secret_headers(headers: Mapping[str, JSON]) -> list[str]:
    """Return the names of headers that may contain a secret."""
    return [name for name, value in headers.items() if is_secret_name(name) or _SECRET_VALUE.match(str(value))]


def contains_secret(text: str) -> bool:
    """Return True if a text contains a key, a token or a password in a form that is in use for nothing else."""
    return _SECRET_TEXT.search(text) is not None


def has_secret(url: str) -> bool:
    """Return True if `url` has a password before its host, or a query field with the name of a secret."""
    try:
        parts = urlsplit(url)
        return parts.password is not None or any(is_secret_name(name) for name, _ in parse_qsl(parts.query))
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
    return any(is_secret_name(name) for name, _ in parse_qsl(field, keep_blank_values=True))


def is_secret_name(name: str) -> bool:
    """Return True if the words of `name`, which may be joined as `apiKey`, end with those of a secret."""
    return _SECRET_NAME.search(_NEXT_WORD.sub("-", name)) is not None

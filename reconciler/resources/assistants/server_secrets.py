"""Secrets in the headers and URLs of MCP servers, in their tokens and in texts, recognised by name and by form."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from reconciler.resources.base import Path, Spec
from reconciler.resources.problems import Finding
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
_ELSEWHERE: Final = "remove it, and revoke it if it was committed; secrets belong in credentials and in `env`"
_NEXT_WORD: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_TOKEN: Final = "authorization"  # noqa: S105 - the name of a field


def secret_headers(headers: Mapping[str, JSON]) -> list[str]:
    """Return the names of headers that may contain a secret."""
    return [name for name, value in headers.items() if is_secret_name(name) or _SECRET_VALUE.match(str(value))]


def contains_secret(text: str) -> bool:
    """Return True if a text contains a key, a token or a password in a form that is in use for nothing else."""
    return _SECRET_TEXT.search(text) is not None


def secret_texts(value: JSON, path: Path = ()) -> Iterator[Path]:
    """Yield the paths of texts in a value that contain a key, a token or a password; not those of binary data."""
    if isinstance(value, str):
        if not value.startswith("data:") and contains_secret(value):
            yield path
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from secret_texts(item, (*path, key)) if key != "data" else ()
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from secret_texts(item, (*path, index))


def check_texts(spec: Spec, exclude: Any = None) -> Iterator[Finding]:
    """Yield the texts of a spec that contain a secret. No message repeats one."""
    for path in secret_texts(spec.model_dump(by_alias=True, exclude_unset=True, exclude=exclude)):
        message = "the text contains a secret, which must not be in a manifest"
        yield Finding(("spec", *path), "secret-as-text", message, _ELSEWHERE)


def has_secret(url: str) -> bool:
    """Return True if `url` has a user or a password before its host, a field of its query or its fragment with the name
    of a secret, or a key or a token anywhere.
    """
    try:
        parts = urlsplit(url)
        named = [name for fields in (parts.query, parts.fragment) for name, _ in parse_qsl(fields)]
    except ValueError:
        return contains_secret(url)
    return "@" in parts.netloc or any(map(is_secret_name, named)) or contains_secret(url)


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
        made["server_url"] = url_without_secrets(url)
        removed.append("the secret in `server_url`")
    return made, tuple(removed)


def url_without_secrets(url: str) -> str:
    """Return `url` without the user before its host, without fields that have the name of a secret, and without keys
    and tokens.
    """
    parts = urlsplit(url)
    query, fragment = (
        "&".join(field for field in fields.split("&") if not _names_secret(field))
        for fields in (parts.query, parts.fragment)
    )
    host = parts.netloc.rpartition("@")[2]
    return _SECRET_TEXT.sub("", urlunsplit(parts._replace(netloc=host, query=query, fragment=fragment)))


def without_keys(text: str) -> str:
    """Return a text with `…` in place of keys, tokens and passwords that have the form of one."""
    return _SECRET_TEXT.sub("…", text)


def _names_secret(field: str) -> bool:
    return any(is_secret_name(name) for name, _ in parse_qsl(field, keep_blank_values=True))


def is_secret_name(name: str) -> bool:
    """Return True if the words of `name`, which may be joined as `apiKey`, end with those of a secret."""
    return _SECRET_NAME.search(_NEXT_WORD.sub("-", name)) is not None

"""Detection of secrets in assistants, which would be stored in Git, in the state and in bundles."""

import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from reconciler.resources.assistants import agent_tools, response_tools
from reconciler.resources.base import Path
from reconciler.resources.problems import Finding

_SECRET_NAME: Final = re.compile(
    r"(^|[-_])(authori[sz]ation|auth|cookie|token|secret|password|credentials?|signature|(api|access|private|subscription)[-_]?key)$",
    re.IGNORECASE,
)
_AGENT: Final = "store it as a vault credential, and set `credential_id` to its id"
_REQUEST: Final = "remove it; the application adds it to the request"


def check(path: Path, tool: Any) -> Iterator[Finding]:
    """Yield findings for headers and URLs of MCP servers that contain a secret."""
    if isinstance(tool, response_tools.Mcp):
        yield from _server(path, tool.server_url, tool.headers, _REQUEST)
    elif isinstance(tool, agent_tools.Mcp) and isinstance(tool.transport, agent_tools.Http):
        yield from _server((*path, "transport"), tool.transport.server_url, tool.transport.headers, _AGENT)


def _server(path: Path, url: str | None, headers: dict[str, str] | None, instead: str) -> Iterator[Finding]:
    for name in headers or {}:
        if _SECRET_NAME.search(name):
            message = f"the header `{name}` may contain a secret, which must not be in Git"
            yield Finding((*path, "headers", name), "secret", message, instead)
    if url and _has_secret(url):
        message = "the URL contains a secret, which must not be in Git"
        yield Finding((*path, "server_url"), "secret", message, instead)


def _has_secret(url: str) -> bool:
    """Return True if `url` has a password before its host, or a query field with the name of a secret."""
    try:
        parts = urlsplit(url)
        return parts.password is not None or any(_SECRET_NAME.search(name) for name, _ in parse_qsl(parts.query))
    except ValueError:
        return False

"""The authentication of credentials: models, and the canonical form without secrets.

Sources: field docs of `openai.types.beta.agents.vaults.credential_auth_create_param` and of the responses.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Final, Literal, TypeAlias
from urllib.parse import urlsplit, urlunsplit

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from reconciler.resources.assistants.server_secrets import has_secret
from reconciler.resources.base import Spec
from reconciler.resources.environment_settings import Host, distinct
from reconciler.resources.secrets import Secret
from reconciler.resources.values import JSON

HOSTS: Final = 16
PUBLIC: Final = ("type", "mcp_server_url", "secret_name")
REFRESH: Final = ("client_id", "resource", "scope", "token_endpoint")
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        is_https = parts.scheme.lower() == "https" and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        is_https = False
    if not is_https or any(character.isspace() for character in text):
        raise PydanticCustomError("https_url", "expected a URL that starts with `https://` and has a host")
    if has_secret(text):
        raise PydanticCustomError(
            "secret_url", "the URL contains a secret, which must not be in Git: write the URL without it"
        )
    return text


def _secret_name(text: str) -> str:
    if not _VARIABLE.fullmatch(text):
        raise PydanticCustomError(
            "secret_name", "expected ASCII letters, digits and underscores, starting with a letter or an underscore"
        )
    if text.upper().startswith("CODEX_"):
        raise PydanticCustomError("secret_name", "names that start with `CODEX_` are reserved")
    return text


def _time(text: str) -> str:
    _instant(text)
    return text


def _instant(text: str) -> str:
    """Return an RFC 3339 timestamp in UTC."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise PydanticCustomError("timestamp", "expected a time with a time zone, such as `2027-01-31T00:00:00Z`")
    return found.astimezone(UTC).isoformat().replace("+00:00", "Z")


Url: TypeAlias = Annotated[str, AfterValidator(_url)]


class StaticBearer(Spec):
    """A bearer token for an MCP server."""

    type: Literal["static_bearer"]
    """Method of authentication. Always `static_bearer`."""
    mcp_server_url: Url
    """HTTPS URL of the MCP server. A change makes another credential."""
    token: Secret
    """Bearer token, as `{$env: NAME}`. Sent when the credential is created and when `generation` changes."""


class NoClientSecret(Spec):
    """Authentication of an OAuth client by its id alone."""

    type: Literal["none"]
    """Method. Always `none`."""


class ClientSecret(Spec):
    """Authentication of an OAuth client by a secret, in the header (`client_secret_basic`) or in the body
    (`client_secret_post`) of the request.
    """

    type: Literal["client_secret_basic", "client_secret_post"]
    """Method: `client_secret_basic` or `client_secret_post`."""
    client_secret: Secret
    """Client secret, as `{$env: NAME}`."""


class Refresh(Spec):
    """The renewal of an OAuth access token by OpenAI."""

    client_id: str = Field(min_length=1)
    """OAuth client id. A change makes another credential."""
    refresh_token: Secret
    """Refresh token, as `{$env: NAME}`."""
    token_endpoint: Url
    """HTTPS URL of the token endpoint. A change makes another credential."""
    token_endpoint_auth: Annotated[NoClientSecret | ClientSecret, Field(discriminator="type")]
    """Authentication of the client at the token endpoint. A change of its type makes another credential."""
    resource: str | None = None
    """URI of the resource that the token is requested for. A change makes another credential. Default: none."""
    scope: str | None = None
    """Scopes to request, separated by spaces. Can be changed in place. Default: none."""


class McpOauth(Spec):
    """OAuth tokens for an MCP server."""

    type: Literal["mcp_oauth"]
    """Method of authentication. Always `mcp_oauth`."""
    mcp_server_url: Url
    """HTTPS URL of the MCP server. A change makes another credential."""
    access_token: Secret
    """Access token, as `{$env: NAME}`. Sent when the credential is created and when `generation` changes."""
    expires_at: Annotated[str, AfterValidator(_time)] | None = None
    """Time at which the access token expires, such as `2027-01-31T00:00:00Z`. With `refresh` it is sent only together
    with the token, because OpenAI changes it when it renews the token. Default: unknown."""
    refresh: Refresh | None = None
    """Renewal of the access token. Default: none."""


class Limited(Spec):
    """Destinations to which the secret is sent: the listed hosts."""

    type: Literal["limited"]
    """Rule. Always `limited`."""
    allowed_hosts: Annotated[tuple[Host, ...], AfterValidator(distinct)] = Field(min_length=1, max_length=HOSTS)
    """Host names or IPv4 addresses, 1 to 16, without scheme, port, path and wildcard."""


class Unrestricted(Spec):
    """Destinations to which the secret is sent: all that the network of the environment permits."""

    type: Literal["unrestricted"]
    """Rule. Always `unrestricted`."""


class EnvironmentVariable(Spec):
    """A secret for requests from an environment that OpenAI hosts, behind a variable of that environment."""

    type: Literal["environment_variable"]
    """Method of authentication. Always `environment_variable`."""
    secret_name: Annotated[str, AfterValidator(_secret_name)]
    """Name of the variable in the environment. It has a placeholder; the secret replaces it in requests to the allowed
    hosts. A change makes another credential."""
    secret_value: Secret
    """Secret, as `{$env: NAME}`. Sent when the credential is created and when `generation` changes."""
    networking: Annotated[Limited | Unrestricted, Field(discriminator="type")]
    """Destinations to which the secret is sent. A change makes another credential."""


Auth: TypeAlias = Annotated[StaticBearer | McpOauth | EnvironmentVariable, Field(discriminator="type")]

SECRETS: Final = frozenset({"token", "access_token", "refresh_token", "client_secret", "secret_value"})
"""Fields that have secrets, at any depth of `auth`."""
CHANGEABLE: Final = frozenset({("auth", "expires_at"), ("auth", "refresh", "scope")})
"""Paths of values that an update can write."""


def canonical_auth(auth: Mapping[str, JSON] | None) -> dict[str, JSON]:
    """Return the readable values of `auth`, without nulls. Of the rest, which may be secret, nothing is kept."""
    given = auth or {}
    kind = given.get("type")
    found = {name: given[name] for name in PUBLIC if given.get(name) is not None}
    if "mcp_server_url" in found:
        found["mcp_server_url"] = same_server(found["mcp_server_url"])
    if kind == "environment_variable":
        found["networking"] = _networking(given.get("networking") or {})
    if kind == "mcp_oauth":
        refresh = given.get("refresh")
        if refresh:
            found["refresh"] = _refresh(refresh)
        elif given.get("expires_at") is not None:
            found["expires_at"] = _readable_time(given["expires_at"])
    return found


def _networking(given: Mapping[str, JSON]) -> dict[str, JSON]:
    hosts = given.get("allowed_hosts")
    return {"type": given.get("type"), **({"allowed_hosts": sorted(host.lower() for host in hosts)} if hosts else {})}


def _refresh(given: Mapping[str, JSON]) -> dict[str, JSON]:
    method = (given.get("token_endpoint_auth") or {}).get("type")
    values = {name: given[name] for name in REFRESH if given.get(name) is not None}
    if "token_endpoint" in values:
        values["token_endpoint"] = same_server(values["token_endpoint"])
    return {**values, "token_endpoint_auth": {"type": method}}


def _readable_time(text: str) -> str:
    try:
        return _instant(text)
    except PydanticCustomError:
        return text


def same_server(url: str) -> str:
    """Return a URL with its scheme and host in lower case, as far as it is one."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    return urlunsplit((parts.scheme.lower(), parts.netloc.lower(), parts.path, parts.query, parts.fragment))


def reaches(url: str) -> str:
    """Return the same text for all URLs of a server: without the default port and a slash at the end."""
    try:
        parts = urlsplit(same_server(url))
    except ValueError:
        return url
    return urlunsplit(parts._replace(netloc=parts.netloc.removesuffix(":443"))).rstrip("/")

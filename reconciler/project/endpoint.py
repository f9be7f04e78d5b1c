"""The choice of the API of a command: a URL, or the embedded API in this process. Nothing that connects is imported."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit, urlunsplit

from reconciler.live.openai_host import OPENAI, is_of_openai
from reconciler.resources.name_lists import did_you_mean
from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.state.store import runs_in_ci

if TYPE_CHECKING:
    from reconciler.manifests.project import Project

EMBEDDED: Final = "embedded"
WITH_ASSISTANTS: Final = "embedded+assistants"
"""The embedded API with the Assistants API, like `emulator serve --assistants` for the server."""
DATA: Final = Path(".reconciler", "emulator.sqlite")
"""File with the objects of the embedded API, in the project folder."""


def choose(project: "Project", flag: str | None, environ: Mapping[str, str]) -> str | None:
    """Return an embedded API, a URL, or None for the default of the SDK, api.openai.com.

    RECONCILER_ENDPOINT takes precedence over the manifest, which a pull request can edit. Raises ReconcilerError if it,
    or `flag`, is neither a URL nor an embedded API, and in CI if only the manifest names a server.
    """
    asked = flag or environ.get("RECONCILER_ENDPOINT")
    if asked:
        return _checked(asked)
    written = project.spec.endpoint
    if written and not is_embedded(written) and runs_in_ci(environ):
        message = f"the endpoint {shown(written)} is set in project.yaml only"
        hint = (
            "A pull request must not choose where the API key is sent. "
            f"To allow it, set RECONCILER_ENDPOINT={shown(written)} in the workflow. (CI is set in the environment.)"
        )
        raise ReconcilerError(Problem("endpoint-not-allowed", message, project.where(("spec", "endpoint")), hint))
    default = written or environ.get("OPENAI_BASE_URL")
    return _checked(default) if default else None


def _checked(asked: str) -> str:
    if is_embedded(asked) or has_http_scheme(asked):
        return asked
    near = did_you_mean(asked, [EMBEDDED, WITH_ASSISTANTS])
    hint = near or "Use a URL such as http://127.0.0.1:8787/v1, or 'embedded'."
    raise ReconcilerError(Problem("bad-endpoint", f"'{asked}' is neither a URL nor 'embedded'", hint=hint))


def is_embedded(endpoint: str | None) -> bool:
    """Return True if an endpoint is the embedded API, with or without the Assistants API."""
    return endpoint in (EMBEDDED, WITH_ASSISTANTS)


def has_http_scheme(text: str) -> bool:
    """Return True for a URL of a server."""
    try:
        return urlsplit(text).scheme in ("http", "https")
    except ValueError:  # such as "http://[::1"
        return False


def is_openai(endpoint: str | None) -> bool:
    """Return True if `endpoint`, a result of `choose`, is an API of OpenAI itself."""
    return endpoint is None or is_of_openai(urlsplit(endpoint).hostname)


def shown(endpoint: str | None) -> str:
    """Return `endpoint` for output: without user, password and query."""
    if endpoint is None:
        return OPENAI
    parts = urlsplit(endpoint)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))

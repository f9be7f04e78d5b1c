"""Which API to talk to: a URL, or the embedded one in this process."""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from reconciler.live.client import Connection, Endpoint, connect
from reconciler.live.pace import A_MINUTE, Pace
from reconciler.manifests.project import Project
from reconciler.project.embedded import available
from reconciler.project.suggest import did_you_mean
from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.resources.registry import resource_types
from reconciler.state.local import ignore_in_git

EMBEDDED: Final = "embedded"
DATA: Final = Path(".reconciler", "emulator.sqlite")
"""Where the embedded API keeps its objects, inside the project folder."""
FAULTS: Final = "RECONCILER_FAULTS"
"""The variable that makes the embedded API in this process unkind, as `emulator serve --faults` does a served one."""


def choose(project: Project, flag: str | None, environ: Mapping[str, str]) -> str | None:
    """`embedded`, a URL, or None for what the SDK takes: its own variable, then api.openai.com.

    In CI the workflow's RECONCILER_ENDPOINT wins over what a pull request can edit. ReconcilerError where it, or the
    flag, is neither a URL nor `embedded`.
    """
    asked = flag or environ.get("RECONCILER_ENDPOINT")
    if asked:
        return _checked(asked)
    return project.spec.endpoint or environ.get("OPENAI_BASE_URL") or None


def _checked(asked: str) -> str:
    if asked == EMBEDDED or urlsplit(asked).scheme in ("http", "https"):
        return asked
    hint = did_you_mean(asked, [EMBEDDED]) or "Write a URL like http://127.0.0.1:8787/v1, or 'embedded'."
    raise ReconcilerError(Problem("bad-endpoint", f"'{asked}' is neither a URL nor 'embedded'", hint=hint))


def shown(endpoint: str | None) -> str:
    """`endpoint`, as `choose` gave it, for people: without a user, a password or a query."""
    if endpoint is None:
        return "api.openai.com"
    parts = urlsplit(endpoint)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


@asynccontextmanager
async def open_connection(project: Project, endpoint: str | None) -> AsyncIterator[Connection]:
    """A paced connection to `endpoint`, as `choose` gave it."""
    limits = project.spec.limits.requests_per_minute
    lanes = [lane for one in resource_types().values() for lane in one.paces]
    pace = Pace({**A_MINUTE, "GET": limits.GET, "POST": limits.POST, "DELETE": limits.DELETE}, lanes=lanes)
    if endpoint != EMBEDDED:
        async with connect(Endpoint(endpoint), pace=pace) as connection:
            yield connection
        return
    async with connect(_embedded(project), pace=Pace({})) as connection:
        yield connection


def _embedded(project: Project) -> Endpoint:
    """The emulator in this process, its data in the project's `.reconciler/`."""
    data = project.root / DATA
    with available(data):
        import httpx2

        from reconciler.emulator import Settings, create_app

        data.parent.mkdir(exist_ok=True)
        ignore_in_git(data.parent)
        app = create_app(Settings(data=data, faults=os.environ.get(FAULTS, "")))
    return Endpoint(transport=httpx2.ASGITransport(app=app))

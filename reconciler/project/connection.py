"""The connection of a command to its API, a server or the embedded API in this process."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from contextvars import copy_context
from dataclasses import replace
from threading import Thread
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from reconciler.live.client import Connection, Endpoint, connect
from reconciler.live.errors import LiveError
from reconciler.live.openai_host import is_of_openai
from reconciler.live.pace import A_MINUTE, Pace
from reconciler.live.source import Source
from reconciler.manifests.project import Project
from reconciler.project.ended import check_not_ended
from reconciler.project.endpoint import WITH_ASSISTANTS, has_http_scheme, is_embedded, shown
from reconciler.project.garbage import leave_out_loaded
from reconciler.project.workspace import Workspace
from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.resources.registry import resource_types
from reconciler.resources.resource_type import Shutdown

T = TypeVar("T")

TIMEOUT: Final = "RECONCILER_TIMEOUT"
"""The variable with the time limit of a command in seconds, like `--timeout`."""
READING_SECONDS: Final = 3_600.0
"""The time limit for reading, if none is set."""
SOURCE_KEY: Final = "RECONCILER_SOURCE_API_KEY"
"""The variable with the API key of a server that is only read. `OPENAI_API_KEY` is for the endpoint and is never sent
to another server."""


@asynccontextmanager
async def connected(workspace: Workspace) -> AsyncIterator[Connection]:
    """Open a connection to the endpoint of a project; raises ReconcilerError, before any request, if that is OpenAI and
    a manifest has a target whose API OpenAI ended.
    """
    check_not_ended(workspace.loaded, workspace.endpoint)
    async with open_connection(workspace.loaded.project, workspace.endpoint) as connection:
        leave_out_loaded()
        yield connection


@asynccontextmanager
async def open_connection(project: Project, endpoint: str | None) -> AsyncIterator[Connection]:
    """Open a connection with rate limits to `endpoint`, a result of `choose`."""
    limits = project.spec.limits.requests_per_minute
    lanes = [lane for one in resource_types().values() for lane in one.paces]
    pace = Pace({**A_MINUTE, "GET": limits.GET, "POST": limits.POST, "DELETE": limits.DELETE}, lanes=lanes)
    if not is_embedded(endpoint):
        async with connect(Endpoint(endpoint), pace=pace) as connection:
            connection.deadline = asyncio.get_running_loop().time() + (time_limit() or READING_SECONDS)
            yield connection
        return
    from reconciler.project.embedded import embedded

    async with connect(embedded(project, assistants=endpoint == WITH_ASSISTANTS), pace=Pace({})) as connection:
        yield connection


@asynccontextmanager
async def open_source(url: str, environ: Mapping[str, str]) -> AsyncIterator[Connection]:
    """Open a connection to the server at `url`, which is only read, with the key in `RECONCILER_SOURCE_API_KEY`.

    Raises ReconcilerError if the URL is not valid, contains a password, or is that of OpenAI.
    """
    source = Source(_source_key(environ))
    async with connect(Endpoint(_source_url(url), source=source), pace=Pace()) as connection:
        connection.deadline = asyncio.get_running_loop().time() + (time_limit() or READING_SECONDS)
        try:
            yield connection
        except LiveError as error:
            raise ReconcilerError(*source_problems(error, environ)) from error


def _source_url(url: str) -> str:
    if not has_http_scheme(url) or not urlsplit(url).hostname:
        hint = "Use the URL of the server with its path, such as https://gateway.example/v1."
        raise ReconcilerError(Problem("bad-endpoint", f"'{url}' is not a URL", hint=hint))
    parts = urlsplit(url)
    if "@" in parts.netloc or parts.query or parts.fragment:
        message = f"{shown(url)} was given with a user, a password, a query or a fragment"
        hint = f"Pass the URL without it, and the key of the server in {SOURCE_KEY}."
        raise ReconcilerError(Problem("bad-endpoint", message, hint=hint))
    if is_of_openai(parts.hostname):
        ended = "; ".join(f"{one.api} on {one.on}" for one in _shutdowns())
        message = f"{parts.hostname} has no assistants: OpenAI shut down {ended}"
        hint = "Migrate from exports: reconciler migrate FILE --to responses"
        raise ReconcilerError(Problem("target-ended", message, hint=hint))
    return url


def _shutdowns() -> list[Shutdown]:
    return [one.shutdown for one in resource_types().values() if one.shutdown]


def _source_key(environ: Mapping[str, str]) -> str:
    key = environ.get(SOURCE_KEY, "").strip()
    if not (key.isascii() and key.isprintable() and " " not in key) and key:
        message = f"{SOURCE_KEY} has characters that are not valid in an API key"
        raise ReconcilerError(Problem("bad-api-key", message, hint="Copy the key again, on one line."))
    return key


def source_problems(error: LiveError, environ: Mapping[str, str]) -> tuple[Problem, ...]:
    """Return the problems of a source, with hints about its key and its server in place of those about OpenAI."""
    known = bool(_source_key(environ))
    return tuple(_of_source(problem, has_key=known) for problem in error.problems)


def _of_source(problem: Problem, *, has_key: bool) -> Problem:
    if problem.code == "server-error":
        return replace(problem, hint="Run it again; if the error persists, see the log of this server.")
    if problem.code == "not-served":
        hint = "This server does not have this list. Check the URL: that of most servers ends with /v1."
        return replace(problem, hint=hint)
    if problem.code not in ("unauthorized", "forbidden"):
        return problem
    known = "to a key that may read there" if has_key else "to the key of this server"
    return replace(problem, hint=f"Set {SOURCE_KEY} {known}. OPENAI_API_KEY is not sent to it.")


def time_limit() -> float | None:
    """Return the time limit of the command in seconds, from `--timeout` or its variable; None if neither is set."""
    given = os.environ.get(TIMEOUT)
    return float(given) if given else None


async def in_thread(work: Callable[[], T]) -> T:
    """Return the result of `work`, which blocks. Unlike with `asyncio.to_thread`, the process can end before it."""
    loop, done = asyncio.get_running_loop(), asyncio.get_running_loop().create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if not done.done():
            done.set_exception(error) if error else done.set_result(result)

    def run() -> None:
        result, failure = None, None
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 - raised where the result is used
            failure = error
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, result, failure)

    Thread(target=copy_context().run, args=(run,), daemon=True).start()
    return await done  # type: ignore[no-any-return]


def run_async(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` in a new event loop and return its result.

    The result is not that of the task: when `asyncio.run` restores the handling of SIGINT, it formats the task with its
    result, which takes seconds for a large plan.
    """
    results: list[T] = []

    async def store() -> None:
        results.append(await work)

    asyncio.run(store())
    return results[0]

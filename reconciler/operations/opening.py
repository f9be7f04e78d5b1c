"""Opening a project with its connection. The state and the first lists are read while the manifests are loaded."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from reconciler.files.search import PROJECT_FILE
from reconciler.live.adapters import Adapter, adapters
from reconciler.live.client import Connection
from reconciler.manifests import find_project
from reconciler.manifests.project import Project
from reconciler.manifests.project_file import read_project
from reconciler.operations.live_lists import list_objects, types_of
from reconciler.project.connection import connected, in_thread, open_connection
from reconciler.project.ended import check_not_ended
from reconciler.project.endpoint import choose, is_embedded
from reconciler.project.garbage import leave_out_loaded
from reconciler.project.stored import backend_of
from reconciler.project.workspace import Workspace, open_workspace
from reconciler.resources.base import Live, with_packed_fields
from reconciler.state.backend import Backend
from reconciler.state.model import Snapshot


@dataclass(frozen=True)
class ReadAhead:
    """Reads of a plan that began before the manifests were loaded."""

    snapshot: Snapshot
    adapters: Mapping[str, Adapter]
    """The adapters of all types."""
    lists: Mapping[str, asyncio.Future[Sequence[Live]]]
    """Results of `list_objects` for the types that the state has, under way or complete."""
    looking: ExitStack
    """Leaves `Connection.looking_once`, which the plan does at the end of its reads."""


class Opened(NamedTuple):
    """A project, and the connection to its endpoint."""

    workspace: Workspace
    connection: Connection
    ahead: ReadAhead | None = None
    """For one plan; later ones read everything again."""


@asynccontextmanager
async def opened(
    start: Path,
    environ: Mapping[str, str],
    *,
    env: str | None,
    endpoint: str | None,
    edited: Mapping[str, str] | None = None,
) -> AsyncIterator[Opened]:
    """Do the same as `open_workspace` and `connected`. While the manifests are loaded, the state is read, and then the
    lists of the types that it has.

    Errors of manifests come before all others, and end the reads. An API that OpenAI ended is not asked. If
    `project.yaml` has errors, or names the embedded API, or is changed meanwhile, nothing is read ahead.
    """
    named = env or environ.get("RECONCILER_ENV") or None
    project = None if PROJECT_FILE in (edited or {}) else read_project(find_project(start), env=named)
    async with AsyncExitStack() as stack:
        reading = asyncio.ensure_future(_read_ahead(stack, project, environ, endpoint))
        try:
            load = partial(open_workspace, start, environ, env=env, endpoint=endpoint, edited=edited)
            workspace = await in_thread(load)
            check_not_ended(workspace.loaded, workspace.endpoint)
            read = await reading
        finally:
            await _cancel([reading])
        if read is None or project is None or not _is_same(workspace.loaded.project, project):
            yield Opened(workspace, await stack.enter_async_context(connected(workspace)))
        else:
            leave_out_loaded()
            yield Opened(workspace, *read)


def _is_same(loaded: Project, read: Project) -> bool:
    """Return True if nothing of `project.yaml` that reads depend on was changed while the manifests were loaded."""
    return (loaded.identity, loaded.spec) == (read.identity, read.spec)


async def _read_ahead(
    stack: AsyncExitStack, project: Project | None, environ: Mapping[str, str], endpoint: str | None
) -> tuple[Connection, ReadAhead] | None:
    """Connect and read the state, and begin to list the types that it has. What is open is closed with `stack`."""
    url = choose(project, endpoint, environ) if project else None
    if project is None or is_embedded(url):
        return None
    connection = await stack.enter_async_context(open_connection(project, url))
    reads = reading_ahead(connection, backend_of(project, url, environ))
    return connection, await stack.enter_async_context(reads)


@asynccontextmanager
async def reading_ahead(connection: Connection, backend: Backend) -> AsyncIterator[ReadAhead]:
    """Read the state, and begin to list the types that it has; end what is not complete at the end of the context."""
    snapshot = await in_thread(partial(backend.read, with_packed_fields))
    by_type = adapters(connection, types_of(snapshot))
    with ExitStack() as looking:
        looking.enter_context(connection.looking_once())
        lists = {
            name: asyncio.ensure_future(list_objects(by_type[name], backend.identity, snapshot))
            for name in sorted(types_of(snapshot) & by_type.keys())
        }
        try:
            yield ReadAhead(snapshot, by_type, lists, looking)
        finally:
            await _cancel(lists.values())


async def _cancel(tasks: Collection[asyncio.Future[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

"""The subject of the checks: the machine, the project with its environments, and the API."""

import asyncio
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final, TypeVar

from reconciler.live.client import Connection, Endpoint, api_key, connect
from reconciler.live.errors import LiveError
from reconciler.live.pace import Pace
from reconciler.live.probing import ListProbe, probe_lists
from reconciler.live.source import Source
from reconciler.manifests import Loaded
from reconciler.project.connection import in_thread, open_connection
from reconciler.project.endpoint import DATA, choose, is_embedded
from reconciler.project.workspace import Workspace
from reconciler.resources.problems import ReconcilerError
from reconciler.state.model import Snapshot

T = TypeVar("T")
SECONDS: Final = 10.0
"""Maximum time of a request, and of reading a state or an outlet."""


@dataclass(frozen=True)
class Answers:
    """Statements of the responses of the API."""

    lists: tuple[ListProbe, ...]
    project: str | None
    organization: str | None
    clock_difference: float | None
    has_key: bool
    """False if the lists were asked for without a key, which shows whether the API can be reached."""

    @property
    def accepts_key(self) -> bool:
        """True if the API responds, and not only that the key is not valid."""
        return self.has_key and any(
            not one.error or one.error.problems[0].code != "unauthorized" for one in self.reached
        )

    @property
    def reached(self) -> list[ListProbe]:
        """The lists for which the API answered, with whatever status."""
        return [one for one in self.lists if not one.error or one.error.problems[0].code not in _NO_ANSWER]


_NO_ANSWER: Final = frozenset({"unreachable", "timeout"})


@dataclass
class Environment:
    """One environment of the project. A project without environments is one."""

    workspace: Workspace
    name: str | None
    """Its name, if the project has several."""
    _snapshot: "asyncio.Task[Snapshot] | None" = None

    @property
    def loaded(self) -> Loaded:
        return self.workspace.loaded

    async def snapshot(self) -> Snapshot:
        """Return the state, which is read once."""
        if self._snapshot is None:
            self._snapshot = asyncio.ensure_future(in_thread(self.workspace.backend.read))
        return await asyncio.shield(self._snapshot)

    async def used(self) -> set[str]:
        """Return the types of which the manifests or the state have objects, as far as they can be read."""
        types = set[str]()
        try:
            types |= {one.type for one in self.workspace.desired.values()}
            async with asyncio.timeout(SECONDS):
                types |= {one.type for one in (await self.snapshot()).state.objects.values()}
        except (ReconcilerError, TimeoutError):
            return types
        return types


@dataclass
class Subject:
    """Everything that is checked. The API is asked once, by the first check that needs it."""

    start: Path
    environ: Mapping[str, str]
    flag: str | None
    """The endpoint of the command line."""
    environments: tuple[Environment, ...]
    """None outside of a project."""
    _answers: "asyncio.Task[Answers] | None" = field(default=None)
    closing: AsyncExitStack = field(default_factory=AsyncExitStack)

    @property
    def folder(self) -> Path:
        """The project folder. Only in a project."""
        return self.environments[0].workspace.root

    @property
    def root(self) -> Path | None:
        """The project folder; None outside of a project."""
        return self.folder if self.environments else None

    @cached_property
    def endpoint(self) -> str | None:
        """The API, a result of `choose`; raises ReconcilerError if it is not valid or not allowed."""
        if self.environments:
            return choose(self.environments[0].loaded.project, self.flag, self.environ)
        return self.flag or self.environ.get("RECONCILER_ENDPOINT") or self.environ.get("OPENAI_BASE_URL")

    @property
    def is_unused(self) -> bool:
        """True for the embedded API in a project that has not used it: opening it would create its data."""
        return is_embedded(self.endpoint) and (self.root is None or not (self.root / DATA).exists())

    async def answers(self) -> Answers:
        """Return what the API answers; raises ReconcilerError if there is no key, for example."""
        if self._answers is None:
            self._answers = asyncio.ensure_future(self._ask())
        return await asyncio.shield(self._answers)

    async def _ask(self) -> Answers:
        used = await self.used()
        connection = await self.closing.enter_async_context(self._connection())
        lists = await probe_lists(connection, used, SECONDS)
        return Answers(
            tuple(lists),
            connection.project,
            connection.organization,
            connection.clock_difference,
            has_key=is_embedded(self.endpoint) or self.key_error is None,
        )

    @cached_property
    def key_error(self) -> LiveError | None:
        """The error of a missing key, or of one that cannot be valid."""
        try:
            api_key()
        except LiveError as error:
            return error
        return None

    def _connection(self) -> AbstractAsyncContextManager[Connection]:
        if self.key_error and not is_embedded(self.endpoint):
            return connect(Endpoint(self.endpoint, source=Source()), pace=Pace())
        if self.environments:
            return open_connection(self.environments[0].loaded.project, self.endpoint)
        return connect(Endpoint(self.endpoint), pace=Pace())

    async def used(self) -> set[str]:
        """Return the types of which the project has objects, as far as its manifests and states can be read."""
        return set[str]().union(*await asyncio.gather(*(one.used() for one in self.environments)))

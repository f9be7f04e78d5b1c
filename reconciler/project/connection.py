"""The connection of commands that plan the manifests, and the refusal of targets whose API OpenAI ended."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from reconciler.live.client import OPENAI, Connection
from reconciler.project.endpoint import is_openai, open_connection
from reconciler.project.workspace import Workspace
from reconciler.resources.problems import Place, Problem, ReconcilerError
from reconciler.resources.registry import resource_types
from reconciler.resources.resource_type import Shutdown


@dataclass(frozen=True, slots=True)
class Ended:
    """A manifest of a target whose API OpenAI ended."""

    address: str
    place: Place
    shutdown: Shutdown

    @property
    def message(self) -> str:
        return f"{OPENAI} no longer serves {self.shutdown.api}: OpenAI ended it on {self.shutdown.on}"

    @property
    def hint(self) -> str:
        return (
            f"To move it to another target, run `{self.shutdown.migration}`. To use a server that serves this API, set "
            "RECONCILER_ENDPOINT to its URL."
        )


@asynccontextmanager
async def connected(workspace: Workspace) -> AsyncIterator[Connection]:
    """Open a connection to the endpoint of a project; raises ReconcilerError, before any request, if that is OpenAI and
    a manifest has a target whose API OpenAI ended.
    """
    if problems := [Problem("target-ended", one.message, one.place, one.hint) for one in ended(workspace)]:
        raise ReconcilerError(*problems)
    async with open_connection(workspace.loaded.project, workspace.endpoint) as connection:
        yield connection


def ended(workspace: Workspace) -> Iterator[Ended]:
    """Yield the manifests with objects of an API that OpenAI ended, if the endpoint of the project is OpenAI."""
    if not is_openai(workspace.endpoint):
        return
    for resource in workspace.loaded.resources:
        shutdowns = (resource_types()[name].shutdown for name in sorted(workspace.loaded.types_of(resource)))
        for shutdown in filter(None, shutdowns):
            yield Ended(str(resource.address), resource.where(("spec", "target")), shutdown)

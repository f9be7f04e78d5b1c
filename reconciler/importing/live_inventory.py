"""Everything that is live in one OpenAI project, whoever made it, and what we know of it. Writes nothing."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias, TypeVar

from reconciler.live.base import Adapter
from reconciler.live.client import Connection
from reconciler.live.errors import LiveError
from reconciler.live.registry import adapters
from reconciler.manifests import Project, ProjectSpec, find_project, load
from reconciler.project.endpoint import choose, shown
from reconciler.project.workspace import Workspace, raise_errors
from reconciler.resources.address import Address, Identity
from reconciler.resources.base import Live
from reconciler.resources.problems import Place, Problem, ReconcilerError

T = TypeVar("T")
Tell: TypeAlias = Callable[[str], None]
"""Takes a line of progress."""

_NOBODY: Final = Identity("nobody")
_ENVIRONMENT: Final = frozenset({"environment-required", "unknown-environment"})
STEP: Final = 25
"""Objects whose contents are read between two lines of progress."""


@dataclass(frozen=True)
class Surroundings:
    """Where a command runs that needs a key and no manifests: in a project, or anywhere."""

    project: Project
    workspace: Workspace | None
    """None outside a project."""
    endpoint: str | None


@dataclass(frozen=True)
class LiveInventory:
    """What is live."""

    identity: Identity | None
    """Ours; None outside a project."""
    endpoint: str
    live: tuple[Live, ...]
    """Every object that could be read, with its parts, oldest first."""
    addresses: Mapping[str, Address]
    """Addresses of what is ours, by label or state, by live id."""
    problems: tuple[Problem, ...] = ()
    """What could not be read."""

    def owner(self, live: Live) -> str | None:
        """The identity that owns an object, or None where nobody does."""
        if live.labels is not None:
            return live.labels.identity
        return str(self.identity) if live.id in self.addresses else None


def surroundings(start: Path, environ: Mapping[str, str], *, env: str | None, endpoint: str | None) -> Surroundings:
    """The project at or above `start`, if there is one. Errors in its manifests are no matter here, but it has to be
    clear which environment is meant.
    """
    try:
        folder = find_project(start)
    except ReconcilerError:
        root = start.absolute()
        nowhere = Project(root, root, _NOBODY, ProjectSpec(), Place("."))
        return Surroundings(nowhere, None, choose(nowhere, endpoint, environ))
    loaded = load(folder, env=env or environ.get("RECONCILER_ENV") or None)
    raise_errors(problem for problem in loaded.problems if problem.code in _ENVIRONMENT)
    chosen = choose(loaded.project, endpoint, environ)
    return Surroundings(loaded.project, Workspace(loaded, chosen, environ), chosen)


async def read_live_inventory(
    here: Surroundings,
    connection: Connection,
    tell: Tell,
    types: Collection[str] | None = None,
    with_parts: Callable[[Live], bool] = lambda _live: True,
) -> LiveInventory:
    """Every live object, of these types or of all, by list walks: one of each type, and one of the files of each store
    that is wanted `with_parts`.

    What cannot be read is a problem of the result, and the rest goes on; LiveError where nothing at all can be read.
    """
    by_type = {name: one for name, one in adapters(connection).items() if types is None or name in types}
    problems: list[Problem] = []
    applied = await asyncio.to_thread(_applied, here.workspace)
    known = [*applied]
    walks = (_listed(adapter, here.project.identity, known, tell, problems) for adapter in by_type.values())
    listed = await asyncio.gather(*walks)
    if by_type and all(found is None for found in listed):
        raise LiveError(*dict.fromkeys(problems))
    everything = [item for found in listed for item in found or ()]
    live = await _with_parts(by_type, everything, with_parts, tell, problems)
    identity = here.project.identity if here.workspace else None
    return LiveInventory(
        identity=identity,
        endpoint=shown(here.endpoint),
        live=tuple(sorted(live, key=lambda item: (item.detail.get("created_at", 0), item.id))),
        addresses={**_labelled(live, identity), **applied},
        problems=tuple(dict.fromkeys(problems)),
    )


def _applied(workspace: Workspace | None) -> dict[str, Address]:
    if workspace is None:
        return {}
    return {entry.id: address for address, entry in workspace.backend.read().state.objects.items()}


def _labelled(live: Iterable[Live], identity: Identity | None) -> dict[str, Address]:
    found: dict[str, Address] = {}
    for item in live:
        if item.labels and identity and item.labels.identity == str(identity):
            with suppress(ValueError):
                found[item.id] = Address.parse(item.labels.address)
    return found


async def _listed(
    adapter: Adapter, identity: Identity, known: list[str], tell: Tell, problems: list[Problem]
) -> list[Live] | None:
    found = await _attempted(adapter.list(identity, known), problems)
    if found is None:
        return None
    tell(f"{adapter.type}: {len(found):,} found")
    return list(found)


async def _with_parts(
    by_type: Mapping[str, Adapter],
    live: Sequence[Live],
    wanted: Callable[[Live], bool],
    tell: Tell,
    problems: list[Problem],
) -> list[Live]:
    """`live` with what needs a listing of its own, where it is wanted; what is gone meanwhile is left out."""
    composed = {item.id for item in live if not by_type[item.type].lists_whole and wanted(item)}
    done = 0

    async def whole(item: Live) -> Live | None:
        nonlocal done
        if item.id not in composed:
            return item
        found = await _attempted(by_type[item.type].whole(item), problems)
        done += 1
        if done % STEP == 0 or done == len(composed):
            tell(f"contents: {done:,} of {len(composed):,} read")
        return found

    return [item for item in await asyncio.gather(*map(whole, live)) if item is not None]


async def _attempted(work: Awaitable[T], problems: list[Problem]) -> T | None:
    try:
        return await work
    except LiveError as error:
        problems.extend(error.problems)
        return None

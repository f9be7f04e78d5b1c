"""Reader of every live object of one OpenAI project, with any owner. Writes nothing."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias, TypeVar

from reconciler.live.adapters import Adapter, adapters
from reconciler.live.client import Connection
from reconciler.live.errors import LiveError
from reconciler.live.listing import Listing
from reconciler.manifests import Project, ProjectSpec, find_project
from reconciler.manifests.folder import NO_PROJECT
from reconciler.project.endpoint import choose, shown
from reconciler.project.loading import load_project
from reconciler.project.workspace import Workspace, raise_errors
from reconciler.resources.address import Address, Identity
from reconciler.resources.base import Applied, Live
from reconciler.resources.labelled import labelled_address
from reconciler.resources.problems import Place, Problem, ReconcilerError
from reconciler.resources.registry import resource_types

T = TypeVar("T")
OnProgress: TypeAlias = Callable[[str], None]
"""A function that receives a progress message."""

_NO_PROJECT: Final = Identity("nobody")
_ENVIRONMENT: Final = frozenset({"environment-required", "unknown-environment"})
STEP: Final = 25
"""Number of objects between two progress messages while contents are read."""


@dataclass(frozen=True)
class ProjectContext:
    """The environment of a command that requires an API key but no manifests: a project, or any folder."""

    project: Project
    environ: Mapping[str, str]
    workspace: Workspace | None
    """None outside of a project."""
    endpoint: str | None


_OF_THE_API: Final = frozenset({"unreachable", "timeout", "unauthorized"})
"""Codes of problems that every request to the API has."""


@dataclass(frozen=True)
class LiveInventory:
    """The live objects of one OpenAI project."""

    identity: Identity | None
    """The identity of the current project; None outside of a project."""
    endpoint: str
    live: tuple[Live, ...]
    """Every object that could be read, with its parts, in order of creation."""
    addresses: Mapping[str, Address]
    """Addresses of our objects, from labels and state, by live id. Of several objects with one label, only the one in
    the state is ours: a label can be copied."""
    problems: tuple[Problem, ...] = ()
    """Problems of objects that could not be read."""
    unproven: frozenset[str] = frozenset()
    """Ids of the objects in `addresses` that another state has labelled; see `planning.lineage`."""
    unread: frozenset[str] = frozenset()
    """Types of which some objects could not be read. The server has the API of these types."""
    applied: Mapping[Address, Applied] = field(default_factory=dict)
    """The entries of the state."""

    def owner(self, live: Live) -> str | None:
        """Return the identity that owns an object; None for an unmanaged object."""
        if live.id in self.addresses and live.id not in self.unproven:
            return str(self.identity)
        labelled = live.labels.identity if live.labels else None
        return None if labelled == str(self.identity) else labelled


def project_context(
    start: Path, environ: Mapping[str, str], *, env: str | None, endpoint: str | None
) -> ProjectContext:
    """Return the project at or above `start`, if there is one.

    Errors in manifests are ignored. Raises ReconcilerError if the environment is missing or unknown.
    """
    try:
        folder = find_project(start)
    except ReconcilerError as error:
        if any(problem.code != NO_PROJECT for problem in error.problems):
            raise
        root = start.absolute()
        no_project = Project(root, root, _NO_PROJECT, ProjectSpec(), Place("."))
        return ProjectContext(no_project, environ, None, choose(no_project, endpoint, environ))
    loaded = load_project(folder, environ, env=env or environ.get("RECONCILER_ENV") or None)
    raise_errors(problem for problem in loaded.problems if problem.code in _ENVIRONMENT)
    chosen = choose(loaded.project, endpoint, environ)
    return ProjectContext(loaded.project, environ, Workspace(loaded, chosen, environ), chosen)


async def read_live_inventory(
    here: ProjectContext,
    connection: Connection,
    on_progress: OnProgress,
    types: Collection[str] | None = None,
    with_parts: Callable[[Live], bool] = lambda _live: True,
) -> LiveInventory:
    """List every live object of `types` (default: all), and the files of each vector store for which `with_parts` is
    true.

    Objects that cannot be read are reported as problems of the result. Raises LiveError if nothing can be read.
    """
    by_type = {name: one for name, one in adapters(connection).items() if types is None or name in types}
    problems: list[Problem] = []
    entries, lineage = await asyncio.to_thread(_applied, here.workspace)
    applied = {entry.id: address for address, entry in entries.items()}
    known = [*applied]
    listing = Listing(connection)
    walks = (
        _listed(adapter, here.project.identity, known, on_progress, problems, listing) for adapter in by_type.values()
    )
    listed = await asyncio.gather(*walks)
    known_types = await asyncio.to_thread(_known_types, here.workspace)
    problems += listing.problems(known_types.__contains__)
    if by_type and all(found is None for found in listed):
        raise LiveError(*_once(problems))
    everything = [item for found in listed for item in found or ()]
    without_lists = {name for name, found in zip(by_type, listed, strict=True) if found is None}
    without_lists -= listing.absent(known_types.__contains__)
    failed = len(problems)
    live = await _with_parts(by_type, everything, with_parts, on_progress, problems)
    read = {item.id for item in live} if len(problems) > failed else {item.id for item in everything}
    identity = here.project.identity if here.workspace else None
    return LiveInventory(
        identity=identity,
        endpoint=shown(here.endpoint),
        live=tuple(sorted(live, key=lambda item: (item.detail.get("created_at", 0), item.id))),
        addresses={**_labelled(live, identity, applied), **applied},
        problems=tuple(dict.fromkeys(problems)),
        unread=frozenset(without_lists | {item.type for item in everything if item.id not in read}),
        applied=entries,
        unproven=frozenset(one.id for one in live if one.id not in applied and not _is_of(one, lineage)),
    )


def _once(problems: Iterable[Problem]) -> Iterator[Problem]:
    """Yield problems without repetitions, and of those that no list is the cause of only the first with each code."""
    found = dict[object, Problem]()
    for problem in problems:
        found.setdefault(problem.code if problem.code in _OF_THE_API else problem, problem)
    yield from found.values()


def _is_of(live: Live, lineage: str | None) -> bool:
    """Return True if the label of an object that is not in the state has the lineage of the state."""
    return live.labels is None or (lineage is not None and live.labels.lineage == lineage)


def _applied(workspace: Workspace | None) -> tuple[Mapping[Address, Applied], str | None]:
    """Return the entries of the state, and its lineage."""
    if workspace is None:
        return {}, None
    state = workspace.backend.read().state
    return state.objects, state.lineage


def _known_types(workspace: Workspace | None) -> set[str]:
    """Return the types of which the manifests or the state have objects."""
    if workspace is None:
        return set()
    applied = {entry.type for entry in workspace.backend.read().state.objects.values()}
    is_valid = not any(one.severity == "error" for one in workspace.loaded.problems)
    return applied | ({one.type for one in workspace.desired.values()} if is_valid else set())


def _labelled(live: Iterable[Live], identity: Identity | None, applied: Mapping[str, Address]) -> dict[str, Address]:
    """Return the objects that only their label makes ours: the only ones with it, at addresses without another one."""
    found: dict[str, Address] = {}
    for item in live:
        if identity and (address := labelled_address(item, resource_types(), identity)):
            found[item.id] = address
    recorded = {applied[id_] for id_ in found.keys() & applied.keys()}
    number = Counter(found.values())
    return {id_: at for id_, at in found.items() if number[at] == 1 and (at not in recorded or id_ in applied)}


async def _listed(
    adapter: Adapter,
    identity: Identity,
    known: list[str],
    on_progress: OnProgress,
    problems: list[Problem],
    listing: Listing,
) -> list[Live] | None:
    work = listing.attempt(adapter.type, adapter.refers, adapter.list(identity, known), None)
    found = await _attempted(work, problems)
    if found is None:
        return None
    on_progress(f"{adapter.type}: {len(found):,} found")
    return list(found)


async def _with_parts(
    by_type: Mapping[str, Adapter],
    live: Sequence[Live],
    wanted: Callable[[Live], bool],
    on_progress: OnProgress,
    problems: list[Problem],
) -> list[Live]:
    """Return `live` with the parts of the wanted objects; objects that were deleted meanwhile are left out."""
    composed = {item.id for item in live if not by_type[item.type].lists_whole and wanted(item)}
    done = 0

    async def whole(item: Live) -> Live | None:
        nonlocal done
        if item.id not in composed:
            return item
        found = await _attempted(by_type[item.type].whole(item), problems)
        done += 1
        if done % STEP == 0 or done == len(composed):
            on_progress(f"contents: {done:,} of {len(composed):,} read")
        return found

    return [item for item in await asyncio.gather(*map(whole, live)) if item is not None]


async def _attempted(work: Awaitable[T], problems: list[Problem]) -> T | None:
    try:
        return await work
    except LiveError as error:
        problems.extend(error.problems)
        return None

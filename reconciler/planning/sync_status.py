"""The sync status of each assistant: with its copies, its stores and its files, it is in sync, or this differs.

`drift` and `status` show the same status, because both call `sync_statuses`.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final, TypeVar

from reconciler.planning.build import Planned
from reconciler.planning.changes import not_named
from reconciler.planning.inputs import PlanInputs
from reconciler.planning.model import Change
from reconciler.planning.tool_files import (
    ForeignFile,
    ToolFile,
    ToolFiles,
    ToolStore,
    UnmanagedObjects,
    merged,
    tools_in,
    unmanaged_ids,
    without,
)
from reconciler.resources.address import Address
from reconciler.resources.base import Desired
from reconciler.resources.values import references_in

ASSISTANT: Final = "assistant"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class FailingFile:
    """A file that a store should hold and that OpenAI could not index, so that no search finds it."""

    store: str
    file: str
    """As the manifest of the store names it: a path, or the id of an upload that is managed elsewhere."""
    code: str
    """OpenAI's, as is `message`: `last_error` of the vector store file."""
    message: str

    @property
    def reason(self) -> str:
        return ": ".join(filter(None, (self.code, self.message)))


@dataclass(frozen=True)
class SyncStatus:
    """One assistant with its copies, and all that they use."""

    address: str
    differs: tuple[Change, ...] = ()
    """Differences of the assistant, of its copies, and of the stores and files that they use."""
    failing: tuple[FailingFile, ...] = ()
    is_pending: bool = False
    """True if unapplied edits of manifests change any of these."""
    missing: tuple[ToolFile, ...] = ()
    """Files that the manifests name and that are not at OpenAI."""
    foreign: tuple[ToolFile, ...] = ()
    """Files that are at OpenAI and that no manifest names."""
    is_applied: bool = True
    """False before the first apply of the project."""
    id: str | None = None
    """Id of the live assistant, if there is one."""
    edits: tuple[Change, ...] = ()
    """Unapplied edits of manifests that change any of these."""
    added: tuple[ToolFile, ...] = ()
    """Files that an unapplied edit of the manifests adds, or gives another content."""
    removed: tuple[ToolFile, ...] = ()
    """Files at OpenAI that an unapplied edit of the manifests removes."""
    stores: tuple[ToolStore, ...] = ()
    """Vector stores that only one side has."""

    @property
    def in_sync(self) -> bool:
        return self.is_applied and not (self.differs or self.failing or self.missing or self.foreign)


def foreign_files(planned: Planned, names: Mapping[str, str] | None = None) -> Iterator[ForeignFile]:
    """Yield the files of stores that no manifest names; in a store that prunes, they are drift.

    `names` has file names by id, for uploads that were not listed for the plan.
    """
    inputs = planned.inputs
    found = [
        (address, file)
        for address, live in sorted(planned.matched.live.items())
        if (desired := inputs.desired.get(address)) and _is_reported(inputs, desired)
        for file in sorted(not_named(inputs.members(live.type), desired, inputs.applied.get(address), live))
    ]
    known = {**(names or {}), **(_file_names(inputs) if found else {})}
    yield from (ForeignFile(str(address), file, known.get(file, "")) for address, file in found)


def _is_reported(inputs: PlanInputs, desired: Desired) -> bool:
    members = inputs.members(desired.type)
    ignored = members is None or members.field in desired.lifecycle.ignore
    return inputs.in_scope(desired.address) and not (ignored or desired.prunes)


def _file_names(inputs: PlanInputs) -> Mapping[str, str]:
    return {live.id: live.name for live in inputs.live if inputs.is_upload(live.type)}


def sync_statuses(
    planned: Planned,
    drifted: Iterable[Change],
    failing: Iterable[FailingFile],
    foreign: Iterable[ForeignFile],
    pending: Iterable[Change],
    unmanaged: UnmanagedObjects | None = None,
) -> Iterator[SyncStatus]:
    """Yield the status of every assistant of the manifests and of their releases, by address.

    `pending` has the unapplied edits of manifests, and `unmanaged` the objects of `unread` that were read.
    """
    is_applied = not never_applied(planned)
    differs, edits = _grouped(drifted, lambda one: one.address), _grouped(pending, lambda one: one.address)
    lost, extra = _grouped(failing, lambda one: one.store), _grouped(foreign, lambda one: one.store)
    below = _below(planned.inputs, frozenset({*edits, *differs, *lost, *extra}))
    files = ToolFiles(planned, differs, edits, extra, unmanaged or UnmanagedObjects())
    for family, members in _families(planned).items():
        concerned = sorted(frozenset[str]().union(*map(below, members)))
        tools = _tools_by_address(planned.inputs, members if concerned else ())
        found = [files.of(address, tools) for address in concerned]
        live = planned.matched.live.get(family)
        added = merged([one.added for one in found])
        yield SyncStatus(
            str(family),
            tuple(change for address in concerned for change in differs.get(address, ())),
            tuple(file for address in concerned for file in lost.get(address, ())),
            any(address in edits for address in concerned),
            without(merged([one.missing for one in found]), added),
            merged([one.foreign for one in found]),
            is_applied,
            live.id if live else None,
            tuple(change for address in concerned for change in edits.get(address, ())),
            added,
            merged([one.removed for one in found]),
            tuple(dict.fromkeys(store for one in found for store in one.stores)),
        )


def unread(planned: Planned) -> Mapping[str, frozenset[str]]:
    """Return the live ids of unmanaged objects that tools of assistants contain on one side of a difference, by type.
    The plan does not require their content; the status of the assistants does.
    """
    changes = (*planned.plan.changes, *planned.plan.drift)
    return unmanaged_ids(planned, (one for one in changes if Address.parse(one.address).kind == ASSISTANT))


def never_applied(planned: Planned) -> bool:
    """Return True if the state has no object and none is live, although the manifests have some."""
    matched = planned.matched
    return bool(planned.inputs.desired) and not (planned.inputs.applied or matched.live or matched.other_lineage)


def _grouped(items: Iterable[T], key: Callable[[T], str]) -> dict[str, list[T]]:
    found: dict[str, list[T]] = defaultdict(list)
    for item in items:
        found[key(item)].append(item)
    return found


def _families(planned: Planned) -> dict[Address, list[Address]]:
    """Return the assistants, each with itself and its copies."""
    found: dict[Address, list[Address]] = defaultdict(list)
    for address in sorted(planned.inputs.desired):
        if address.kind == ASSISTANT and planned.inputs.in_scope(address):
            found[planned.matched.family(address)].append(address)
    return {family: found[family] for family in sorted(found)}


def _below(inputs: PlanInputs, affected: frozenset[str]) -> Callable[[Address], frozenset[str]]:
    """Return a function from an address to the addresses in `affected` that it is or uses, without other assistants."""

    @cache
    def below(address: Address) -> frozenset[str]:
        desired = inputs.desired.get(address)
        used = dict.fromkeys(map(Address.parse, references_in(dict(desired.fields)))) if desired else ()
        deeper = (below(target) for target in used if target.kind != ASSISTANT)
        return (affected & {str(address)}).union(*deeper)

    return below


def _tools_by_address(inputs: PlanInputs, members: Iterable[Address]) -> Mapping[str, set[str]]:
    """Return the types of the tools of an assistant and its copies, by the stores and files that they name."""
    found: dict[str, set[str]] = defaultdict(set)
    for member in members:
        for tool, settings in tools_in(inputs.desired[member].fields):
            for address in references_in(settings):
                found[address].add(tool)
    return found

"""The sync status of each assistant: with its copies, its stores and its files, it is in sync, or this differs.

`drift` and `status` show the same status, because both call `sync_statuses`.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from reconciler.planning.build import Planned
from reconciler.planning.changes import not_named
from reconciler.planning.inputs import PlanInputs
from reconciler.planning.model import Change, FieldChange
from reconciler.resources.address import Address
from reconciler.resources.base import Desired
from reconciler.resources.registry import upload_kinds
from reconciler.resources.values import ABSENT, JSON, Absent, references_in, strings_in

ASSISTANT: Final = "assistant"
TOOLS: Final = "tools"
"""The field of an assistant that has its tools by name, each with its `type`."""


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


@dataclass(frozen=True, slots=True)
class ForeignFile:
    """A file of a store that its manifest does not name: search finds its content, which was not reviewed."""

    store: str
    file: str
    """Id of the upload, or the path of one of ours."""
    name: str = ""
    """File name of the upload; empty if it is not known."""


@dataclass(frozen=True, slots=True)
class ToolFile:
    """A file that a tool of an assistant reads on one side only: at OpenAI, or as the manifests say."""

    tool: str
    """Type of the tool, such as `file_search`; empty for a file that no tool names."""
    store: str | None
    """Address of the store that holds the file; None for a file that the tool names itself."""
    file: str
    """Path of the file in the project, or id of the upload."""
    name: str = ""
    """File name of the upload; empty if it is not known."""


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

    @property
    def in_sync(self) -> bool:
        return not (self.differs or self.failing or self.missing or self.foreign)


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
    pending: Collection[str],
) -> Iterator[SyncStatus]:
    """Yield the status of every assistant of the manifests and of their releases, by address.

    `pending` has the addresses with unapplied edits of manifests.
    """
    differs, lost, added = _by_address(drifted), defaultdict[str, list[FailingFile]](list), _by_store(foreign)
    for file in failing:
        lost[file.store].append(file)
    below = _below(planned.inputs, frozenset({*pending, *differs, *lost, *added}))
    names = _file_names(planned.inputs) if differs else {}
    for family, members in _families(planned).items():
        concerned = sorted(frozenset[str]().union(*map(below, members)))
        changes = tuple(change for address in concerned for change in differs[address])
        by_tool = _Tools(planned.inputs, members, frozenset(concerned))
        sides = [_sides(planned.inputs, by_tool, change, names) for change in changes]
        outside = (by_tool.files(file.store, file.file, file.name) for one in concerned for file in added[one])
        yield SyncStatus(
            str(family),
            changes,
            tuple(file for address in concerned for file in lost[address]),
            any(address in pending for address in concerned),
            _unique(file for missing, _ in sides for file in missing),
            _unique([*(file for _, extra in sides for file in extra), *(file for group in outside for file in group)]),
        )


def _by_address(changes: Iterable[Change]) -> dict[str, list[Change]]:
    found: dict[str, list[Change]] = defaultdict(list)
    for change in changes:
        found[change.address].append(change)
    return found


def _by_store(files: Iterable[ForeignFile]) -> dict[str, list[ForeignFile]]:
    found: dict[str, list[ForeignFile]] = defaultdict(list)
    for file in files:
        found[file.store].append(file)
    return found


def _unique(files: Iterable[ToolFile]) -> tuple[ToolFile, ...]:
    """Return each file of each tool once, with its store if it is in one."""
    found: dict[tuple[str, str], ToolFile] = {}
    for file in files:
        known = found.setdefault((file.tool, file.file), file)
        if known.store is None:
            found[file.tool, file.file] = file
    return tuple(found[key] for key in sorted(found))


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


class _Tools:
    """The tools of one assistant and its copies, by the stores and files that they name."""

    def __init__(self, inputs: PlanInputs, members: Sequence[Address], concerned: frozenset[str]) -> None:
        self._types: dict[str, set[str]] = defaultdict(set)
        for member in members if concerned else ():
            for tool, settings in _tools(inputs.desired[member].fields.get(TOOLS)):
                for address in references_in(settings):
                    self._types[address].add(tool)

    def files(self, holder: str, file: str, name: str = "") -> list[ToolFile]:
        """Return a file of a store, or the upload at the address `holder`, once for each tool that names it."""
        store = None if Address.parse(holder).kind in upload_kinds() else holder
        return [ToolFile(tool, store, file, name) for tool in sorted(self._types.get(holder, {""}))]


def _tools(tools: JSON) -> Iterator[tuple[str, JSON]]:
    """Yield the type and the settings of each tool."""
    for name, settings in tools.items() if isinstance(tools, Mapping) else ():
        yield str(settings.get("type", name) if isinstance(settings, Mapping) else name), settings


Sides = tuple[list[ToolFile], list[ToolFile]]
"""Files that are not at OpenAI, and files that are only there."""


def _sides(inputs: PlanInputs, tools: _Tools, change: Change, names: Mapping[str, str]) -> Sides:
    """Return the files that one difference is about."""
    address = Address.parse(change.address)
    if address.kind in upload_kinds():
        return (tools.files(change.address, address.name) if change.action == "create" else []), []
    desired = inputs.desired.get(address)
    members = inputs.members(desired.type) if desired else None
    missing, extra = list[ToolFile](), list[ToolFile]()
    for item in change.fields if change.action == "update" else ():
        if members and item.keys[0] == members.field and len(item.keys) == 2:
            side = missing if item.live is ABSENT else extra if item.desired is ABSENT else []
            side += tools.files(change.address, item.keys[1], names.get(item.keys[1], ""))
        elif address.kind == ASSISTANT and item.keys[0] == TOOLS:
            here, there = _named_files(item, item.desired, names), _named_files(item, item.live, names)
            missing += [ToolFile(tool, None, file, names.get(file, "")) for tool, file in sorted(here - there)]
            extra += [ToolFile(tool, None, file, names.get(file, "")) for tool, file in sorted(there - here)]
    return missing, extra


def _named_files(item: FieldChange, value: JSON | Absent, names: Mapping[str, str]) -> set[tuple[str, str]]:
    """Return the uploads that one side of a difference of tools names, each with the type of the tool."""
    if value is ABSENT:
        return set()
    tools = _tools(value) if len(item.keys) == 1 else [(item.keys[1], value)]
    return {(tool, file) for tool, settings in tools for file in _uploads_in(settings, names)}


def _uploads_in(value: JSON, names: Mapping[str, str]) -> Iterator[str]:
    yield from (one.name for one in map(Address.parse, references_in(value)) if one.kind in upload_kinds())
    yield from (text for text in strings_in(value) if text in names)

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
    is_applied: bool = True
    """False before the first apply of the project."""

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
    pending: Collection[str],
) -> Iterator[SyncStatus]:
    """Yield the status of every assistant of the manifests and of their releases, by address.

    `pending` has the addresses with unapplied edits of manifests.
    """
    is_applied = not never_applied(planned)
    differs, lost, added = _by_address(drifted), defaultdict[str, list[FailingFile]](list), _by_store(foreign)
    for file in failing:
        lost[file.store].append(file)
    below = _below(planned.inputs, frozenset({*pending, *differs, *lost, *added}))
    files = _Files(planned.inputs, differs, added)
    for family, members in _families(planned).items():
        concerned = sorted(frozenset[str]().union(*map(below, members)))
        tools = _tools_by_address(planned.inputs, members if concerned else ())
        found = [files.of(address, tuple(sorted(tools.get(address, {""})))) for address in concerned]
        yield SyncStatus(
            str(family),
            tuple(change for address in concerned for change in differs.get(address, ())),
            tuple(file for address in concerned for file in lost.get(address, ())),
            any(address in pending for address in concerned),
            _merged([one.missing for one in found]),
            _merged([one.foreign for one in found]),
            is_applied,
        )


def never_applied(planned: Planned) -> bool:
    """Return True if the state has no object and none is live, although the manifests have some."""
    matched = planned.matched
    return bool(planned.inputs.desired) and not (planned.inputs.applied or matched.live or matched.other_lineage)


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


def _merged(groups: Sequence[tuple[ToolFile, ...]]) -> tuple[ToolFile, ...]:
    """Return the files of all groups. One group is returned as it is, so that assistants with one store share it."""
    filled = [group for group in groups if group]
    return filled[0] if len(filled) == 1 else _unique(file for group in filled for file in group)


def _unique(files: Iterable[ToolFile]) -> tuple[ToolFile, ...]:
    """Return each file of each tool once, with its store if it is in one, in order."""
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


def _tools_by_address(inputs: PlanInputs, members: Iterable[Address]) -> Mapping[str, set[str]]:
    """Return the types of the tools of an assistant and its copies, by the stores and files that they name."""
    found: dict[str, set[str]] = defaultdict(set)
    for member in members:
        for tool, settings in _tools(inputs.desired[member].fields.get(TOOLS)):
            for address in references_in(settings):
                found[address].add(tool)
    return found


def _tools(tools: JSON) -> Iterator[tuple[str, JSON]]:
    """Yield the type and the settings of each tool."""
    for name, settings in tools.items() if isinstance(tools, Mapping) else ():
        yield str(settings.get("type", name) if isinstance(settings, Mapping) else name), settings


@dataclass(frozen=True, slots=True)
class _Sides:
    """Files that are not at OpenAI, and files that are only there."""

    missing: tuple[ToolFile, ...]
    foreign: tuple[ToolFile, ...]


class _Files:
    """The files that differences are about. Assistants that use a store with the same tools share the result."""

    def __init__(
        self, inputs: PlanInputs, differs: Mapping[str, list[Change]], added: Mapping[str, list[ForeignFile]]
    ) -> None:
        self._inputs, self._differs, self._added = inputs, differs, added
        self._names = _file_names(inputs) if differs else {}
        self._known: dict[tuple[str, tuple[str, ...]], _Sides] = {}

    def of(self, address: str, tools: tuple[str, ...]) -> _Sides:
        """Return the files of one object, each once for each of the tools that name the object."""
        if (address, tools) not in self._known:
            missing, foreign = list[ToolFile](), list[ToolFile]()
            for change in self._differs.get(address, ()):
                self._sort(change, tools, missing, foreign)
            for file in self._added.get(address, ()):
                foreign += [ToolFile(tool, address, file.file, file.name) for tool in tools]
            self._known[address, tools] = _Sides(_unique(missing), _unique(foreign))
        return self._known[address, tools]

    def _sort(self, change: Change, tools: tuple[str, ...], missing: list[ToolFile], foreign: list[ToolFile]) -> None:
        """Add the files of one difference to the side that does not have them."""
        address = Address.parse(change.address)
        if address.kind in upload_kinds():
            missing += [ToolFile(tool, None, address.name) for tool in tools if change.action == "create"]
            return
        desired = self._inputs.desired.get(address)
        members = self._inputs.members(desired.type) if desired else None
        for item in change.fields if change.action == "update" else ():
            if members and item.keys[0] == members.field and len(item.keys) == 2:
                side = missing if item.live is ABSENT else foreign if item.desired is ABSENT else []
                side += [ToolFile(tool, change.address, item.keys[1], self._name(item.keys[1])) for tool in tools]
            elif address.kind == ASSISTANT and item.keys[0] == TOOLS:
                here, there = (_named_files(item, value, self._names) for value in (item.desired, item.live))
                missing += [ToolFile(tool, None, file, self._name(file)) for tool, file in here - there]
                foreign += [ToolFile(tool, None, file, self._name(file)) for tool, file in there - here]

    def _name(self, file: str) -> str:
        return self._names.get(file, "")


def _named_files(item: FieldChange, value: JSON | Absent, names: Mapping[str, str]) -> set[tuple[str, str]]:
    """Return the uploads that one side of a difference of tools names, each with the type of the tool."""
    if value is ABSENT:
        return set()
    tools = _tools(value) if len(item.keys) == 1 else [(item.keys[1], value)]
    return {(tool, file) for tool, settings in tools for file in _uploads_in(settings, names)}


def _uploads_in(value: JSON, names: Mapping[str, str]) -> Iterator[str]:
    yield from (one.name for one in map(Address.parse, references_in(value)) if one.kind in upload_kinds())
    yield from (text for text in strings_in(value) if text in names)

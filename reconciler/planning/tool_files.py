"""The files and vector stores of the tools of an assistant that only one side has: the manifests, or OpenAI.

The files of a store that is attached or detached as a whole are found, too: on the side that has the store.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias, get_args

from reconciler.planning.build import Planned
from reconciler.planning.model import Change, FieldChange
from reconciler.resources.address import Address
from reconciler.resources.base import Live
from reconciler.resources.references import ids_by_type
from reconciler.resources.registry import upload_kinds
from reconciler.resources.values import ABSENT, JSON, Absent, put, references_in, strings_in

TOOL_FIELDS: Final = ("tools", "tool_resources")
"""The fields of an assistant that have tools by name, each with its settings, or with its files."""

Side: TypeAlias = Literal["missing", "foreign", "added", "removed"]
"""`missing`: the manifests name it, and it is not at OpenAI any longer; `foreign`: it is at OpenAI, and no manifest
names it; `added`: an edit of the manifests that is not applied yet names it; `removed`: it is at OpenAI, and an edit of
the manifests that is not applied yet does not name it any longer.
"""
SIDES: Final[tuple[Side, ...]] = get_args(Side)


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
    """Address of the store that holds the file, or the id of an unmanaged store; None for a file that the tool names
    itself."""
    file: str
    """Path of the file in the project, or id of the upload."""
    name: str = ""
    """File name of the upload; empty if it is not known."""
    is_unreadable: bool = False
    """True for an upload that was made outside Reconciler and whose content OpenAI does not return."""


@dataclass(frozen=True, slots=True)
class ToolStore:
    """A vector store that a tool of an assistant searches on one side only."""

    tool: str
    """Type of the tool, such as `file_search`."""
    store: str
    """Address of the store, or the id of an unmanaged store."""
    name: str
    """Name of the store at OpenAI; empty if it is not known."""
    side: Side
    """The side that has the store, as for the files in the list of that name."""
    files: int | None
    """Number of its files on that side; None if they could not be read."""


@dataclass(frozen=True, slots=True)
class FilesBySide:
    """Files and stores that only one side has, each file once for each tool."""

    missing: tuple[ToolFile, ...] = ()
    foreign: tuple[ToolFile, ...] = ()
    added: tuple[ToolFile, ...] = ()
    removed: tuple[ToolFile, ...] = ()
    stores: tuple[ToolStore, ...] = ()


@dataclass(frozen=True)
class UnmanagedObjects:
    """Unmanaged objects that were not read for the plan, and that stores and tools contain at OpenAI."""

    uploads: Mapping[str, Live | None] = field(default_factory=dict)
    """By id; None for one that could not be read."""
    stores: Mapping[str, Live | None] = field(default_factory=dict)
    """By id, each with its files; None for one that could not be read, or does not exist."""


Use: TypeAlias = tuple[str, str | None]
"""The type of a tool, and the store through which it reads an object; None if the tool names the object itself."""


def tools_in(fields: Mapping[str, JSON]) -> Iterator[tuple[str, JSON]]:
    """Yield the type and the settings of each tool."""
    for name in TOOL_FIELDS:
        yield from _tools(fields.get(name))


def unmanaged_ids(planned: Planned, changes: Iterable[Change]) -> Mapping[str, frozenset[str]]:
    """Return the live ids of unmanaged objects that tools contain on one side of a difference, by type."""
    found: dict[str, set[str]] = defaultdict(set)
    ours = {*planned.matched.addresses, *_deleted(planned)}
    for change, item in _differences(changes):
        desired = planned.inputs.desired.get(Address.parse(change.address))
        specs = planned.inputs.resource_types[desired.type].specs if desired else ()
        for value in (item.live, item.desired):
            body = {} if value is ABSENT else put({}, item.keys, value)
            for name, ids in ids_by_type(specs, body).items():
                found[name] |= {id_ for id_ in ids if id_ not in ours}
    return {name: frozenset(ids) for name, ids in found.items() if ids}


def _deleted(planned: Planned) -> Mapping[str, str]:
    """Return the addresses of managed objects that do not exist any longer, by the id that they had: assistants may
    still have these ids.
    """
    applied, live = planned.inputs.applied, planned.matched.live
    return {one.id: str(address) for address, one in applied.items() if address not in live}


def _differences(changes: Iterable[Change]) -> Iterator[tuple[Change, FieldChange]]:
    """Yield the differences of the tools of assistants."""
    for change in changes:
        for item in change.fields if change.action == "update" else ():
            if item.keys[0] in TOOL_FIELDS:
                yield change, item


def _tools(tools: JSON) -> Iterator[tuple[str, JSON]]:
    for name, settings in tools.items() if isinstance(tools, Mapping) else ():
        yield str(settings.get("type", name) if isinstance(settings, Mapping) else name), settings


class ToolFiles:
    """The files that differences are about. Assistants that use a store with the same tools share the result."""

    def __init__(
        self,
        planned: Planned,
        drift: Mapping[str, Sequence[Change]],
        edits: Mapping[str, Sequence[Change]],
        foreign: Mapping[str, Sequence[ForeignFile]],
        unmanaged: UnmanagedObjects,
    ) -> None:
        self._planned, self._inputs, self._foreign, self._unmanaged = planned, planned.inputs, foreign, unmanaged
        self._sides: tuple[tuple[Mapping[str, Sequence[Change]], Side, Side], ...] = (
            (drift, "missing", "foreign"),
            (edits, "added", "removed"),
        )
        listed = (live for live in self._inputs.live if self._inputs.is_upload(live.type))
        self._uploads = {**{live.id: live for live in listed}, **unmanaged.uploads} if drift or edits or foreign else {}
        self._deleted = _deleted(planned) if drift or edits else {}
        self._known: dict[tuple[str, tuple[Use, ...]], FilesBySide] = {}
        self._stores: dict[tuple[Use, Side], tuple[ToolStore, tuple[ToolFile, ...]]] = {}

    def of(self, address: str, tools: Mapping[str, Collection[str]]) -> FilesBySide:
        """Return the files of one object that an assistant uses, each once for each of the tools that reach it.

        `tools` has the types of the tools of the assistant by the objects that they name.
        """
        uses = tuple(sorted(self._uses(address, tools), key=str)) or (("", None),)
        if (address, uses) not in self._known:
            self._known[address, uses] = self._of(address, uses)
        return self._known[address, uses]

    def _uses(self, address: str, tools: Mapping[str, Collection[str]]) -> Iterator[Use]:
        yield from ((tool, None) for tool in tools.get(address, ()))
        parsed = Address.parse(address)
        for store in tools if parsed.kind in upload_kinds() else ():
            if parsed.name in self._members(store, "missing"):
                yield from ((tool, store) for tool in tools[store])

    def _of(self, address: str, uses: Sequence[Use]) -> FilesBySide:
        files: dict[Side, list[tuple[ToolFile, ...]]] = {side: [] for side in SIDES}
        stores: list[ToolStore] = []
        for changes, here, there in self._sides:
            for change in changes.get(address, ()):
                for side, found in self._differing(change, uses, here, there):
                    if isinstance(found, ToolStore):
                        stores.append(found)
                        files[side].append(self._stores[(found.tool, found.store), side][1])
                    else:
                        files[side].append((found,))
        extra = self._foreign.get(address, ())
        files["foreign"].append(
            tuple(self._file(tool, address, one.file, one.name) for tool, _ in uses for one in extra)
        )
        return FilesBySide(
            **{side: merged(groups) for side, groups in files.items()}, stores=tuple(dict.fromkeys(stores))
        )

    def _differing(
        self, change: Change, uses: Sequence[Use], here: Side, there: Side
    ) -> Iterator[tuple[Side, ToolFile | ToolStore]]:
        """Yield what one difference is about, with the side that has it: `here` in the manifests, `there` at OpenAI."""
        address = Address.parse(change.address)
        if address.kind in upload_kinds():
            if change.action in ("create", "replace"):
                yield from ((here, ToolFile(tool, store, address.name)) for tool, store in uses)
            return
        desired = self._inputs.desired.get(address)
        members = self._inputs.members(desired.type) if desired else None
        is_gone = change.action == "create" or (change.action == "replace" and here == "missing")
        if members and is_gone:
            yield from ((here, self._store(tool, change.address, here)) for tool, _ in uses if tool)
        for item in change.fields if change.action == "update" else ():
            if members and item.keys[0] == members.field and len(item.keys) == 2:
                side = here if item.live is ABSENT else there if item.desired is ABSENT else None
                files = (self._file(tool, change.address, item.keys[1]) for tool, _ in uses)
                yield from ((side, file) for file in files if side)
            elif item.keys[0] in TOOL_FIELDS:
                wanted, live, then = (self._named(item, value) for value in (item.desired, item.live, item.applied))
                for tool, name in sorted(wanted ^ live):
                    side = here if (tool, name) in wanted else there
                    if item.origin == "both":
                        side = _side((tool, name) in wanted, (tool, name) in then)
                    yield side, self._one(tool, name, side)

    def _named(self, item: FieldChange, value: JSON | Absent) -> set[tuple[str, str]]:
        """Return the addresses and ids that one side of a difference of tools names, each with the type of the tool."""
        if value is ABSENT:
            return set()
        tools = _tools(value) if len(item.keys) == 1 else [(item.keys[1].partition("#")[0], value)]
        return {(tool, name) for tool, settings in tools for name in self._names_in(settings)}

    def _names_in(self, value: JSON) -> Iterator[str]:
        yield from references_in(value)
        for text in strings_in(value):
            if text in self._deleted:
                yield self._deleted[text]
            elif text in self._uploads or text in self._unmanaged.stores:
                yield text

    def _one(self, tool: str, name: str, side: Side) -> ToolFile | ToolStore:
        if name in self._uploads:
            return self._file(tool, None, name)
        if name in self._unmanaged.stores:
            return self._store(tool, name, side)
        address = Address.parse(name)
        return self._file(tool, None, address.name) if address.kind in upload_kinds() else self._store(tool, name, side)

    def _store(self, tool: str, store: str, side: Side) -> ToolStore:
        if ((tool, store), side) not in self._stores:
            held = self._members(store, side)
            unknown = self._unmanaged.stores.get(store, ABSENT) is None
            found = ToolStore(tool, store, self._store_name(store), side, None if unknown else len(held))
            self._stores[(tool, store), side] = found, tuple(self._file(tool, store, file) for file in sorted(held))
        return self._stores[(tool, store), side][0]

    def _members(self, store: str, side: Side) -> Collection[str]:
        """Return the files of a store, by path or id: those of its manifest, or those at OpenAI."""
        live = self._unmanaged.stores.get(store)
        fields: Mapping[str, JSON] | None = live.fields if live else None
        type_ = live.type if live else ""
        if live is None and store not in self._unmanaged.stores:
            address = Address.parse(store)
            desired, found = self._inputs.desired.get(address), self._planned.matched.live.get(address)
            one = desired if side in ("missing", "added") else found
            fields, type_ = (one.fields, one.type) if one else (None, "")
        members = self._inputs.members(type_)
        return members.of(fields) if members else ()

    def _store_name(self, store: str) -> str:
        live = self._unmanaged.stores.get(store)
        if live is None and store not in self._unmanaged.stores:
            live = self._planned.matched.live.get(Address.parse(store))
        return live.name if live else ""

    def _file(self, tool: str, store: str | None, file: str, name: str = "") -> ToolFile:
        """Return a file, given its path or the id of its upload."""
        ours = next((one.name for one in self._planned.matched.addresses.get(file, ())), None)
        if ours is not None or file not in self._uploads:
            return ToolFile(tool, store, ours or file, name)
        upload = self._uploads[file]
        is_readable = upload is not None and self._inputs.resource_types[upload.type].is_readable(upload.detail)
        return ToolFile(tool, store, file, (upload.name if upload else "") or name, not is_readable)


def _side(is_wanted: bool, was_applied: bool) -> Side:
    """Return the side that has a file of a field that was changed on both sides."""
    if is_wanted:
        return "missing" if was_applied else "added"
    return "removed" if was_applied else "foreign"


def without(files: tuple[ToolFile, ...], others: tuple[ToolFile, ...]) -> tuple[ToolFile, ...]:
    """Return `files` without those that are among `others` for the same tool."""
    if not (files and others):
        return files
    known = {(file.tool, file.file) for file in others}
    return tuple(file for file in files if (file.tool, file.file) not in known)


def merged(groups: Sequence[tuple[ToolFile, ...]]) -> tuple[ToolFile, ...]:
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

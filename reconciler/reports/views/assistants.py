"""The sync status of assistants as all reports show it: one line for each difference, or lists of them by tool."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

from reconciler.planning.drift import is_contested
from reconciler.planning.model import GONE, Change, Refusal, drift_class
from reconciler.planning.sync_status import SyncStatus
from reconciler.planning.tool_files import Side, ToolFile, ToolStore
from reconciler.reports.style import count, more
from reconciler.reports.views.fields import desired_first, split_files
from reconciler.reports.views.values import brief, whole
from reconciler.reports.wording import cause_text, remedies_text
from reconciler.resources.address import Address
from reconciler.resources.registry import upload_kinds
from reconciler.resources.resource_type import CONTENT
from reconciler.resources.values import ABSENT, JSON, Absent

IN_SYNC: Final = "in sync"
DIFFERS: Final = "differs"
NOT_APPLIED: Final = "not applied"
EDITED: Final = "in sync, with edits that are not applied"
FIELDS: Final = "Fields (manifest -> live)"
NOT_INDEXED: Final = "Not indexed: searches do not find these files"
EDITS: Final = "Edits that are not applied"
REFUSED: Final = "Refused: apply does not make these edits"
ASKED: Final = "Content that OpenAI does not return: save a copy in the project, and name its path in the manifest"
_SIDES: Final[dict[Side, str]] = {
    "foreign": "at OpenAI, not in the manifests",
    "missing": "in the manifests, not at OpenAI",
    "added": "in the manifests, not applied yet",
    "removed": "at OpenAI, removed from the manifests",
}
_ROOM: Final = 40
_MOST_LINES: Final = 8


@dataclass(frozen=True, slots=True)
class SyncGroup:
    """Differences of one sort."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class AssistantView:
    """An assistant with its sync status. Its texts are made when they are read, because most reports need only some."""

    sync: SyncStatus
    refusals: tuple[Refusal, ...] = ()
    """Of the changes that would create or update it."""

    @property
    def address(self) -> str:
        return self.sync.address

    @property
    def id(self) -> str:
        """Id of the live assistant; empty if it is not live, or is a document in the outlets."""
        return self.sync.id if self.sync.id and self.sync.id != self.address else ""

    @property
    def word(self) -> str:
        return _word(self.sync)

    @property
    def lines(self) -> list[str]:
        """The first differences, one line each."""
        return sync_lines(self.sync)

    @property
    def groups(self) -> list[SyncGroup]:
        """All differences, edits that are not applied, and why apply refuses them."""
        refused = tuple(map(_refusal, self.refusals))
        return [*_groups(self.sync), *([SyncGroup(REFUSED, refused)] if refused else [])]

    @property
    def pullable(self) -> list[str]:
        """Addresses whose live values `pull` can copy into the manifests."""
        return list(dict.fromkeys(_pullable(self.sync)))

    @property
    def contested(self) -> list[str]:
        """Those of which a value was changed in the manifest, too."""
        pullable = {*self.pullable}
        return [one.address for one in self.sync.differs if one.address in pullable and is_contested(one)]

    @property
    def is_revertible(self) -> bool:
        """True if `apply` reverts some of the differences."""
        return bool(self.sync.differs or self.sync.failing)


def _refusal(refusal: Refusal) -> str:
    return f"{refusal.rule}: {cause_text(refusal.cause)}. {remedies_text(refusal.remedies)}".rstrip()


def _pullable(one: SyncStatus) -> Iterator[str]:
    edited = (change for change in one.differs if change.action == "update" and drift_class(change) == "modified")
    yield from (change.address for change in edited)
    attached = {store.store for store in one.stores if store.side == "foreign"}
    yield from (file.store for file in one.foreign if file.store and file.store not in attached)


def _word(one: SyncStatus) -> str:
    """Return the status in one or a few words. An edit that is not applied yet is not a difference."""
    is_created = any(edit.address == one.address and edit.action != "update" for edit in one.edits)
    if not one.is_applied or (one.id is None and is_created):
        return NOT_APPLIED
    if not one.in_sync:
        return DIFFERS
    return EDITED if one.edits else IN_SYNC


def _groups(one: SyncStatus) -> Iterator[SyncGroup]:
    uploaded = {file.file for file in one.added}
    groups = [
        (FIELDS, [line for change in _unlisted(one) for line in _differing(one, change)]),
        (NOT_INDEXED, [" ".join((file.store, f"{file.file}: {file.reason}")) for file in one.failing]),
        *((_title(tool, side), lines) for (tool, side), lines in _by_tool(one).items()),
        (ASKED, sorted({named_file(file.file, file.name) for file in one.foreign if file.is_unreadable})),
        (EDITS, [_edit(edit) for edit in one.edits if not _is_upload(edit, uploaded)]),
    ]
    yield from (SyncGroup(title, tuple(lines)) for title, lines in groups if lines)


def _unlisted(one: SyncStatus) -> Iterator[Change]:
    """Yield the differences without the files that are listed by tool."""
    listed = {(file.store, file.file) for file in (*one.missing, *one.foreign)}
    uploads = {file for _, file in listed}
    for change in one.differs:
        fields = tuple(
            item for item in change.fields if len(item.keys) != 2 or (change.address, item.keys[1]) not in listed
        )
        if (fields or not change.fields) and not _is_upload(change, uploads):
            yield replace(change, fields=fields)


def _is_upload(change: Change, paths: Collection[str]) -> bool:
    address = Address.parse(change.address)
    return address.kind in upload_kinds() and address.name in paths


def _title(tool: str, side: Side) -> str:
    return f"{tool or 'Files'}: {_SIDES[side]}"


def _by_tool(one: SyncStatus) -> dict[tuple[str, Side], list[str]]:
    """Return the stores and files of each tool that only one side has; a store comes before its files."""
    sides: dict[Side, tuple[ToolFile, ...]] = {
        "foreign": one.foreign,
        "missing": one.missing,
        "added": one.added,
        "removed": one.removed,
    }
    tools = sorted({file.tool for files in sides.values() for file in files} | {store.tool for store in one.stores})
    found: dict[tuple[str, Side], list[str]] = {(tool, side): [] for tool in tools for side in _SIDES}
    for store in one.stores:
        found[store.tool, store.side].append(_store(store))
    for side, files in sides.items():
        for tool, place in sorted((file.tool, _place(file, with_tool=False)) for file in files):
            found[tool, side].append(place)
    return found


def _store(one: ToolStore) -> str:
    """Return a store with its name and the number of its files, so that an empty one is shown, too."""
    files = "its files cannot be read" if one.files is None else count(one.files, "file")
    name = f" {one.name!r}" if one.name and not one.store.endswith(f"/{one.name}") else ""
    return f"{one.store}{name}: {files}"


def _edit(change: Change) -> str:
    paths = ", ".join(item.path for item in change.fields) if change.action == "update" else ""
    return f"{change.action} {change.address}" + (f": {paths}" if paths else "")


def sync_lines(one: SyncStatus) -> list[str]:
    """Return a line for each difference of an assistant and its dependencies: the manifest, then live."""
    lines = [line for change in one.differs for line in _differing(one, change)]
    lines += [f"{file.store} {file.file}: could not be indexed" for file in one.failing]
    sides = ((one.missing, "not at OpenAI"), (one.foreign, "not in the manifests"))
    files = (f"{_place(file)}: {where}" for side, where in sides for file in side)
    total = len(lines) + len(one.missing) + len(one.foreign)
    rest = total - _MOST_LINES
    lines += islice(files, max(0, _MOST_LINES + 1 - len(lines)))
    return lines if rest <= 1 else [*lines[:_MOST_LINES], more(rest)]


def named_file(file: str, name: str) -> str:
    """Return a file with its name at OpenAI, if it is known and is not part of the path."""
    return file if not name or file.endswith(name) else f"{name} ({file})"


def _place(file: ToolFile, *, with_tool: bool = True) -> str:
    """Return a file with the tool and the store that it is in."""
    return " ".join(filter(None, (file.tool if with_tool else "", file.store, named_file(file.file, file.name))))


def _differing(one: SyncStatus, change: Change) -> Iterator[str]:
    """Yield a line for each difference of one object, without the files that have a line of their own."""
    whose = "" if change.address == one.address else f"{change.address} "
    word = drift_class(change)
    if word in GONE or not change.fields:
        yield f"{whose}{word}"
        return
    single, files = split_files(tuple(map(desired_first, change.fields)))
    for item in single:
        yield f"{whose}{item.label}: {_side(item.before)} -> {_side(item.after)}"
    listed = {file.file for file in (*one.missing, *one.foreign) if file.store == change.address} if files else set()
    others = {item.keys[1] for item in files} - listed
    if others:
        yield f"{whose}files: {count(len(others), 'file')} differ"


def _side(value: JSON | Absent) -> str:
    """Return a file of a store as its content hash, and any other value in as much room as there is."""
    if isinstance(value, dict) and isinstance(value.get(CONTENT), str):
        return whole(value[CONTENT])
    return "nothing" if value is ABSENT else brief(value, _ROOM)

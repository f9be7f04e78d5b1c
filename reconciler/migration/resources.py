"""Files and vector stores that an export references: their existence, and the tools that use them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from reconciler.live.adapters import gather
from reconciler.live.client import Connection
from reconciler.migration.model import Case, Entry, Part, Presence, ServerFile, list_of, lost, mapping_of, text_of
from reconciler.resources.values import JSON

FILE_ID: Final = re.compile(r"file-[A-Za-z0-9]+")
STORE_ID: Final = re.compile(r"vs_\w+")

_V1: Final = "file_ids"
_CODE: Final = "tool_resources.code_interpreter.file_ids"
_SEARCH: Final = "tool_resources.file_search.vector_store_ids"

_ABSENT: Final = "put a copy of the file at this path, and write the path into `container.file_ids` of code_interpreter"
_NO_FILE: Final = "add the file to the project and write its path into `container.file_ids` of code_interpreter"
_NO_STORE: Final = "add its files to the project, write a VectorStore for them, and reference it in file_search"
_FILES_TO_SEARCH: Final = "add the files to the project, write a VectorStore for them, and reference it in file_search"
_TO_SEARCH: Final = "write a VectorStore with these paths in `files`, and reference it in file_search"


@dataclass(frozen=True)
class Resources:
    """The files and vector stores that the tools of an export can use, and the parts that report them."""

    files: tuple[str, ...]
    stores: tuple[str, ...]
    missing: frozenset[str]
    """Ids that no longer exist, for tools that list their own."""
    moved: frozenset[str]
    """Those of `stores` that have a manifest."""
    parts: tuple[Part, ...]


def ids_in(value: JSON) -> Iterator[str]:
    """Return every id of a file or a vector store inside `value`, with repetitions."""
    yield from (text for text in texts_in(value) if FILE_ID.fullmatch(text) or STORE_ID.fullmatch(text))


def texts_in(value: JSON) -> Iterator[str]:
    """Return every text inside `value`, with repetitions."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from texts_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts_in(item)


def resources(case: Case) -> Resources:
    """Return the ids in `tool_resources`, and in `file_ids` of v1, for the tools of target responses."""
    given = mapping_of(case.export.value.get("tool_resources"))
    types = {text_of(mapping_of(tool).get("type")) for tool in list_of(case.export.value.get("tools"))}
    parts: list[Part] = []
    files: list[str] = []
    if "code_interpreter" in types:
        for field, value in _file_lists(case, given):
            files += _usable(case, field, value, FILE_ID, "tools.code_interpreter.container.file_ids", parts)
    else:
        parts += (_unused(field, "code_interpreter") for field, _ in _file_lists(case, given) if field == _CODE)
    stores = _stores(case, given, types, parts)
    if case.export.value.get(_V1) and "retrieval" in types:
        note = "files for retrieval, which now searches vector stores"
        if places := _places(case, list_of(case.export.value[_V1])):
            parts.append(lost(_V1, f"{note}; on the server: {places}", _TO_SEARCH))
        else:
            parts.append(lost(_V1, note, _FILES_TO_SEARCH))
    elif case.export.value.get(_V1) and "code_interpreter" not in types:
        parts.append(_unused(_V1, "code_interpreter or retrieval"))
    parts += _of_tools(case)
    parts += _unknown(given)
    moved = frozenset(case.stores.values())
    missing = frozenset(id_ for id_, presence in case.presence.items() if presence == "missing")
    return Resources(tuple(dict.fromkeys(files)), tuple(dict.fromkeys(stores)), missing, moved, tuple(parts))


def _unknown(given: Mapping[str, JSON]) -> Iterator[Part]:
    """Report resources that no tool of Assistants has."""
    known = {"code_interpreter": {"file_ids"}, "file_search": {"vector_store_ids", "vector_stores"}}
    for tool, value in given.items():
        if tool not in known and value:
            yield lost(f"tool_resources.{tool}", f"unknown resources: {str(value)[:80]}")
        for name, item in mapping_of(value).items() if tool in known else ():
            if name not in known[tool] and item:
                yield lost(f"tool_resources.{tool}.{name}", f"unknown resources: {str(item)[:80]}")


def _places(case: Case, ids: list[JSON]) -> str:
    """Return the paths of files of the server, with the reason for a missing content."""
    return ", ".join(where(case.files[id_]) for id_ in ids if isinstance(id_, str) and id_ in case.files)


def where(file: ServerFile) -> str:
    """Return the place of a file of a server, as text."""
    if file.local:
        return f"{file.id} is now {file.path}"
    return f"{file.id} {file.name} belongs at {file.path} and is missing, because {file.why}"


def _of_tools(case: Case) -> Iterator[Part]:
    """Report the ids that tools list themselves, as tools of prompts do."""
    for index, tool in enumerate(list_of(case.export.value.get("tools"))):
        for id_ in () if mapping_of(tool).get("type") == "function" else ids_in(tool):
            yield from _reported(f"tools[{index}]", "tools", case.presence.get(id_, "unknown"), [id_])


def _file_lists(case: Case, given: Mapping[str, JSON]) -> Iterator[tuple[str, JSON]]:
    for field, value in (
        (_CODE, mapping_of(given.get("code_interpreter")).get("file_ids")),
        (_V1, case.export.value.get(_V1)),
    ):
        if value:
            yield field, value


def _stores(case: Case, given: Mapping[str, JSON], types: set[str], parts: list[Part]) -> list[str]:
    search = mapping_of(given.get("file_search"))
    if search.get("vector_stores"):
        note = (
            "vector stores created together with the assistant cannot be migrated, as file ids do not identify content"
        )
        parts.append(lost("tool_resources.file_search.vector_stores", note, _FILES_TO_SEARCH))
    ids = search.get("vector_store_ids")
    if not ids:
        return []
    if not types & {"file_search", "retrieval"}:
        parts.append(_unused(_SEARCH, "file_search"))
        return []
    return _usable(case, _SEARCH, ids, STORE_ID, "tools.file_search.vector_store_ids", parts)


def _unused(field: str, tool: str) -> Part:
    return lost(field, f"not used: there is no tool {tool}", "add the tool if the assistant needs it")


def _usable(
    case: Case, field: str, value: JSON, resource_type: re.Pattern[str], to: str, parts: list[Part]
) -> list[str]:
    """Return the valid ids of a list that may still exist, and report all of them in `parts`. In place of an id of a
    server, return the name or the path of what was migrated with the assistant.
    """
    whole = value if isinstance(value, list) else [value]
    moved = {id_: _moved(case, id_) for id_ in whole if isinstance(id_, str)}
    names = [name for name in moved.values() if name]
    if names:
        note = ", ".join(f"{id_} is now {_address(case, id_, name)}" for id_, name in moved.items() if name)
        parts.append(Part(Entry(field, "changed", to, note)))
    parts += (part for id_ in moved for part in _unread(case, field, id_))
    given = [id_ for id_ in whole if not (isinstance(id_, str) and _is_of_server(case, id_))]
    known = case.presence
    ids = [
        id_
        for id_ in given
        if isinstance(id_, str) and (resource_type.fullmatch(id_) or known.get(id_) == "referenced")
    ]
    found: dict[Presence, list[str]] = {"referenced": [], "found": [], "unknown": [], "missing": []}
    for id_ in ids:
        found[known.get(id_, "unknown")].append(id_)
    for presence, some in found.items():
        parts += _reported(field, to, presence, some)
    parts += (lost(field, f"not an id: {str(id_)[:80]}") for id_ in given if id_ not in ids)
    kept = [id_ for presence, some in found.items() if presence != "missing" for id_ in some]
    return [*names, *kept]


def _moved(case: Case, id_: str) -> str:
    """Return the name or the path of what was migrated from the server under this id; empty if nothing was."""
    file = case.files.get(id_)
    return case.stores.get(id_) or (file.path if file and file.local else "")


def _address(case: Case, id_: str, name: str) -> str:
    return f"vectorstore/{name}" if id_ in case.stores else name


def _unread(case: Case, field: str, id_: str) -> Iterator[Part]:
    """Report what the server does not give."""
    file = case.files.get(id_)
    if id_ in case.unread:
        yield lost(field, f"{id_}: {case.unread[id_]}", _NO_STORE)
    elif file and not file.local:
        comment = f"Missing: {file.name} ({id_}). Put a copy at {file.path}, and add this path to `container.file_ids`."
        entry = Entry(field, "lost", note=f"{id_} {file.name} -> {file.path}: {file.why}", hint=_ABSENT)
        yield Part(entry, comment=comment)


def _is_of_server(case: Case, id_: str) -> bool:
    return id_ in case.stores or id_ in case.files or id_ in case.unread


def _reported(field: str, to: str, presence: Presence, ids: list[str]) -> Iterator[Part]:
    names = ", ".join(ids)
    if not ids:
        return
    if presence == "referenced":
        yield Part(Entry(field, "mapped", to))
    elif presence == "found":
        yield Part(Entry(field, "mapped", to, f"exists at OpenAI, referenced by id: {names}"))
    elif presence == "missing":
        hint = _NO_FILE if FILE_ID.fullmatch(ids[0]) else _NO_STORE
        yield lost(field, f"does not exist at OpenAI: {names}", hint)
    else:
        hint = "to look them up, migrate with OPENAI_API_KEY and without --offline"
        yield Part(Entry(field, "changed", to, f"referenced by id, existence not checked: {names}", hint))


async def look_up(connection: Connection, ids: Iterable[str]) -> Mapping[str, Presence]:
    """Return the presence of each id, with one GET request each; raises LiveError if a request fails."""
    distinct = sorted(set(ids))
    return dict(zip(distinct, await gather(_presence(connection, id_) for id_ in distinct), strict=True))


async def _presence(connection: Connection, id_: str) -> Presence:
    """Return the presence of one id; an expired vector store, which can be read but not searched, counts as missing."""
    found = await connection.read("files" if FILE_ID.fullmatch(id_) else "vector_stores", id_)
    return "missing" if found is None or found.get("status") == "expired" else "found"

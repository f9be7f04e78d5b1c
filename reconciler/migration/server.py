"""Assistants of a server, with the vector stores and the files that they use."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from reconciler.live import source_objects
from reconciler.live.adapters import gather
from reconciler.live.client import Connection
from reconciler.live.errors import LiveError
from reconciler.live.requests import Object
from reconciler.live.source_objects import SourceStore
from reconciler.manifests.drafts import unique_name
from reconciler.migration.copies import copies_left_out, copy_address
from reconciler.migration.downloads import UNANSWERED, Downloads, reason_of
from reconciler.migration.exports import MAX_NESTING
from reconciler.migration.model import Export, ServerFile, list_of, mapping_of, text_of
from reconciler.resources.name_lists import did_you_mean
from reconciler.resources.problems import Problem
from reconciler.resources.values import JSON, nesting

_BY_ID: Final = "To migrate one of these, pass its id."
_ASSISTANT_ID: Final = re.compile(r"asst_\w+")


@dataclass(frozen=True)
class Server:
    """The objects and files of a server, as read for one migration."""

    stores: Mapping[str, SourceStore] = field(default_factory=dict)
    """Vector stores, by id."""
    unread: Mapping[str, str] = field(default_factory=dict)
    """Reasons for which other vector stores could not be read, by id."""
    files: Mapping[str, ServerFile] = field(default_factory=dict)
    """Files, by id."""


async def read_assistants(connection: Connection, url: str, words: Sequence[str]) -> tuple[list[Export], list[Problem]]:
    """Return the assistants that `words` (ids and names) select, or all, the oldest first; and the problems of words
    and objects.
    """
    if words and all(_ASSISTANT_ID.fullmatch(word) for word in words):
        read = await gather(connection.read("assistants", word) for word in dict.fromkeys(words))
        found = [body for body in read if body is not None]
    else:
        found = await source_objects.assistants(connection)
    selected, problems = _selected(found, words, url)
    exports: list[Export] = []
    for body in selected:
        if body.get("object", "assistant") != "assistant":
            problems.append(Problem("other-object", f"{body['id']} at {url} is not an assistant"))
        elif nesting(body, MAX_NESTING) > MAX_NESTING:
            problems.append(Problem("too-deep", f"{body['id']} at {url} is nested deeper than {MAX_NESTING} levels"))
        else:
            exports.append(Export("assistant", body, None, url))
    return exports, problems


def _selected(found: Sequence[Object], words: Sequence[str], url: str) -> tuple[list[Object], list[Problem]]:
    if not found and not words:
        return [], [Problem("nothing-found", f"{url} has no assistants", severity="warning")]
    if not words:
        copies = [body for body in found if copy_address(body)]
        return [body for body in found if not copy_address(body)], copies_left_out(copies, _BY_ID)
    chosen: dict[str, Object] = {}
    problems: list[Problem] = []
    for word in words:
        fitting = _fitting(found, word)
        left_out = [body for body in fitting if copy_address(body) and body["id"] != word]
        fitting = [body for body in fitting if body not in left_out]
        problems += copies_left_out(left_out, _BY_ID)
        if len(fitting) == 1:
            chosen[fitting[0]["id"]] = fitting[0]
        elif fitting:
            ids = ", ".join(body["id"] for body in fitting)
            hint = "Pass the id of the one that you mean."
            problems.append(
                Problem("ambiguous-name", f"{len(fitting)} assistants are called {word!r}: {ids}", hint=hint)
            )
        else:
            names = [name for body in found if (name := text_of(body.get("name")))]
            hint = did_you_mean(word, names) or "Pass an id, or the name of an assistant of this server."
            problems.append(Problem("not-live", f"{word!r} was not found among the assistants at {url}", hint=hint))
    return [body for body in found if body["id"] in chosen], problems


def _fitting(found: Sequence[Object], word: str) -> list[Object]:
    """Return the assistants with this id, or else with this name, or else with this name in the form of a manifest."""
    by_id = [body for body in found if body["id"] == word]
    by_name = [body for body in found if body.get("name") == word]
    return by_id or by_name or [body for body in found if unique_name(text_of(body.get("name")), (), "") == word]


async def read_resources(
    connection: Connection, exports: Iterable[Export], downloads: Downloads, known: Collection[str]
) -> Server:
    """Read what the assistants use. `known` are the ids of vector stores that already have a manifest."""
    given = list(exports)
    ids = dict.fromkeys(id_ for export in given for id_ in _stores(export.value))
    read = await gather(_store(connection, id_) for id_ in ids if id_ not in known)
    found = dict(zip((id_ for id_ in ids if id_ not in known), read, strict=True))
    stores = {id_: store for id_, store in found.items() if isinstance(store, SourceStore)}
    wanted = [id_ for export in given for id_ in _files(export.value)]
    wanted += [entry["id"] for store in stores.values() for entry in store.entries]
    files = await downloads.fetch(connection, filter(source_objects.is_id, wanted))
    unread = {id_: reason for id_, reason in found.items() if isinstance(reason, str)}
    return Server(stores, unread, files)


async def _store(connection: Connection, id_: str) -> SourceStore | str:
    """Return a vector store, or the reason for which it cannot be read."""
    try:
        found = await source_objects.store(connection, id_)
    except LiveError as error:
        if any(problem.code in UNANSWERED for problem in error.problems):
            raise
        return f"the server does not give this vector store: {reason_of(error)}"
    return found or "the server does not have this vector store any more"


def _stores(value: Mapping[str, JSON]) -> Iterator[str]:
    search = mapping_of(mapping_of(value.get("tool_resources")).get("file_search"))
    yield from filter(source_objects.is_id, list_of(search.get("vector_store_ids")))


def _files(value: Mapping[str, JSON]) -> Iterator[str]:
    code = mapping_of(mapping_of(value.get("tool_resources")).get("code_interpreter"))
    yield from (*list_of(code.get("file_ids")), *list_of(value.get("file_ids")))

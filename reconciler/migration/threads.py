"""`migrate threads`: conversations from threads in exports, or of a server."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from reconciler.live import source_objects
from reconciler.live.adapters import gather
from reconciler.live.client import Connection
from reconciler.live.errors import LiveError
from reconciler.migration.conversations import AT_A_TIME, Conversation, Thread, conversation_of
from reconciler.migration.downloads import UNANSWERED
from reconciler.migration.exports import MAX_DEPTH, Text, of_fault, read_text, without_surrogates
from reconciler.migration.model import mapping_of, text_of
from reconciler.migration.scanning import Fault, scan
from reconciler.project.connection import open_source, run_async, source_problems
from reconciler.resources.problems import Place, Problem
from reconciler.resources.values import JSON

_EXPECTED: Final = (
    "A thread has `object: thread` and its messages under `messages`; a message has `role`, `content` and the "
    "`thread_id` of its thread."
)
_IDS: Final = "Servers do not list threads; take the ids from the database of your application."
_NESTED: Final = "messages"


@dataclass(frozen=True)
class Conversations:
    """The result of `migrate threads`."""

    conversations: tuple[Conversation, ...]
    problems: tuple[Problem, ...]

    @property
    def lines(self) -> str:
        """JSON Lines, one conversation each."""
        return "".join(f"{one.line}\n" for one in self.conversations)

    @property
    def notes(self) -> tuple[str, ...]:
        """The next step."""
        number = len(self.conversations)
        longer = sum(len(one.items) > AT_A_TIME for one in self.conversations)
        if not number:
            return ()
        made = f"Conversations: {number}. Create each with conversations.create(**line)."
        if not longer:
            return (made,)
        more = (
            f"With more than {AT_A_TIME} items, the maximum of one request: {longer}. Pass items[:{AT_A_TIME}] to "
            f"conversations.create, and the others, {AT_A_TIME} at a time, to conversations.items.create."
        )
        return (made, more)

    @property
    def complete(self) -> bool:
        return not any(problem.severity == "error" for problem in self.problems)


def convert_exports(files: Sequence[Path]) -> Conversations:
    """Convert the threads in export files."""
    found = _Found()
    for file in files:
        source = read_text(file)
        if isinstance(source, Problem):
            found.problems.append(source)
        else:
            found.read(source)
    return _converted(found.threads(), found.problems)


def convert_live(url: str, ids: Sequence[str], *, environ: Mapping[str, str]) -> Conversations:
    """Convert these threads of the server at `url`."""

    async def read() -> list[Thread | tuple[Problem, ...]]:
        async with open_source(url, environ) as connection:
            return await gather(_read(connection, id_, url, environ) for id_ in dict.fromkeys(ids))

    found = run_async(read())
    problems = [problem for one in found if not isinstance(one, Thread) for problem in one]
    return _converted([one for one in found if isinstance(one, Thread)], problems)


async def _read(connection: Connection, id_: str, url: str, environ: Mapping[str, str]) -> Thread | tuple[Problem, ...]:
    """Return a thread of a server, or the problems for which it cannot be read."""
    if not source_objects.is_id(id_):
        return (Problem("bad-id", f"{id_!r} is not the id of a thread", hint=_IDS),)
    try:
        found = await source_objects.thread(connection, id_)
    except LiveError as error:
        if any(problem.code in UNANSWERED for problem in error.problems):
            raise
        return source_problems(error, environ)
    if found is None:
        return (Problem("not-live", f"thread {id_} was not found at {url}", hint=_IDS),)
    return Thread(id_, *found)


def _converted(threads: Iterable[Thread], problems: Sequence[Problem]) -> Conversations:
    made = tuple(map(conversation_of, threads))
    losses = (problem for one in made for problem in one.problems)
    return Conversations(made, (*problems, *losses))


@dataclass
class _Collected:
    """A thread that is being read: its parts may be in several places of several files."""

    id: str
    place: Place
    value: Mapping[str, JSON] = field(default_factory=dict)
    messages: list[Mapping[str, JSON]] = field(default_factory=list)


@dataclass
class _Found:
    """The threads of all files."""

    problems: list[Problem] = field(default_factory=list)
    _threads: dict[str, _Collected] = field(default_factory=dict)
    """By id; a thread without an id by its place."""
    _read: int = 0
    """Number of threads and messages that were read."""

    def threads(self) -> Iterator[Thread]:
        for one in self._threads.values():
            rest = {key: value for key, value in one.value.items() if key != _NESTED}
            valid = without_surrogates([rest, one.messages])
            if valid != [rest, one.messages]:
                message = f"{one.id or 'a thread'} has text that is not valid Unicode; it was replaced by `\ufffd`"
                self.problems.append(Problem("half-character", message, one.place, severity="warning"))
            yield Thread(one.id, valid[0], valid[1], one.place)

    def read(self, source: Text) -> None:
        before = (self._read, len(self.problems))
        for found in scan(source.text):
            if isinstance(found, Fault):
                self.problems.append(of_fault(source, found))
            else:
                self._collect(found.value, _Context(source, found.start, found.end))
        if before == (self._read, len(self.problems)):
            place = Place(source.name)
            self.problems.append(
                Problem("nothing-found", "no thread and no message found", place, _EXPECTED, severity="warning")
            )

    def _collect(self, value: JSON, context: "_Context") -> None:
        if context.depth > MAX_DEPTH:
            return
        if isinstance(value, list):
            for item in value:
                self._collect(item, context.inside())
        elif isinstance(value, dict):
            self._of_mapping(value, context)

    def _of_mapping(self, value: dict[str, JSON], context: "_Context") -> None:
        if _is_message(value):
            key = text_of(value.get("thread_id")) or context.thread
            self._thread(key or context.source.name, key, context).messages.append(value)
        elif _is_thread(value) or isinstance(value.get(_NESTED), list | dict):
            own = mapping_of(value.get("thread")) or value
            id_ = text_of(own.get("id")) or text_of(value.get("thread_id")) or context.thread
            key = id_ or f"{context.source.name}:{len(self._threads)}"
            thread = self._thread(key, id_, context)
            thread.value = {**thread.value, **own}
            self._collect(value.get(_NESTED), context.inside(key))
        elif _is_other(value):
            what = f"{value['object']} {value['id']}"
            place = context.place(text_of(value["id"]))
            message = f"{what} is neither a thread nor a message"
            self.problems.append(Problem("other-object", message, place, severity="warning"))
        else:
            for key, item in value.items():
                self._collect(item, context.inside(key if key.startswith("thread_") else context.thread))

    def _thread(self, key: str, id_: str, context: "_Context") -> _Collected:
        self._read += 1
        return self._threads.setdefault(key, _Collected(id_, context.place(id_)))


@dataclass(frozen=True)
class _Context:
    """The place of a value in an export."""

    source: Text
    start: int
    end: int
    thread: str = ""
    """The key of the thread that the value is inside of: its id, or its place if it has none."""
    depth: int = 0

    def inside(self, thread: str | None = None) -> "_Context":
        return _Context(self.source, self.start, self.end, self.thread if thread is None else thread, self.depth + 1)

    def place(self, id_: str) -> Place:
        at = self.source.text.find(json.dumps(id_), self.start, self.end) if id_ else -1
        return self.source.place(max(at, self.start))


def _is_message(value: Mapping[str, JSON]) -> bool:
    kind = value.get("object")
    return kind in ("thread.message", None) and "role" in value and isinstance(value.get("content"), str | list)


def _is_thread(value: Mapping[str, JSON]) -> bool:
    return value.get("object") == "thread" or (
        value.get("object") is None and text_of(value.get("id")).startswith("thread_")
    )


def _is_other(value: Mapping[str, JSON]) -> bool:
    return isinstance(value.get("object"), str) and value["object"] != "list" and isinstance(value.get("id"), str)

"""One conversation for a thread: its items in the form that `conversations.create` accepts, and what they lack."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from reconciler.migration.model import list_of, mapping_of, text_of
from reconciler.resources.metadata import KEY_LENGTH, PAIRS, VALUE_LENGTH
from reconciler.resources.name_lists import few
from reconciler.resources.problems import Place, Problem
from reconciler.resources.values import JSON

AT_A_TIME: Final = 20
"""Maximum number of items in one request (`openai.types.conversations.conversation_create_params`)."""
THREAD_ID: Final = "thread_id"
"""The key in the metadata of a conversation with the id of the thread."""
_LINE_ENDS: Final = re.compile("[\x7f-\x9f\u2028\u2029]")
_SHOWN: Final = 5
_DETAILS: Final = ("low", "high", "original")
_HINTS: Final = {
    "annotations": "The text keeps their marks; replace them in your application, or search again.",
    "attachments": "Upload the files, and add them as `input_file` items, or to a vector store.",
    "image-files": "Upload the images with purpose vision, and add them as `input_image` with the new `file_id`.",
    "incomplete": "Check whether the conversation should contain them; a run ended before they were complete.",
    "message-metadata": "Items have no metadata; keep it in your application.",
    "thread-resources": "Add the vector stores and the files to the tools of the assistant or of the request.",
    "thread-metadata": f"Conversations have at most {PAIRS} pairs of text; keep the others in your application.",
    "refusals": "They are carried as text of the assistant.",
    "empty": "They have no text and no image that can be carried.",
    "unknown-content": "Convert it yourself, and add it with `conversations.items.create`.",
    "unknown-role": "Conversations have messages of users and assistants; add them yourself if they matter.",
}
"""The next step for each thing that a conversation cannot contain."""
_WHAT: Final = {
    "annotations": "annotations, which name files of the old server, are not carried",
    "attachments": "attached files are not carried",
    "image-files": "images, which are files of the old server, are not carried",
    "incomplete": "they are incomplete; their text is carried as if it were complete",
    "message-metadata": "metadata of messages is not carried",
    "refusals": "refusals are carried as text",
    "empty": "messages without content are left out",
    "unknown-content": "content of an unknown type is left out",
    "unknown-role": "messages that are neither of a user nor of an assistant are left out",
}


@dataclass(frozen=True)
class Thread:
    """A thread with its messages."""

    id: str
    """Empty if the export does not have it."""
    value: Mapping[str, JSON]
    """The thread without its messages."""
    messages: Sequence[Mapping[str, JSON]]
    place: Place | None = None


@dataclass(frozen=True)
class Conversation:
    """The arguments of `conversations.create`, but with all items."""

    thread: Thread
    items: tuple[JSON, ...]
    metadata: Mapping[str, str]
    problems: tuple[Problem, ...] = ()

    @property
    def line(self) -> str:
        """JSON without any character that a program may take for the end of a line."""
        text = json.dumps({"items": list(self.items), "metadata": dict(self.metadata)}, ensure_ascii=False)
        return _LINE_ENDS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


@dataclass
class _Losses:
    """Messages with something that a conversation cannot contain, by what it is."""

    found: dict[str, list[str]] = field(default_factory=dict)

    def add(self, code: str, message: str) -> None:
        self.found.setdefault(code, []).append(message)


def conversation_of(thread: Thread) -> Conversation:
    """Convert a thread. Its messages are put in the order of their creation."""
    losses = _Losses()
    items: list[JSON] = []
    for number, message in enumerate(_ordered(thread.messages), 1):
        item = _item(message, text_of(message.get("id")) or f"message {number}", losses)
        if item:
            items.append(item)
    metadata, left_out = _metadata(thread)
    problems = [_problem(thread, code, found) for code, found in losses.found.items()]
    problems += _of_thread(thread, left_out)
    return Conversation(thread, tuple(items), metadata, tuple(problems))


def _ordered(messages: Sequence[Mapping[str, JSON]]) -> list[Mapping[str, JSON]]:
    """Return the messages, each once, the oldest first. Those of one second keep their order, which is the reverse in
    the lists of the API.
    """
    by_id = {text_of(message.get("id")) or str(number): message for number, message in enumerate(messages)}
    distinct = list(by_id.values())
    times = [_created(message) for message in distinct]
    if any(time is None for time in times):
        return distinct
    known = [time for time in times if time is not None]
    if known and known[0] > known[-1]:
        distinct.reverse()
    return sorted(distinct, key=lambda message: _created(message) or 0)


def _created(message: Mapping[str, JSON]) -> float | None:
    value = message.get("created_at")
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _item(message: Mapping[str, JSON], name: str, losses: _Losses) -> JSON:
    role = text_of(message.get("role"))
    if role not in ("user", "assistant"):
        losses.add("unknown-role", name)
        return None
    content = message.get("content")
    given = [content] if isinstance(content, str) else list_of(content)
    parts = [part for one in given if (part := _part(one, name, role, losses))]
    if message.get("attachments") or message.get("file_ids"):
        losses.add("attachments", name)
    if message.get("metadata"):
        losses.add("message-metadata", name)
    if not parts:
        losses.add("empty", name)
        return None
    if message.get("status") in ("incomplete", "in_progress") or message.get("incomplete_details"):
        losses.add("incomplete", name)
    return {"type": "message", "role": role, "content": _content(parts, role)}


def _content(parts: list[dict[str, JSON]], role: str) -> JSON:
    """Return one text as text. Several texts of an assistant are joined: its items have no parts without an id."""
    if role == "assistant":
        return "\n\n".join(part["text"] for part in parts)
    return parts[0]["text"] if len(parts) == 1 and "text" in parts[0] else parts


def _part(given: JSON, name: str, role: str, losses: _Losses) -> dict[str, JSON]:
    """Return a part of the content of an item; empty if it cannot be carried."""
    if isinstance(given, str):
        return {"type": "input_text", "text": given} if given.strip() else {}
    part = mapping_of(given)
    kind = text_of(part.get("type"))
    if kind in ("text", "input_text", "output_text"):
        text = part.get("text")
        if mapping_of(text).get("annotations") or part.get("annotations"):
            losses.add("annotations", name)
        value = text_of(mapping_of(text).get("value")) or text_of(text)
        return {"type": "input_text", "text": value} if value.strip() else {}
    if kind == "refusal" and text_of(part.get("refusal")):
        losses.add("refusals", name)
        return {"type": "input_text", "text": part["refusal"]}
    if kind == "image_url" and role == "user" and (image := _image(part)):
        return image
    losses.add("image-files" if kind in ("image_file", "image_url") else "unknown-content", name)
    return {}


def _image(part: Mapping[str, JSON]) -> dict[str, JSON]:
    image = mapping_of(part.get("image_url"))
    detail = image.get("detail") if image.get("detail") in _DETAILS else "auto"
    url = text_of(image.get("url"))
    return {"type": "input_image", "image_url": url, "detail": detail} if url else {}


def _metadata(thread: Thread) -> tuple[dict[str, str], list[str]]:
    """Return the pairs that a conversation can have, with the id of the thread, and the keys of the others."""
    given = {key: value for key, value in mapping_of(thread.value.get("metadata")).items() if value is not None}
    own = {THREAD_ID: thread.id} if thread.id and THREAD_ID not in given else {}
    fitting = {key: value for key, value in given.items() if _fits(key, value)}
    kept = dict(list({**own, **fitting}.items())[:PAIRS])
    return kept, [key for key in given if key not in kept]


def _fits(key: str, value: JSON) -> bool:
    return isinstance(value, str) and 1 <= len(key) <= KEY_LENGTH and len(value) <= VALUE_LENGTH


def _problem(thread: Thread, code: str, messages: Sequence[str]) -> Problem:
    message = f"{_called(thread)}: {_WHAT[code]}: {few(messages, _SHOWN)}"
    return Problem(code, message, thread.place, _HINTS[code], "warning")


def _of_thread(thread: Thread, left_out: Sequence[str]) -> Iterator[Problem]:
    if left_out:
        message = f"{_called(thread)}: metadata of the thread is not carried: {few(left_out, _SHOWN)}"
        yield Problem("thread-metadata", message, thread.place, _HINTS["thread-metadata"], "warning")
    if any(mapping_of(thread.value.get("tool_resources")).values()):
        message = f"{_called(thread)}: the files and the vector stores of the thread are not carried"
        yield Problem("thread-resources", message, thread.place, _HINTS["thread-resources"], "warning")


def _called(thread: Thread) -> str:
    return thread.id or "a thread without an id"

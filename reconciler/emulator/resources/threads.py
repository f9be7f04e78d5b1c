"""Threads and their messages, for reading only: the emulator has no runs that would write them.

`add` stores a thread for tests and trials. Members that it leaves out have the values of a finished message, as in
`openai.types.beta.threads.message`.
"""

from collections.abc import Mapping
from typing import TypeVar

from openai.types.beta import Thread
from openai.types.beta.threads import Message
from openai.types.beta.threads.message_list_params import MessageListParams
from pydantic import BaseModel, TypeAdapter

from reconciler.emulator.api import Call, Endpoint, new_id
from reconciler.emulator.errors import invalid, not_found
from reconciler.emulator.paging import Paging
from reconciler.emulator.store import Document, Store, Where

KIND = "thread"
MESSAGE = "thread.message"
_OBJECTS: TypeAdapter[list[Document]] = TypeAdapter(list[Document])
T = TypeVar("T", bound=BaseModel)


def add(store: Store, given: Document, now: int) -> Document:
    """Store a thread with its `messages`, oldest first, in place of one with its id, and return the thread.

    The content of a message may be a text. Raises ValidationError or ApiError for what is not a thread of the SDK.
    """
    members = {
        "id": new_id("thread_"),
        "created_at": now,
        "metadata": {},
        "tool_resources": {},
        **given,
        "object": KIND,
    }
    messages = _OBJECTS.validate_python(members.pop("messages", []))
    thread = _checked(Thread, members)
    store.put(KIND, members)
    store.delete_scope(MESSAGE, thread.id)
    for one in messages:
        message = _message(one, thread.id, now)
        _checked(Message, message)
        store.put(MESSAGE, message, thread.id)
    return members


def _checked(model: type[T], given: Document) -> T:
    found = model.model_validate(given)
    for name in found.model_extra or ():
        raise invalid(f"Unknown parameter: '{name}'.", name)
    return found


def _message(given: Document, thread: str, now: int) -> Document:
    defaults = {
        "id": new_id("msg_"),
        "created_at": now,
        "assistant_id": None,
        "attachments": [],
        "completed_at": None,
        "content": [],
        "incomplete_at": None,
        "incomplete_details": None,
        "metadata": {},
        "run_id": None,
        "status": "completed",
    }
    message: Document = {**defaults, **given, "object": MESSAGE, "thread_id": thread}
    if isinstance(message["content"], str):
        message["content"] = [{"type": "text", "text": {"value": message["content"], "annotations": []}}]
    return message


def retrieve(call: Call) -> Document:
    thread = call.store.get(KIND, call.id)
    if thread is None:
        raise not_found(f"No thread found with id '{call.id}'.")
    return thread


def list_messages(call: Call) -> Document:
    def where(filters: Mapping[str, str]) -> Where:
        run = filters.get("run_id")
        return Where("json_extract(body, '$.run_id') = ?", (run,)) if run else Where()

    retrieve(call)
    return call.list(MESSAGE, Paging(params=MessageListParams), dict, scope=call.id, where=where)


def retrieve_message(call: Call) -> Document:
    retrieve(call)
    message = call.store.get(MESSAGE, call.path["message_id"], call.id)
    if message is None:
        raise not_found(f"No message found with id '{call.path['message_id']}'.")
    return message


ENDPOINTS = [
    Endpoint(method="GET", path="/v1/threads/{id}", handle=retrieve),
    Endpoint(method="GET", path="/v1/threads/{id}/messages", handle=list_messages),
    Endpoint(method="GET", path="/v1/threads/{id}/messages/{message_id}", handle=retrieve_message),
]

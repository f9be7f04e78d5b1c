"""Conversations and their items, which requests for responses continue.

Limits: docstrings of `openai.types.conversations` (20 items in a request).
"""

from collections.abc import Iterable, Mapping
from typing import Any

from openai.types.conversations.conversation_create_params import ConversationCreateParams
from openai.types.conversations.conversation_update_params import ConversationUpdateParams
from openai.types.conversations.item_create_params import ItemCreateParams
from openai.types.conversations.item_list_params import ItemListParams
from starlette.requests import Request

from reconciler.emulator import input_items
from reconciler.emulator.api import Body, Call, Endpoint, deleted, new_id
from reconciler.emulator.bodies import json_object
from reconciler.emulator.errors import not_found
from reconciler.emulator.limits import items, pairs
from reconciler.emulator.paging import Paging, envelope
from reconciler.emulator.store import Document, Page

KIND = "conversation"
ITEM = "conversation.item"


def create(call: Call) -> Document:
    conversation: Document = {
        "id": new_id("conv_"),
        "object": KIND,
        "created_at": int(call.now),
        "metadata": call.body.get("metadata") or {},
    }
    call.store.put(KIND, conversation)
    add_items(call, conversation["id"], call.body.get("items") or [])
    return conversation


def existing(call: Call, id_: str) -> Document:
    conversation = call.store.get(KIND, id_)
    if conversation is None:
        raise not_found(f"Conversation with id '{id_}' not found.")
    return conversation


def add_items(call: Call, id_: str, given: Iterable[Mapping[str, Any]]) -> list[Document]:
    """Append items to a conversation, and return them as they are stored."""
    added = [input_items.stored(one) for one in given]
    call.store.put_all(ITEM, added, id_)
    return added


def retrieve(call: Call) -> Document:
    return existing(call, call.id)


def update(call: Call) -> Document:
    """Replace the metadata, which a conversation has alone."""
    conversation = {**retrieve(call), "metadata": call.body["metadata"] or {}}
    call.store.put(KIND, conversation)
    return conversation


def delete(call: Call) -> Document:
    """Delete the conversation. The API keeps its items, which cannot be read without it."""
    retrieve(call)
    call.store.delete(KIND, call.id)
    call.store.delete_scope(ITEM, call.id)
    return deleted(call, "conversation.deleted")


def create_items(call: Call) -> Document:
    retrieve(call)
    added = add_items(call, call.id, call.body["items"])
    return envelope(Page(added, has_more=False), added)


def list_items(call: Call) -> Document:
    retrieve(call)
    return call.list(ITEM, Paging(params=ItemListParams), dict, scope=call.id)


def retrieve_item(call: Call) -> Document:
    retrieve(call)
    item = call.store.get(ITEM, call.path["item_id"], call.id)
    if item is None:
        raise not_found(f"Item with id '{call.path['item_id']}' not found.")
    return item


def delete_item(call: Call) -> Document:
    """Delete an item, and return the conversation."""
    retrieve_item(call)
    call.store.delete(ITEM, call.path["item_id"], call.id)
    return retrieve(call)


async def _read(request: Request) -> Document:
    body = await json_object(request)
    input_items.complete(body.get("items"))
    return body


LIMITS = {"items": items(20), "metadata": pairs}
CONVERSATIONS, CONVERSATION = "/v1/conversations", "/v1/conversations/{id}"
ITEMS, ONE = CONVERSATION + "/items", CONVERSATION + "/items/{item_id}"
ENDPOINTS = [
    Endpoint(method="POST", path=CONVERSATIONS, handle=create, body=Body(ConversationCreateParams, LIMITS, read=_read)),
    Endpoint(method="GET", path=CONVERSATION, handle=retrieve),
    Endpoint(method="POST", path=CONVERSATION, handle=update, body=Body(ConversationUpdateParams, LIMITS)),
    Endpoint(method="DELETE", path=CONVERSATION, handle=delete),
    Endpoint(method="POST", path=ITEMS, handle=create_items, body=Body(ItemCreateParams, LIMITS, ("include",), _read)),
    Endpoint(method="GET", path=ITEMS, handle=list_items),
    Endpoint(method="GET", path=ONE, handle=retrieve_item),
    Endpoint(method="DELETE", path=ONE, handle=delete_item),
]

"""Conversations and their items."""

import openai
import pytest
from openai.types.conversations import ConversationItem
from pydantic import TypeAdapter

ITEM: TypeAdapter[ConversationItem] = TypeAdapter(ConversationItem)
ASKED = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Half of four?"}]}
ANSWERED = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Two."}]}
IMAGE = {"type": "message", "role": "user", "content": [{"type": "input_image", "file_id": "file-plot"}]}


@pytest.fixture
def conversation(api):
    return api.run(api.sdk.conversations.create(items=[ASKED, ANSWERED], metadata={"thread": "thread_1"}))


def test_a_conversation_is_created_with_items(api, conversation, clock):
    assert conversation.to_dict() == {
        "id": conversation.id,
        "object": "conversation",
        "created_at": int(clock.seconds),
        "metadata": {"thread": "thread_1"},
    }
    assert conversation.id.startswith("conv_")
    assert api.run(api.sdk.conversations.retrieve(conversation.id)) == conversation
    asked, answered = api.all(api.sdk.conversations.items.list(conversation.id, order="asc"))
    assert asked.to_dict() == {**ASKED, "id": asked.id, "status": "completed"}
    part = {"type": "output_text", "text": "Two.", "annotations": []}
    assert answered.to_dict() == {**ANSWERED, "id": answered.id, "status": "completed", "content": [part]}


def test_items_without_ids_get_ids_and_match_the_types_of_the_sdk(api):
    made = api.run(api.sdk.conversations.create())
    texts = [{"role": role, "content": "Text."} for role in ("developer", "user", "assistant")]
    added = api.run(api.sdk.conversations.items.create(made.id, items=[*texts, IMAGE]))
    assert (added.object, added.has_more, len({one.id for one in added.data})) == ("list", False, 4)
    raw = api.call("GET", f"/conversations/{made.id}/items?order=asc").json()["data"]
    for one in raw:
        ITEM.validate_python(one, strict=True)
        assert one["id"].startswith("msg_")
    kinds = [one["content"][0]["type"] for one in raw]
    assert kinds == ["input_text", "input_text", "output_text", "input_image"]
    assert api.run(api.sdk.conversations.items.retrieve(raw[0]["id"], conversation_id=made.id)).id == raw[0]["id"]


def test_calls_of_functions_are_items_too(api):
    call = {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"}
    made = api.run(api.sdk.conversations.create(items=[call]))
    (item,) = api.all(api.sdk.conversations.items.list(made.id))
    assert item.to_dict() == {**call, "id": item.id, "status": "completed"}


@pytest.mark.parametrize("path", ["/conversations", "/conversations/{id}/items"])
def test_a_request_has_at_most_twenty_items(api, conversation, path):
    path = path.format(id=conversation.id)
    error = api.refusal("POST", path, json={"items": [ASKED] * 21})
    assert (error["param"], error["code"]) == ("items", "array_above_max_length")
    assert api.call("POST", path, json={"items": [ASKED] * 20}).status_code == 200


@pytest.mark.parametrize(
    ("item", "param"),
    [
        ({"role": "robot", "content": "x"}, "items[0].role"),
        ({**ASKED, "content": [{"type": "text", "text": "x"}]}, "items[0].content[0].type"),
        ({"type": "video"}, "items[0].type"),
    ],
)
def test_an_invalid_item_is_refused(api, item, param):
    assert api.refusal("POST", "/conversations", json={"items": [item]})["param"] == param


def test_the_sdk_walks_all_pages_of_items(api, conversation):
    for _ in range(2):
        api.run(api.sdk.conversations.items.create(conversation.id, items=[ASKED] * 20))
    assert len(api.all(api.sdk.conversations.items.list(conversation.id))) == 42
    assert len(api.all(api.sdk.conversations.items.list(conversation.id, limit=100))) == 42


def test_metadata_is_replaced(api, conversation):
    changed = api.run(api.sdk.conversations.update(conversation.id, metadata={"a": "1"}))
    assert changed.metadata == {"a": "1"}
    assert api.run(api.sdk.conversations.update(conversation.id, metadata=None)).metadata == {}


def test_an_item_is_deleted(api, conversation):
    newest, oldest = api.all(api.sdk.conversations.items.list(conversation.id))
    deleted = api.run(api.sdk.conversations.items.delete(newest.id, conversation_id=conversation.id))
    assert deleted == conversation
    assert [one.id for one in api.all(api.sdk.conversations.items.list(conversation.id))] == [oldest.id]
    api.refusal("GET", f"/conversations/{conversation.id}/items/{newest.id}", 404)


def test_a_deleted_conversation_does_not_exist(api, conversation):
    deleted = api.run(api.sdk.conversations.delete(conversation.id))
    assert deleted.to_dict() == {"id": conversation.id, "object": "conversation.deleted", "deleted": True}
    with pytest.raises(openai.NotFoundError, match=f"Conversation with id '{conversation.id}' not found"):
        api.run(api.sdk.conversations.retrieve(conversation.id))
    api.refusal("GET", f"/conversations/{conversation.id}/items", 404)
    api.refusal("POST", f"/conversations/{conversation.id}/items", 404, json={"items": [ASKED]})


@pytest.mark.parametrize("form", [str, lambda id_: {"id": id_}], ids=["id", "object"])
def test_a_response_continues_a_conversation(api, conversation, form):
    made = api.run(api.sdk.responses.create(model="gpt-6-luna", conversation=form(conversation.id), input="And six?"))
    assert made.conversation.id == conversation.id
    items = api.all(api.sdk.conversations.items.list(conversation.id, order="asc"))
    assert [(one.role, one.content[0].text) for one in items] == [
        ("user", "Half of four?"),
        ("assistant", "Two."),
        ("user", "And six?"),
        ("assistant", made.output_text),
    ]


def test_a_response_to_a_conversation_that_does_not_exist_is_refused(api, conversation):
    request = {"model": "gpt-6-luna", "input": "Hi", "conversation": "conv_gone"}
    assert api.refusal("POST", "/responses", 404, json=request)["message"] == (
        "Conversation with id 'conv_gone' not found."
    )
    former = api.run(api.sdk.responses.create(model="gpt-6-luna", input="Hi")).id
    both = {**request, "conversation": conversation.id, "previous_response_id": former}
    assert api.refusal("POST", "/responses", json=both)["param"] == "conversation"

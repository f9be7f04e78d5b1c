"""The items of one conversation, in the form of the SDK, and what is reported."""

import json
from typing import Any

import pytest
from openai.types.conversations.conversation_create_params import ConversationCreateParams
from pydantic import TypeAdapter

from reconciler.migration.conversations import Conversation, Thread, conversation_of

ACCEPTED: TypeAdapter[Any] = TypeAdapter(ConversationCreateParams)


def converted(*messages: dict[str, Any], **thread: Any) -> Conversation:
    with_ids = [{"id": f"msg_{number}", **message} for number, message in enumerate(messages)]
    return conversation_of(Thread("thread_1", thread, with_ids))


def text(value: str, *annotations: dict[str, Any]) -> dict[str, Any]:
    return {"type": "text", "text": {"value": value, "annotations": list(annotations)}}


def user(*content: Any, **fields: Any) -> dict[str, Any]:
    return {"role": "user", "content": list(content), **fields}


def codes(made: Conversation) -> list[str]:
    assert {problem.severity for problem in made.problems} <= {"warning"}
    return [problem.code for problem in made.problems]


CITATION = {"type": "file_citation", "text": "【0†a】", "start_index": 0, "end_index": 5}


def test_messages_become_items_with_their_text():
    made = converted(user(text("Half of four?")), {"role": "assistant", "content": [text("Two.")]})
    assert made.items == (
        {"type": "message", "role": "user", "content": "Half of four?"},
        {"type": "message", "role": "assistant", "content": "Two."},
    )
    assert made.problems == ()


def test_a_line_has_the_arguments_of_the_sdk():
    image = {"type": "image_url", "image_url": {"url": "https://e.example/a.png"}}
    answer = {"role": "assistant", "content": "Nice — ü\u2028\x85\n"}
    made = converted(user(text("Look"), image), answer, metadata={"user": "7"})
    line = json.loads(made.line)
    assert line["metadata"] == {"thread_id": "thread_1", "user": "7"}
    assert line["items"][0]["content"] == [
        {"type": "input_text", "text": "Look"},
        {"type": "input_image", "image_url": "https://e.example/a.png", "detail": "auto"},
    ]
    ACCEPTED.validate_python(line)
    assert line["items"][1]["content"] == answer["content"]
    assert len(made.line.splitlines()) == 1


def test_several_texts_of_an_assistant_are_one_text():
    made = converted({"role": "assistant", "content": [text("One."), text("Two.")]})
    assert made.items[0]["content"] == "One.\n\nTwo."


class TestOrder:
    def test_lists_of_the_api_have_the_newest_first(self):
        made = converted(user(text("second"), created_at=2), user(text("first"), created_at=1))
        assert [item["content"] for item in made.items] == ["first", "second"]

    def test_messages_of_one_second_keep_the_order_of_their_list(self):
        newest_first = [(3, "d"), (2, "c"), (2, "b"), (1, "a")]
        for order in (newest_first, newest_first[::-1]):
            made = converted(*(user(text(value), created_at=at) for at, value in order))
            assert [item["content"] for item in made.items] == ["a", "b", "c", "d"]

    def test_messages_without_a_time_keep_their_order(self):
        made = converted(user(text("a"), created_at=5), user(text("b")))
        assert [item["content"] for item in made.items] == ["a", "b"]

    def test_a_message_that_two_pages_have_is_one_item(self):
        assert len(converted(user("a", id="msg_x"), user("a", id="msg_x")).items) == 1


@pytest.mark.parametrize(
    ("message", "code", "items"),
    [
        (user(text("a【0†a】", CITATION)), "annotations", 1),
        (user(text("a"), attachments=[{"file_id": "file-1"}]), "attachments", 1),
        (user(text("a"), file_ids=["file-1"]), "attachments", 1),
        (user(text("a"), {"type": "image_file", "image_file": {"file_id": "file-1"}}), "image-files", 1),
        (user(text("a"), metadata={"a": "b"}), "message-metadata", 1),
        (user(text("a"), {"type": "hologram"}), "unknown-content", 1),
        ({"role": "assistant", "content": [text("a")], "status": "incomplete"}, "incomplete", 1),
        ({"role": "assistant", "content": [text("a")], "status": "in_progress"}, "incomplete", 1),
        ({"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]}, "refusals", 1),
        ({"role": "assistant", "content": [], "status": "incomplete"}, "empty", 0),
        (user(text(" ")), "empty", 0),
        ({"role": "tool", "content": "x"}, "unknown-role", 0),
    ],
)
def test_what_a_conversation_cannot_contain_is_reported_with_its_message(message, code, items):
    made = converted(message)
    assert (codes(made), len(made.items)) == ([code], items)
    assert "thread_1" in made.problems[0].message
    assert "msg_0" in made.problems[0].message
    assert made.problems[0].hint
    ACCEPTED.validate_python(json.loads(made.line))


def test_many_messages_with_one_loss_are_one_problem():
    made = converted(*(user(text("a", CITATION)) for _ in range(30)))
    assert codes(made) == ["annotations"]
    assert made.problems[0].message.endswith("and 25 more")


def test_metadata_and_files_of_the_thread_that_do_not_fit_are_reported():
    pairs = {str(number): "x" for number in range(16)}
    made = converted(metadata=pairs, tool_resources={"file_search": {"vector_store_ids": ["vs_1"]}})
    assert codes(made) == ["thread-metadata", "thread-resources"]
    assert len(made.metadata) == 16
    assert made.metadata["thread_id"] == "thread_1"


def test_values_of_other_types_are_reported_and_never_fail():
    odd: list[Any] = [None, 7, [], {}, {"type": 7}, {"type": "text", "text": 7}, {"type": "image_url", "image_url": []}]
    made = converted({"role": "user", "content": odd}, {"role": 7, "content": 7}, metadata=[7], tool_resources=[7])
    assert made.items == ()
    assert {"empty", "unknown-role"} <= set(codes(made))

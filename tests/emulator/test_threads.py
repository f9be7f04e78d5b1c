"""Threads and messages, which the emulator loads at `/_emulator/threads` and only reads in its API."""

from typing import Any

import httpx2
import openai
import pytest
from openai import OpenAI

from tests.support import processes

pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")
CITATION = {
    "type": "file_citation",
    "text": "【4:0†guide.md】",
    "start_index": 5,
    "end_index": 20,
    "file_citation": {"file_id": "file-guide"},
}
PATH = {
    "type": "file_path",
    "text": "sandbox:/mnt/data/chart.csv",
    "start_index": 0,
    "end_index": 27,
    "file_path": {"file_id": "file-chart"},
}
PARTS = [
    {"type": "text", "text": {"value": "Half.【4:0†guide.md】", "annotations": [CITATION, PATH]}},
    {"type": "image_file", "image_file": {"file_id": "file-plot", "detail": "auto"}},
    {"type": "image_url", "image_url": {"url": "https://example.org/plot.png", "detail": "low"}},
    {"type": "refusal", "refusal": "No."},
]
ATTACHED = [{"file_id": "file-1", "tools": [{"type": "code_interpreter"}, {"type": "file_search"}]}]


@pytest.fixture
def api(embed):
    return embed(assistants=True)


@pytest.fixture
def messages(api):
    """The resource of the SDK."""
    return api.sdk.beta.threads.messages


def load(api, *messages: dict[str, Any], **thread: Any) -> str:
    """Load a thread, and return its id."""
    response = api.call("POST", "http://api/_emulator/threads", json={**thread, "messages": messages})
    assert response.status_code == 200, response.text
    return str(response.json()["id"])


def test_a_thread_is_read_as_it_was_loaded(api):
    resources = {"file_search": {"vector_store_ids": ["vs_1"]}}
    id_ = load(api, id="thread_1", created_at=1_700_000_000, metadata={"user": "7"}, tool_resources=resources)
    assert api.run(api.sdk.beta.threads.retrieve(id_)).to_dict() == {
        "id": "thread_1",
        "object": "thread",
        "created_at": 1_700_000_000,
        "metadata": {"user": "7"},
        "tool_resources": resources,
    }


def test_a_message_of_a_user_may_be_loaded_as_a_text(api, messages, clock):
    id_ = load(api, {"role": "user", "content": "Hello?"})
    (message,) = api.all(messages.list(id_))
    assert message.to_dict() == {
        "id": message.id,
        "object": "thread.message",
        "created_at": int(clock.seconds),
        "thread_id": id_,
        "role": "user",
        "status": "completed",
        "content": [{"type": "text", "text": {"value": "Hello?", "annotations": []}}],
        "assistant_id": None,
        "attachments": [],
        "completed_at": None,
        "incomplete_at": None,
        "incomplete_details": None,
        "metadata": {},
        "run_id": None,
    }
    assert message.id.startswith("msg_")
    assert api.run(messages.retrieve(message.id, thread_id=id_)) == message


def test_all_kinds_of_content_and_attachments_are_kept(api, messages):
    answer = {"role": "assistant", "assistant_id": "asst_1", "run_id": "run_1", "content": PARTS}
    id_ = load(api, {"role": "user", "content": "Plot?", "attachments": ATTACHED}, answer)
    asked, answered = api.all(messages.list(id_, order="asc"))
    assert asked.to_dict()["attachments"] == ATTACHED
    assert answered.to_dict()["content"] == PARTS
    assert (answered.assistant_id, answered.run_id) == ("asst_1", "run_1")


class TestList:
    @pytest.fixture
    def thread(self, api):
        return load(api, *({"id": f"msg_{number:02}", "role": "user", "content": str(number)} for number in range(25)))

    def test_twenty_newest_first(self, api, thread):
        page = api.call("GET", f"/threads/{thread}/messages").json()
        assert (page["first_id"], page["last_id"], page["has_more"]) == ("msg_24", "msg_05", True)
        assert len(page["data"]) == 20

    def test_the_sdk_walks_all_pages_oldest_first(self, api, messages, thread):
        walk = api.all(messages.list(thread, limit=10, order="asc"))
        assert [message.id for message in walk] == [f"msg_{number:02}" for number in range(25)]
        assert api.app.state.requests == [("GET", "/v1/threads/{id}/messages")] * 3

    def test_before_and_after_limit_the_page(self, api, thread):
        page = api.call("GET", f"/threads/{thread}/messages?order=asc&after=msg_01&before=msg_04").json()
        assert [message["id"] for message in page["data"]] == ["msg_02", "msg_03"]

    def test_messages_of_one_run(self, api, messages):
        given = [{"role": "assistant", "content": run, "run_id": run} for run in ("run_1", "run_2")]
        (message,) = api.all(messages.list(load(api, *given), run_id="run_2"))
        assert message.run_id == "run_2"

    def test_messages_of_another_thread_are_not_listed(self, api, messages, thread):
        other = load(api, {"role": "user", "content": "Else."})
        assert len(api.all(messages.list(other))) == 1
        with pytest.raises(openai.NotFoundError, match="No message found with id 'msg_01'"):
            api.run(messages.retrieve("msg_01", thread_id=other))


def test_a_thread_that_does_not_exist_is_not_found(api):
    for path in ("/threads/thread_x", "/threads/thread_x/messages", "/threads/thread_x/messages/msg_1"):
        assert api.refusal("GET", path, 404) == {
            "message": "No thread found with id 'thread_x'.",
            "type": "invalid_request_error",
            "param": None,
            "code": None,
        }


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/threads"), ("POST", "/threads/t"), ("DELETE", "/threads/t"), ("POST", "/threads/t/messages")],
)
def test_threads_are_only_read(api, method, path):
    load(api, id="t")
    assert api.call(method, path, json={}).status_code in (404, 405)


def test_a_thread_is_replaced_by_one_with_its_id(api, messages):
    for text in ("One.", "Two."):
        load(api, {"role": "user", "content": text}, id="thread_1")
    (message,) = api.all(messages.list("thread_1"))
    assert message.content[0].text.value == "Two."


@pytest.mark.parametrize(
    "given",
    [
        b"[]",
        b"{",
        b'{"messages": 1}',
        b'{"messages": ["Hello?"]}',
        b'{"messages": [{"content": "no role"}]}',
        b'{"messages": [{"role": "user", "content": [{"type": "video"}]}]}',
        b'{"created_at": "today"}',
        b'{"id": 1}',
        b'{"nme": "x"}',
    ],
)
def test_what_is_not_a_thread_is_not_loaded(api, given):
    response = api.call("POST", "http://api/_emulator/threads", content=given)
    assert response.status_code == 400
    assert response.json()["error"]


def test_a_thread_with_a_wrong_message_is_not_loaded_at_all(api):
    wrong = {"id": "thread_1", "messages": [{"role": "user", "content": "x"}, {"role": "robot", "content": "x"}]}
    assert api.call("POST", "http://api/_emulator/threads", json=wrong).status_code == 400
    api.refusal("GET", "/threads/thread_1", 404)


def test_nothing_is_loaded_without_the_assistants_api(embed):
    assert embed().call("POST", "http://api/_emulator/threads", json={}).status_code == 404


def test_threads_are_kept_in_the_file_of_the_api(embed, tmp_path):
    id_ = load(embed(assistants=True, data=tmp_path / "api"), {"role": "user", "content": "Hello?"})
    page = embed(assistants=True, data=tmp_path / "api").call("GET", f"/threads/{id_}/messages").json()
    assert [message["role"] for message in page["data"]] == ["user"]


def test_the_sdk_reads_threads_over_http():
    sent: list[tuple[str, str, str | None]] = []

    def record(request: httpx2.Request) -> None:
        path = request.url.raw_path.decode().removeprefix("/v1")
        sent.append((request.method, path, request.headers.get("openai-beta")))

    turns = [{"id": f"msg_{number}", "role": "user", "content": str(number)} for number in range(3)]
    with processes.api(assistants=True) as url:
        thread = {"id": "thread_1", "messages": turns}
        assert httpx2.post(f"{url.removesuffix('/v1')}/_emulator/threads", json=thread).status_code == 200
        client = httpx2.Client(event_hooks={"request": [record]})
        with OpenAI(api_key="key", base_url=url, max_retries=0, http_client=client) as sdk:
            assert sdk.beta.threads.retrieve("thread_1").id == "thread_1"
            listed = list(sdk.beta.threads.messages.list("thread_1", limit=2, order="asc"))
            assert [one.id for one in listed] == ["msg_0", "msg_1", "msg_2"]
            assert sdk.beta.threads.messages.retrieve("msg_1", thread_id="thread_1") == listed[1]
            with pytest.raises(openai.NotFoundError, match="No thread found"):
                sdk.beta.threads.retrieve("thread_x")
    assert sent == [
        ("GET", path, "assistants=v2")
        for path in (
            "/threads/thread_1",
            "/threads/thread_1/messages?limit=2&order=asc",
            "/threads/thread_1/messages?limit=2&order=asc&after=msg_1",
            "/threads/thread_1/messages/msg_1",
            "/threads/thread_x",
        )
    ]

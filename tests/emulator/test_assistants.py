"""The Assistants API (v2), which the emulator serves on request."""

import json
from typing import Any

import httpx2
import openai
import pytest
from hypothesis import given, strategies as st
from openai import OpenAI
from starlette.datastructures import QueryParams

from reconciler.emulator import Settings
from reconciler.emulator.api import Call
from reconciler.emulator.resources import assistants as assistants_api
from reconciler.emulator.store import Store
from tests.support import processes

pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")
NAMED: dict[str, Any] = {"name": "f", "parameters": {"type": "object", "properties": {}}}
FUNCTION = {"type": "function", "function": NAMED}
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}


def answer(name: str = "answer", **given: Any) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": name, **given}}


@pytest.fixture
def api(embed):
    return embed(assistants=True)


@pytest.fixture
def assistants(api):
    """The resource of the SDK."""
    return api.sdk.beta.assistants


def create(api, **given: Any) -> dict[str, Any]:
    response = api.call("POST", "/assistants", json={"model": "gpt-4o", **given})
    assert response.status_code == 200, response.text
    created: dict[str, Any] = response.json()
    return created


def change(api, assistant, **given: Any) -> dict[str, Any]:
    response = api.call("POST", f"/assistants/{assistant['id']}", json=given)
    assert response.status_code == 200, response.text
    changed: dict[str, Any] = response.json()
    return changed


class TestWithoutTheSetting:
    @pytest.mark.parametrize(
        "path", ["assistants", "assistants/asst_1", "threads/thread_1", "threads/thread_1/messages"]
    )
    def test_the_paths_do_not_exist_as_at_openai(self, embed, path):
        error = embed().refusal("GET", f"/{path}", 404)
        assert error["message"] == f"Invalid URL (GET /v1/{path})"
        assert (error["type"], error["code"]) == ("invalid_request_error", None)

    def test_the_sdk_reports_them_as_not_found(self, embed):
        api = embed()
        with pytest.raises(openai.NotFoundError):
            api.run(api.sdk.beta.assistants.create(model="gpt-4o"))


class TestHeader:
    @pytest.mark.parametrize("given", [None, "agents=v1", "assistants=v1"])
    @pytest.mark.parametrize(("method", "path"), [("GET", "assistants"), ("POST", "assistants"), ("GET", "threads/t")])
    def test_a_missing_beta_header_is_refused_as_by_openai(self, api, given, method, path):
        headers = {"openai-beta": given or ""}
        assert api.refusal(method, f"/{path}", headers=headers, json={"model": "gpt-4o"}) == {
            "message": (
                "You must provide the 'OpenAI-Beta' header to access the Assistants API. "
                "Please try again by setting the header 'OpenAI-Beta: assistants=v2'."
            ),
            "type": "invalid_request_error",
            "param": None,
            "code": "invalid_beta",
        }

    def test_the_sdk_sends_it(self, api, assistants):
        assert api.run(assistants.create(model="gpt-4o")).object == "assistant"

    def test_a_key_is_required(self, api):
        api.refusal("GET", "/assistants", 401, headers={"authorization": ""})


class TestCreate:
    def test_everything_that_is_left_out_has_a_default(self, api, clock):
        assistant = create(api)
        assert assistant.pop("id").startswith("asst_")
        assert assistant == {
            "object": "assistant",
            "created_at": int(clock.seconds),
            "name": None,
            "description": None,
            "instructions": None,
            "model": "gpt-4o",
            "tools": [],
            "tool_resources": {},
            "metadata": {},
            "temperature": 1.0,
            "top_p": 1.0,
            "response_format": "auto",
        }

    def test_null_is_the_default(self, api):
        names = ("name", "description", "instructions", "metadata", "temperature", "top_p", "response_format")
        given: dict[str, Any] = dict.fromkeys((*names, "tool_resources", "reasoning_effort"))
        assert {**create(api, **given), "id": ""} == {**create(api), "id": ""}

    def test_what_is_given_is_returned_but_for_the_effort(self, api):
        given: dict[str, Any] = {
            "name": "bot",
            "description": "A bot.",
            "instructions": "Answer.",
            "metadata": {"team": "support"},
            "temperature": 0.2,
            "top_p": 0.5,
            "response_format": answer(schema=SCHEMA, strict=True),
            "reasoning_effort": "high",
        }
        assistant = create(api, **given)
        del given["reasoning_effort"]
        assert assistant == {**assistant, **given}
        assert "reasoning_effort" not in assistant

    def test_each_tool_has_its_defaults_and_resources(self, api):
        tools = [{"type": "code_interpreter"}, {"type": "file_search"}, FUNCTION]
        assistant = create(api, tools=tools)
        ranking: dict[str, Any] = {"ranker": "default_2024_08_21", "score_threshold": 0.0}
        assert assistant["tools"] == [
            {"type": "code_interpreter"},
            {"type": "file_search", "file_search": {"ranking_options": ranking}},
            {"type": "function", "function": NAMED | {"strict": False}},
        ]
        assert assistant["tool_resources"] == {"code_interpreter": {"file_ids": []}, "file_search": {}}

    def test_options_of_file_search_are_kept(self, api):
        search = {"max_num_results": 5, "ranking_options": {"ranker": "auto", "score_threshold": 0.4}}
        tool = {"type": "file_search", "file_search": search}
        assert create(api, tools=[tool])["tools"] == [tool]

    def test_files_and_a_store_are_attached(self, api):
        store = api.run(api.sdk.vector_stores.create(name="kb")).id
        given = {"code_interpreter": {"file_ids": [api.upload()]}, "file_search": {"vector_store_ids": [store]}}
        assert create(api, tool_resources=given)["tool_resources"] == given

    def test_the_helper_makes_a_store_with_files(self, api):
        file = api.upload()
        helper = {"file_ids": [file], "metadata": {"team": "support"}, "chunking_strategy": {"type": "auto"}}
        assistant = create(api, tool_resources={"file_search": {"vector_stores": [helper]}})
        (id_,) = assistant["tool_resources"]["file_search"]["vector_store_ids"]
        store = api.run(api.sdk.vector_stores.retrieve(id_))
        assert (store.metadata, store.file_counts.completed) == ({"team": "support"}, 1)
        assert [one.id for one in api.all(api.sdk.vector_stores.files.list(id_))] == [file]

    def test_a_refused_helper_leaves_no_store(self, api):
        helper = {"file_ids": ["file-missing"]}
        api.refusal(
            "POST",
            "/assistants",
            404,
            json={"model": "gpt-4o", "tool_resources": {"file_search": {"vector_stores": [helper]}}},
        )
        assert api.all(api.sdk.vector_stores.list()) == []

    def test_a_file_that_does_not_exist_is_refused(self, api):
        given = {"model": "gpt-4o", "tool_resources": {"code_interpreter": {"file_ids": ["file-missing"]}}}
        assert api.refusal("POST", "/assistants", 404, json=given)["message"] == "No such File object: file-missing"

    def test_a_store_that_does_not_exist_is_refused(self, api):
        given = {"model": "gpt-4o", "tool_resources": {"file_search": {"vector_store_ids": ["vs_missing"]}}}
        error = api.refusal("POST", "/assistants", 404, json=given)
        assert error["message"] == "Vector store with id 'vs_missing' not found."

    def test_at_the_limits_everything_fits(self, api):
        files = [api.upload(f"{number}.csv") for number in range(20)]
        create(
            api,
            name="n" * 256,
            description="d" * 512,
            instructions="i" * 256_000,
            metadata={f"{number:064}": "v" * 512 for number in range(16)},
            tools=[{**FUNCTION, "function": {"name": f"{number:-<64}"}} for number in range(128)],
            tool_resources={"code_interpreter": {"file_ids": files}},
            temperature=2,
            top_p=0,
            response_format=answer("n" * 64),
        )


SEARCH = {"type": "file_search"}
STRICT = {"type": "function", "function": {"name": "f", "strict": True, "parameters": {"type": "array"}}}


@pytest.mark.parametrize(
    ("given", "param", "message"),
    [
        ({"file_ids": []}, "file_ids", "Unknown parameter: 'file_ids'."),
        ({"tool_choice": "auto"}, "tool_choice", "Unknown parameter: 'tool_choice'."),
        (
            {"tools": [{"type": "retrieval"}]},
            "tools[0].type",
            "Invalid value: 'retrieval'. Supported values are: 'code_interpreter', 'file_search', and 'function'.",
        ),
        (
            {"tools": [{"type": "function", "name": "f"}]},
            "tools[0].function",
            "Missing required parameter: 'tools[0].function'.",
        ),
        (
            {"tools": [{"type": "function", "function": {"name": "a.b"}}]},
            "tools[0].function.name",
            (
                "Invalid 'tools[0].function.name': string does not match pattern. "
                "Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'."
            ),
        ),
        (
            {"tools": [{"type": "function", "function": {"name": "f" * 65}}]},
            "tools[0].function.name",
            (
                "Invalid 'tools[0].function.name': string too long. Expected a string with maximum length 64, "
                "but got a string with length 65 instead."
            ),
        ),
        (
            {"tools": [STRICT]},
            "tools[0].function.parameters",
            "Invalid schema for function 'f': In context=(), array schema missing items.",
        ),
        (
            {"tools": [SEARCH | {"file_search": {"max_num_results": 51}}]},
            "tools[0].file_search.max_num_results",
            (
                "Invalid 'tools[0].file_search.max_num_results': integer above maximum value. "
                "Expected a value <= 50, but got 51 instead."
            ),
        ),
        (
            {"tools": [SEARCH | {"file_search": {"ranking_options": {"ranker": "auto"}}}]},
            "tools[0].file_search.ranking_options.score_threshold",
            "Missing required parameter: 'tools[0].file_search.ranking_options.score_threshold'.",
        ),
        (
            {"tools": [{"type": "code_interpreter", "container": "auto"}]},
            "tools[0].container",
            "Unknown parameter: 'tools[0].container'.",
        ),
        (
            {"tool_resources": {"file_search": {"vector_store_ids": ["vs_1", "vs_2"]}}},
            "tool_resources.file_search.vector_store_ids",
            (
                "Invalid 'tool_resources.file_search.vector_store_ids': array too long. "
                "Expected an array with maximum length 1, but got an array with length 2 instead."
            ),
        ),
        (
            {"tool_resources": {"code_interpreter": {"file_ids": [f"file-{number}" for number in range(21)]}}},
            "tool_resources.code_interpreter.file_ids",
            (
                "Invalid 'tool_resources.code_interpreter.file_ids': array too long. "
                "Expected an array with maximum length 20, but got an array with length 21 instead."
            ),
        ),
        (
            {"tool_resources": {"file_search": {"file_ids": ["file-1"]}}},
            "tool_resources.file_search.file_ids",
            "Unknown parameter: 'tool_resources.file_search.file_ids'.",
        ),
        (
            {"instructions": "i" * 256_001},
            "instructions",
            (
                "Invalid 'instructions': string too long. Expected a string with maximum length 256000, "
                "but got a string with length 256001 instead."
            ),
        ),
        (
            {"temperature": 2.5},
            "temperature",
            "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got 2.5 instead.",
        ),
        ({"model": None}, "model", "Invalid type for 'model': expected a string, but got null instead."),
        ({"tools": None}, "tools", "Invalid type for 'tools': expected an array, but got null instead."),
    ],
    ids=lambda value: str(value)[:60],
)
def test_an_invalid_assistant_is_refused_with_its_place(api, given: dict[str, Any], param: str, message: str):
    error = api.refusal("POST", "/assistants", json={"model": "gpt-4o", **given})
    assert (error["message"], error["type"], error["param"]) == (message, "invalid_request_error", param)


@pytest.mark.parametrize(
    ("given", "param", "code"),
    [
        ({"name": "n" * 257}, "name", "string_above_max_length"),
        ({"description": "d" * 513}, "description", "string_above_max_length"),
        ({"metadata": {str(number): "" for number in range(17)}}, "metadata", "object_above_max_properties"),
        ({"metadata": {"k" * 65: ""}}, f"metadata.{'k' * 65}", "property_name_above_max_length"),
        ({"metadata": {"k": "v" * 513}}, "metadata.k", "string_above_max_length"),
        ({"metadata": {"k": 1}}, "metadata.k", "invalid_type"),
        ({"temperature": -0.1}, "temperature", "decimal_below_min_value"),
        ({"top_p": 1.1}, "top_p", "decimal_above_max_value"),
        ({"tools": [{"type": "code_interpreter"}] * 129}, "tools", "array_above_max_length"),
        ({"reasoning_effort": "huge"}, "reasoning_effort", "invalid_value"),
        ({"response_format": {"type": "xml"}}, "response_format.type", "invalid_value"),
        ({"response_format": answer("a.b")}, "response_format.json_schema.name", "invalid_value"),
        ({"response_format": answer("n" * 65)}, "response_format.json_schema.name", "string_above_max_length"),
        ({"response_format": answer(schema={"type": "array"}, strict=True)}, "response_format", "invalid_json_schema"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_value_beyond_a_limit_is_refused(api, given: dict[str, Any], param: str, code: str):
    error = api.refusal("POST", "/assistants", json={"model": "gpt-4o", **given})
    assert (error["param"], error["code"]) == (param, code)


@pytest.mark.parametrize(
    ("search", "param"),
    [
        ({"vector_stores": [{}, {}]}, "tool_resources.file_search.vector_stores"),
        ({"vector_stores": [{}], "vector_store_ids": ["vs_1"]}, "tool_resources.file_search"),
        ({"vector_stores": [{"metadata": {"k": "v" * 513}}]}, "tool_resources.file_search.vector_stores[0].metadata.k"),
        (
            {"vector_stores": [{"chunking_strategy": {"type": "static", "static": {}}}]},
            "tool_resources.file_search.vector_stores[0].chunking_strategy.static.chunk_overlap_tokens",
        ),
    ],
)
def test_the_helper_makes_one_store_and_excludes_ids(api, search, param):
    error = api.refusal("POST", "/assistants", json={"model": "gpt-4o", "tool_resources": {"file_search": search}})
    assert error["param"] == param


class TestUpdate:
    def test_only_given_fields_change(self, api):
        assistant = create(api, name="bot", instructions="Answer.", metadata={"a": "1"}, tools=[FUNCTION])
        changed = change(api, assistant, model="gpt-4.1", instructions=None, temperature=0)
        assert changed == {**assistant, "model": "gpt-4.1", "instructions": None, "temperature": 0}
        assert api.call("GET", f"/assistants/{assistant['id']}").json() == changed

    def test_an_empty_update_changes_nothing(self, api, clock):
        assistant = create(api, name="bot")
        clock.advance(5)
        assert change(api, assistant) == assistant

    def test_lists_and_metadata_are_replaced(self, api):
        assistant = create(api, metadata={"a": "1", "b": "2"}, tools=[FUNCTION, {"type": "code_interpreter"}])
        changed = change(api, assistant, metadata={"c": "3"}, tools=[{"type": "code_interpreter"}])
        assert (changed["metadata"], changed["tools"]) == ({"c": "3"}, [{"type": "code_interpreter"}])
        assert change(api, assistant, metadata=None, tools=[])["metadata"] == {}

    def test_a_list_of_resources_overrides_and_others_stay(self, api):
        store = api.run(api.sdk.vector_stores.create(name="kb")).id
        first, second = api.upload("1.csv"), api.upload("2.csv")
        resources = {"code_interpreter": {"file_ids": [first]}, "file_search": {"vector_store_ids": [store]}}
        assistant = create(api, tool_resources=resources)
        changed = change(api, assistant, tool_resources={"code_interpreter": {"file_ids": [second]}})
        assert changed["tool_resources"] == {**resources, "code_interpreter": {"file_ids": [second]}}
        detached = change(api, assistant, tool_resources={"file_search": {"vector_store_ids": []}})
        assert detached["tool_resources"]["file_search"] == {"vector_store_ids": []}
        assert change(api, assistant, tool_resources=None)["tool_resources"] == {}

    def test_the_helper_for_stores_is_only_for_creating(self, api):
        given: dict[str, Any] = {"tool_resources": {"file_search": {"vector_stores": [{}]}}}
        error = api.refusal("POST", f"/assistants/{create(api)['id']}", json=given)
        assert error["message"] == "Unknown parameter: 'tool_resources.file_search.vector_stores'."

    def test_a_refused_update_changes_nothing(self, api):
        assistant = create(api, name="bot")
        api.refusal("POST", f"/assistants/{assistant['id']}", json={"name": "x", "top_p": 2})
        missing = {"name": "x", "tool_resources": {"code_interpreter": {"file_ids": ["file-missing"]}}}
        api.refusal("POST", f"/assistants/{assistant['id']}", 404, json=missing)
        assert api.call("GET", f"/assistants/{assistant['id']}").json() == assistant


TOOLS = [{"type": "code_interpreter"}, {"type": "file_search", "file_search": {"max_num_results": 3}}, FUNCTION]
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "name": st.none() | st.text(max_size=3),
        "instructions": st.none() | st.text(max_size=3),
        "metadata": st.none() | st.dictionaries(st.sampled_from(["a", "b"]), st.text(max_size=2)),
        "temperature": st.none() | st.floats(0, 2),
        "top_p": st.none() | st.sampled_from([0, 0.5, 1]),
        "tools": st.lists(st.sampled_from(TOOLS), max_size=3),
        "response_format": st.sampled_from([None, "auto", {"type": "text"}, answer(schema=SCHEMA)]),
        "reasoning_effort": st.sampled_from([None, "low", "max"]),
    },
)


@given(first=FIELDS, second=FIELDS)
def test_an_update_has_the_result_of_a_create_with_both(first, second):
    def call(body: dict[str, Any], **path: str) -> Call:
        return Call(store, Settings(now=lambda: 7.0), path, QueryParams(), body)

    store = Store(None)
    with store.transaction(write=True):
        id_ = assistants_api.create(call({"model": "m", **first}))["id"]
        updated = assistants_api.update(call(second, id=id_))
        assert updated == {**assistants_api.create(call({"model": "m", **first, **second})), "id": id_}
        assert assistants_api.retrieve(call({}, id=id_)) == updated


def test_deleting_an_assistant_leaves_its_files_and_store(api, assistants):
    store = api.run(api.sdk.vector_stores.create(name="kb")).id
    file = api.upload()
    resources = {"code_interpreter": {"file_ids": [file]}, "file_search": {"vector_store_ids": [store]}}
    assistant = create(api, tool_resources=resources)
    deleted = api.run(assistants.delete(assistant["id"]))
    assert deleted.to_dict() == {"id": assistant["id"], "object": "assistant.deleted", "deleted": True}
    assert api.run(api.sdk.vector_stores.retrieve(store)).id == store
    assert api.run(api.sdk.files.retrieve(file)).id == file
    for method in ("GET", "POST", "DELETE"):
        assert api.refusal(method, f"/assistants/{assistant['id']}", 404, json={}) == {
            "message": f"No assistant found with id '{assistant['id']}'.",
            "type": "invalid_request_error",
            "param": None,
            "code": None,
        }


def test_deleting_a_store_or_a_file_leaves_the_assistant_as_it_is(api):
    store = api.run(api.sdk.vector_stores.create(name="kb")).id
    file = api.upload()
    resources = {"code_interpreter": {"file_ids": [file]}, "file_search": {"vector_store_ids": [store]}}
    assistant = create(api, tool_resources=resources)
    api.run(api.sdk.vector_stores.delete(store))
    api.run(api.sdk.files.delete(file))
    assert api.call("GET", f"/assistants/{assistant['id']}").json() == assistant
    assert change(api, assistant, name="bot")["tool_resources"] == resources


class TestList:
    @pytest.fixture
    def ids(self, api):
        """Ids of more assistants than a default page holds, oldest first."""
        return [create(api, name=str(number))["id"] for number in range(25)]

    def test_the_envelope_has_twenty_newest_first(self, api, ids):
        page = api.call("GET", "/assistants").json()
        assert (page["object"], page["has_more"]) == ("list", True)
        assert [one["id"] for one in page["data"]] == ids[:-21:-1]
        assert (page["first_id"], page["last_id"]) == (ids[-1], ids[-20])

    def test_the_sdk_walks_all_pages(self, api, assistants, ids):
        assert [one.id for one in api.all(assistants.list(limit=10, order="asc"))] == ids
        assert api.app.state.requests[25:] == [("GET", "/v1/assistants")] * 3

    def test_after_and_before_limit_the_page(self, api, ids):
        between = api.call("GET", f"/assistants?order=asc&after={ids[0]}&before={ids[4]}").json()
        assert [one["id"] for one in between["data"]] == ids[1:4]
        backwards = api.call("GET", f"/assistants?limit=2&before={ids[3]}&order=asc").json()
        assert [one["id"] for one in backwards["data"]] == ids[1:3]

    @pytest.mark.parametrize("query", ["limit=0", "limit=101", "order=up"])
    def test_other_queries_are_refused_by_name(self, api, query):
        assert api.refusal("GET", f"/assistants?{query}")["param"] == query.partition("=")[0]

    def test_a_cursor_that_is_not_in_the_list_is_refused(self, api):
        api.refusal("GET", "/assistants?after=asst_missing", 404)


def test_limits_per_minute_hold_for_assistants(embed):
    api = embed(assistants=True, rate_limit=0.01)
    for _ in range(3):
        create(api)
    assert api.refusal("POST", "/assistants", 429, json={"model": "gpt-4o"})["code"] == "rate_limit_exceeded"


def test_faults_hold_for_assistants(embed):
    faults = "error-before=503:POST:/v1/assistants:1,403:GET:/v1/assistants:1,404:GET:/v1/assistants:2"
    api = embed(assistants=True, faults=faults)
    api.refusal("POST", "/assistants", 503, json={"model": "gpt-4o"})
    assert create(api)["id"]
    message = api.refusal("GET", "/assistants", 403)["message"]
    assert "api.assistants.read" in message
    assert api.refusal("GET", "/assistants", 404)["message"] == "Invalid URL (GET /v1/assistants)"


def test_a_second_writer_changes_an_assistant_that_was_read(embed):
    api = embed(assistants=True, faults="second-writer=instructions:GET:/v1/assistants/*:1")
    assistant = create(api, instructions="Answer.")
    assert api.call("GET", f"/assistants/{assistant['id']}").json() == assistant
    changed = api.call("GET", f"/assistants/{assistant['id']}").json()
    assert changed == {**assistant, "instructions": "written by another client"}


def test_assistants_are_kept_in_the_file_of_the_api(embed, tmp_path):
    assistant = create(embed(assistants=True, data=tmp_path / "api"), name="bot", tools=[FUNCTION])
    again = embed(assistants=True, data=tmp_path / "api")
    assert again.call("GET", f"/assistants/{assistant['id']}").json() == assistant


def test_the_sdk_makes_each_request_over_http():
    sent: list[tuple[str, str, str | None, Any]] = []

    def record(request: httpx2.Request) -> None:
        body = json.loads(request.content) if request.content else None
        sent.append((request.method, request.url.raw_path.decode(), request.headers.get("openai-beta"), body))

    with processes.api(assistants=True) as url:
        client = httpx2.Client(event_hooks={"request": [record]})
        with OpenAI(api_key="key", base_url=url, max_retries=0, http_client=client) as sdk:
            made = [sdk.beta.assistants.create(model="gpt-4o", name=name) for name in ("a", "b", "c")]
            first = made[0].id
            assert sdk.beta.assistants.retrieve(first) == made[0]
            assert sdk.beta.assistants.update(first, instructions="Answer.").instructions == "Answer."
            assert [one.id for one in sdk.beta.assistants.list(limit=2)] == [one.id for one in reversed(made)]
            assert sdk.beta.assistants.delete(first).deleted
            with pytest.raises(openai.NotFoundError, match="No assistant found"):
                sdk.beta.assistants.retrieve(first)
            with pytest.raises(openai.BadRequestError, match="array too long"):
                sdk.beta.assistants.update(
                    made[1].id, tool_resources={"file_search": {"vector_store_ids": ["vs_1", "vs_2"]}}
                )
            with pytest.raises(openai.BadRequestError, match="OpenAI-Beta"):
                sdk.beta.assistants.list(extra_headers={"OpenAI-Beta": "agents=v1"})
    assert {header for _, _, header, _ in sent[:-1]} == {"assistants=v2"}
    assert [(method, path.removeprefix("/v1")) for method, path, _, _ in sent[:9]] == [
        *[("POST", "/assistants")] * 3,
        ("GET", f"/assistants/{first}"),
        ("POST", f"/assistants/{first}"),
        ("GET", "/assistants?limit=2"),
        ("GET", f"/assistants?limit=2&after={made[1].id}"),
        ("DELETE", f"/assistants/{first}"),
        ("GET", f"/assistants/{first}"),
    ]
    assert sent[0][3] == {"model": "gpt-4o", "name": "a"}
    assert sent[4][3] == {"instructions": "Answer."}

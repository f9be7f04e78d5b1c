"""Responses have the request with the defaults that the API reports, and one fixed message as output."""

import pytest
from openai.types.responses import Response

from reconciler.emulator.resources.responses import TEXT

FUNCTION = {"type": "function", "name": "refund", "parameters": {"type": "object", "properties": {}}}


@pytest.fixture
def tool(api):
    return {"type": "file_search", "vector_store_ids": [api.run(api.sdk.vector_stores.create()).id]}


def test_a_response_is_kept_with_what_it_was_asked_for(api, tool):
    made = api.run(api.sdk.responses.create(model="gpt-6-luna", input="Hi", instructions="Be kind.", tools=[tool]))
    found = api.run(api.sdk.responses.retrieve(made.id))
    assert (found.instructions, found.tools[0].vector_store_ids) == ("Be kind.", tool["vector_store_ids"])
    assert (found.temperature, found.truncation, found.tools[0].max_num_results) == (1.0, "disabled", 20)


def test_response_matches_the_sdk_type(api, tool):
    raw = api.call("POST", "/responses", json={"model": "gpt-6-luna", "input": "Hi", "tools": [tool]}).json()
    assert not Response.model_validate(raw).model_extra


def test_the_output_says_that_there_is_no_model(api):
    made = api.run(api.sdk.responses.create(model="gpt-6-luna", input="Hi"))
    assert made.output_text == TEXT
    assert made.usage.total_tokens == 0


def test_a_streamed_response_has_the_events_of_one_message(api):
    async def received():
        stream = await api.sdk.responses.create(model="gpt-6-luna", input="Hi", stream=True)
        return [event async for event in stream]

    events = api.run(received())
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert events[0].type == "response.created"
    assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == TEXT
    assert events[-1].type == "response.completed"
    assert events[-1].response.output_text == TEXT
    assert api.run(api.sdk.responses.retrieve(events[-1].response.id)).status == "completed"


@pytest.mark.parametrize(
    "given",
    [
        {"input": [{"role": "user", "content": "Hi"}]},
        {"input": [{"role": "developer", "content": "Be kind."}, {"role": "user", "content": "Hi"}]},
        {"input": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]}]},
        {
            "input": [
                {
                    "role": "user",
                    "content": [{"type": "input_image", "image_url": "https://x.example/a", "detail": "low"}],
                }
            ]
        },
        {
            "input": [
                {"role": "user", "content": "Refund it."},
                {"type": "function_call", "call_id": "c", "name": "refund", "arguments": "{}"},
                {"type": "function_call_output", "call_id": "c", "output": "done"},
            ]
        },
        {
            "input": [
                {
                    "id": "msg_1",
                    "type": "message",
                    "role": "assistant",
                    "status": "completed",
                    "content": [{"type": "output_text", "text": "Hello", "annotations": []}],
                }
            ]
        },
        {"input": "Hi", "tool_choice": "auto"},
        {"input": "Hi", "tool_choice": "none"},
        {"input": "Hi", "tools": [FUNCTION], "tool_choice": "required"},
        {"input": "Hi", "tools": [FUNCTION], "tool_choice": {"type": "function", "name": "refund"}},
        {"input": "Hi", "tools": [{**FUNCTION, "strict": False}]},
        {"input": "Hi", "tools": [{"type": "code_interpreter", "container": {"type": "auto"}}]},
        {"input": "Hi", "tools": [{"type": "image_generation"}, {"type": "web_search_preview"}]},
        {"input": "Hi", "stream": False},
        {"input": "Hi", "text": {"format": {"type": "json_object"}}, "include": ["file_search_call.results"]},
        {"prompt": {"id": "pmpt_1", "variables": {"name": "Ada"}}},
    ],
)
def test_ordinary_requests_are_accepted(api, given):
    response = api.call("POST", "/responses", json={"model": "gpt-6-luna", **given})
    assert response.status_code == 200, response.text


def test_a_function_without_strict_is_strict(api):
    made = api.run(api.sdk.responses.create(model="gpt-6-luna", input="Hi", tools=[FUNCTION]))
    assert made.tools[0].strict is True


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"inputs": "Hi"}, "inputs"),
        ({}, "input"),
        ({"input": 1}, "input"),
        ({"input": [{"role": "robot", "content": "Hi"}]}, "input[0].role"),
        ({"input": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]}, "input[0].content[0].type"),
        ({"input": [{"type": "function_call", "name": "refund"}]}, "input[0].arguments"),
        ({"input": "Hi", "tool_choice": "maybe"}, "tool_choice"),
        ({"input": "Hi", "tool_choice": {"type": "function", "name": "missing"}}, "tool_choice"),
        ({"input": "Hi", "tools": [{"type": "function", "function": {"name": "refund"}}]}, "tools[0].name"),
        ({"input": "Hi", "stream": "yes"}, "stream"),
        ({"input": "Hi", "messages": []}, "messages"),
        ({"input": "Hi", "previous_response_id": "resp_gone"}, "previous_response_id"),
        ({"input": "Hi", "conversation": 1}, "conversation"),
    ],
)
def test_other_requests_are_refused_at_the_place(api, given, param):
    assert api.refusal("POST", "/responses", json={"model": "gpt-6-luna", **given})["param"] == param


@pytest.mark.parametrize(
    ("model", "given", "param", "code"),
    [
        ("gpt-6-astra", {"temperature": 1}, "temperature", "unsupported_parameter"),
        ("gpt-6-astra", {"reasoning": {"effort": "minimal"}}, "reasoning.effort", "unsupported_value"),
        ("gpt-6.2-sol", {"service_tier": "flex"}, "service_tier", "unsupported_value"),
        ("gpt-6.1-sol", {"reasoning": {"effort": "none"}}, "reasoning.effort", "unsupported_value"),
    ],
)
def test_parameters_that_a_model_does_not_support_are_refused(api, model, given, param, code):
    error = api.refusal("POST", "/responses", json={"model": model, "input": "Hi", **given})
    assert (error["param"], error["code"]) == (param, code)


def test_a_decimal_out_of_range_is_refused(api):
    error = api.refusal("POST", "/responses", json={"model": "gpt-6-luna", "input": "Hi", "temperature": 2.5})
    assert (error["param"], error["code"]) == ("temperature", "decimal_above_max_value")


def test_a_request_without_model_or_prompt_is_refused(api):
    assert api.refusal("POST", "/responses", json={"input": "Hi"})["param"] == "model"


def test_a_request_that_names_a_missing_store_is_refused(api):
    tool = {"type": "file_search", "vector_store_ids": ["vs_gone"]}
    error = api.refusal("POST", "/responses", 404, json={"model": "gpt-6-luna", "input": "Hi", "tools": [tool]})
    assert "vs_gone" in error["message"]


def test_response_with_store_false_is_not_stored(api):
    made = api.run(api.sdk.responses.create(model="gpt-6-luna", input="Hi", store=False))
    assert api.refusal("GET", f"/responses/{made.id}", 404)["type"] == "invalid_request_error"


def test_a_deleted_response_is_gone(api):
    made = api.run(api.sdk.responses.create(model="gpt-6-luna", input="Hi"))
    assert api.call("DELETE", f"/responses/{made.id}").json() == {"id": made.id, "object": "response", "deleted": True}
    api.refusal("DELETE", f"/responses/{made.id}", 404)

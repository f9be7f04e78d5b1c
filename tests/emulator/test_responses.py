"""Responses are stored as they were asked for, with the defaults that the API reports."""

from openai.types.responses import Response

TOOL = {"type": "file_search", "vector_store_ids": ["vs_1"]}


def test_a_response_is_kept_with_what_it_was_asked_for(api):
    made = api.run(api.sdk.responses.create(model="gpt-6-luna", input="Hi", instructions="Be kind.", tools=[TOOL]))
    found = api.run(api.sdk.responses.retrieve(made.id))
    assert (found.instructions, found.tools[0].vector_store_ids) == ("Be kind.", ["vs_1"])
    assert (found.temperature, found.truncation, found.tools[0].max_num_results) == (1.0, "disabled", 20)


def test_response_matches_the_sdk_type(api):
    raw = api.call("POST", "/responses", json={"model": "gpt-6-luna", "input": "Hi", "tools": [TOOL]}).json()
    assert not Response.model_validate(raw).model_extra


def test_response_with_store_false_is_not_stored(api):
    made = api.run(api.sdk.responses.create(model="gpt-6-luna", input="Hi", store=False))
    assert api.refusal("GET", f"/responses/{made.id}", 404)["type"] == "invalid_request_error"


def test_a_deleted_response_is_gone(api):
    made = api.run(api.sdk.responses.create(model="gpt-6-luna", input="Hi"))
    assert api.call("DELETE", f"/responses/{made.id}").json() == {"id": made.id, "object": "response", "deleted": True}
    api.refusal("DELETE", f"/responses/{made.id}", 404)


def test_unknown_parameters_are_refused(api):
    assert api.refusal("POST", "/responses", json={"model": "m", "inputs": "Hi"})["param"] == "inputs"

"""Checks of every request: headers, keys, strict JSON, unknown paths, and the record of requests."""

import time

import pytest


def test_every_answer_says_which_request_and_project_it_was(embed):
    api = embed(project="proj_acme")
    for path, status in (("/agents", 200), ("/agents/missing", 404), ("/nothing", 404)):
        response = api.call("GET", path)
        assert response.status_code == status
        assert response.headers["openai-project"] == "proj_acme"
        assert response.headers["openai-organization"]
    first, second = (api.call("GET", "/models").headers["x-request-id"] for _ in range(2))
    assert first != second


BETA = [
    "/agents",
    "/agents/agent_1",
    "/agents/sessions",
    "/agents/automations",
    "/agents/environments/templates",
    "/vaults",
]


@pytest.mark.parametrize("path", BETA)
@pytest.mark.parametrize("header", ["", "assistants=v2"])
def test_agents_need_the_beta_header_before_they_need_a_key(api, path, header):
    error = api.refusal("GET", path, 400, headers={"openai-beta": header, "authorization": ""})
    assert (error["type"], error["code"]) == ("invalid_beta", "invalid_beta")


@pytest.mark.parametrize("path", ["/files", "/vector_stores", "/models"])
def test_other_endpoints_need_no_beta_header(api, path):
    assert api.call("GET", path, headers={"openai-beta": ""}).status_code == 200


def test_several_betas_may_be_named(api):
    assert api.call("GET", "/agents", headers={"openai-beta": "assistants=v2, agents=v1"}).status_code == 200


@pytest.mark.parametrize("path", ["/agents", "/files", "/models", "/vector_stores/vs_1/files"])
@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer  ", "Basic eDp5"])
def test_without_a_key_everything_is_unauthorized(api, path, authorization):
    api.refusal("GET", path, 401, headers={"authorization": authorization})


@pytest.mark.parametrize(
    "body",
    [
        '{"model": "gpt-5", "model": "gpt-4o"}',
        '{"model": "gpt-5", "metadata": {"a": "1", "a": "2"}}',
        '{"model": "gpt-5"',
        "",
        "[]",
        '{"model": NaN}',
        '{"model": "gpt-5", "name": "\\ud800"}',
        "[" * 100_000,
    ],
    ids=lambda body: body[:30],
)
def test_json_is_read_strictly(api, body):
    error = api.refusal("POST", "/agents", content=body, headers={"content-type": "application/json"})
    assert error["type"] == "invalid_request_error"


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_json_body_with_another_content_type_is_rejected(api, content_type):
    api.refusal("POST", "/agents", content='{"model": "gpt-5"}', headers={"content-type": content_type})


def test_content_type_with_charset_is_accepted(api):
    headers = {"content-type": "application/json; charset=utf-8"}
    assert api.call("POST", "/agents", content='{"model": "gpt-5"}', headers=headers).status_code == 201


@pytest.mark.parametrize("path", ["/assistants", "/assistants/asst_1", "/threads", "/prompts"])
def test_removed_endpoints_are_not_found(api, path):
    assert api.refusal("GET", path, 404)["message"] == f"Invalid URL (GET /v1{path})"


def test_an_unknown_method_is_not_allowed(api):
    api.refusal("PUT", "/agents", 405)


def test_requests_are_recorded_by_template(api):
    agent = api.agent()
    api.call("POST", f"/agents/{agent['id']}", json={})
    api.call("GET", "/files", headers={"authorization": ""})
    assert api.app.state.requests == [("POST", "/v1/agents"), ("POST", "/v1/agents/{id}"), ("GET", "/v1/files")]


def test_the_record_can_be_read_and_emptied_over_http(api):
    api.agent()
    assert api.call("GET", "http://api/_emulator/requests").json() == {"requests": [["POST", "/v1/agents"]]}
    api.call("DELETE", "http://api/_emulator/requests")
    assert api.app.state.requests == []


def test_latency_is_added_to_every_request(embed):
    api = embed(latency=0.05)
    before = time.monotonic()
    api.call("GET", "/models")
    assert time.monotonic() - before >= 0.05

"""Tests of limits: values that the API refuses are errors with their place, before a request is sent."""

import pytest
from pydantic import ValidationError

from reconciler.resources.kinds.assistant import KIND
from tests.resources.assistants.examples import findings

OBJECT = {"type": "object", "properties": {}}
CALL = {"type": "function", "name": "f", "description": "d", "parameters": OBJECT}
LOOKUP = {"type": "function", "name": "f", "parameters": OBJECT, "strict": None}
MCP = {"type": "mcp", "server_label": "crm"}
AGENT_MCP = MCP | {"transport": {"type": "http", "server_url": "https://mcp.example.com"}}
IMAGE = {"type": "image_generation"}


def found(target, **spec):
    return {finding.path[1:]: finding.code for finding in findings(target, {"model": "m", **spec})}


def refused(target, **spec):
    with pytest.raises(ValidationError) as caught:
        KIND.models[target].model_validate({"model": "m", **spec})
    return [error["loc"] for error in caught.value.errors()]


@pytest.mark.parametrize(
    ("target", "field", "value"),
    [
        ("agents", "name", "x" * 129),
        ("agents", "instructions", "x" * 1_048_577),
        ("agents", "tools", [{"type": "automations"}] * 2001),
        ("agents", "model", ""),
        ("agents", "multi_agent.max_concurrent_subagents", 0),
        ("agents", "multi_agent.max_concurrent_subagents", 2**32),
        ("agents", "experimental", None),
        ("responses", "temperature", 2.1),
        ("responses", "temperature", "0.5"),
        ("responses", "top_p", -0.1),
        ("responses", "top_logprobs", 21),
        ("responses", "max_output_tokens", 0),
        ("responses", "tools", None),
        ("responses", "tool_choice", "sometimes"),
        ("responses", "prompt_cache_options.ttl", "24h"),
    ],
)
def test_values_out_of_range_are_refused(target, field, value):
    name, _, inner = field.partition(".")
    path = tuple(field.split("."))
    locations = refused(target, **{name: {"enabled": True, inner: value} if inner else value})
    assert any(location[: len(path)] == path for location in locations)


@pytest.mark.parametrize(
    ("tool", "place"),
    [
        ({"type": "file_search", "vector_store_ids": []}, "vector_store_ids"),
        ({"type": "file_search", "vector_store_ids": ["Handbook!"]}, "vector_store_ids"),
        ({"type": "file_search", "vector_store_ids": ["assistant/triage"]}, "vector_store_ids"),
        ({"type": "file_search", "vector_store_ids": ["vs_1"], "max_num_results": 51}, "max_num_results"),
        (
            {"type": "file_search", "vector_store_ids": ["vs_1"], "ranking_options": {"score_threshold": 1.1}},
            "ranking_options",
        ),
        ({"type": "code_interpreter", "container": {"type": "auto", "file_ids": ["a"] * 51}}, "container"),
        ({"type": "code_interpreter", "container": {"type": "auto", "file_ids": ["data/"]}}, "container"),
        (IMAGE | {"partial_images": 4}, "partial_images"),
        (IMAGE | {"output_compression": 101}, "output_compression"),
        (IMAGE | {"size": "large"}, "size"),
        (MCP | {"authorization": "token"}, "authorization"),
        ({"type": "custom", "name": "a", "async_": True}, "async_"),
    ],
)
def test_tools_out_of_range_are_refused(tool, place):
    assert {location[3] for location in refused("responses", tools=[tool])} == {place}


def test_a_wrong_choice_is_reported_once():
    assert len(refused("responses", tool_choice={"type": "function"})) == 1
    assert len(refused("responses", tools=[{"type": "code_interpreter", "container": {"type": "manual"}}])) == 1
    assert len(refused("responses", tools=[MCP | {"require_approval": "sometimes"}])) == 1


def test_metadata_leaves_room_for_four_labels():
    assert found("agents", metadata={f"k{number}": "v" for number in range(12)}) == {}
    assert refused("agents", metadata={f"k{number}": "v" for number in range(13)}) == [("metadata",)]
    assert refused("responses", metadata={"reconciler-project": "v"}) == [("metadata",)]
    assert refused("responses", metadata={"tier": 5}) == [("metadata", "tier")]


def test_repeated_names_of_tools_are_an_error():
    assert found("agents", tools=[CALL, CALL | {"description": "other"}]) == {("tools", 1, "name"): "duplicate-tool"}
    assert found("responses", tools=[LOOKUP, LOOKUP]) == {("tools", 1, "name"): "duplicate-tool"}
    space = {"type": "namespace", "name": "crm", "description": "d", "tools": [LOOKUP, LOOKUP]}
    assert found("responses", tools=[LOOKUP, space]) == {("tools", 1, "tools", 1, "name"): "duplicate-tool"}


@pytest.mark.parametrize("name", ["look up", "x" * 65, "crm.find"])
def test_undocumented_form_of_a_function_name_is_a_warning(name):
    (finding,) = findings("agents", {"model": "m", "tools": [CALL | {"name": name}]})
    assert (finding.path[1:], finding.code, finding.severity) == (("tools", 0, "name"), "function-name", "warning")


def test_second_search_tool_of_an_agent_is_an_error():
    search = {"type": "web_search"}
    assert found("agents", tools=[search, search]) == {("tools", 1, "type"): "duplicate-tool"}
    assert found("responses", tools=[search, search]) == {}


def test_tools_of_an_agent_beyond_three_mebibytes_are_an_error():
    big = CALL | {"description": "ä" * 1_600_000}
    assert found("agents", tools=[big]) == {("tools",): "too-large"}
    assert found("responses", tools=[LOOKUP | {"description": big["description"]}]) == {}


@pytest.mark.parametrize("schema", [{}, {"type": "string"}, {"type": ["object", "null"]}])
def test_schema_of_an_agent_must_have_an_object_as_root(schema):
    codes = {*found("agents", tools=[CALL | {"parameters": schema}]).values()}
    codes |= {*found("agents", text={"format": {"type": "json_schema", "schema": schema}}).values()}
    assert codes == {"schema-root"}


def test_schema_of_a_request_may_have_no_type_at_its_root():
    assert found("responses", tools=[LOOKUP | {"parameters": {}}, LOOKUP | {"name": "g", "parameters": None}]) == {}
    tool = LOOKUP | {"parameters": {"type": "string"}}
    assert found("responses", tools=[tool]) == {("tools", 0, "parameters", "type"): "schema-root"}


@pytest.mark.parametrize(
    ("schema", "place"),
    [
        ({"properties": ["a"]}, ("properties",)),
        ({"properties": {"a": "string"}}, ("properties", "a")),
        ({"properties": {"a": {"type": "text"}}}, ("properties", "a", "type")),
        ({"required": "a"}, ("required",)),
        ({"properties": {"a": {"anyOf": [{"type": "null"}, 3]}}}, ("properties", "a", "anyOf", 1)),
        ({"properties": {"a": {"items": []}}}, ("properties", "a", "items")),
        ({"$defs": {"a": {"oneOf": {}}}}, ("$defs", "a", "oneOf")),
    ],
)
def test_malformed_schema_is_an_error(schema, place):
    tool = LOOKUP | {"parameters": OBJECT | schema}
    assert found("responses", tools=[tool]) == {("tools", 0, "parameters", *place): "schema"}


def test_property_with_the_name_of_a_keyword_is_valid():
    schema = OBJECT | {"properties": {"properties": {"type": "string"}, "items": True, "required": {"type": "boolean"}}}
    assert found("responses", tools=[LOOKUP | {"parameters": schema}]) == {}


def test_violation_of_strict_is_a_warning():
    inner = {"type": "object", "properties": {"a": {"type": "string"}}}
    schema = {"type": "object", "additionalProperties": False, "required": ["in"], "properties": {"in": inner}}
    problems = findings("responses", {"model": "m", "tools": [LOOKUP | {"parameters": schema, "strict": True}]})
    assert {problem.severity for problem in problems} == {"warning"}
    assert {problem.path for problem in problems} == {("spec", "tools", 0, "parameters", "properties", "in")}
    assert len(problems) == 2
    assert found("responses", tools=[LOOKUP | {"parameters": schema, "strict": False}]) == {}
    text = {"type": "json_schema", "name": "answer", "schema": schema, "strict": True}
    assert {*found("responses", text={"format": text}).values()} == {"strict-schema"}


@pytest.mark.parametrize(
    ("given", "fine"),
    [
        ({}, False),
        ({"server_url": "https://mcp.example.com"}, True),
        ({"tunnel_id": "t"}, True),
        ({"connector_id": "connector_gmail", "tunnel_id": "t"}, False),
    ],
)
def test_mcp_server_must_have_exactly_one_address(given, fine):
    assert found("responses", tools=[MCP | given]) == ({} if fine else {("tools", 0): "one-of"})


@pytest.mark.parametrize(
    "header",
    [
        *("Authorization", "proxy-authorization", "X-Api-Key", "apikey", "Cookie", "X-Auth-Token"),
        *("X-RapidAPI-Key", "x-rapidapi-key", "x-functions-key", "apiToken", "X-Secret-Key", "X-JWT"),
    ],
)
def test_secret_in_a_header_is_an_error(header):
    tool = MCP | {"server_url": "https://mcp.example.com", "headers": {header: "s3cret", "X-Team": "support"}}
    assert found("responses", tools=[tool]) == {("tools", 0, "headers", header): "secret"}
    transport = {"type": "http", "server_url": "https://mcp.example.com", "headers": {header: "s3cret", "Accept": "*"}}
    (problem,) = findings("agents", {"model": "m", "tools": [MCP | {"transport": transport}]})
    assert problem.path == ("spec", "tools", 0, "transport", "headers", header)
    assert "credential_id" in problem.hint


def test_credentials_in_a_header_are_an_error_under_any_name():
    tool = MCP | {"server_url": "https://mcp.example.com", "headers": {"X-Upstream": "Bearer s3cret", "X-Team": "bear"}}
    assert found("responses", tools=[tool]) == {("tools", 0, "headers", "X-Upstream"): "secret"}


@pytest.mark.parametrize(
    "url",
    [
        "https://me:s3cret@mcp.example.com",
        "https://mcp.example.com/?team=a&api_key=s3cret",
        "https://mcp.example.com/?searchApiKey=s3cret",
    ],
)
def test_secret_in_a_url_is_an_error(url):
    assert found("responses", tools=[MCP | {"server_url": url}]) == {("tools", 0, "server_url"): "secret"}


def test_known_field_in_extra_is_an_error():
    assert found("responses", extra={"temperature": 1, "input": "Hi", "sparkle": 1}) == {
        ("extra", "temperature"): "extra-known",
        ("extra", "input"): "extra-known",
    }
    assert found("responses", tools=[LOOKUP | {"extra": {"async": True}}]) == {
        ("tools", 0, "extra", "async"): "extra-known"
    }
    tool = MCP | {"tunnel_id": "t", "extra": {"authorization": "s3cret"}}
    assert found("responses", tools=[tool]) == {("tools", 0, "extra", "authorization"): "extra-known"}


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"frame_count": 3}, ("frame_count",)),
        ({"svg": {}, "output_format": "png"}, ("svg",)),
        ({"partial_images": 1, "output_format": "gif"}, ("partial_images",)),
        ({"frame_count": 3, "output_format": "gif"}, None),
    ],
)
def test_image_setting_of_another_format_is_an_error(fields, place):
    expected = {("tools", 0, *place): "needs-format"} if place else {}
    assert found("responses", tools=[IMAGE | fields]) == expected


@pytest.mark.parametrize("number", [2**53, -(2**53), float("inf"), float("nan")])
def test_inexact_number_is_an_error(number):
    tool = LOOKUP | {"parameters": OBJECT | {"properties": {"id": {"maximum": number}}}}
    place = ("tools", 0, "parameters", "properties", "id", "maximum")
    assert found("responses", tools=[tool]) == {place: "inexact-number"}


def test_missing_file_is_an_error():
    tool = {"type": "code_interpreter", "container": {"type": "auto", "file_ids": ["data/a.csv", "missing/b.csv"]}}
    assert found("responses", tools=[tool]) == {("tools", 0, "container", "file_ids", 1): "no-file"}


def with_skill(name):
    return {
        "type": "shell",
        "environment": {
            "type": "container_auto",
            "skills": [{"type": "skill_reference", "skill_id": name, "version": "2"}],
        },
    }


def test_only_a_skill_that_is_not_managed_has_a_version():
    (location,) = refused("responses", tools=[with_skill("notes")])
    assert location[:2] == ("tools", 0)
    assert found("responses", tools=[with_skill("skill_1")]) == {}
    assert found("responses", tools=[with_skill("openai-spreadsheets")]) == {}

"""Limits of target `assistants`: values that the API refuses are errors with their place, before a request is sent."""

from typing import Any

import pytest
from pydantic import ValidationError

from reconciler.manifests.targets import with_alternatives
from reconciler.manifests.validation_errors import explain
from reconciler.resources.kinds.assistant import KIND
from reconciler.resources.problems import Finding
from tests.resources.assistants.examples import findings

OBJECT = {"type": "object", "properties": {}}


def function(name: str = "f", **definition: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, **definition}}


def refused(target: str = "assistants", **spec: Any) -> list[Finding]:
    written, model = {"model": "m", **spec}, KIND.models[target]
    with pytest.raises(ValidationError) as caught:
        model.model_validate(written)
    return with_alternatives(KIND, target, written, explain(caught.value, model, written, ("spec",)))


def found(**spec: Any) -> dict[tuple[str | int, ...], str]:
    return {finding.path[1:]: finding.code for finding in findings("assistants", {"model": "m", **spec})}


@pytest.mark.parametrize(
    ("spec", "path", "message"),
    [
        (
            {"tool_resources": {"file_search": {"vector_store_ids": ["vs_1", "vs_2"]}}},
            "tool_resources.file_search.vector_store_ids",
            "expected at most 1 item, found 2",
        ),
        (
            {"tool_resources": {"code_interpreter": {"file_ids": [f"file-{number}" for number in range(21)]}}},
            "tool_resources.code_interpreter.file_ids",
            "expected at most 20 items, found 21",
        ),
        ({"instructions": "x" * 256_001}, "instructions", "expected at most 256,000 characters, found 256,001"),
        ({"name": "x" * 257}, "name", "expected at most 256 characters, found 257"),
        ({"description": "x" * 513}, "description", "expected at most 512 characters, found 513"),
        (
            {"tools": [function(f"f{number}") for number in range(129)]},
            "tools",
            "expected at most 128 items, found 129",
        ),
        ({"temperature": 2.1}, "temperature", "expected at most 2.0, found 2.1"),
        ({"top_p": -0.1}, "top_p", "expected at least 0.0, found -0.1"),
        (
            {"tools": [{"type": "file_search", "file_search": {"max_num_results": 51}}]},
            "tools.0.file_search.max_num_results",
            "expected at most 50, found 51",
        ),
        (
            {"tools": [{"type": "file_search", "file_search": {"ranking_options": {"score_threshold": 1.5}}}]},
            "tools.0.file_search.ranking_options.score_threshold",
            "expected at most 1.0, found 1.5",
        ),
        (
            {"tools": [{"type": "file_search", "file_search": {"ranking_options": {"ranker": "auto"}}}]},
            "tools.0.file_search.ranking_options.score_threshold",
            "the field `score_threshold` is missing",
        ),
        ({"tools": None}, "tools", "expected a list, found nothing"),
    ],
)
def test_value_out_of_range_is_refused(spec, path, message):
    (finding,) = refused(**spec)
    assert (".".join(map(str, finding.path[1:])), finding.message) == (path, message)


@pytest.mark.parametrize("name", ["a.b", "", "x" * 65, "é"])
def test_function_name_has_64_letters_digits_underscores_and_hyphens(name):
    (finding,) = refused(tools=[function(name)])
    assert finding.path[1:] == ("tools", 0, "function", "name")
    assert finding.hint == "use at most 64 letters, digits, `_` and `-`"


@pytest.mark.parametrize(
    "spec",
    [
        {"temperature": None, "top_p": None},
        {"name": None, "description": None, "instructions": None, "metadata": None},
        {"tool_resources": None, "response_format": None, "reasoning_effort": None},
        {"instructions": "x" * 256_000, "temperature": 2, "top_p": 0},
        {"tools": [], "tool_resources": {"file_search": {"vector_store_ids": []}}},
        {"tools": [function(parameters={})]},
        {"metadata": {f"k{number}": "v" for number in range(12)}},
        {"response_format": {"type": "json_object"}},
    ],
)
def test_value_in_range_is_accepted(spec):
    assert found(**spec) == {}


def test_metadata_leaves_room_for_four_labels():
    (finding,) = refused(metadata={f"k{number}": "v" for number in range(13)})
    assert finding.message.startswith("13 pairs, at most 12 are allowed")


def test_repeated_tool_is_refused():
    tools = [function("a"), {"type": "code_interpreter"}, function("a"), {"type": "code_interpreter"}]
    assert found(tools=tools) == {
        ("tools", 2, "function", "name"): "duplicate-tool",
        ("tools", 3, "type"): "duplicate-tool",
    }


def test_resources_without_their_tool_are_a_warning():
    resources = {"code_interpreter": {"file_ids": ["file-1"]}, "file_search": {"vector_store_ids": ["vs_1"]}}
    places = found(tools=[{"type": "file_search"}], tool_resources=resources)
    assert places == {("tool_resources", "code_interpreter", "file_ids"): "unused-resources"}


def test_files_that_do_not_exist_are_refused():
    resources = {"code_interpreter": {"file_ids": ["missing/t.csv"]}}
    places = found(tools=[{"type": "code_interpreter"}], tool_resources=resources)
    assert places == {("tool_resources", "code_interpreter", "file_ids", 0): "no-file"}


@pytest.mark.parametrize(
    ("spec", "place", "code"),
    [
        ({"tools": [function(parameters={"type": "string"})]}, ("function", "parameters", "type"), "schema-root"),
        (
            {"tools": [function(strict=True, parameters=OBJECT)]},
            ("function", "parameters"),
            "strict-schema",
        ),
        ({"tools": [function(extra={"strict": True})]}, ("function", "extra", "strict"), "extra-known"),
    ],
)
def test_schema_of_a_function_is_checked(spec, place, code):
    assert found(**spec) == {("tools", 0, *place): code}


def test_schema_of_the_response_format_is_checked():
    written = {"type": "json_schema", "json_schema": {"name": "answer", "schema": {"type": "array"}}}
    assert found(response_format=written) == {("response_format", "json_schema", "schema", "type"): "schema-root"}


@pytest.mark.parametrize(
    ("spec", "hint"),
    [
        ({"text": {"format": {"type": "text"}}}, "response_format"),
        ({"reasoning": {"effort": "low"}}, "reasoning_effort"),
        ({"tool_choice": "auto"}, "sends it with each request"),
        ({"truncation_strategy": {"type": "auto"}}, "sends it with each request"),
        ({"file_ids": ["file-1"]}, "tool_resources"),
        ({"tools": [{"type": "retrieval"}]}, "file_search"),
        ({"tools": [function() | {"parameters": OBJECT}]}, "in `function`"),
        ({"tools": [{"type": "file_search", "vector_store_ids": ["vs_1"]}]}, "tool_resources"),
        ({"tools": [{"type": "code_interpreter", "container": {"type": "auto"}}]}, "file_ids"),
        ({"tool_resources": {"file_search": {"vector_stores": [{}]}}}, "VectorStore"),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"name": "a"}, "strict": True}},
            "in `json_schema`",
        ),
    ],
)
def test_field_of_another_api_has_a_hint(spec, hint):
    (finding,) = refused(**spec)
    assert hint in finding.hint


@pytest.mark.parametrize("target", ["agents", "responses"])
@pytest.mark.parametrize("spec", [{"description": "d"}, {"tool_resources": {}}, {"response_format": "auto"}])
def test_field_of_this_target_alone_names_it(target, spec):
    (finding,) = refused(target, **spec)
    assert finding.message.endswith("target assistants does")
    assert finding.hint


def test_target_that_openai_ended_is_not_suggested_beside_another():
    (finding,) = refused("agents", temperature=0.5)
    assert finding.message == "target agents does not support `temperature`; target responses does"

"""Strict checks of the SDK's types, and a list of their members that fails when a newer SDK adds one."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal, get_args, get_origin

import pytest
from openai.types.beta.agent_create_params import AgentCreateParams
from openai.types.beta.agent_list_params import AgentListParams
from openai.types.beta.agent_update_params import AgentUpdateParams
from openai.types.beta.assistant_create_params import AssistantCreateParams
from openai.types.beta.assistant_list_params import AssistantListParams
from openai.types.beta.assistant_update_params import AssistantUpdateParams
from openai.types.beta.threads.message_list_params import MessageListParams
from openai.types.file_create_params import FileCreateParams
from openai.types.file_list_params import FileListParams
from openai.types.vector_store_create_params import VectorStoreCreateParams
from openai.types.vector_store_list_params import VectorStoreListParams
from openai.types.vector_store_update_params import VectorStoreUpdateParams
from openai.types.vector_stores.file_batch_create_params import FileBatchCreateParams
from openai.types.vector_stores.file_batch_list_files_params import FileBatchListFilesParams
from openai.types.vector_stores.file_create_params import FileCreateParams as EntryCreateParams
from openai.types.vector_stores.file_list_params import FileListParams as EntryListParams
from openai.types.vector_stores.file_update_params import FileUpdateParams as EntryUpdateParams
from typing_extensions import is_typeddict

from reconciler.emulator.errors import ApiError
from reconciler.emulator.schema import checker, members

AGENT = """
    model name instructions metadata service_tier
    compaction compaction.async
    experimental experimental.time_awareness
    multi_agent multi_agent.enabled multi_agent.max_concurrent_subagents
    reasoning reasoning.effort reasoning.summary
    text text.verbosity text.format text.format[text].type text.format[json_schema].type
    text.format[json_schema].schema
    tools
    tools[function].type tools[function].name tools[function].description tools[function].parameters
    tools[function].defer_loading tools[function].async
    tools[tool_search].type
    tools[programmatic_tool_calling].type tools[programmatic_tool_calling].enabled
    tools[mcp].type tools[mcp].server_label tools[mcp].allowed_tools tools[mcp].connection_origin
    tools[mcp].credential_id tools[mcp].request_metadata tools[mcp].required tools[mcp].transport
    tools[mcp].transport[http].type tools[mcp].transport[http].server_url tools[mcp].transport[http].headers
    tools[mcp].transport[stdio].type tools[mcp].transport[stdio].command tools[mcp].transport[stdio].cwd
    tools[mcp].transport[stdio].args tools[mcp].transport[stdio].env_vars
    tools[web_search].type tools[web_search].mode tools[web_search].context_size tools[web_search].allowed_domains
    tools[web_search].location tools[web_search].location.city tools[web_search].location.country
    tools[web_search].location.region tools[web_search].location.timezone
    tools[computer_use].type tools[computer_use].include_screenshots
    tools[automations].type
"""
ASSISTANT = """
    model name description instructions metadata reasoning_effort temperature top_p
    response_format response_format[text].type response_format[json_object].type response_format[json_schema].type
    response_format[json_schema].json_schema response_format[json_schema].json_schema.name
    response_format[json_schema].json_schema.description response_format[json_schema].json_schema.schema
    response_format[json_schema].json_schema.strict
    tool_resources tool_resources.code_interpreter tool_resources.code_interpreter.file_ids
    tool_resources.file_search tool_resources.file_search.vector_store_ids
    tools
    tools[code_interpreter].type
    tools[file_search].type tools[file_search].file_search tools[file_search].file_search.max_num_results
    tools[file_search].file_search.ranking_options tools[file_search].file_search.ranking_options.ranker
    tools[file_search].file_search.ranking_options.score_threshold
    tools[function].type tools[function].function tools[function].function.name
    tools[function].function.description tools[function].function.parameters tools[function].function.strict
"""
CHUNKING = """
    chunking_strategy chunking_strategy[auto].type chunking_strategy[static].type chunking_strategy[static].static
    chunking_strategy[static].static.max_chunk_size_tokens chunking_strategy[static].static.chunk_overlap_tokens
"""
STORE = "name metadata expires_after expires_after.anchor expires_after.days"
ENTRY = f"file_id attributes {CHUNKING}"
HELPER, HELPED = "tool_resources.file_search.vector_stores", f"file_ids metadata {CHUNKING}"

# The members that the emulator supports. It would only pass through a missing one.
TAUGHT: Mapping[Any, str] = {
    AgentCreateParams: AGENT,
    AgentUpdateParams: AGENT,
    AgentListParams: "after limit order",
    AssistantCreateParams: f"{ASSISTANT} {HELPER} " + " ".join(f"{HELPER}.{path}" for path in HELPED.split()),
    AssistantUpdateParams: ASSISTANT,
    AssistantListParams: "after before limit order",
    FileCreateParams: "file purpose expires_after expires_after.anchor expires_after.seconds",
    FileListParams: "after limit order purpose",
    VectorStoreCreateParams: f"{STORE} {CHUNKING} description file_ids",
    VectorStoreUpdateParams: STORE,
    VectorStoreListParams: "after before limit order",
    EntryCreateParams: ENTRY,
    EntryUpdateParams: "vector_store_id attributes",
    EntryListParams: "after before filter limit order",
    FileBatchCreateParams: f"attributes {CHUNKING} file_ids files "
    + " ".join(f"files.{path}" for path in ENTRY.split()),
    FileBatchListFilesParams: "vector_store_id after before filter limit order",
    MessageListParams: "after before limit order run_id",
}


def paths(annotation: Any, prefix: str = "") -> Iterator[str]:
    """Every member of a request type: `reasoning.effort`, or `tools[function].name` where the type decides."""
    if is_typeddict(annotation):
        for name, hint in members(annotation).items():
            path = f"{prefix}.{name}" if prefix else name
            yield path
            yield from paths(hint, path)
    elif get_origin(annotation) is not Literal:
        objects = [argument for argument in get_args(annotation) if is_typeddict(argument)]
        for argument in get_args(annotation):
            tag = f"[{type_of(argument)}]" if len(objects) > 1 and argument in objects else ""
            yield from paths(argument, prefix + tag)


def type_of(variant: Any) -> str:
    hint = members(variant)["type"]
    while get_origin(hint) is not Literal:
        (hint,) = get_args(hint)
    (type_,) = get_args(hint)
    return str(type_)


@pytest.mark.parametrize("params", TAUGHT, ids=lambda params: f"{params.__module__}.{params.__name__}")
def test_sdk_types_have_no_unknown_members(params):
    known, taught = set(paths(params)), set(TAUGHT[params].split())
    assert not known - taught, f"new in the SDK's {params.__name__}: {sorted(known - taught)}"
    assert not taught - known, f"gone from the SDK's {params.__name__}: {sorted(taught - known)}"


def error(params: Any, value: Any) -> tuple[str | None, str | None]:
    with pytest.raises(ApiError) as caught:
        checker(params)(value, "")
    return caught.value.param, caught.value.code


def test_items_of_iterables_are_checked():
    assert error(AgentCreateParams, {"model": "m", "tools": [{"type": "automations"}, 1]}) == (
        "tools[1]",
        "invalid_type",
    )
    assert error(AgentCreateParams, {"model": "m", "tools": {}}) == ("tools", "invalid_type")


def test_string_is_not_a_list_of_strings():
    assert error(VectorStoreCreateParams, {"file_ids": "file-1"}) == ("file_ids", "invalid_type")
    assert error(VectorStoreCreateParams, {"file_ids": [1]}) == ("file_ids[0]", "invalid_type")


def test_required_members_are_required_although_the_annotations_are_strings():
    assert error(AgentCreateParams, {}) == ("model", "missing_required_parameter")
    assert error(EntryUpdateParams, {"vector_store_id": "vs"}) == ("attributes", "missing_required_parameter")


def test_names_are_those_on_the_wire():
    assert error(AgentCreateParams, {"model": "m", "compaction": {"async_": True}}) == (
        "compaction.async_",
        "unknown_parameter",
    )
    checker(AgentCreateParams)({"model": "m", "compaction": {"async": True}}, "")


def test_names_that_the_sdk_lists_beside_any_text_are_texts():
    checker(AssistantCreateParams)({"model": "model-of-tomorrow"}, "")
    with pytest.raises(ApiError, match="Invalid type for 'model': expected a string, but got an integer instead"):
        checker(AssistantCreateParams)({"model": 1}, "")


def test_a_variant_without_a_type_is_asked_for_one():
    assert error(AgentCreateParams, {"model": "m", "tools": [{}]}) == ("tools[0].type", "missing_required_parameter")
    assert error(AgentCreateParams, {"model": "m", "tools": [{"type": 1}]}) == ("tools[0].type", "invalid_type")


@pytest.mark.parametrize("value", [1, 1.5, "s", True])
def test_attributes_are_strings_numbers_and_booleans(value):
    checker(EntryCreateParams)({"file_id": "f", "attributes": {"k": value}}, "")


@pytest.mark.parametrize("value", [1, "true", None])
def test_only_true_and_false_are_booleans(value):
    given = {"model": "m", "multi_agent": {"enabled": value}}
    assert error(AgentCreateParams, given) == ("multi_agent.enabled", "invalid_type")


@pytest.mark.parametrize("value", [True, 1.0, "1"])
def test_only_whole_numbers_are_integers(value):
    given = {"model": "m", "multi_agent": {"enabled": True, "max_concurrent_subagents": value}}
    assert error(AgentCreateParams, given) == ("multi_agent.max_concurrent_subagents", "invalid_type")


def test_unsupported_annotation_is_an_error():
    with pytest.raises(TypeError, match="no strict form"):
        checker(set[str])

import json

import jsonschema  # type: ignore[import-untyped]
import pytest
from openai.types.responses.response_create_params import ResponseCreateParamsNonStreaming

from reconciler.bundles.documents import needs, with_ids
from reconciler.bundles.render import contents, exported, object_address, own_fields, pointer_address
from reconciler.bundles.schema import BLOB
from reconciler.emulator.errors import ApiError
from reconciler.emulator.schema import checker
from reconciler.resources.address import Address
from reconciler.resources.values import reference

BILLING, SUPPORT = Address("assistant", "billing"), Address("chatbot", "support")


@pytest.fixture(scope="module")
def blobs(objects):
    return contents(objects)


def test_everything_that_applications_load_has_a_blob(objects, blobs):
    assert blobs.keys() == objects.keys()


def test_an_assistant_is_alone_in_its_blob(blobs):
    blob = blobs[BILLING]
    assert blob.keys() == {"format", "address", "assistants"}
    assert blob["address"] == "assistant/billing"
    assert blob["assistants"].keys() == {"assistant/billing"}


def test_a_request_has_its_tools_as_the_api_takes_them_and_references_where_ids_go(blobs):
    request = blobs[BILLING]["assistants"]["assistant/billing"]["request"]
    tools = {tool["type"]: tool for tool in request["tools"]}
    assert tools["file_search"]["vector_store_ids"] == [reference("vectorstore/handbook")]
    assert tools["code_interpreter"]["container"]["file_ids"] == [reference("file/data/tariffs.csv")]


def test_usage_of_a_request_can_be_attributed(blobs):
    request = blobs[BILLING]["assistants"]["assistant/billing"]["request"]
    assert request["metadata"] == {"tier": "gold", "reconciler-address": "assistant/billing"}


def test_a_saved_agent_is_a_reference(blobs):
    assert blobs[Address("assistant", "technical")]["assistants"] == {
        "assistant/technical": {"target": "agents", "agent": reference("assistant/technical")}
    }


def test_an_assistant_at_a_server_is_a_reference(blobs):
    assert blobs[Address("assistant", "greeter")]["assistants"] == {
        "assistant/greeter": {"target": "assistants", "assistant": reference("assistant/greeter")}
    }


def test_a_pipeline_brings_the_assistants_it_uses(blobs):
    blob = blobs[Address("pipeline", "flow")]
    assert blob["pipelines"].keys() == {"pipeline/flow"}
    assert blob["assistants"].keys() == {"assistant/billing", "assistant/greeter", "assistant/technical"}


def test_a_working_chatbot_brings_everything_that_it_and_its_triggers_reach(blobs):
    blob = blobs[SUPPORT]
    assert blob["address"] == "chatbot/support@working"
    assert blob["pipelines"].keys() == {"pipeline/flow", "pipeline/checkin"}
    assert blob["assistants"].keys() == {
        "assistant/billing",
        "assistant/followup",
        "assistant/greeter",
        "assistant/technical",
    }


def test_a_chatbot_of_one_assistant(blobs):
    blob = blobs[Address("chatbot", "simple")]
    assert blob["chatbot"] == {"assistant": reference("assistant/technical")}
    assert blob["pipelines"] == {}


def test_contents_with_missing_part_has_no_bundle(objects, blobs):
    without = contents({address: wanted for address, wanted in objects.items() if address.name != "technical"})
    broken = {address for address in blobs if "assistant/technical" in blobs[address]["assistants"]}
    assert without == {address: blob for address, blob in blobs.items() if address not in broken}
    assert Address("chatbot", "support") in broken


def test_the_needed_ids_are_those_of_live_objects(blobs):
    saved = {"assistant/greeter", "assistant/technical"}
    assert needs(blobs[SUPPORT]) == {"vectorstore/handbook", "file/data/tariffs.csv", *saved}
    assert needs(blobs[Address("pipeline", "checkin")]) == frozenset()


def test_own_fields_equals_desired_fields(objects, blobs):
    documents = {"request", "pipeline", "chatbot"}
    for address, desired in objects.items():
        if desired.type in documents:
            found = own_fields(desired.type, json.loads(json.dumps(blobs[address])))
            assert {name: found[name] for name in desired.fields} == desired.fields


def test_own_fields_of_absent_members_are_defaults(blobs):
    assert own_fields("chatbot", blobs[Address("chatbot", "simple")])["starts"] == []
    assert own_fields("request", blobs[Address("assistant", "unused")])["metadata"] == {}


@pytest.mark.parametrize(
    ("published", "pointer"),
    [
        ("chatbot/support", "chatbot/support@working"),
        ("pipeline/flow", "pipeline/flow"),
        ("assistant/billing@support.3", "assistant/billing@support.3"),
    ],
)
def test_only_working_chatbots_are_published_as_drafts(published, pointer):
    assert pointer_address(Address.parse(published)) == Address.parse(pointer)
    assert object_address(Address.parse(pointer)) == Address.parse(published)


def test_an_export_has_live_ids_as_far_as_there_are_any(blobs):
    document = exported(blobs[SUPPORT], {"assistant/technical": "agent_1"})
    assert (document["format"], document["address"]) == ("reconciler/export/v1", "chatbot/support@working")
    assert document["chatbot"] == {"pipeline": "pipeline/flow", "starts": ["pipeline/checkin"]}
    assert document["assistants"]["assistant/technical"]["agent"] == "agent_1"
    nodes = document["pipelines"]["pipeline/flow"]["nodes"]
    assert nodes["fault"]["assistant"] == "assistant/technical"
    assert nodes["polish"]["vector_stores"] == [reference("vectorstore/handbook")]


def test_contents_match_the_blob_schema(blobs):
    jsonschema.Draft202012Validator.check_schema(BLOB)
    for blob in blobs.values():
        jsonschema.validate(blob, BLOB)


@pytest.mark.parametrize(
    "broken",
    [
        {"format": "reconciler/bundle/v2"},
        {"assistants": {"assistant/x": {"target": "agents"}}},
        {"assistants": {"assistant/x": {"target": "responses", "request": {"metadata": {}}}}},
        {"chatbot": {"starts": []}},
        {"pipeline": {}},
    ],
)
def test_blob_schema_rejects_other_documents(blobs, broken):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(blobs[BILLING] | broken, BLOB)


def test_requests_match_the_sdk_types(blobs, ids):
    check = checker(ResponseCreateParamsNonStreaming)
    requests = [
        assistant["request"]
        for blob in blobs.values()
        for assistant in with_ids(blob, ids.__getitem__)["assistants"].values()
        if assistant["target"] == "responses"
    ]
    assert len(requests) == 7
    for request in requests:
        check({**request, "input": "Hello"}, "")
    with pytest.raises(ApiError, match="tools"):
        check({**blobs[BILLING]["assistants"]["assistant/billing"]["request"], "input": "Hello"}, "")

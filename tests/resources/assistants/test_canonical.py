"""Canonical requests: tools by key, references instead of names, and no defaults."""

from reconciler.resources.address import Address
from reconciler.resources.base import Reference
from reconciler.resources.kinds.assistant import AGENT, KIND, REQUEST
from tests.resources.assistants.examples import desired, resource

LOOKUP = {"type": "function", "name": "lookup", "parameters": {"type": "object"}, "strict": None}
HANDBOOK = {"$address": "vectorstore/handbook"}
PRICES = {"$address": "file/data/prices.csv"}

SPEC = {
    "model": "gpt-6-luna",
    "temperature": 1.0,
    "include": ["reasoning.encrypted_content", "file_search_call.results"],
    "tools": [
        {"type": "file_search", "vector_store_ids": ["vs_123", "handbook", "vectorstore/faq"], "max_num_results": 8},
        {"type": "code_interpreter", "container": {"type": "auto", "file_ids": ["data/prices.csv", "file-abc"]}},
        {"type": "shell", "environment": {"type": "container_auto", "file_ids": ["data/prices.csv"]}},
        {"type": "image_generation", "input_image_mask": {"file_id": "img/mask.png"}},
        LOOKUP,
    ],
}


def test_request_and_its_files_are_desired():
    request, *files = desired("responses", SPEC)
    assert (request.type, request.address) == ("request", Address("assistant", "triage"))
    assert [file.address for file in files] == [Address("file", "data/prices.csv"), Address("file", "img/mask.png")]


def test_canonical_request_has_no_defaults():
    request = desired("responses", SPEC)[0]
    assert request.fields == {
        "model": "gpt-6-luna",
        "temperature": 1,
        "include": ["file_search_call.results", "reasoning.encrypted_content"],
        "tools": {
            "file_search": {
                "type": "file_search",
                "vector_store_ids": ["vs_123", {"$address": "vectorstore/faq"}, HANDBOOK],
                "max_num_results": 8,
            },
            "code_interpreter": {
                "type": "code_interpreter",
                "container": {"type": "auto", "file_ids": ["file-abc", PRICES]},
            },
            "shell": {"type": "shell", "environment": {"type": "container_auto", "file_ids": [PRICES]}},
            "image_generation": {
                "type": "image_generation",
                "input_image_mask": {"file_id": {"$address": "file/img/mask.png"}},
            },
            "function:lookup": LOOKUP,
        },
    }
    assert isinstance(request.fields["temperature"], int)


def test_references_have_the_paths_of_the_manifest():
    assert list(KIND.references(resource("responses", SPEC))) == [
        Reference(("spec", "tools", 0, "vector_store_ids", 1), Address("vectorstore", "handbook")),
        Reference(("spec", "tools", 0, "vector_store_ids", 2), Address("vectorstore", "faq")),
        Reference(("spec", "tools", 1, "container", "file_ids", 0), Address("file", "data/prices.csv")),
        Reference(("spec", "tools", 2, "environment", "file_ids", 0), Address("file", "data/prices.csv")),
        Reference(("spec", "tools", 3, "input_image_mask", "file_id"), Address("file", "img/mask.png")),
    ]


def test_extra_fields_are_sent_unchanged():
    spec = {"model": "m", "extra": {"sparkle": 1}, "tools": [LOOKUP | {"extra": {"glow": [2, 1]}}]}
    body = REQUEST.render(desired("responses", spec)[0].fields)
    assert body == {"model": "m", "sparkle": 1, "tools": [LOOKUP | {"glow": [2, 1]}]}


def test_tools_have_keys():
    tools = [
        {"type": "apply_patch"},
        {"type": "custom", "name": "sql"},
        LOOKUP,
        {"type": "mcp", "server_label": "docs", "tunnel_id": "t"},
        {"type": "namespace", "name": "crm", "description": "d", "tools": [{"type": "function", "name": "find"}]},
    ]
    keyed = REQUEST.canonical("tools", tools[::-1])
    assert list(keyed) == ["apply_patch", "custom:sql", "function:lookup", "mcp:docs", "namespace:crm"]
    assert list(keyed["namespace:crm"]["tools"]) == ["function:find"]
    assert REQUEST.render({"tools": keyed}) == {"tools": tools}


def test_a_second_tool_of_one_key_is_numbered_whatever_the_order():
    one, other = ({"type": "file_search", "vector_store_ids": [store]} for store in ("vs_1", "vs_2"))
    keyed = {"file_search": one, "file_search#2": other}
    assert REQUEST.canonical("tools", [one, other]) == keyed
    assert REQUEST.canonical("tools", [other, one]) == keyed


def test_lists_in_schemas_keep_their_order():
    schema = {"type": "object", "required": ["b", "a"], "properties": {"include": {"enum": ["z", "y"]}}}
    tool = LOOKUP | {"parameters": schema, "allowed_callers": ["programmatic", "direct"]}
    for form in (AGENT, REQUEST):
        keyed = form.canonical("tools", [tool])["function:lookup"]
        assert keyed["parameters"] == schema
        assert keyed["allowed_callers"] == ["direct", "programmatic"]


def test_known_ids_read_back_as_references():
    addresses = {"vs_9": ["vectorstore/handbook"], "file-9": ["file/copy.csv", "file/data/prices.csv"]}
    live = {
        "tools": {
            "file_search": {"type": "file_search", "vector_store_ids": ["vs_9", "vs_stranger"]},
            "code_interpreter": {"type": "code_interpreter", "container": {"type": "auto", "file_ids": ["file-9"]}},
        }
    }
    tools = REQUEST.localise(live, lambda id_: addresses.get(id_, []), {"tools": {"code_interpreter": PRICES}})["tools"]
    assert tools["file_search"]["vector_store_ids"] == ["vs_stranger", HANDBOOK]
    assert tools["code_interpreter"]["container"]["file_ids"] == [PRICES]


def test_models_of_an_assistant_are_its_model():
    assert list(REQUEST.models(desired("responses", SPEC)[0].fields)) == ["gpt-6-luna"]
    assert list(AGENT.models({"name": "triage"})) == []

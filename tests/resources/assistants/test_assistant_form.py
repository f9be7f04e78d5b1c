"""The canonical form of a response of the Assistants API equals that of the request."""

from typing import Any

import pytest

from reconciler.resources.assistants.assistant_form import as_request
from reconciler.resources.kinds.assistant import ASSISTANT, REQUEST
from reconciler.resources.resource_type import ResourceType
from reconciler.resources.values import digest, reference, same
from tests.resources.assistants.examples import desired

FUNCTION: dict[str, Any] = {"type": "function", "function": {"name": "f"}}
SEARCH: dict[str, Any] = {"type": "file_search"}
RANKED = {"ranker": "auto", "score_threshold": 0.0}
SCHEMA = {"name": "answer", "schema": {"type": "object"}}
AS_IN_PYTHON = {"type": "json_schema", "json_schema": {"name": "answer", "schema_": {"type": "object"}}}
"""As a server answers it that serialises the models of the SDK by the names of their attributes."""
NOTHING: dict[str, Any] = {"code_interpreter": {"file_ids": []}, "file_search": {"vector_store_ids": []}}


def function(**definition: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": "f", **definition}}


def search(**settings: Any) -> dict[str, Any]:
    return {"type": "file_search", "file_search": settings}


def files(*ids: str) -> dict[str, Any]:
    return {"code_interpreter": {"file_ids": [*ids]}}


def stores(*ids: str) -> dict[str, Any]:
    return {"file_search": {"vector_store_ids": [*ids]}}


def schema(**more: Any) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {**SCHEMA, **more}}


@pytest.mark.parametrize(
    ("field", "sent", "answered"),
    [
        ("metadata", None, {}),
        ("name", None, None),
        ("description", None, None),
        ("instructions", "Hello\n", "Hello\n"),
        ("temperature", None, 1.0),
        ("temperature", 1, 1.0),
        ("top_p", None, 1.0),
        ("response_format", None, "auto"),
        ("response_format", "auto", None),
        ("response_format", {"type": "text"}, {"type": "text"}),
        ("response_format", schema(), schema(strict=None, description=None)),
        ("response_format", schema(), schema(strict=False)),
        ("response_format", schema(), AS_IN_PYTHON),
        ("tools", [], None),
        ("tools", [FUNCTION], [function(strict=False)]),
        ("tools", [FUNCTION], [function(description=None, parameters=None, strict=None)]),
        ("tools", [FUNCTION], [function(parameters={})]),
        ("tools", [FUNCTION], [function(parameters={"type": "object", "properties": {}})]),
        ("tools", [SEARCH], [search()]),
        ("tools", [SEARCH], [search(max_num_results=None, ranking_options=None)]),
        ("tools", [SEARCH], [search(ranking_options=RANKED)]),
        ("tools", [{"type": "code_interpreter"}, FUNCTION], [FUNCTION, {"type": "code_interpreter"}]),
        ("tool_resources", None, {}),
        ("tool_resources", {}, NOTHING),
        ("tool_resources", {"file_search": {}}, {"code_interpreter": None, "file_search": {"vector_store_ids": None}}),
        (
            "tool_resources",
            files("b", "a"),
            files("a", "b"),
        ),
        ("tool_resources", files("a", "a"), files("a")),
    ],
)
def test_response_equals_the_request_in_canonical_form(field, sent, answered):
    assert same(ASSISTANT.canonical(field, sent), ASSISTANT.canonical(field, answered))


@pytest.mark.parametrize(
    ("field", "one", "other"),
    [
        ("temperature", None, 0),
        ("name", None, ""),
        ("response_format", "auto", {"type": "text"}),
        ("response_format", schema(), schema(strict=True)),
        ("tools", [FUNCTION], [function(strict=True)]),
        ("tools", [FUNCTION], []),
        ("tools", [SEARCH], [search(ranking_options={"ranker": "auto", "score_threshold": 0.5})]),
        ("tools", [SEARCH], [search(max_num_results=3)]),
        ("tool_resources", None, {"file_search": {"vector_store_ids": ["vs_1"]}}),
    ],
)
def test_different_values_stay_different(field, one, other):
    assert not same(ASSISTANT.canonical(field, one), ASSISTANT.canonical(field, other))


def live(*tools: dict[str, Any], model: str = "gpt-4o") -> dict[str, Any]:
    return {"model": model, "tools": ASSISTANT.canonical("tools", list(tools))}


def search_as_read(found: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    seen: dict[str, Any] = ASSISTANT.localise(found, lambda _id: (), wanted)["tools"]["file_search"]["file_search"]
    return seen


RESOLVED = {"ranker": "default_2024_08_21", "score_threshold": 0.0}


class TestValuesThatTheServerChooses:
    """A server may name the ranker and the number of results that it uses where the manifest leaves them to it."""

    @pytest.mark.parametrize("wanted", [SEARCH, search(ranking_options=RANKED)])
    def test_resolved_ranker_equals_auto(self, wanted):
        found = live(search(ranking_options=RESOLVED))
        assert search_as_read(found, live(wanted)) == {"ranking_options": {"ranker": "auto", "score_threshold": 0}}

    def test_version_in_the_manifest_differs_from_auto(self):
        wanted = live(search(ranking_options=RESOLVED))
        assert search_as_read(live(SEARCH), wanted)["ranking_options"]["ranker"] == "auto"
        assert search_as_read(wanted, wanted)["ranking_options"]["ranker"] == "default_2024_08_21"

    @pytest.mark.parametrize(("model", "number"), [("gpt-4o", 20), ("gpt-3.5-turbo-1106", 5)])
    def test_default_number_of_results_equals_no_number(self, model, number):
        with_number, without = live(search(max_num_results=number), model=model), live(SEARCH, model=model)
        assert "max_num_results" not in search_as_read(with_number, without)
        assert search_as_read(without, with_number)["max_num_results"] == number

    def test_other_number_of_results_is_kept(self):
        assert search_as_read(live(search(max_num_results=5)), live(SEARCH))["max_num_results"] == 5


def test_ids_of_managed_objects_become_references():
    found = {"tool_resources": files("file-1") | stores("vs_1")}
    known = {"file-1": ["file/a.csv"], "vs_1": ["vectorstore/handbook"]}
    read = ASSISTANT.localise(found, lambda id_: known.get(id_, ()), {})
    assert read["tool_resources"] == {
        "code_interpreter": {"file_ids": [reference("file/a.csv")]},
        "file_search": {"vector_store_ids": [reference("vectorstore/handbook")]},
    }
    assert ASSISTANT.refers == {"file", "vector_store"}


class TestDesired:
    def test_files_are_uploads_and_names_are_references(self):
        resources = {"code_interpreter": {"file_ids": ["a.csv"]}, "file_search": {"vector_store_ids": ["handbook"]}}
        assistant, file = desired("assistants", {"model": "m", "tool_resources": resources})
        assert (assistant.type, str(file.address), file.fields["purpose"]) == ("assistant", "file/a.csv", "assistants")
        assert assistant.fields["tool_resources"] == {
            "code_interpreter": {"file_ids": [reference("file/a.csv")]},
            "file_search": {"vector_store_ids": [reference("vectorstore/handbook")]},
        }

    def test_name_is_that_of_the_manifest(self):
        (assistant,) = desired("assistants", {"model": "m"})
        assert assistant.fields == {"model": "m", "name": "triage"}

    def test_reasoning_effort_is_write_only(self):
        (assistant,) = desired("assistants", {"model": "m", "reasoning_effort": "low"})
        assert assistant.write_only == {"reasoning_effort": digest("low")}
        assert assistant.unreadable == {"reasoning_effort": "low"}
        assert "reasoning_effort" not in assistant.fields

    def test_reasoning_effort_of_null_is_the_default(self):
        (assistant,) = desired("assistants", {"model": "m", "reasoning_effort": None})
        assert assistant.write_only == assistant.unreadable == {}


class TestRender:
    def test_lists_of_tool_resources_are_sent_whole(self):
        fields = {"tool_resources": ASSISTANT.canonical("tool_resources", stores("vs_1"))}
        assert ASSISTANT.render(fields)["tool_resources"] == files() | stores("vs_1")

    def test_tools_are_a_list(self):
        assert ASSISTANT.render({"tools": ASSISTANT.canonical("tools", [SEARCH, FUNCTION])})["tools"] == [
            search(ranking_options={"ranker": "auto", "score_threshold": 0}),
            function(parameters={"type": "object", "properties": {}}, strict=False),
        ]

    def test_default_temperature_is_null_which_every_model_accepts(self):
        assert ASSISTANT.render({"temperature": 1, "top_p": 0.5}) == {"temperature": None, "top_p": 0.5}


class TestRisks:
    """Risks have the same rules as on the other targets."""

    def rules(self, before: dict[str, Any], after: dict[str, Any]) -> list[str]:
        sides = ({name: ASSISTANT.canonical(name, value) for name, value in side.items()} for side in (before, after))
        return [hazard.rule for hazard in ASSISTANT.risks(*sides)]

    @pytest.mark.parametrize(
        ("before", "after", "rule"),
        [
            ({"instructions": "Never lie."}, {"instructions": ""}, "guardrail-removed"),
            ({"tools": []}, {"tools": [{"type": "code_interpreter"}]}, "execution-opened"),
            ({"tools": []}, {"tools": [FUNCTION]}, "tool-added"),
            ({"tools": [FUNCTION]}, {"tools": []}, "tool-removed"),
            ({"response_format": "auto"}, {"response_format": schema()}, "output-changed"),
            (
                {"tools": [function(parameters={"type": "object", "properties": {"a": {"type": "string"}}})]},
                {"tools": [function(parameters={"type": "object", "properties": {}})]},
                "parameters-incompatible",
            ),
            (
                {"tool_resources": stores("vs_1")},
                {"tool_resources": None},
                "knowledge-removed",
            ),
            (
                {"tool_resources": files("file-1", "file-2")},
                {"tool_resources": files("file-2")},
                "knowledge-removed",
            ),
        ],
    )
    def test_change_has_the_risk(self, before, after, rule):
        assert self.rules(before, after) == [rule]

    @pytest.mark.parametrize(
        ("was", "is_"),
        [("file/t.csv@file-1", "file/t.csv"), ("file/t@2x.csv@010d3cf2a8b1", "file/t@2x.csv@5be08c9684a1")],
    )
    def test_replaced_upload_is_not_removed(self, was, is_):
        former = {"code_interpreter": {"file_ids": [reference(was)]}}
        present = {"code_interpreter": {"file_ids": [reference(is_)]}}
        assert self.rules({"tool_resources": former}, {"tool_resources": present}) == []


class TestRisksOfAnotherTarget:
    """An assistant that moves to another target has the risks of what changes, not of what is nested otherwise."""

    ASSISTANT_TOOLS = (SEARCH, function(parameters={"type": "object", "properties": {"a": {"type": "string"}}}))

    def fields(self, type_: ResourceType, **spec: Any) -> dict[str, Any]:
        return {name: type_.canonical(name, value) for name, value in spec.items()}

    def as_request(self, *properties: str) -> dict[str, Any]:
        schema = {"type": "object", "properties": {name: {"type": "string"} for name in properties}}
        call = {"type": "function", "name": "f", "parameters": schema, "strict": False}
        return self.fields(REQUEST, tools=[{"type": "file_search", "vector_store_ids": ["vs_1"]}, call])

    def as_assistant(self) -> dict[str, Any]:
        return self.fields(ASSISTANT, tools=[*self.ASSISTANT_TOOLS], tool_resources=stores("vs_1"))

    def test_same_configuration_has_none(self):
        assert list(REQUEST.risks(self.as_assistant(), self.as_request("a"))) == []
        assert list(ASSISTANT.risks(self.as_request("a"), self.as_assistant())) == []

    def test_parameters_of_a_function_are_compared(self):
        (hazard,) = REQUEST.risks(self.as_assistant(), self.as_request())
        assert (hazard.rule, hazard.args["tool"]) == ("parameters-incompatible", "function:f")

    def test_vector_store_is_compared(self):
        (hazard,) = REQUEST.risks(self.as_assistant() | {"tool_resources": stores("vs_2")}, self.as_request("a"))
        assert (hazard.rule, hazard.args["names"]) == ("knowledge-removed", ["vs_2"])


class TestRefusedParameters:
    def refused(self, **fields: Any) -> list[str]:
        return [hazard.args["parameter"] for hazard in ASSISTANT.refused(fields, {})]

    def test_temperature_is_refused_by_reasoning_models(self):
        assert self.refused(model="gpt-6-astra", temperature=0.5) == ["temperature"]

    def test_default_temperature_is_not_sent_and_not_refused(self):
        assert self.refused(model="gpt-6-astra", temperature=1, top_p=1) == []

    def test_effort_is_refused_under_the_name_of_the_other_targets(self):
        assert self.refused(model="gpt-6.1-sol", reasoning_effort="none") == ["reasoning.effort"]


def test_rules_of_other_targets_see_the_parts_where_they_have_them():
    fields = {"tools": ASSISTANT.canonical("tools", [FUNCTION]), "response_format": schema(), "temperature": 1}
    made = as_request(fields)
    assert made["tools"]["function:f"]["name"] == "f"
    assert made["text"] == {"format": {"type": "json_schema", **SCHEMA}}
    assert "temperature" not in made

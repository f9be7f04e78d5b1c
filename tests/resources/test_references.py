"""References that are declared on the fields of a model."""

from typing import Annotated, Any, Literal

import pytest
from pydantic import Field, TypeAdapter, ValidationError

from reconciler.resources.address import Address
from reconciler.resources.assistants.agents import AgentsSpec
from reconciler.resources.assistants.responses import ResponsesSpec
from reconciler.resources.base import Spec
from reconciler.resources.names import AssistantName, FileName
from reconciler.resources.references import Ref, canonical, ids_in, localised, prefixes_in, referred, types_in
from reconciler.resources.values import reference
from tests.support.container_kind import installed

Store = Annotated[str, Ref("vectorstore")]


class Search(Spec):
    type: Literal["search"]
    stores: list[Store]


class Group(Spec):
    type: Literal["group"]
    of: list["Item"]
    helper: AssistantName | None = None


class Other(Spec):
    type: Literal["other"]
    stores: list[str] = Field(default_factory=list)


Item = Annotated[Search | Group | Other, Field(discriminator="type")]


class Model(Spec):
    items: list[Item] = Field(default_factory=list)
    by_name: dict[str, Search] = Field(default_factory=dict)
    store: Store | None = None
    note: str = ""


NAMED = {"vs_1": ["vectorstore/kb"], "vs_2": ["vectorstore/b", "vectorstore/a"]}


def read(value: dict[str, Any], expected: frozenset[str] = frozenset()) -> Any:
    return localised((Model,), value, lambda id_: NAMED.get(id_, []), expected)


class TestManifests:
    def test_names_are_serialised_as_references_and_ids_as_they_are(self):
        spec = Model.model_validate({"store": "vectorstore/kb", "items": [{"type": "search", "stores": ["a", "vs_1"]}]})
        written = spec.model_dump(exclude_unset=True)
        assert written["store"] == reference("vectorstore/kb")
        assert [*referred(written)] == [
            (("items", 0, "stores", 0), Address("vectorstore", "a")),
            (("store",), Address("vectorstore", "kb")),
        ]

    @pytest.mark.parametrize("text", ["", "a b", "pipeline/x", "x@", "X"])
    def test_text_that_cannot_be_a_name_is_an_error(self, text):
        with pytest.raises(ValidationError, match="is not a valid reference to vectorstore"):
            TypeAdapter(Store).validate_python(text)

    def test_paths_keep_what_looks_like_a_prefix(self):
        assert TypeAdapter(FileName).dump_python("file/a.md") == reference("file/file/a.md")

    def test_what_no_kind_has_is_an_id_until_one_has(self):
        container = TypeAdapter(Annotated[str, Ref("container")])
        assert container.dump_python(container.validate_python("Any text")) == "Any text"
        with installed():
            assert container.dump_python(container.validate_python("notes")) == reference("container/notes")
            assert container.dump_python("cntr_1") == "cntr_1"
        assert container.dump_python("notes") == "notes"

    def test_the_schema_has_a_pattern(self):
        assert TypeAdapter(Store).json_schema()["pattern"].startswith(r"^([a-z]+_\w+|(vectorstore/)?")


class TestLiveBodies:
    def test_ids_become_references_where_one_is_declared(self):
        body = {"items": [{"type": "search", "stores": ["vs_1", "vs_9"]}], "store": "vs_1", "note": "vs_1"}
        assert read(body) == {
            "items": [{"type": "search", "stores": [reference("vectorstore/kb"), "vs_9"]}],
            "store": reference("vectorstore/kb"),
            "note": "vs_1",
        }

    def test_the_type_decides_which_member_of_a_union_it_is(self):
        assert read({"items": [{"type": "other", "stores": ["vs_1"]}]}) == {
            "items": [{"type": "other", "stores": ["vs_1"]}]
        }

    def test_a_type_that_is_not_known_may_be_any(self):
        assert ids_in((Model,), {"items": [{"type": "new", "stores": ["vs_1"]}]}) == ("vs_1",)

    def test_models_that_contain_themselves_are_followed(self):
        inner = {"type": "group", "of": [{"type": "search", "stores": ["vs_1"]}], "helper": "agent_1"}
        assert ids_in((Model,), {"items": [{"type": "group", "of": [inner]}]}) == ("agent_1", "vs_1")

    def test_lists_that_are_mappings_by_name_in_canonical_form(self):
        assert read({"items": {"search": {"type": "search", "stores": ["vs_1"]}}})["items"]["search"]["stores"] == [
            reference("vectorstore/kb")
        ]

    def test_of_several_addresses_the_expected_one_counts_or_else_the_first(self):
        assert read({"store": "vs_2"})["store"] == reference("vectorstore/a")
        assert read({"store": "vs_2"}, frozenset({"vectorstore/b"}))["store"] == reference("vectorstore/b")

    def test_what_does_not_change_is_the_same_object(self):
        body = {"items": [{"type": "search", "stores": ["vs_9"]}], "by_name": {"x": {"type": "search", "stores": []}}}
        found = read(body)
        assert all(found[name] is body[name] for name in body)

    @pytest.mark.parametrize(
        "body", [{"items": None}, {"items": "vs_1"}, {"items": [1]}, {"store": {"a": 1}}, {"by_name": []}, {}]
    )
    def test_other_shapes_are_left_as_they_are(self, body):
        assert read(body) == body


def test_nodes_of_bundles_are_read_like_manifests():
    written = {"type": "search", "stores": ["kb", reference("vectorstore/a"), "vs_1"], "more": "kb"}
    assert canonical(Search, written) == {
        "type": "search",
        "stores": [reference("vectorstore/kb"), reference("vectorstore/a"), "vs_1"],
        "more": "kb",
    }


class TestDeclarations:
    def test_types_that_a_live_object_may_need(self):
        assert types_in((AgentsSpec,)) == {"credential"}
        assert types_in((ResponsesSpec,)) == {"vector_store", "file", "skill", "container"}

    def test_kinds_that_a_manifest_may_name(self):
        assert prefixes_in((Model,)) == {"vectorstore", "assistant"}

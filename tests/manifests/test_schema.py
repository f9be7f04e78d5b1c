"""The JSON Schemas: every field has its own description, and patterns refuse the same values as the models."""

import inspect
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Literal

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from pydantic import BaseModel, TypeAdapter, ValidationError

from reconciler.manifests import schema_generator
from reconciler.manifests.envelope import open_envelope
from reconciler.manifests.project_settings import Peer, ProjectSpec, S3State
from reconciler.manifests.schema import manifest_schema
from reconciler.manifests.schema_generator import field_docstrings, generate
from reconciler.operations.document_schemas import document_schemas
from reconciler.operations.schema import schemas
from reconciler.resources.metadata import Attributes, Metadata
from reconciler.resources.names import AssistantName
from reconciler.resources.registry import kinds

ALL = {name: schema for name, schema in schemas().items() if name not in document_schemas()}
"""Those that editors and applications read; `tests/operations/test_document_schemas.py` has those of commands."""
MANIFEST: Any = ALL["manifest.schema.json"]


def properties(schema: Any, place: str) -> Iterator[tuple[str, str, Any]]:
    """Each property in a schema, wherever it is: its place, its name and its schema."""
    if isinstance(schema, dict):
        for name, value in schema.get("properties", {}).items() if "type" in schema else ():
            yield f"{place}.{name}", name, value
        for key, value in schema.items():
            yield from properties(value, f"{place}/{key}")
    elif isinstance(schema, list):
        for index, value in enumerate(schema):
            yield from properties(value, f"{place}/{index}")


EVERY = [found for name, schema in ALL.items() for found in properties(schema, name)]


def test_every_property_has_a_description_of_its_own():
    assert len(EVERY) > 450
    short = [place for place, _, schema in EVERY if len(schema.get("description", "")) < 10]
    assert short == []


def test_only_properties_of_one_name_share_a_description():
    names = defaultdict(set)
    for _, name, schema in EVERY:
        names[schema["description"]].add(name)
    assert {text: found for text, found in names.items() if len(found) > 1} == {}


def test_descriptions_are_sentences_on_one_line():
    for place, _, schema in EVERY:
        text = schema["description"]
        assert text[0].isupper() or text[0] == "`", place
        assert text.endswith("."), place
        assert "\n" not in text, place


def test_every_model_has_a_description():
    models = {name: made for name, made in MANIFEST["$defs"].items() if name not in {"Include", "Variable"}}
    branches = [(name, branch) for name, made in models.items() for branch in made.get("anyOf", [made])]
    assert [name for name, branch in branches if "description" not in branch] == []


def test_each_schema_has_an_id_and_is_valid():
    assert {name: schema["$id"] for name, schema in ALL.items()} == {
        "manifest.schema.json": "urn:assistant-reconciler:schema:manifest:v1",
        "bundle.schema.json": "urn:assistant-reconciler:schema:bundle:v1",
        "pointer.schema.json": "urn:assistant-reconciler:schema:pointer:v1",
    }
    for schema in ALL.values():
        Draft202012Validator.check_schema(schema)


def test_include_has_no_text_that_editors_could_show_for_the_field_around_it():
    assert not MANIFEST["$defs"]["Include"].keys() & {"title", "description"}


class Base(BaseModel):
    size: int = 0
    """Size in bytes.
    Default: 0.
    """
    undocumented: int = 0
    kind: Literal["a", "b"] = "a"
    """Kind of the base."""


class Derived(Base):
    """A derived model."""

    kind: Literal["a"] = "a"
    """Kind. Always `a`."""
    again: "Base | None" = None
    """Another one."""


def test_docstrings_are_inherited_and_overridden():
    assert field_docstrings(Derived) == {
        "size": "Size in bytes. Default: 0.",
        "kind": "Kind. Always `a`.",
        "again": "Another one.",
    }
    assert field_docstrings(S3State)["bucket"].startswith("Name of the bucket")


def test_description_of_a_field_stands_before_that_of_its_model():
    _, definitions = generate([Derived])
    again = definitions["Derived"]["properties"]["again"]
    assert again["description"] == "Another one."
    assert again["anyOf"][0] == {"$ref": "#/$defs/Base", "title": "again", "description": "Another one."}


def test_source_code_that_is_not_installed_leaves_descriptions_out(monkeypatch):
    def missing(_module):
        raise OSError("could not get source code")

    monkeypatch.setattr(inspect, "getsource", missing)
    schema_generator._docstrings_in.cache_clear()
    try:
        assert field_docstrings(Derived) == {}
        assert generate([Derived])[1]["Derived"]["properties"]["size"]["type"] == "integer"
    finally:
        schema_generator._docstrings_in.cache_clear()


NAMES = ["a", "a-1", "9", "x" * 63, "x" * 64, "", "-a", "a-", "A", "a_b", "a b", "a.b", "ä", "support@1", "support@0"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", ["Project", *kinds()])
def test_pattern_of_names_refuses_what_loading_refuses(kind, name):
    naming = kinds()[kind].naming if kind in kinds() else None
    value = {"apiVersion": "reconciler/v1", "kind": kind, "metadata": {"name": name}, "spec": {}}
    _, findings = open_envelope(value, name, {kind}, *([naming] if naming else []))
    document = next(one for one in MANIFEST["oneOf"] if one["title"] == kind)
    schema = document["properties"]["metadata"]
    assert Draft202012Validator(schema).is_valid({"name": name}) == (findings == [])


@pytest.mark.parametrize(
    ("type_", "values"),
    [
        (
            AssistantName,
            ["triage", "assistant/triage", "agent_68a1", "triage@support.3", "a@b", "pipeline/x", "A", "a/b"],
        ),
        (Metadata, [{}, {"a": "b"}, {"reconciler-x": "b"}, {"a" * 65: "b"}, {"": "b"}, {"a": "b" * 513}, {"a": 1}]),
        (Metadata, [{str(n): "x" for n in range(count)} for count in (12, 13)]),
        (Attributes, [{"a": 1, "b": True, "c": "x", "d": 0.5}, {"a": None}, {"a": []}, {"reconciler-x": 1}]),
        (Attributes, [{str(n): "x" for n in range(count)} for count in (14, 15)]),
        (Peer, [{"identity": one} for one in ("a", "a/b", "a/b/c", "A", "a/", "")]),
        (ProjectSpec, [{"environments": {name: {}}} for name in ("a", "A", "a b", "x" * 64)]),
        (ProjectSpec, [{"environments": {"a": {"variables": {name: 1}}}} for name in ("a", "_A-1", "1a", "a b")]),
        (ProjectSpec, [{"peers": [one]} for one in ("a/b", "A", {"identity": "a/b/c"})]),
        (ProjectSpec, [{"state": {"backend": "s3", "bucket": one}} for one in ("abc", "ab", "A-bucket", "a/b")]),
    ],
)
def test_patterns_refuse_what_the_models_refuse(type_, values):
    adapter: TypeAdapter[Any] = TypeAdapter(type_)
    validator = Draft202012Validator(adapter.json_schema(schema_generator=schema_generator._Generator))
    for value in values:
        try:
            adapter.validate_python(value)
        except ValidationError:
            is_valid = False
        else:
            is_valid = True
        assert validator.is_valid(value) == is_valid, value


def fits(kind: str, spec: Any) -> bool:
    document = {"apiVersion": "reconciler/v1", "kind": kind, "metadata": {"name": "x"}, "spec": spec}
    return bool(Draft202012Validator(manifest_schema()).is_valid(document))


@pytest.mark.parametrize(
    "spec",
    [
        {"model": "${var.model}", "temperature": "${var.heat}", "reasoning": {"effort": "${var.effort}"}},
        {"model": "x", "tools": [{"$file": "tools/search.yaml"}]},
        {"model": "x", "tools": [{"type": "file_search", "vector_store_ids": ["${var.store}", "kb"]}]},
        {"model": "x", "metadata": {"$file": "metadata.json"}},
        {"model": "x", "include": ["${var.more}"]},
    ],
)
def test_variables_and_includes_are_allowed_at_any_depth(spec):
    assert fits("Assistant", {"target": "responses", **spec})


@pytest.mark.parametrize(
    "spec",
    [
        {"model": "x", "metadata": {"$file": "metadata.json", "more": "pairs"}},
        {"model": "x", "tools": [{"type": "file_search", "vector_store_ids": ["Not a name"]}]},
        {"model": {"$file": "x.md", "and": "more"}},
    ],
)
def test_include_has_no_other_keys(spec):
    assert not fits("Assistant", {"target": "responses", **spec})


def test_project_and_releases_take_no_variables_and_no_includes():
    assert fits("Project", {"safety": {"max_deletes": 3}})
    assert not fits("Project", {"safety": {"max_deletes": "${var.most}"}})
    assert not fits("Project", {"safety": {"$file": "safety.yaml"}})
    assert not fits("ChatbotVersion", {"archived": "${var.archived}", "digest": f"sha256:{'0' * 64}"})


def test_spec_is_optional_where_it_may_be_empty():
    without = {"apiVersion": "reconciler/v1", "metadata": {"name": "x"}}
    validator = Draft202012Validator(MANIFEST)
    found = {kind: validator.is_valid({**without, "kind": kind}) for kind in ("Project", "VectorStore", "Assistant")}
    assert found == {"Project": True, "VectorStore": True, "Assistant": False}

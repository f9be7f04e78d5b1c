"""Tests of the JSON Schemas of printed documents."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from reconciler.operations.document_schemas import document_schemas
from reconciler.planning.codec import to_json
from reconciler.planning.drift_codec import drift_json
from reconciler.resources import json_documents
from reconciler.resources.json_documents import dumps
from tests.support.documents import check_printed_documents, complaints
from tests.support.drifts import everything
from tests.support.plans import REFERENCED, field, plan, update

SENTENCE = re.compile(r"[A-Z`d].*[.…]")
PAGE = Path(__file__).parents[2] / "docs" / "json.md"
MADE = plan(update(field("model", "a", "b")), refusals=(REFERENCED,), created_at="2026-11-21T08:00:00+00:00")


def properties(schema: Any, where: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every property in a schema, with its path."""
    if isinstance(schema, dict):
        for name, item in schema.get("properties", {}).items():
            yield f"{where}/{name}", item
        for name, item in schema.items():
            yield from properties(item, f"{where}/{name}")
    elif isinstance(schema, list):
        for item in schema:
            yield from properties(item, where)


@pytest.mark.parametrize(("name", "schema"), document_schemas().items())
class TestSchema:
    def test_schema_names_its_format_and_version(self, name: str, schema: Any):
        Draft202012Validator.check_schema(schema)
        _, kind, version = schema["properties"]["format"]["const"].split("/")
        assert name == f"{kind}.schema.json"
        assert schema["$id"] == f"urn:assistant-reconciler:schema:{kind}:{version}"
        assert schema["title"].startswith(f"reconciler/{kind}/{version}, printed by: ")
        assert schema["description"]

    def test_schema_describes_every_field(self, name: str, schema: Any):
        told = {"description", "const", "$ref"}
        assert [where for where, item in properties(schema) if not told & item.keys()] == []

    def test_descriptions_are_sentences_on_one_line(self, name: str, schema: Any):
        texts = {where: item["description"] for where, item in properties(schema) if "description" in item}
        odd = {where: text for where, text in texts.items() if not SENTENCE.fullmatch(text)}
        assert odd == {}

    def test_schema_allows_no_other_field(self, name: str, schema: Any):
        assert schema["additionalProperties"] is False
        assert all(item.get("additionalProperties") is False for item in schema.get("$defs", {}).values())

    def test_documentation_lists_the_format_and_the_commands(self, name: str, schema: Any):
        format_, _, commands = schema["title"].partition(", printed by: ")
        row, *_ = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if f"`{format_}`" in line]
        assert f"schemas/{name}" in row
        assert [one for one in commands.split(", ") if one.split()[-1] not in row] == []


def test_complaints_of_a_plan_and_a_drift_report_are_none():
    assert complaints(json.loads(json.dumps(to_json(MADE)))) == []
    drift = drift_json(everything()) | {"created_at": MADE.created_at}
    assert complaints(json.loads(json.dumps(drift))) == []


@pytest.mark.parametrize(
    "change",
    [
        {"format": "reconciler/plan/v9"},
        {"digest": None},
        {"summary": {"update": "1 update"}},
        {"created_at": "yesterday"},
        {"created_at": "2026-11-21T08:00:00"},
        {"changes": [{"address": "assistant/triage"}]},
        {"more": 1},
    ],
)
def test_complaints_of_a_document_that_its_schema_does_not_allow(change: dict[str, Any]):
    assert complaints({**to_json(MADE), **change})


def test_check_printed_documents_raises_for_a_document_without_schema():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_documents, "dumps", dumps)
        found = check_printed_documents(patch)
        with pytest.raises(AssertionError, match="no schema of the format 'reconciler/new/v1'"):
            json_documents.dumps({"format": "reconciler/new/v1"})
        assert found

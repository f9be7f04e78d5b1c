"""`schema`: what editors check manifests against."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from ruamel.yaml import YAML

from tests.support.cli import Cli

ROOT = Path(__file__).parents[2]
SCHEMAS = ROOT / "schemas"


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    schema = json.loads((SCHEMAS / "manifest.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def documents(folder: Path) -> Iterator[tuple[str, Any]]:
    """Every manifest in a folder, by its place."""
    for file in sorted(folder.rglob("*.yaml")):
        for document in YAML(typ="safe").load_all(file):
            if isinstance(document, dict) and "kind" in document:
                yield f"{file.relative_to(folder)} {document['kind']}", document


def test_the_schemas_in_the_repository_are_those_of_the_models(cli: Cli, tmp_path):
    assert cli("schema", "--out", tmp_path).code == 0
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {
        file.name: file.read_text() for file in SCHEMAS.iterdir()
    }, "run `make schemas`"


def test_the_manifest_schema_is_printed(cli: Cli):
    assert cli("schema").document == json.loads((SCHEMAS / "manifest.schema.json").read_text())


def test_the_sample_organisation_fits(validator):
    found = dict(documents(ROOT / "manifests"))
    assert len(found) > 10
    assert {place: errors for place, one in found.items() if (errors := complaints(validator, one))} == {}


def test_what_init_writes_fits(validator, starter):
    assert {place: complaints(validator, one) for place, one in documents(starter)} == {
        "assistants/helper.yaml Assistant": [],
        "chatbots/helper.yaml Chatbot": [],
        "project.yaml Project": [],
        "stores/handbook.yaml VectorStore": [],
    }


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "Asistant"},
        {"apiVersion": "reconciler/v2"},
        {"spec": {"modle": "gpt-6-luna"}},
        {"spec": {"model": 7}},
        {"metadata": {}},
        {"sepc": {}},
    ],
)
def test_a_broken_manifest_does_not(validator, starter, change):
    helper = dict(documents(starter))["assistants/helper.yaml Assistant"]
    assert complaints(validator, {**helper, **change})


def test_includes_and_variables_stand_for_any_value(validator):
    spec = {"target": "responses", "model": "${var.model}", "instructions": {"$file": "prompt.md"}}
    document = {"apiVersion": "reconciler/v1", "kind": "Assistant", "metadata": {"name": "x"}, "spec": spec}
    assert complaints(validator, document) == []


def complaints(validator: Draft202012Validator, document: Any) -> list[str]:
    return [error.message for error in validator.iter_errors(document)]

"""Tests of `-o json`: each command prints one document, with a separate format and schema.

The autouse fixture `printed_documents` checks each document against its schema, here and in every other test.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from reconciler.operations.document_schemas import document_schemas
from tests.support.cli import Cli, edit, rename_store

EXPORT = {"id": "asst_1", "object": "assistant", "name": "Desk", "model": "gpt-5", "instructions": "Help.", "tools": []}
SCHEMAS = {schema["properties"]["format"]["const"] for schema in document_schemas().values()}


@pytest.fixture
def formats(applied: Path, cli: Cli, tmp_path: Path) -> dict[str, str]:
    """The format that each command prints, after a story in which every one of them has something to say."""
    found: dict[str, str] = {}

    def printed(*words: object, fails: bool = False) -> Any:
        done = cli(*words, "-o", "json")
        assert (done.code not in (0, 2)) is fails, (words, done.err)
        found[" ".join(map(str, words))] = done.document["format"]
        return done.document

    (applied / "desk.json").write_text(json.dumps(EXPORT))
    store, helper = applied / "stores" / "handbook.yaml", applied / "assistants" / "helper.yaml"
    edit(store, "spec:", "lifecycle: {protect: true}\nspec:")
    edit(applied / "prompts" / "helper.md", "You", "Thou")
    rename_store(applied, "by hand")
    for command in ("plan", "drift", "status", "validate", "inventory", "pull --all --dry-run"):
        printed(*command.split())
    printed("apply", "--yes", "--on-drift", "revert", "--json-events", tmp_path / "events")
    found["--json-events"] = json.loads((tmp_path / "events").read_text().splitlines()[0])["format"]
    printed("doctor")
    printed("migrate", "desk.json", "--target", "responses", "--into", tmp_path / "migrated", "--dry-run")
    printed("import", "vectorstore/handbook", "--into", tmp_path / "imported")
    printed("release", "helper", "--vendor")
    printed("migrate", "--cutover", "helper", "--dry-run")
    printed("publish", "helper", 1)
    printed("diff", "helper@1", "helper")
    printed("archive", "release/helper@1", fails=True)
    for command in ("list", "show vectorstore/handbook", "history", "rebuild --yes"):
        printed("state", *command.split())
    texts = {file: file.read_text() for file in (store, helper)}
    store.unlink()
    helper.write_text(texts[helper].partition("  tools:")[0])
    printed("consent", "vectorstore/handbook", "protected", "--reason", "Unused.", "--expires", "30d", "--dry-run")
    for file, text in texts.items():
        file.write_text(text)
    printed("graph")
    printed("version")
    printed("state", "mv", "vectorstore/handbook", "vectorstore/manual")
    printed("show", "nothing.json", fails=True)
    printed("explain", "project.spec")
    printed("fmt", "--check")
    for words in (("export", "assistant/helper"), ("state", "pull")):
        found[" ".join(words)] = cli(*words).document["format"]
    return found


def test_every_format_with_a_schema_is_printed_by_some_command(formats: dict[str, str]):
    assert set(formats.values()) == SCHEMAS

"""`pull` of assistants at a server of the Assistants API: live changes are written to the manifest."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.support.hotfixes import pull
from tests.support.world import World, is_silent, world

PROJECT = "apiVersion: reconciler/v1\nkind: Project\nmetadata: {name: acme}\nspec: {}\n"
STORE = "apiVersion: reconciler/v1\nkind: VectorStore\nmetadata: {name: kb}\nspec: {files: [kb/*.md]}\n"
DESK = """\
apiVersion: reconciler/v1
kind: Assistant
metadata: {name: desk}
spec:
  target: assistants
  model: gpt-4o   # the cheap one
  instructions: {$file: prompts/desk.md}
  tools:
    - type: file_search
    - type: code_interpreter
    # Owner: team net.
    - type: function
      function:
        name: look_up   # called most
        description: Looks up
        parameters: {type: object, properties: {}}
  tool_resources:
    code_interpreter: {file_ids: [data/rates.csv]}   # updated on Mondays
    file_search: {vector_store_ids: [kb]}
  temperature: 0.2
"""


@pytest.fixture
def acme(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, assistants=True) as made:
        (made.root / "manifests.yaml").unlink()
        files = {"project.yaml": PROJECT, "store.yaml": STORE, "desk.yaml": DESK, "prompts/desk.md": "Be kind.\n"}
        for path, text in {**files, "kb/hours.md": "Nine.", "data/rates.csv": "a,b\n", "data/new.csv": "c\n"}.items():
            made.file(path, text)
        made.apply()
        yield made


def edit(acme: World, **fields: Any) -> None:
    """Change the assistant outside Reconciler."""
    acme.by_hand(acme.connection.replace("assistants", acme.id_of("assistant/desk"), body=fields))


def settled(acme: World) -> str:
    """Apply what was pulled, which writes nothing of it, and return the manifest."""
    plan = acme.plan()
    assert not plan.drift
    assert {change.action for change in plan.changes} <= {"adopt"}
    acme.apply()
    assert is_silent(replace(acme.plan(), unmanaged=()))
    return (acme.root / "desk.yaml").read_text()


def test_every_changed_field_is_written(acme):
    function = {"name": "look_up", "description": "Finds", "parameters": {"type": "object", "properties": {}}}
    edit(
        acme,
        model="gpt-4o-mini",
        temperature=0.5,
        tools=[{"type": "file_search"}, {"type": "function", "function": function}],
        instructions="Be short.",
    )
    assert pull(acme, "assistant/desk").problems == ()
    text = settled(acme)
    assert "model: gpt-4o-mini   # the cheap one" in text
    assert "description: Finds" in text
    assert "code_interpreter\n" not in text
    assert (acme.root / "prompts/desk.md").read_text() == "Be short.\n"


def test_ids_are_written_as_they_are_and_removed_ones_are_removed(acme):
    async def upload() -> str:
        return str((await acme.sdk.files.create(file=("theirs.csv", b"x"), purpose="assistants")).id)

    theirs = acme.by_hand(upload())
    own = acme.id_of("file/data/rates.csv")
    edit(acme, tool_resources={"code_interpreter": {"file_ids": [own, theirs]}})
    assert pull(acme, "assistant/desk").problems == ()
    text = settled(acme)
    assert "data/rates.csv" in text
    assert theirs in text
    assert "vector_store_ids: [kb]" in text


def test_dropped_store_is_removed(acme):
    edit(acme, tool_resources={"file_search": {"vector_store_ids": []}})
    assert pull(acme, "assistant/desk").problems == ()
    assert "[kb]" not in settled(acme)


def test_null_is_the_default(acme):
    edit(acme, temperature=None)
    assert pull(acme, "assistant/desk").problems == ()
    assert "temperature: 0.2" not in settled(acme)


def test_carriage_returns_are_not_pulled_into_a_text_file_which_is_read_without_them(acme):
    edit(acme, instructions="Be kind.\r\nBe brief.")
    (problem,) = pull(acme, "assistant/desk").problems
    assert problem.message.endswith("instructions has carriage returns, which are not read from prompts/desk.md")
    assert (acme.root / "prompts/desk.md").read_text() == "Be kind.\n"

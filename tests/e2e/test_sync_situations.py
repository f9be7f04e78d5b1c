"""Situations S1 to S13, in which a well-known chatbot studio shows the wrong sync status, for every target.

| #   | situation                                           | the studio           | here                             |
|-----|-----------------------------------------------------|----------------------|----------------------------------|
| S1  | same tools, other order                             | drift                | in sync                          |
| S2  | model changed at OpenAI                             | in sync              | drift                            |
| S3  | function tool added or removed at OpenAI            | in sync              | drift                            |
| S4  | metadata, description, response format changed      | in sync              | drift where the manifest sets it |
| S5  | temperature null                                    | drift, then a crash  | null is a value                  |
| S6  | local store, remote tool resource null              | crash                | an addition                      |
| S7  | no store on either side, null against an empty list | drift                | in sync                          |
| S8  | local file never uploaded                           | in sync              | an addition                      |
| S9  | remote store exists and is empty                    | an empty warning     | every file is named              |
| S10 | two stores at OpenAI                                | second one ignored   | the files of both are read       |
| S11 | instructions differ by a trailing newline           | drift                | normalised when written          |
| S12 | a file is added                                     | function tools wiped | the other tools stay             |
| S13 | draft and release share one store                   | edits leak           | each has its own                 |

Agents have no temperature, no description, and no tools that read files or stores, so that S5, S6, S8 to S10, S12 and
S13 cannot occur there. The store itself is the same for every target: see `test_drift.py` for its fields.
"""

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.emulator.resources import assistants
from reconciler.planning.tool_files import ToolFile, ToolStore
from reconciler.releases.release import release
from reconciler.reports.html.drift import drift_html
from reconciler.reports.text.drift import drift_text
from reconciler.reports.views.assistants import AssistantView
from reconciler.resources.values import ABSENT
from tests.support.bots import BOTS, HANDBOOK, TRIAGE, Bot, only_drift
from tests.support.plans import PLAIN
from tests.support.world import World, is_silent, manifest, told, world

EVERY = tuple(BOTS)
WITH_FILES = tuple(name for name, bot in BOTS.items() if bot.has_files)
WITH_TEMPERATURE = tuple(name for name, bot in BOTS.items() if bot.knows_temperature)
PAGES = {"kb/a.md": "# A", "kb/b.md": "# B"}


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Callable[[str], Bot]]:
    """Return a function that returns the assistant of a target in an empty project."""
    with world(tmp_path / "acme", assistants=True) as made:
        yield lambda target: BOTS[target](made)


@pytest.fixture
def bot(empty, request) -> Bot:
    """An assistant that sets every field, applied."""
    made: Bot = empty(request.param)
    made.sets_everything()
    made.world.apply()
    return made


@pytest.fixture
def reader(empty, request) -> Bot:
    """An assistant that searches a store of two files, and whose code reads a third, applied."""
    made: Bot = empty(request.param)
    for path, text in {**PAGES, "data/t.csv": "1"}.items():
        made.world.file(path, text)
    made.world.wants(manifest("VectorStore", "handbook", {"files": ["kb/*.md"]}))
    made.wants(**{**made.settings, **made.reads("data/t.csv", stores=("handbook",))})
    made.world.apply()
    return made


def of(fixture: str, targets: tuple[str, ...]) -> pytest.MarkDecorator:
    """Run a test for each of these targets."""
    return pytest.mark.parametrize(fixture, targets, indirect=True)


def shows_nothing(bot: Bot) -> bool:
    """Return True if nothing differs, in the plan and in the sync status. Unmanaged objects may exist."""
    found = bot.status()
    is_empty = is_silent(replace(bot.world.plan(), unmanaged=()))
    return is_empty and found.in_sync and (AssistantView(found).word, AssistantView(found).groups) == ("in sync", [])


def reverts(bot: Bot) -> bool:
    """Apply, and return True if nothing differs afterwards."""
    bot.world.apply()
    return shows_nothing(bot)


def drifted(bot: Bot) -> set[str]:
    """Return the paths that differ; the sync status has the same ones."""
    found = {item.path for item in only_drift(bot.world.plan())}
    assert {item.path for change in bot.status().differs for item in change.fields} == found
    return found


def lines(bot: Bot) -> str:
    """Return the sync status of the assistant as it is shown, one title or line after the other."""
    groups = AssistantView(bot.status()).groups
    return "\n".join(line for group in groups for line in (group.title, *group.lines))


def upload(world: World, name: str) -> str:
    made = world.by_hand(world.sdk.files.create(file=(name, b"Say yes."), purpose="assistants"))
    return made.id


def store_by_hand(world: World, *names: str) -> tuple[str, list[str]]:
    """Create a store with files of these names, and return the id of the store and those of the files."""
    files = [upload(world, name) for name in names]
    made = world.by_hand(world.sdk.vector_stores.create(name="Theirs", file_ids=files))
    return made.id, files


# S1: same tools, other order.


@of("bot", ("agents", "assistants"))
def test_s1_same_tools_in_another_order_at_openai(bot):
    """A request is a document of Reconciler alone: no server changes the order of its tools."""
    bot.edit(tools=bot.tools("find")[::-1])
    assert shows_nothing(bot)


@of("bot", EVERY)
def test_s1_same_tools_in_another_order_in_the_manifest(bot):
    bot.changes(tools=bot.tools("find")[::-1])
    assert shows_nothing(bot)


# S2: model changed at OpenAI.


@of("bot", EVERY)
def test_s2_model_changed_at_openai(bot):
    bot.edit(model="gpt-6-luna")
    (item,) = only_drift(bot.world.plan())
    assert (item.keys, item.live, item.desired) == (("model",), "gpt-6-luna", bot.settings["model"])
    assert lines(bot) == f'Fields (manifest -> live)\nmodel: "{bot.settings["model"]}" -> "gpt-6-luna"'
    assert reverts(bot)
    assert bot.live()["model"] == bot.settings["model"]


# S3: function tool added or removed at OpenAI.


@of("bot", EVERY)
@pytest.mark.parametrize(
    ("functions", "name", "is_there"), [(("find", "make"), "make", True), ((), "find", False)], ids=["added", "removed"]
)
def test_s3_function_tool_added_or_removed_at_openai(bot, functions, name, is_there):
    bot.edit(tools=bot.tools(*functions))
    (item,) = only_drift(bot.world.plan())
    assert item.keys == ("tools", f"function:{name}")
    assert (item.live is ABSENT, item.desired is ABSENT) == (not is_there, is_there)
    assert f"tools.function:{name}: " in lines(bot)
    assert reverts(bot)
    assert bot.function_names() == {"find"}


# S4: metadata, description, response format changed.

FORMATS: dict[str, tuple[dict[str, Any], set[str]]] = {
    "agents": (
        {"text": {"format": {"type": "text"}, "verbosity": "low"}},
        {"text.format.schema", "text.format.type"},
    ),
    "responses": ({"text": {"verbosity": "high"}}, {"text.verbosity"}),
    "assistants": (
        {"response_format": {"type": "text"}, "description": "Second line."},
        {"response_format.type", "description"},
    ),
}


@of("bot", EVERY)
def test_s4_metadata_description_and_response_format_changed(bot):
    edits, paths = FORMATS[bot.target]
    bot.edit(metadata={**bot.live()["metadata"], "tier": "lead"}, **edits)
    assert drifted(bot) == {"metadata.tier", *paths}
    assert reverts(bot)


@of("bot", ("agents", "assistants"))
def test_s4_not_where_the_manifest_does_not_set_the_field(bot):
    """A request is managed completely: a field that the manifest does not set is not part of it."""
    bot.wants(model=bot.settings["model"])
    bot.world.apply()
    edits, _ = FORMATS[bot.target]
    bot.edit(metadata={**bot.live()["metadata"], "theirs": "1"}, instructions="Made by hand.", **edits)
    assert shows_nothing(bot)


# S5: temperature null.


@of("bot", WITH_TEMPERATURE)
def test_s5_a_temperature_of_null_is_a_value(bot):
    unset = {"responses": None, "assistants": 1}[bot.target]
    assert bot.settings["temperature"] is None
    assert bot.live()["temperature"] == unset
    assert shows_nothing(bot)
    bot.edit(temperature=0.5)
    (item,) = only_drift(bot.world.plan())
    assert (item.keys, item.live, item.desired) == (("temperature",), 0.5, unset)
    assert reverts(bot)
    assert bot.live()["temperature"] == unset


# S6: local store, remote tool resource null.


@of("bot", WITH_FILES)
def test_s6_a_local_store_is_an_addition_where_the_remote_resource_is_null(bot, monkeypatch):
    if bot.target == "assistants":
        monkeypatch.setattr(assistants, "_shown", lambda _tools, _resources: None)
        assert bot.live()["tool_resources"] is None
    for path, text in PAGES.items():
        bot.world.file(path, text)
    bot.world.wants(manifest("VectorStore", "handbook", {"files": ["kb/*.md"]}))
    bot.changes(**bot.reads(stores=("handbook",)))
    plan = bot.world.plan()
    assert plan.drift == ()
    assert [f"{change.action} {change.address}" for change in plan.changes] == [
        *(f"create file/{path}" for path in PAGES),
        f"create {HANDBOOK}",
        f"update {TRIAGE}",
    ]
    found = bot.status()
    assert (found.in_sync, found.is_pending, found.missing) == (True, True, ())
    assert found.stores == (ToolStore("file_search", HANDBOOK, "", "added", 2),)
    assert found.added == tuple(ToolFile("file_search", HANDBOOK, path) for path in PAGES)


# S7: no store on either side, null against an empty list.


@of("bot", ("agents",))
@pytest.mark.parametrize("tools", [None, []], ids=["null", "empty"])
def test_s7_no_tools_on_either_side(bot, tools):
    """Only agents may have `tools: null`."""
    bot.wants(model=bot.settings["model"], tools=tools)
    bot.world.apply()
    assert shows_nothing(bot)
    bot.edit(tools=[] if tools is None else None)
    assert shows_nothing(bot)


NO_STORE = {
    "no resources": {},
    "null": {"tool_resources": None},
    "empty": {"tool_resources": {}},
    "no list": {"tool_resources": {"file_search": {}}},
    "empty list": {"tool_resources": {"file_search": {"vector_store_ids": []}}},
}


@of("bot", ("assistants",))
@pytest.mark.parametrize("here", NO_STORE.values(), ids=NO_STORE)
@pytest.mark.parametrize("there", [None, {}, {"file_search": {"vector_store_ids": []}}], ids=["null", "empty", "list"])
def test_s7_no_store_on_either_side(bot, monkeypatch, here, there):
    bot.changes(**here)
    bot.world.apply()
    monkeypatch.setattr(assistants, "_shown", lambda _tools, _resources: there)
    assert bot.live()["tool_resources"] == there
    assert shows_nothing(bot)


@of("reader", WITH_FILES)
@pytest.mark.parametrize("spec", [{}, {"files": []}], ids=["files not set", "no files"])
def test_s7_no_files_on_either_side(reader, spec):
    reader.world.wants(manifest("VectorStore", "handbook", spec))
    reader.world.apply()
    assert shows_nothing(reader)


# S8: local file never uploaded.


@of("reader", WITH_FILES)
def test_s8_a_local_file_of_the_store_that_was_never_uploaded_is_an_addition(reader):
    reader.world.file("kb/c.md", "# C")
    plan = reader.world.plan()
    assert told(plan.changes) == ["create file/kb/c.md: purpose, sha256", f'update {HANDBOOK}: files["kb/c.md"]']
    assert plan.changes[1].fields[0].live is ABSENT
    assert plan.drift == ()
    found = reader.status()
    assert (found.in_sync, found.added) == (True, (ToolFile("file_search", HANDBOOK, "kb/c.md"),))
    assert lines(reader).startswith("file_search: in the manifests, not applied yet\nvectorstore/handbook kb/c.md\n")
    assert reverts(reader)


@of("reader", WITH_FILES)
def test_s8_a_local_file_of_code_interpreter_that_was_never_uploaded_is_an_addition(reader):
    reader.world.file("data/u.csv", "2")
    reader.changes(**reader.reads("data/t.csv", "data/u.csv", stores=("handbook",)))
    assert reader.world.plan().drift == ()
    found = reader.status()
    assert (found.in_sync, found.added) == (True, (ToolFile("code_interpreter", None, "data/u.csv"),))
    assert reverts(reader)


# S9: remote store exists and is empty.


@of("reader", WITH_FILES)
def test_s9_a_store_that_was_emptied_at_openai_names_every_missing_file(reader):
    for path in PAGES:
        file, store = reader.world.id_of(f"file/{path}"), reader.world.id_of(HANDBOOK)
        reader.world.by_hand(reader.world.sdk.vector_stores.files.delete(file, vector_store_id=store))
    assert drifted(reader) == {'files["kb/a.md"]', 'files["kb/b.md"]'}
    assert reader.status().missing == tuple(ToolFile("file_search", HANDBOOK, path) for path in PAGES)
    named = "\n".join(f"vectorstore/handbook {path}" for path in PAGES)
    assert lines(reader) == f"file_search: in the manifests, not at OpenAI\n{named}"
    for document in (drift_text(reader.report(), style=PLAIN), drift_html(reader.report())):
        assert [path for path in PAGES if path not in document] == []
    assert reverts(reader)


@of("reader", WITH_FILES)
def test_s9_an_empty_store_attached_at_openai_is_named_with_its_number_of_files(reader):
    theirs, _ = store_by_hand(reader.world)
    reader.read_by_hand(reader.world.id_of("file/data/t.csv"), stores=(theirs,))
    found = reader.status()
    assert ToolStore("file_search", theirs, "Theirs", "foreign", 0) in found.stores
    assert f"file_search: at OpenAI, not in the manifests\n{theirs} 'Theirs': 0 files\n" in lines(reader)
    assert [file.file for file in found.missing] == list(PAGES)
    assert reverts(reader)


@of("reader", WITH_FILES)
def test_s9_a_store_that_is_to_be_empty_is_nothing_to_report(reader):
    reader.world.wants(manifest("VectorStore", "handbook", {"files": []}))
    reader.world.apply()
    assert shows_nothing(reader)


# S10: two stores at OpenAI.


@of("reader", WITH_FILES)
def test_s10_the_files_of_a_second_store_at_openai_are_read(reader, monkeypatch):
    """OpenAI permitted one store; other servers of the API do not check it."""
    monkeypatch.setitem(assistants.LIMITS, "tool_resources.file_search.vector_store_ids", lambda _value, _path: None)
    theirs, (first, second) = store_by_hand(reader.world, "theirs.md", "more.md")
    ours = reader.world.id_of(HANDBOOK)
    reader.read_by_hand(reader.world.id_of("file/data/t.csv"), stores=(ours, theirs))
    assert set(reader.stores()) == {ours, theirs}
    found = reader.status()
    assert (found.in_sync, found.missing) == (False, ())
    assert found.stores == (ToolStore("file_search", theirs, "Theirs", "foreign", 2),)
    assert {(file.store, file.file, file.name) for file in found.foreign} == {
        (theirs, first, "theirs.md"),
        (theirs, second, "more.md"),
    }
    assert f"save a copy in the project, and name its path in the manifest\nmore.md ({second})\n" in lines(reader)
    assert reverts(reader)
    assert reader.stores() == [ours]


@of("bot", WITH_FILES)
def test_s10_the_files_of_a_store_are_read_where_the_manifests_have_no_store(bot):
    bot.changes(**bot.reads(), model="gpt-6-luna")  # apply records the lists, because something else differs
    bot.world.apply()
    theirs, (file,) = store_by_hand(bot.world, "theirs.md")
    bot.read_by_hand(stores=(theirs,))
    found = bot.status()
    assert found.stores == (ToolStore("file_search", theirs, "Theirs", "foreign", 1),)
    assert found.foreign == (ToolFile("file_search", theirs, file, "theirs.md", True),)
    assert reverts(bot)


@of("reader", WITH_FILES)
def test_s10_a_store_that_was_deleted_at_openai_has_every_file_missing(reader):
    reader.world.by_hand(reader.world.sdk.vector_stores.delete(reader.world.id_of(HANDBOOK)))
    found = reader.status()
    assert found.stores == (ToolStore("file_search", HANDBOOK, "", "missing", 2),)
    assert found.missing == tuple(ToolFile("file_search", HANDBOOK, path) for path in PAGES)
    assert reverts(reader)


@of("reader", WITH_FILES)
def test_s9_an_upload_that_was_deleted_at_openai_is_missing_once(reader):
    reader.world.by_hand(reader.world.sdk.files.delete(reader.world.id_of("file/data/t.csv")))
    found = reader.status()
    assert (found.missing, found.foreign) == ((ToolFile("code_interpreter", None, "data/t.csv"),), ())
    assert reverts(reader)


@of("reader", WITH_FILES)
def test_s10_the_files_of_every_store_of_the_manifests_are_read(reader):
    reader.world.file("faq/q.md", "# Q")
    reader.world.wants(manifest("VectorStore", "faq", {"files": ["faq/*.md"]}))
    reader.changes(**reader.reads("data/t.csv", stores=("faq",)))
    reader.world.apply()
    file, store = reader.world.id_of("file/faq/q.md"), reader.world.id_of("vectorstore/faq")
    reader.world.by_hand(reader.world.sdk.vector_stores.files.delete(file, vector_store_id=store))
    assert reader.status().missing == (ToolFile("file_search", "vectorstore/faq", "faq/q.md"),)
    assert reverts(reader)


# S11: instructions differ by a trailing newline.


@of("bot", EVERY)
def test_s11_a_trailing_newline_of_a_file_is_dropped_when_it_is_written(bot):
    bot.world.file("prompts/triage.md", "Be brief.\n")
    bot.changes(instructions={"$file": "prompts/triage.md"})
    assert shows_nothing(bot)
    bot.world.file("prompts/triage.md", "Be kind.\n")
    assert reverts(bot)
    assert bot.live()["instructions"] == "Be kind."


# S12: a file is added.


@of("reader", WITH_FILES)
def test_s12_a_file_added_to_the_store_leaves_the_tools_alone(reader):
    before = reader.live()
    reader.world.file("kb/c.md", "# C")
    assert reverts(reader)
    assert reader.live() == before
    assert reader.function_names() == {"find"}


@of("reader", WITH_FILES)
def test_s12_a_file_added_to_code_interpreter_leaves_the_other_tools_alone(reader):
    reader.world.file("data/u.csv", "2")
    reader.changes(**reader.reads("data/t.csv", "data/u.csv", stores=("handbook",)))
    assert reverts(reader)
    assert reader.function_names() == {"find"}
    assert reader.stores() == [reader.world.id_of(HANDBOOK)]


# S13: draft and release share one store.


@of("reader", WITH_FILES)
def test_s13_a_release_has_a_store_of_its_own(reader):
    made = reader.world
    made.file(".gitignore", ".reconciler/\n")
    made.wants(manifest("Chatbot", "support", {"assistant": "triage"}))
    for words in (
        ("init", "--quiet"),
        ("add", "--all"),
        ("-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "--quiet", "-m", "work"),
    ):
        subprocess.run(["git", "-C", str(made.root), *words], check=True, capture_output=True)
    release(made.root, made.environ, "support")
    made.wants(manifest("Chatbot", "support", {"assistant": "triage", "published": 1}))
    made.apply()
    held = files_by_store(made)
    assert {len(files) for files in held.values()} == {2}
    made.file("kb/c.md", "# C")
    made.file("kb/a.md", "# Another A")
    made.apply()
    after = files_by_store(made)
    (frozen,) = after.keys() - {HANDBOOK}
    assert after[frozen] == held[frozen]
    assert len(after[HANDBOOK]) == 3
    assert is_silent(made.plan())


def files_by_store(made: World) -> dict[str, set[str]]:
    """Return the ids of the files in the stores of the draft and of its release."""
    live = made.observed().planned.matched.live
    stores = {str(address): one.id for address, one in live.items() if address.kind == "vectorstore"}
    return {address: made.ids(made.sdk.vector_stores.files.list(id_)) for address, id_ in stores.items()}

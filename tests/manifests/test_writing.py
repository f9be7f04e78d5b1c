"""Drafts are written as readable files and read back as the same values."""

import json
from pathlib import Path

import pytest
from hypothesis import example, given, settings, strategies as st

from reconciler.manifests import load
from reconciler.manifests.drafts import Draft, literal, unique_name, with_files
from reconciler.manifests.emitting import emit
from reconciler.manifests.parsing import parse, parse_document
from reconciler.manifests.writing import manifest_text, merged, write_drafts
from reconciler.resources.address import is_name
from reconciler.resources.problems import ReconcilerError

PROJECT = Draft("Project", "acme", {"defaults": {"target": "agents"}})
TRIAGE = Draft(
    kind="Assistant",
    name="triage",
    spec={
        "target": "agents",
        "name": "Triage: first line",
        "model": "gpt-6-luna",
        "instructions": {"$file": "prompts/triage.md"},
        "reasoning": {"effort": "low"},
        "tools": [
            {"type": "web_search", "mode": "cached"},
            {
                "type": "function",
                "name": "create_ticket",
                "description": "Open a ticket.\nAsk for the number first.",
                "parameters": {"$file": "tools/triage/create_ticket.json"},
            },
        ],
        "metadata": {"tier": "on", "since": "2026"},
    },
    comment="Imported from agent_1.\nCreated 2026-11-01.",
    notes={("tools", "0", "mode"): "not live", ("model",): "retires soon"},
    included={
        "prompts/triage.md": "Sort.\n",
        "tools/triage/create_ticket.json": '{"type": "object", "properties": {}}',
    },
)


def test_manifest_text_is_block_style_with_comments():
    assert (
        manifest_text(TRIAGE)
        == """\
# Imported from agent_1.
# Created 2026-11-01.
apiVersion: reconciler/v1
kind: Assistant
metadata:
  name: triage
spec:
  target: agents
  name: "Triage: first line"
  model: gpt-6-luna  # retires soon
  instructions: {$file: prompts/triage.md}
  reasoning: {effort: low}
  tools:
    - type: web_search
      mode: cached  # not live
    - type: function
      name: create_ticket
      description: |-
        Open a ticket.
        Ask for the number first.
      parameters: {$file: tools/triage/create_ticket.json}
  metadata: {tier: "on", since: "2026"}
"""
    )


def test_comments_follow_items_of_a_list():
    draft = Draft("VectorStore", "kb", {"files": ["file-a1"]}, notes={("files", "0"): "hours\n.pdf"})
    assert manifest_text(draft).endswith("spec:\n  files:\n    - file-a1  # hours\\n.pdf\n")


def test_written_drafts_load_as_a_project(tmp_path: Path):
    made = write_drafts(tmp_path, [TRIAGE], project=PROJECT)
    assert sorted(map(str, made)) == [
        "assistants/triage.yaml",
        "project.yaml",
        "prompts/triage.md",
        "tools/triage/create_ticket.json",
    ]
    loaded = load(tmp_path, env=None)
    assert loaded.problems == ()
    assert loaded.resources[0].spec.instructions == "Sort.\n"


def test_existing_file_is_not_overwritten_and_nothing_is_written(tmp_path: Path):
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts/triage.md").write_text("mine")
    with pytest.raises(ReconcilerError, match="already exists"):
        write_drafts(tmp_path, [TRIAGE], project=PROJECT)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["triage.md"]
    assert (tmp_path / "prompts/triage.md").read_text() == "mine"


def test_dangling_link_is_not_overwritten(tmp_path: Path):
    (tmp_path / "assistants").mkdir()
    (tmp_path / "assistants/triage.yaml").symlink_to("nowhere.yaml")
    with pytest.raises(ReconcilerError, match="already exists"):
        write_drafts(tmp_path, [TRIAGE])


def test_nothing_is_written_outside_the_folder(tmp_path: Path):
    (tmp_path / "project").mkdir()
    (tmp_path / "project/prompts").symlink_to(tmp_path, target_is_directory=True)
    with pytest.raises(ReconcilerError, match="outside the project folder"):
        write_drafts(tmp_path / "project", [TRIAGE])


def test_drafts_may_share_a_file_with_equal_contents_only():
    shared = Draft("Assistant", "other", {}, included={"prompts/triage.md": "Sort.\n"})
    assert "prompts/triage.md" in merged([TRIAGE, shared])
    with pytest.raises(ValueError, match="different"):
        merged([TRIAGE, Draft("Assistant", "other", {}, included={"prompts/triage.md": "Other."})])


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Support Bot (EU)", "support-bot-eu"),
        ("Büro für Straßen", "buro-fur-strassen"),
        ("日本", "agent"),
        ("", "agent"),
        ("a" * 80, "a" * 63),
        ("2026", "2026-x"),
        ("No", "no-x"),
    ],
)
def test_unique_name_of_any_text_is_valid(text: str, name: str):
    assert unique_name(text, (), "agent") == name


def test_unique_name_finds_the_next_of_thousands_of_equal_names_in_a_few_steps():
    class Taken(set[str]):
        asked = 0

        def __contains__(self, name: object) -> bool:
            self.asked += 1
            return super().__contains__(name)

    taken = Taken({"bot", *(f"bot-{number}" for number in range(2, 10_000))})
    assert unique_name("Bot", taken) == "bot-10000"
    assert taken.asked < 100


def test_unique_name_adds_a_number_to_a_taken_name():
    taken: list[str] = []
    for _ in range(3):
        taken.append(unique_name("Bot", taken))
    assert taken == ["bot", "bot-2", "bot-3"]


@given(st.text(), st.integers(1, 12))
def test_unique_names_of_any_texts_are_valid_and_unique(text: str, times: int):
    taken: list[str] = []
    for _ in range(times):
        taken.append(unique_name(text, taken))
    assert len(set(taken)) == times
    assert all(map(is_name, taken))


def test_text_that_would_be_a_manifest_stays_in_the_spec():
    text = "---\napiVersion: reconciler/v1\nkind: Assistant\n---\nBe kind."
    assert with_files("bot", {"instructions": text}) == ({"instructions": text}, {})
    assert with_files("bot", {"instructions": "---\ntitle: A page\n---\n"})[1]


def test_with_files_moves_texts_and_schemas_to_files():
    function = {"type": "function", "name": "f!", "description": "d", "parameters": {"type": "object"}}
    spec = {
        "instructions": "Sort.",
        "tools": [function, {**function, "name": "f?"}, {"type": "namespace", "name": "n", "tools": [function]}],
        "text": {"format": {"type": "json_schema", "schema": {"type": "object"}}, "verbosity": "low"},
    }
    apart, included = with_files("bot", spec)
    assert apart["instructions"] == {"$file": "prompts/bot.md"}
    assert [tool.get("parameters") for tool in apart["tools"]] == [
        {"$file": "tools/bot/f.json"},
        {"$file": "tools/bot/f-2.json"},
        None,
    ]
    assert apart["tools"][2]["tools"][0]["parameters"] == {"$file": "tools/bot/n/f.json"}
    assert apart["text"]["format"]["schema"] == {"$file": "formats/bot.json"}
    assert json.loads(included["formats/bot.json"]) == {"type": "object"}


NUMBERS = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
WORDS = st.sampled_from(
    ["no", "~", "1:30", "0x1", "- a", "a: b", "a #b", "a:", "2026-11-21", "${var.x}", "|", "\ufeff"]
)
LINES = st.lists(st.sampled_from(["", " ", "a", "  a", "a ", "---", "# a", "- b: c", "\t"])).map("\n".join)
TEXTS = st.text(st.characters(codec="utf-8")) | WORDS | LINES
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
)
DOCUMENTS = st.dictionaries(TEXTS, VALUES, max_size=4)
NOTES = st.dictionaries(st.lists(TEXTS | st.sampled_from(["0", "1"]), min_size=1, max_size=3).map(tuple), TEXTS)


@settings(max_examples=200, deadline=None)
@given(DOCUMENTS, NOTES, st.sampled_from([0, 2]))
@example({"a": [[], {}, [[]], {"b": {"c": []}}]}, {("a", "3"): "note"}, 2)
@example({"a": {"b": [{"c": "x\ny\n"}]}}, {("a", "b", "0"): "one", ("a", "b", "0", "c"): "two"}, 0)
def test_emitted_value_is_read_back(document, notes, indent):
    (found,) = parse(emit(document, notes, indent) or "{}", "x.yaml")
    assert found.problems == ()
    assert found.value == document


@given(st.dictionaries(st.sampled_from("abc"), TEXTS))
def test_literal_escapes_variables(tmp_path_factory, spec):
    from reconciler.manifests.variables import Variables

    for text in spec.values():
        assert Variables({"x": 1}).substitute(literal(text)) == (text, [])


class TestLongTexts:
    """Several lines stand as several lines, so that a diff shows which of them changed."""

    @pytest.mark.parametrize(
        "text",
        ["a\nb", "a\nb\n", "a\nb\n\n\n", "\n\na\n", "  a\nb", "\ta\nb", "a  \n\tb\n \nc", "a: b\n# c\n---\n- d\n...\n"],
    )
    def test_printable_text_is_a_block(self, text: str) -> None:
        written = emit({"one": {"text": text}, "two": [text]})
        assert written.count("|") == 2
        assert parse_document(written, "").value == {"one": {"text": text}, "two": [text]}
        assert parse_document(written.replace("\n", "\r\n"), "").value == {"one": {"text": text}, "two": [text]}

    def test_unprintable_text_is_quoted_by_line(self) -> None:
        text = "".join(f"  line {number} \r\n" for number in range(20))
        written = emit({"text": text})
        assert written.split("\n")[:2] == ['text: "  line 0 \\r\\n\\', "  \\  line 1 \\r\\n\\"]
        assert parse_document(written, "").value == {"text": text}
        assert parse_document(written.replace("\n", "\r\n"), "").value == {"text": text}

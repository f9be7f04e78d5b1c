"""Manifests in Markdown: any text in any body is read, formatted, edited and pulled without a loss."""

import re
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from reconciler.manifests.bodies import can_hold
from reconciler.manifests.editing.markdown import edited_markdown
from reconciler.manifests.formatting import format_documents
from reconciler.manifests.loading import load
from reconciler.manifests.markdown import documents_of
from reconciler.manifests.parsing import Document
from reconciler.resources.variables import PREFIX
from tests.support.pulling import PROJECT, is_settled, pull, update
from tests.support.world import World, is_silent, world

FEW = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
FRONT = """\
---
# who answers first
apiVersion: reconciler/v1
kind: Assistant
metadata: {name: triage}   # never rename
spec:
  target: agents
  model: gpt-6-luna
---
"""
PIECES = ["\n", "\n\n", "---", "---\n", "\r\n", "\r", " ", "\t", "Be kind.", "# Rules", "'", '"', "```", "$", "\x00"]
PIECES += ["${var.company}", "$${var.x}", "\ufeff", "\u2028", "\x85"]
texts = st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
newlines = st.sampled_from(["\n", "\r\n", "\r"])


def only(text: str) -> Document:
    (document,) = documents_of(text, "triage.md")
    assert document.problems == ()
    return document


def with_instructions(document: Document, text: str) -> dict[str, object]:
    return {**document.value, "spec": {**document.value["spec"], "instructions": text}}


@FEW
@given(body=texts, newline=newlines, mark=st.sampled_from(["", "\ufeff"]))
def test_document_is_the_whole_file_and_formatting_leaves_its_body(body: str, newline: str, mark: str) -> None:
    written = mark + FRONT.replace("\n", newline) + body
    document = only(written)
    assert document.source == written
    made = format_documents([document])
    assert made == format_documents([only(made)])
    assert made.endswith(f"---{newline}{body}")
    assert only(made).value == document.value


@FEW
@given(old=texts, new=texts, newline=newlines)
def test_text_that_is_written_is_read(old: str, new: str, newline: str) -> None:
    before = only(FRONT.replace("\n", newline) + old)
    result = edited_markdown(before, with_instructions(before, new))
    after = only(result)
    assert after.value == with_instructions(before, new)
    assert edited_markdown(after, after.value) == result
    if can_hold(new):
        assert result.startswith(FRONT.replace("\n", newline))
        assert after.body
        assert after.body.text == new


FRONTS = [
    "---\n",
    "---",
    "apiVersion: reconciler/v1\n",
    "apiVersion: [reconciler/v1]\n",
    "kind: Assistant\n",
    "kind: [a]\n",
]
FRONTS += [
    "kind: Project\n",
    "kind: Vault\n",
    "metadata: {name: x}\n",
    "spec: {model: m}\n",
    "spec: []\n",
    "spec:\n",
    "{",
]
FRONTS += ["&a *a\n", "\ufeff", "<!-- a -->\n", "```\n", "\r", "# a\n", "\x00", "  instructions: a\n"]
fronts = st.lists(st.sampled_from(FRONTS), max_size=10).map("".join)


@FEW
@given(text=st.one_of(st.text(), fronts, fronts.map("---\n".__add__)))
def test_any_markdown_is_a_text_a_manifest_or_an_error(text: str) -> None:
    found = documents_of(text, "a.md")
    for document in found:
        assert document.source == text
        if document.problems:
            assert format_documents([document]) == text
        else:
            assert document.value["apiVersion"] == "reconciler/v1"


ABOVE = [
    "",
    " ",
    "# Title",
    "# yaml-language-server: $schema=x",
    "%YAML 1.2",
    "---",
    "----",
    "--",
    "title: x",
    "```",
    "<!--",
]
ABOVE += [
    "<!-- a -->",
    "--- # helper",
    "kind: x",
    "version: 1",
    "\u200b",
    "\xa0",
    "\x00",
    "\u2028",
    "...",
    "+++",
    "~~~yaml",
]
CHARS = st.one_of(st.sampled_from(" \t\n\r-#:'\"{}[]`~<x\x00\u200b\xa0\ufeff"), st.characters(codec="utf-8"))


@st.composite
def mutations(draw: st.DrawFn) -> bytes:
    """A manifest with one mistake in its first lines, or in its encoding."""
    text = FRONT + "\nBe kind.\n"
    kind = draw(st.sampled_from(["above", "replace", "insert", "delete", "encoding", "indent"]))
    at = draw(st.integers(0, FRONT.index("spec:") - 1))
    if kind == "above":
        text = draw(st.one_of(st.sampled_from(ABOVE), st.text(max_size=8))) + "\n" + text
    elif kind == "encoding":
        return text.encode(draw(st.sampled_from(["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])))
    elif kind == "indent":
        text = "".join(f"  {line}\n" for line in text.splitlines())
    else:
        text = text[:at] + (draw(CHARS) if kind != "delete" else "") + text[at + (kind != "insert") :]
    return text.encode()


@FEW
@given(content=mutations())
def test_manifest_with_a_mistake_is_read_or_an_error_or_keeps_its_object(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    root = tmp_path_factory.mktemp("mistake")
    (root / "project.yaml").write_text("apiVersion: reconciler/v1\nkind: Project\nmetadata: {name: acme}\n")
    (root / "triage.md").write_bytes(content)
    loaded = load(root, env=None)
    is_error = any(problem.severity == "error" for problem in loaded.problems)
    assert loaded.resources or is_error or "assistant/triage" in dict(loaded.not_read)


lines = st.lists(st.sampled_from(["", "One", "Two", "Three", "---", "  four"]), max_size=8).map("\n".join)


@FEW
@given(old=lines, new=lines, newline=newlines, above=st.booleans(), ended=st.booleans())
def test_edited_body_keeps_its_layout(old: str, new: str, newline: str, above: bool, ended: bool) -> None:
    def laid_out(text: str) -> str:
        with_ends = "\n" * above + text + "\n" * ended
        return FRONT.replace("\n", newline) + with_ends.replace("\n", newline)

    document = only(laid_out(old))
    fits = can_hold(old) and not old.startswith("\n") and not old.endswith("\n")
    if fits and can_hold(new) and not new.startswith("\n") and not new.endswith("\n"):
        assert edited_markdown(document, with_instructions(document, new)) == laid_out(new)


@pytest.fixture(scope="module")
def acme(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("markdown")) as made:
        (made.root / "manifests.yaml").unlink()
        made.file("project.yaml", PROJECT)
        made.file("triage.md", FRONT + "\nBe kind.\n")
        made.apply()
        yield made


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=texts)
def test_any_live_text_is_pulled_and_the_next_plan_is_empty(acme: World, text: str) -> None:
    update(acme, "assistant/triage", instructions=text)
    pulled = pull(acme, force=True)
    assert pulled.problems == ()
    written = (acme.root / "triage.md").read_bytes().decode()
    escaped = text.replace(PREFIX, "$" + PREFIX)
    assert only(written).value["spec"].get("instructions", "") == escaped
    assert re.sub(r"  instructions: .*\n", "", written).startswith(FRONT)
    assert is_settled(acme)
    assert is_silent(acme.plan())

"""`reconciler graph`, on the starter project."""

import os
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest

from tests.support import dot
from tests.support.cli import Cli, by_hand

EDGES = [
    ("assistant/helper", "vectorstore/handbook"),
    ("chatbot/helper", "assistant/helper"),
    ("vectorstore/handbook", "file/kb/welcome.md"),
]


def test_a_flowchart_is_the_default(applied, cli: Cli):
    done = cli("graph")
    assert (done.code, done.err) == (0, "")
    assert done.out == (
        "flowchart LR\n"
        '  n0["assistant/helper"]\n'
        '  n1["chatbot/helper"]\n'
        '  n2["file/kb/welcome.md"]\n'
        '  n3["vectorstore/handbook"]\n'
        "  n0 --> n3\n"
        "  n1 --> n0\n"
        "  n3 --> n2\n"
    )


def test_a_tree_is_the_default_in_a_terminal(applied):
    tree = "chatbot/helper\n  assistant/helper\n    vectorstore/handbook\n      file/kb/welcome.md\n"
    command = [sys.executable, "-m", "reconciler.cli.main", "graph", "--no-color"]
    person, computer = os.openpty()
    with subprocess.Popen(command, stdout=computer, stderr=computer, cwd=applied) as process:
        os.close(computer)
        assert os.read(person, 4096).decode().replace("\r\n", "\n") == tree
    os.close(person)
    assert process.returncode == 0


def test_objects_that_are_not_applied_have_the_sign_of_the_plan(project, cli: Cli):
    assert 'n0["#43; assistant/helper"]:::new' in cli("graph").out


def test_json_has_every_object_and_reference(applied, cli: Cli):
    document = cli("graph", "-o", "json").document
    assert (document["format"], document["address"], document["endpoint"]) == ("reconciler/graph/v1", None, "embedded")
    assert [(one["source"], one["target"]) for one in document["references"]] == EDGES
    assert document["references"][1]["places"] == ["chatbots/helper.yaml:7", "live"]
    assert {one["node"]: one["live"] for one in document["objects"]} == dict.fromkeys(
        ("assistant/helper", "chatbot/helper", "file/kb/welcome.md", "vectorstore/handbook"), True
    )


def test_dot_has_every_object_and_reference(applied, cli: Cli):
    assert dot.read(cli("graph", "-o", "dot").out).edges == EDGES


def test_svg_is_a_document_of_its_own(applied, cli: Cli):
    root = ET.fromstring(cli("graph", "-o", "svg").out)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert [text.text for text in root.iter("{http://www.w3.org/2000/svg}desc")] == ["4 objects"]


def test_surroundings_of_one_object(applied, cli: Cli):
    document = cli("graph", "assistant/helper", "-o", "json").document
    assert document["address"] == "assistant/helper"
    assert [one["node"] for one in document["objects"]] == [
        "assistant/helper",
        "chatbot/helper",
        "file/kb/welcome.md",
        "vectorstore/handbook",
    ]
    document = cli("graph", "vectorstore/handbook", "-o", "dot").out
    assert '"vectorstore/handbook" [label="vectorstore/handbook", penwidth=3];' in document


def test_offline_needs_no_request_and_shows_the_state(applied, cli: Cli, monkeypatch):
    monkeypatch.setenv("RECONCILER_ENDPOINT", "http://127.0.0.1:9/v1")
    document = cli("graph", "--offline", "-o", "json").document
    assert document["endpoint"] is None
    assert [(one["source"], one["target"]) for one in document["references"]] == EDGES


@pytest.mark.parametrize("more", [[], ["--offline"]])
def test_unknown_address_has_a_suggestion(applied, cli: Cli, more):
    done = cli("graph", "assistant/helpr", *more)
    assert (done.code, done.out) == (1, "")
    assert "error[unknown-address]: assistant/helpr was not found" in done.err
    assert "did you mean `assistant/helper`" in done.err


def test_invalid_address_is_wrong_usage(project, cli: Cli):
    assert cli("graph", "helper").code == 64
    assert cli("graph", "-o", "text").code == 64


@pytest.mark.parametrize("format_", ["mermaid", "dot", "svg", "json"])
def test_out_writes_what_would_be_printed(applied, cli: Cli, format_):
    printed = cli("graph", "-o", format_).out
    done = cli("graph", "-o", format_, "--out", "graph")
    assert (done.code, done.out) == (0, "")
    assert (applied / "graph").read_text().rstrip("\n") == printed.rstrip("\n")


def test_more_than_three_files_of_a_store_are_one_node_and_it_is_said(project, cli: Cli):
    for number in range(5):
        (project / "kb" / f"{number}.md").write_text(f"Page {number}")
    done = cli("graph", "--offline")
    assert '"#43; 6 files"' in done.out
    assert done.err.startswith("9 objects, drawn as 4 nodes. `-o dot` and `-o json` have every object")
    assert len(dot.read(cli("graph", "-o", "dot").out).nodes) == 9


def test_hostile_name_of_a_stranger_is_only_text(applied, cli: Cli):
    name = '"]; n0 --> n1 %%{init: {}}%% <script>x</script>'

    async def add(sdk):
        (file,) = [one async for one in sdk.files.list()]
        await sdk.vector_stores.create(name=name, file_ids=[file.id])

    by_hand(applied, add)
    chart = cli("graph").out
    assert "<" not in chart
    assert chart.count("-->") == 4
    assert "%%" not in chart
    root = ET.fromstring(cli("graph", "-o", "svg").out)
    assert not [one for one in root.iter() if one.tag.endswith("script")]
    assert len(dot.read(cli("graph", "-o", "dot").out).edges) == 4
    (other,) = [one for one in cli("graph", "-o", "json").document["objects"] if not one["managed"]]
    assert (other["name"], other["owner"], other["type"]) == (name, None, "vector_store")

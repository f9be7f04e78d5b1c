"""Edits of YAML, by example: the text for each style, and the text that is not changed."""

import copy
import difflib
from collections.abc import Callable
from typing import Any

import pytest

from reconciler.manifests.editing import UneditableError, edited
from reconciler.manifests.editing.templates import LostVariableError, rewritten
from reconciler.manifests.parsing import parse_document
from reconciler.manifests.variables import Variables
from reconciler.resources.list_items import Items


def change(text: str, by: Callable[[Any], object]) -> str:
    """`text`, edited so that it reads as its value after `by` has changed that."""
    wanted = copy.deepcopy(parse_document(text, "").value)
    by(wanted)
    result = edited(text, wanted)
    assert parse_document(result, "").value == wanted
    return result


def diff(text: str, by: Callable[[Any], object]) -> list[str]:
    lines = difflib.ndiff(text.splitlines(), change(text, by).splitlines())
    return [line for line in lines if line[0] in "-+"]


def test_edited_without_a_difference_returns_the_text():
    text = "a:   1.0 # odd\n"
    assert edited(text, {"a": 1}) is text


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        ("a: x   # why", "z", "a: z   # why"),
        ("a: x", "y: z", 'a: "y: z"'),
        ("a: x", "yes", 'a: "yes"'),
        ("a: x", 'C:\\dir "d"', "a: C:\\dir \"d\""),
        ("a: x", "- '", "a: \"- '\""),
        ("a: 'x'", "it's", "a: 'it''s'"),
        ("a: 'x'", "one\ntwo", 'a: "one\\ntwo"'),
        ('a: "x"', "y", 'a: "y"'),
        ('a: "x"', 5, "a: 5"),
        ('a: "x"', "\x07 \u2028", 'a: "\\u0007 \\u2028"'),
        ("a: 1", None, "a: null"),
        ("a:", True, "a: true"),
        ("a:   # empty", 1, "a: 1   # empty"),
        ("a: &x 1", 2, "a: &x 2"),
        ("a: x", "one\ntwo\n", "a: |\n  one\n  two\n"),
        ("a: x  # why", "one\ntwo", "a: |-  # why\n  one\n  two\n"),
        ("a: |  # why\n    one\n", "two\n", "a: |  # why\n    two\n"),
        ("a: |\n one\n", "two", "a: |-\n two\n"),
        ("a: |\n  one\n", " two\n", "a: |2\n   two\n"),
        ("a: |\n  one\n", "cr\r\n", 'a: "cr\\r\\n"\n'),
        ("a: {b: 1}", {"b": 1, "c": "x, y"}, 'a: {b: 1, c: "x, y"}'),
        ("a: {}", {"b": [1]}, "a: {b: [1]}"),
        ("a: [1, 2, 3]", [1, 3], "a: [1, 3]"),
        ("a: [1]", [0, 1, 2], "a: [0, 1, 2]"),
        ("a: {k}", {"k": 1}, "a: {k: 1}"),
        ("a: 1", {"b": {"c": 1}, "d": [1, {"e": 2}]}, "a:\n  b:\n    c: 1\n  d:\n    - 1\n    - e: 2\n"),
        ("a:  # why\n  b: 1\n  c: 2", 5, "a: 5  # why"),
        ("a:\n- 1\n- 2\n", [], "a: []\n"),
    ],
)  # fmt: skip
def test_new_value_has_the_style_of_the_one_it_replaces(before, value, after):
    assert change(before, lambda document: document.update(a=value)) == after


def test_literal_block_changes_only_the_different_lines():
    text = "a: |\r\n    one\r\n\r\n    two   \r\n    three\r\n# end\r\n"
    assert change(text, lambda v: v.update(a="one\n\ntwo   \nthree and a half\n")) == text.replace(
        "three", "three and a half"
    )


def test_folded_block_keeps_equal_lines():
    text = "a: >-\n  this was folded\n  rather early\n\n  and this is the\n  second paragraph\n"
    assert diff(text, lambda v: v.update(a=v["a"].replace("second", "last"))) == [
        "-   second paragraph",
        "+   last paragraph",
    ]


def test_keys_are_added_below_their_siblings():
    text = "a:\n   b: 1   # one\n   # the end of a\n\nc: 2\n"
    assert change(text, lambda v: v["a"].update(d={"e": 1})) == text.replace("one\n", "one\n   d:\n      e: 1\n")


def test_new_list_has_the_indentation_of_the_document():
    text = "a:\n- 1\nb:\n  c: 1\n"
    assert change(text, lambda v: v["b"].update(d=[2])) == text + "  d:\n  - 2\n"


def test_removed_entry_takes_only_its_lines_and_comments_along():
    text = "a: 1\n# about b\nb:\n  c: |\n    text\n\n    more\n\n# about d\nd: 4\n"
    assert diff(text, lambda v: v.pop("b")) == ["- # about b", "- b:", "-   c: |", "-     text", "- ", "-     more"]


@pytest.mark.parametrize(
    ("before", "by", "after"),
    [
        # the last entry of a flow collection on several lines
        (
            "a: [\n  x,  # one\n  # about y\n  y  # two\n  # end\n]\n",
            lambda v: v["a"].pop(),
            "a: [\n  x  # one\n  # end\n]\n",
        ),
        ("a: [\n  x,  # one\n  y,  # two\n]\n", lambda v: v["a"].pop(), "a: [\n  x,  # one\n]\n"),
        ("a: {b: 1,  # one\n    c: 2}\n", lambda v: v["a"].pop("c"), "a: {b: 1  # one\n    }\n"),
        (
            "a: [\n  # about x\n  x,  # one\n  y  # two\n]\n",
            lambda v: v["a"].pop(0),
            "a: [\n  y  # two\n]\n",
        ),
        (
            "a: [\n  # about x\n  x,  # one\n  # about y\n  y  # two\n]\n",
            lambda v: v["a"].insert(1, "z"),
            "a: [\n  # about x\n  x,  # one\n  z,\n  # about y\n  y  # two\n]\n",
        ),
        (
            "a: [\n  # about x\n  x  # one\n]\n",
            lambda v: v["a"].insert(0, "z"),
            "a: [\n  z,\n  # about x\n  x  # one\n]\n",
        ),
        # comments at the end of a nested collection
        (
            "a:\n  p:\n    x: 1\n    # y: 2  # waits for legal\n\nb: 1\n",
            lambda v: v["a"].update(q=2),
            "a:\n  p:\n    x: 1\n    # y: 2  # waits for legal\n  q: 2\n\nb: 1\n",
        ),
        (
            "a:\n  - x: 1\n    # y: 2\n  # the end\n",
            lambda v: v["a"].append(3),
            "a:\n  - x: 1\n    # y: 2\n  - 3\n  # the end\n",
        ),
        ("a:\n  x: 1\n  # y: 2\n# about b\nb: 1\n", lambda v: v.pop("a"), "# about b\nb: 1\n"),
        # comments between a key and its value
        ("a:   # legal\n  x\n", lambda v: v.update(a="x\ny\n"), "a: |   # legal\n  x\n  y\n"),
        ("a:  # legal\n  # and net\n  x\n", lambda v: v.update(a=["z"]), "a:  # legal  # and net\n  - z\n"),
        ("a: {  # legal\n  b: 1\n}\n", lambda v: v.update(a=5), "a: 5  # legal\n"),
        ("a: x  # one\n      # two\n", lambda v: v.update(a="x\ny\n"), "a: |  # one  # two\n  x\n  y\n"),
        # items of block lists
        (
            "# about x\n- x  # one\n# about y\n- y\n\n# about z\n\n- z\n",
            lambda v: v.insert(0, "w"),
            "- w\n# about x\n- x  # one\n# about y\n- y\n\n# about z\n\n- z\n",
        ),
        (
            "k:\n# about x\n- x  # one\n# about y\n- y\n# about l\nl: 1\n",
            lambda v: v["k"].reverse(),
            "k:\n# about y\n- y\n# about x\n- x  # one\n# about l\nl: 1\n",
        ),
        (
            "# Copyright 2026 Acme\na: 1\nb: 2\n",
            lambda v: v.pop("a"),
            "# Copyright 2026 Acme\nb: 2\n",
        ),
    ],
)  # fmt: skip
def test_comments_stay_with_their_entries(before, by, after):
    assert change(before, by) == after
    assert change(before.replace("\n", "\r\n"), by) == after.replace("\n", "\r\n")


LED = """a: [
    x  # one
  # about y
  , y  # two
  # about z
  , z  # three
  ]
"""


@pytest.mark.parametrize(
    ("by", "after"),
    [
        (lambda v: v["a"].pop(0), "a: [\n  # about y\n    y  # two\n  # about z\n  , z  # three\n  ]\n"),
        (lambda v: v["a"].pop(1), "a: [\n    x  # one\n  # about z\n  , z  # three\n  ]\n"),
        (lambda v: v["a"].pop(2), "a: [\n    x  # one\n  # about y\n  , y  # two\n  ]\n"),
        (lambda v: v["a"].append("w"), LED.replace("three\n", "three\n  , w\n")),
        (lambda v: v["a"].insert(0, "w"), LED.replace("    x", "    w\n  , x")),
        (
            lambda v: v["a"].reverse(),
            "a: [\n  # about z\n    z  # three\n  # about y\n  , y  # two\n  , x  # one\n  ]\n",
        ),
    ],
)
def test_commas_at_the_start_of_lines_stay_there(by, after):
    assert change(LED, by) == after


def test_item_of_a_flow_list_that_moves_and_changes_keeps_its_comments():
    text = "a: [\n  # about x\n  {n: x, d: [\n    p,  # one\n    q,  # two\n  ]},  # x\n  {n: y},  # y\n]\n"
    moved = "  # about x\n  {n: x, d: [\n    p,  # one\n    r,\n  ]},  # x\n"
    assert edited(text, {"a": Items([{"n": "y"}, {"n": "x", "d": ["p", "r"]}], [1, 0])}) == (
        f"a: [\n  {{n: y}},  # y\n{moved}]\n"
    )


def test_comment_that_an_edit_would_lose_makes_it_uneditable():
    text = "a: 1\nb: [  # open\n  # none yet\n  ]\n"
    with pytest.raises(UneditableError, match="loss of this comment") as caught:
        edited(text, {"a": 1, "b": ["x"]})
    assert caught.value.line == 3


def test_uneditable_names_the_line_of_the_first_difference():
    text = "a:\n  - x: &v [1]\n  - x: 2\n    y: *v\n"
    with pytest.raises(UneditableError) as caught:
        edited(text, {"a": [{"x": [3]}, {"x": 2, "y": [1]}]})
    assert caught.value.line == 2


def test_first_key_of_a_list_item_can_be_removed():
    assert change("- a: 1\n  b: 2\n", lambda v: v[0].pop("a")) == "- b: 2\n"
    assert change("- a: 1 # one\n  # two\n  b: 2\n", lambda v: v[0].pop("a")) == "-\n  # two\n  b: 2\n"


def test_flow_collection_on_several_lines_keeps_its_layout():
    text = "a: {\n  b: 1,   # one\n  c: 2\n}\n"
    assert change(text, lambda v: v["a"].update(d=3)) == "a: {\n  b: 1,   # one\n  c: 2,\n  d: 3\n}\n"
    assert change(text, lambda v: v["a"].pop("b")) == "a: {\n  c: 2\n}\n"


def test_list_items_are_matched_when_others_are_added_and_removed():
    text = "tools:\n  - {type: a, x: 1}\n  - type: b   # second\n    y: 2\n  - {type: c}\n"
    assert diff(text, lambda v: v.update(tools=[{"type": "b", "y": 3}, {"type": "c"}, {"type": "d"}])) == [
        "-   - {type: a, x: 1}",
        "-     y: 2",
        "+     y: 3",
        "+   - {type: d}",
    ]


def test_edited_json_is_still_json():
    text = '{\n\t"a": 1,\n\t"b": {"c": "x"}\n}'.replace("\t", "  ")
    assert change(text, lambda v: v["b"].update(d="y", e=[None])) == text.replace('"x"', '"x", "d": "y", "e": [null]')


def test_changed_alias_is_replaced_and_its_anchor_is_not_changed():
    text = "a: &x\n  k: 1\nb: *x   # again\n"
    assert change(text, lambda v: v.update(b={"k": 2})) == "a: &x\n  k: 1\nb:   # again\n  k: 2\n"


def test_anchor_with_an_unchanged_alias_is_uneditable():
    text = "a: &x {k: 1}\nb: *x\n"
    with pytest.raises(UneditableError, match="line 2 uses this value as an alias") as caught:
        edited(text, {"a": {"k": 2}, "b": {"k": 1}})
    assert caught.value.line == 1
    with pytest.raises(UneditableError):
        edited(text, {"b": {"k": 1}})
    assert edited(text, {"a": {"k": 2}, "b": {"k": 2}}) == "a: &x {k: 2}\nb: *x\n"


VARIABLES = Variables({"company": "Brightwater", "year": 2026, "none": ""})


@pytest.mark.parametrize(
    ("raw", "new", "after"),
    [
        ("Hello ${var.company}!", "Hello, Brightwater?", "Hello, ${var.company}?"),
        ("${var.company} in ${var.year}", "At Brightwater since 2026.", "At ${var.company} since ${var.year}."),
        ("plain", "with ${var.company}", "with $${var.company}"),
        ("$${var.x} of ${var.company}", "${var.x} at Brightwater", "$${var.x} at ${var.company}"),
        ("a\nb ${var.company}\nc", "b Brightwater\nc\nd", "b ${var.company}\nc\nd"),
        ("x${var.none} y", "x z", "x${var.none} z"),
    ],
)
def test_rewritten_keeps_variables_with_unchanged_values(raw, new, after):
    assert rewritten(raw, new, VARIABLES) == after
    assert VARIABLES.substitute(after)[0] == new


def test_rewritten_without_the_value_of_a_variable_names_the_variable():
    with pytest.raises(LostVariableError) as caught:
        rewritten("${var.company}, ${var.year}", "Brightwater, 2027", VARIABLES)
    assert caught.value.variable == "${var.year}"


@pytest.mark.parametrize(
    ("text", "wanted", "after"),
    [
        ("l: {&t team: net, area: *t}\n", {"l": {"team": "new", "area": "team"}}, "l: {&t team: new, area: *t}\n"),
        ("l: {&t team: net, area: *t}\n", {"l": {"team": "net", "area": "new"}}, "l: {&t team: net, area: new}\n"),
        ("? &t team\n: net\narea: *t\n", {"team": "net"}, "? &t team\n: net\n"),
        ("a: &an:chor x\nb: *an:chor\n", {"a": "z", "b": "z"}, "a: &an:chor z\nb: *an:chor\n"),
        ("a:\n  - 1\n  # about x\n  - &x\n    - y\n", {"a": [2, ["z"]]}, "a:\n  - 2\n  # about x\n  - &x [z]\n"),
        ("a: !!str &t x\nb: *t\n", {"a": "z", "b": "z"}, "a: !!str &t z\nb: *t\n"),
        ("a: [x:y, ?z]\n", {"a": ["x:y", "?z", "new"]}, "a: [x:y, ?z, new]\n"),
        ("a: {url: https://x.example, b: 1}\n", {"a": {"url": "https://y.example"}}, 'a: {url: "https://y.example"}\n'),
        ("a: [x]\n", {"a": ["x", "y:z", "Where?", "?k"]}, 'a: [x, "y:z", "Where?", "?k"]\n'),
        ("a: {x: y}\n", {"a": {"x": "y", "k:l": 1}}, 'a: {x: y, "k:l": 1}\n'),
        ('{"a":1,"b"\n :2}\n', {"a": 1, "b": 3}, '{"a":1,"b"\n :3}\n'),
        ("\ufeffa: 1\nb: 2\n", {"a": 1, "b": 3}, "\ufeffa: 1\nb: 3\n"),
        ("a: 1\rb:\r  - x\r", {"a": 1, "b": ["x", "z"]}, "a: 1\rb:\r  - x\r  - z\r"),
        ("%YAML 1.2 # why\n---\na: 1\n", {"a": 2}, "%YAML 1.2 # why\n---\na: 2\n"),
    ],
)  # fmt: skip
def test_document_that_can_be_read_can_be_edited(text, wanted, after):
    assert edited(text, wanted) == after


@pytest.mark.parametrize(
    ("text", "wanted", "line"),
    [
        ("a: 1\nlabels: {&t team: net, area: *t}\n", {"a": 1, "labels": {"area": "team"}}, 2),
        ("a: 1\nb: 2\rc: 3\n", {"a": 1, "b": 2, "c": 4}, 2),
    ],
)
def test_change_that_cannot_be_made_names_the_line(text, wanted, line):
    with pytest.raises(UneditableError) as caught:
        edited(text, wanted)
    assert caught.value.line == line

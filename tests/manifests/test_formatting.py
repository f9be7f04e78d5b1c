"""The canonical layout of manifests, by example."""

from pathlib import Path
from textwrap import dedent

import pytest

from reconciler.manifests.drafts import Draft
from reconciler.manifests.formatting import formatted
from reconciler.manifests.parsing import parse
from reconciler.manifests.writing import manifest_text
from tests.support.yaml_events import yaml_test_suite

HEAD = "apiVersion: reconciler/v1\nkind: Thing\n"


def spec(text: str) -> str:
    """Return a manifest with a spec."""
    return f"{HEAD}spec:\n{dedent(text)}"


class TestOrder:
    def test_fields_of_the_envelope_and_of_metadata_are_in_their_order(self):
        text = "spec: {a: 1}\nkind: Thing\nmetadata:\n  labels: {a: b}\n  name: x\napiVersion: reconciler/v1\n"
        assert formatted(text) == HEAD + "metadata:\n  name: x\n  labels: {a: b}\nspec: {a: 1}\n"

    def test_lifecycle_is_before_spec_and_other_fields_are_last(self):
        text = HEAD + "other: 1\nspec: {a: 1}\nlifecycle: {protect: true}\n"
        assert formatted(text) == HEAD + "lifecycle: {protect: true}\nspec: {a: 1}\nother: 1\n"

    def test_fields_of_spec_keep_their_order(self):
        text = spec("  b: 1\n  a: 2\n")
        assert formatted(text) == text

    def test_comments_move_with_their_field(self):
        text = "# The thing.\nkind: Thing  # its kind\n# of the format\napiVersion: reconciler/v1\n# at the end\n"
        assert formatted(text) == (
            "# The thing.\n# of the format\napiVersion: reconciler/v1\nkind: Thing  # its kind\n# at the end\n"
        )

    def test_blank_lines_above_a_field_move_with_it(self):
        text = "kind: Thing\n\nspec: {a: 1}\n\n\napiVersion: reconciler/v1\n"
        assert formatted(text) == "apiVersion: reconciler/v1\n\n\nkind: Thing\n\nspec: {a: 1}\n"

    def test_order_stays_where_an_alias_would_come_before_its_anchor(self):
        text = "spec: &a {b: 1}\nlifecycle: *a\napiVersion: reconciler/v1\nkind: Thing\n"
        assert formatted(text) == text

    @pytest.mark.parametrize(
        ("written", "wanted"),
        [
            ("{labels: {a: b}, name: x}", "{name: x, labels: {a: b}}"),
            ("{ labels: {a: b},   name: x }", "{ name: x,   labels: {a: b} }"),
            ("{\n    labels: {a: b},\n    name: x,\n  }", "{\n    name: x,\n    labels: {a: b},\n  }"),
            ('{"labels":{"a":"b"},"name":"x"}', '{"name":"x","labels":{"a":"b"}}'),
            ("{extra, name: x}", "{name: x, extra}"),
        ],
    )
    def test_fields_in_flow_style_are_in_their_order(self, written, wanted):
        assert formatted(f"{HEAD}metadata: {written}\n") == f"{HEAD}metadata: {wanted}\n"

    def test_document_in_flow_style_is_in_order(self):
        assert formatted("{kind: Thing, apiVersion: reconciler/v1}\n") == "{apiVersion: reconciler/v1, kind: Thing}\n"

    def test_order_stays_in_flow_style_with_comments(self):
        text = f"{HEAD}metadata: {{\n    labels: {{a: b}},  # ours\n    name: x,\n  }}\n"
        assert formatted(text) == text


class TestSpacing:
    @pytest.mark.parametrize(
        ("written", "wanted"),
        [
            ("a:    x", "a: x"),
            ("a:\tx", "a: x"),
            ("a :  x", "a: x"),
            ("'b c'   : x", "b c: x"),
            ("a:   {b:   1,c: 2, d:3}", "a: {b: 1,c: 2, d:3}"),
            ('a:  {"b":1, "c" :  2}', 'a: {"b":1, "c": 2}'),
            ("a:   &x   z", "a: &x   z"),
            ("a:   [1]   # one", "a: [1]   # one"),
            ("a:   # one\n    b: 1", "a:   # one\n    b: 1"),
            ("a:   # none", "a:   # none"),
            ("a:   |\n    b:   1", "a: |\n    b:   1"),
            ('a:   "b:   1\n    c:   2"', 'a: "b:   1\n    c:   2"'),
            ("a:   b\n    c   d", "a: b\n    c   d"),
            ("- a:   1\n    b:   2", "- a: 1\n    b: 2"),
        ],
    )
    def test_one_blank_is_between_a_colon_and_its_value(self, written, wanted):
        assert formatted(f"{HEAD}spec:\n  {written}\n") == f"{HEAD}spec:\n  {wanted}\n"


class TestIndentation:
    @pytest.mark.parametrize(
        ("written", "wanted"),
        [
            ("    a: 1\n", "  a: 1\n"),
            ("  a:\n  - 1\n  - 2\n", "  a:\n    - 1\n    - 2\n"),
            ("  -   a: 1\n      b: 2\n", "  - a: 1\n    b: 2\n"),
            ("  -\n      a: 1\n", "  -\n    a: 1\n"),
            ("  -   - 1\n      - 2\n", "  - - 1\n    - 2\n"),
            ("  -  x\n", "  - x\n"),
            ("     a:\n         b:\n             c: 1\n", "  a:\n    b:\n      c: 1\n"),
            ("    # about a\n    a: 1\n    # below\n", "  # about a\n  a: 1\n  # below\n"),
            ("      a: [1,\n        2]\n", "  a: [1,\n    2]\n"),
            ('      a: "one\n        two"\n', '  a: "one\n    two"\n'),
            ("      a: one\n       two\n", "  a: one\n   two\n"),
            ("      a: &x\n        b: 1\n      c: *x\n", "  a: &x\n    b: 1\n  c: *x\n"),
        ],
    )
    def test_level_is_two_columns(self, written, wanted):
        assert formatted(f"{HEAD}spec:\n{written}") == f"{HEAD}spec:\n{wanted}"

    @pytest.mark.parametrize(
        ("written", "wanted"),
        [
            ("   a: |\n        one\n          two\n", "  a: |\n    one\n      two\n"),
            ("   a: |\n    one\n", "  a: |\n    one\n"),
            ("   a: >-\n        one\n\n        two\n", "  a: >-\n    one\n\n    two\n"),
            ("   a: |2\n        one\n     two\n", "  a: |2\n       one\n    two\n"),
            ("   a:\n     |\n      one\n", "  a:\n    |\n    one\n"),
            ("   a: |+\n        one\n\n   b: 1\n", "  a: |+\n    one\n\n  b: 1\n"),
            ("   - |\n         one\n", "  - |\n    one\n"),
            ("   - a: |\n         one\n", "  - a: |\n      one\n"),
        ],
    )
    def test_text_of_block_scalars_moves_with_its_key(self, written, wanted):
        assert formatted(f"{HEAD}spec:\n{written}") == f"{HEAD}spec:\n{wanted}"

    def test_indented_document_moves_to_the_first_column(self):
        assert formatted("  apiVersion: v\n  kind: K\n  spec:\n    a: 1\n") == "apiVersion: v\nkind: K\nspec:\n  a: 1\n"

    def test_document_with_explicit_keys_keeps_its_indentation(self):
        text = f"{HEAD}spec:\n    ? a\n    : 1\n"
        assert formatted(text) == text


class TestQuotes:
    @pytest.mark.parametrize(
        ("written", "wanted"),
        [
            ('"gpt-6-luna"', "gpt-6-luna"),
            ("'Be kind.'", "Be kind."),
            ("'it''s'", "it's"),
            ("yes", '"yes"'),
            ("12:30", '"12:30"'),
            ("'no'", '"no"'),
            ('"no"', '"no"'),
            ('"1.0"', '"1.0"'),
            ("'a: b'", '"a: b"'),
            ("'\"hi\" he said'", "'\"hi\" he said'"),
            ('"\\"hi\\" he said"', '"\\"hi\\" he said"'),
            ("'say \"hi\"'", 'say "hi"'),
            ('"${var.tier}"', '"${var.tier}"'),
            ('"one\\ntwo"', '"one\\ntwo"'),
            ('""', '""'),
            ("!!str yes", "!!str yes"),
            ('["a", \'b\', "no"]', '[a, b, "no"]'),
            ("{'a': \"b\"}", "{a: b}"),
            ('{"a": "b"}', '{"a": "b"}'),
            ('[{"a": ["b"]}]', '[{"a": ["b"]}]'),
            ("1", "1"),
            ("null", "null"),
        ],
    )
    def test_quotes_are_where_a_parser_needs_them(self, written, wanted):
        assert formatted(f"{HEAD}spec:\n  a: {written}\n") == f"{HEAD}spec:\n  a: {wanted}\n"

    def test_keys_follow_the_same_rule(self):
        assert (
            formatted(f"{HEAD}spec:\n  'a': 1\n  on: 2\n  \"b c\": 3\n")
            == f'{HEAD}spec:\n  a: 1\n  "on": 2\n  b c: 3\n'
        )


class TestFile:
    def test_line_ends_and_byte_order_mark_stay(self):
        text = "\ufeffkind: Thing\r\napiVersion: 'reconciler/v1'\r\nspec:\r\n    a: |\r\n        one\r\n"
        assert formatted(text) == "\ufeffapiVersion: reconciler/v1\r\nkind: Thing\r\nspec:\r\n  a: |\r\n    one\r\n"

    def test_every_document_is_formatted(self):
        text = f"# licence\n---\n{HEAD}spec:\n    a: 1\n---\n# second\nkind: Thing\napiVersion: v\n"
        assert formatted(text) == f"# licence\n---\n{HEAD}spec:\n  a: 1\n---\n# second\napiVersion: v\nkind: Thing\n"

    def test_white_space_at_line_ends_is_removed_outside_of_texts(self):
        assert formatted(f"{HEAD}spec:   \n  a: |\n    one  \n  \n  b: 1 \n") == (
            f"{HEAD}spec:\n  a: |\n    one  \n\n  b: 1\n"
        )

    def test_file_ends_with_one_line_break(self):
        assert formatted(HEAD.rstrip()) == HEAD
        assert formatted(HEAD + "\n\n") == HEAD

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "# nothing\n",
            "a:   'b'\n",
            "- 'a'\n",
            "kind: [\n",
            "kind: Thing\nkind: Thing\napiVersion: v\n",
            "kind: 'Thing'\rapiVersion: v\r",
        ],
    )
    def test_what_is_not_a_manifest_is_unchanged(self, text):
        assert formatted(text) == text

    def test_unreadable_document_does_not_stop_the_others(self):
        assert formatted(f"kind: [\n---\n{HEAD}spec:\n    a: 1\n") == f"kind: [\n---\n{HEAD}spec:\n  a: 1\n"


def test_manifests_that_commands_write_are_in_the_layout():
    draft = Draft(
        "Assistant", "triage", {"target": "agents", "model": "gpt-6", "tools": [{"type": "mcp", "a": ["yes"]}]}
    )
    assert formatted(manifest_text(draft)) == manifest_text(draft)
    for file in Path("manifests").rglob("*.yaml"):
        text = file.read_text(encoding="utf-8")
        assert formatted(text) == text, file


@pytest.mark.parametrize("column", [2, 5])
def test_every_document_of_the_test_suite_keeps_its_values(column):
    for case in yaml_test_suite():
        body = "".join(" " * column + line if line.strip() else line for line in case["yaml"].splitlines(keepends=True))
        text = f"kind: K\napiVersion: v\nspec:\n{body}\n"
        result = formatted(text)
        assert [one.value for one in parse(result, "")] == [one.value for one in parse(text, "")], text
        assert formatted(result) == result, text

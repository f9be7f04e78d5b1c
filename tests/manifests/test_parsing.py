from importlib.resources import files

import pytest

from reconciler.manifests import parsing
from reconciler.manifests.limits import MAX_DEPTH, MAX_DOCUMENTS, MAX_NODES, Allowance
from reconciler.manifests.parsing import parse


def values(text):
    return [document.value for document in parse(text, "f.yaml") if not document.empty]


def problems(text):
    return [problem for document in parse(text, "f.yaml") for problem in document.problems]


def places(text):
    return [(problem.code, str(problem.place)) for problem in problems(text)]


def test_documents_have_values_and_places():
    text = "# first\n\na: 1\n---\n# second\nb: [x, 'y', {z: null}]\n"
    first, second = parse(text, "f.yaml")
    assert (first.value, str(first.place)) == ({"a": 1}, "f.yaml:3:1")
    assert (second.value, str(second.place)) == ({"b": ["x", "y", {"z": None}]}, "f.yaml:6:1")


@pytest.mark.parametrize("second", ["# ä\nb: [1.0, 'y', {z: null}]\n", "b: [&x [p, q], *x]\n", "b: [\n", ""])
def test_released_document_is_equal_to_what_was_read(second):
    text = f"# first\na: 1\n---\n{second}"
    released, kept = list(parse(text, "f.yaml")), list(parse(text, "f.yaml"))
    for _ in range(2):
        for document in released:
            document.release()
        assert [one.text for one in released] == [one.text for one in kept]
        assert released == kept


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "---\n---\n# still nothing\n---\n"])
def test_empty_text_is_an_empty_document(text):
    assert values(text) == []
    assert problems(text) == []


def test_indented_document_marker_is_text():
    assert values("a: |\n  one\n  ---\n  two\nb: 'x --- y'\n") == [{"a": "one\n---\ntwo\n", "b": "x --- y"}]


def test_directives_belong_to_the_document_after_them():
    assert values("%YAML 1.2\n---\na: 1\n") == [{"a": 1}]


def test_only_a_line_feed_ends_a_line():
    text = 'a: "x\u2028y\x85z"\nb: |\n  one\u2029two\nb: 3\n'
    assert values(text) == [{"a": "x\u2028y\x85z", "b": "one\u2029two\n"}]
    assert places(text) == [("duplicate-key", "f.yaml:4:1")]


def test_alias_has_the_value_of_its_anchor():
    assert values("a: &x {b: [1]}\nc: *x\n") == [{"a": {"b": [1]}, "c": {"b": [1]}}]


def test_string_tags_are_accepted():
    assert values("a: !!str 2026-01-01\nb: ! 12\n") == [{"a": "2026-01-01", "b": "12"}]


def test_documents_after_an_invalid_one_are_parsed():
    text = "a: [\n---\nb: 1\n---\nc: }\n---\nd: 2\n"
    assert [document.value for document in parse(text, "f.yaml")] == [None, {"b": 1}, None, {"d": 2}]
    assert [problem.place.line for problem in problems(text) if problem.place] == [2, 5]


def test_all_problems_of_a_document_are_reported():
    text = "a: 1\na: 2\n? 2026-01-01\n: x\nb: 007\nc: !python/object x\nd: *nowhere\n1: x\n<<: {}\n"
    assert places(text) == [
        ("duplicate-key", "f.yaml:2:1"),
        ("unclear-scalar", "f.yaml:3:3"),
        ("unclear-scalar", "f.yaml:5:4"),
        ("unknown-tag", "f.yaml:6:4"),
        ("unknown-alias", "f.yaml:7:4"),
        ("non-string-key", "f.yaml:8:1"),
        ("merge-key", "f.yaml:9:1"),
    ]


def test_first_value_of_a_repeated_key_is_used():
    assert values("a: {x: 1}\na: {y: 2}\nb: 3\n") == [{"a": {"x": 1}, "b": 3}]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a: &a [*a]", "recursive-alias"),
        ("a: &a {b: {c: *a}}", "recursive-alias"),
        ("[1]: x", "non-string-key"),
        ("? {a: 1}\n: x", "non-string-key"),
        ("a: 1\n...\nb: 2\n", "syntax"),
        ("a: 1\n... # end\n--- b\n... \n{}", "syntax"),
        ("*a", "alias"),
        ("a: \x07", "control-character"),
        ('a: "\\ud800"', "syntax"),
        ("a: \ud800", "control-character"),
    ],
)
def test_unreadable_document_has_no_value(text, code):
    assert [problem.code for problem in problems(text)] == [code]


def test_tab_indentation_gets_a_hint():
    (problem,) = problems("a:\n\tb: 1\n")
    assert str(problem.place) == "f.yaml:2:1"
    assert problem.hint == "indent with spaces, not with tabs"


@pytest.mark.parametrize("text", ["a: **", "a: *note*", "a: *not here"])
def test_text_that_begins_with_an_asterisk_gets_a_hint(text):
    assert problems(text)[0].hint == "quote text that starts with `*` or `&`"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{server_url: https://x.example/a}", {"server_url": "https://x.example/a"}),
        ("[12:30, a:b:c, :x, -x]", ["12:30", "a:b:c", ":x", "-x"]),
        ("[Where is my bill?, How do I pay?]", ["Where is my bill?", "How do I pay?"]),
        ("{a:, b: 1}", {"a": None, "b": 1}),
        ('{"a":1, "b"\n  :2, c d\n  e: 3}', {"a": 1, "b": 2, "c d e": 3}),
        ("[?x, a?b]", ["?x", "a?b"]),
        ("{?x: 1}", {"?x": 1}),
        ("v: &an:chor text\nw: *an:chor\nx: [*an:chor , *an:chor]", {"v": "text", "w": "text", "x": ["text"] * 2}),
        ("%YAML 1.2 # why\n# more\n---\na: 1", {"a": 1}),
        ("%OTHER directive # why\n---\na: 1", {"a": 1}),
        ("a: 1\n\t\nb: [x:y]\t# note\n", {"a": 1, "b": ["x:y"]}),
        ("a: |\n \t\nb: 1\n", {"a": "\t\n", "b": 1}),
        ("a: [b:c]\nd: |\t# note\n  e\nf: >2-\t\n   g\n", {"a": ["b:c"], "d": "e\n", "f": " g"}),
        ("a: {b: x\u2028y, c: d:e\x85}", {"a": {"b": "x\u2028y", "c": "d:e\x85"}}),
        ("\ufeffa: [b:c]", {"a": ["b:c"]}),
    ],
)
def test_text_that_libyaml_refuses_or_misreads_has_the_value_of_yaml_1_2(text, value):
    (document,) = parse(text, "f.yaml")
    assert (document.problems, document.value) == ((), value)


def test_problems_after_such_text_have_their_places():
    assert places("a: [x:y]\nb: 2026-01-01\nc: [x:y\n  , d]\na: 1\n") == [
        ("unclear-scalar", "f.yaml:2:4"),
        ("duplicate-key", "f.yaml:5:1"),
    ]


@pytest.mark.parametrize("text", ["a: |# note\n  b\n", "a: >-\n     \n  b\n", "a: ['\\ud800', \"\\ud800\", b:c]"])
def test_text_that_is_not_valid_is_refused_also_where_libyaml_reads_it(text):
    assert [problem.code for problem in problems(text)] == ["syntax"]


@pytest.mark.parametrize("version", ["1.1", "1.0", "1.3", "2.0"])
@pytest.mark.parametrize(
    "lines", ["{}\n---\n", "# note\n{} # why\n\n# more\n---\n", "%TAG ! !\n{}\n---\n", "a: 1\n...\n{}\n---\n"]
)
def test_other_version_of_yaml_is_refused_by_name(version, lines):
    (problem,) = problems(lines.format(f"%YAML {version}") + "on: yes\n")
    assert (problem.code, version in problem.message, version in problem.hint) == ("yaml-version", True, True)


def test_version_inside_of_text_is_text():
    assert values("a: |\n  %YAML 1.1\n  ---\nb: '%YAML 1.1'\n") == [{"a": "%YAML 1.1\n---\n", "b": "%YAML 1.1"}]


def test_ordinary_manifests_are_read_by_the_fast_parser_only(monkeypatch):
    def slow(_text):
        pytest.fail("the slow parser is used")

    monkeypatch.setattr(parsing, "thorough_events", slow)
    prose = "  Where is it? See https://x.example/?a=b & *this* or **that**: a | b > c, 12:30. [x](y) {z}?\n"
    starter = files("reconciler.operations") / "starter"
    texts = [f"a: |\n{prose}b: >-\n{prose}\n{prose}c: [x, 'a?b']\nd: &x {{y: 1}}\ne: [*x, *x]\n"]
    texts += [file.read_text() for folder in starter.iterdir() if folder.is_dir() for file in folder.iterdir()
              if file.name.endswith(".yaml")]  # fmt: skip
    assert len(texts) > 3
    assert [problems(text) for text in texts] == [[]] * len(texts)


def test_aliases_of_a_text_that_is_parsed_twice_are_counted_once():
    text = "a: &a " + "x" * 1000 + "\nb: [" + "*a, " * 100 + "c:d]\n"
    allowance = Allowance(150_000)
    (document,) = parse(text, "f.yaml", allowance)
    assert (document.problems, allowance.spare) == ((), 50_000)


@pytest.mark.parametrize(
    "text", ["[a:b, " + "[" * 50_000, "{a:b, " + "{" * 50_000, "{?x: 1, " + "{a: " * 50_000, "[?x, " + "[{" * 50_000]
)
def test_deep_nesting_in_such_text_is_an_error_and_does_not_take_long(text):
    assert len(problems(text)) == 1


def test_unquoted_variable_in_flow_style_gets_a_hint():
    (problem,) = problems("a: {b: ${var.x}}\n")
    assert "quote values that contain ${…}" in problem.hint


@pytest.mark.parametrize(
    "text",
    ["[" * 50_000, "{a: " * 50_000, "- " * 50_000, "\n".join(f"{' ' * depth}a:" for depth in range(2_000))],
    ids=["brackets", "braces", "dashes", "indentation"],
)
def test_deep_nesting_is_an_error_and_does_not_crash(text):
    assert [problem.code for problem in problems(text)] == ["too-deep"]


def test_depth_counts_collections_that_are_open_not_brackets():
    legal = "a: |\n" + "  " + "[" * 50_000 + "\nb: '" + "{" * 50_000 + "'\n# " + "- " * 50_000 + "\n" + "c: []\n"
    assert problems(legal) == []
    assert problems("[" * MAX_DEPTH + "]" * MAX_DEPTH) == []
    assert [problem.code for problem in problems("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1))] == ["too-deep"]


def test_depth_includes_the_values_of_aliases():
    half = "[" * 40 + "]" * 40
    assert problems(f"- &a {half}\n- [*a]\n") == []
    assert [problem.code for problem in problems(f"- &a {half}\n- {'[' * 40}*a{']' * 40}\n")] == ["too-deep"]


def test_alias_bomb_is_refused_before_expansion():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert [problem.code for problem in problems("\n".join(lines))] == ["too-large"]


def test_aliases_of_many_documents_count_together():
    document = "---\na: &a [" + "x, " * 100 + "]\nb: [" + "*a, " * 50 + "]\n"
    assert problems(document) == []
    assert {problem.code for problem in problems(document * 30)} == {"too-large"}


def test_number_of_values_of_a_document_is_limited():
    assert problems("- a\n" * (MAX_NODES - 1)) == []
    assert [problem.code for problem in problems("- a\n" * MAX_NODES)] == ["too-large"]


def test_number_of_documents_of_a_file_is_limited():
    assert len(values("--- {}\n" * MAX_DOCUMENTS)) == MAX_DOCUMENTS
    assert [problem.code for problem in problems("--- {}\n" * (MAX_DOCUMENTS + 1))] == ["too-large"]


def test_dollars_is_true_for_a_dollar_in_any_key_or_value():
    texts = ["a: $x", "$file: x", 'a: "\\x24{var.x}"', "a: [[{b: '$'}]]", "a: 1"]
    assert [document.dollars for text in texts for document in parse(text, "f")] == [True, True, True, True, False]


@pytest.mark.parametrize(
    ("text", "place", "hint"),
    [
        ("a:\n  b: 1\n c: 2\n", "3:2", "indent it like the line above"),
        ("a: 'it's'\n", "1:8", "contains a colon or quotes"),
        ("a: b: c\n", "1:5", "quote the text if it contains a colon"),
        ("a: 'x\nb: 2\n", "1:4", "close the quote that opens here"),
        ("a:\n\tb: 1\n", "2:1", "not with tabs"),
        ("a: x\n\tb: 1\n", "2:1", "not with tabs"),
        ("a: [1, 2\nb: 3\n", "2:2", "close the bracket that opens at column 4 of the line above"),
        ("a: {b: ${var.x}}\n", "1:9", "quote values that contain ${…}"),
        ("a: @x\n", "1:4", "quote text that starts with this character"),
        ("a: *[b\n", "1:5", "quote text that starts with `*` or `&`"),
        ("a: 1\nb\nc: 2\n", "3:1", "write `key: value`"),
        ("- a\nb: 1\n", "2:1", "not an item of the list"),
        ('a: "\\d"\n', "1:5", "backslash"),
        # below text that only the other parser reads
        ("a: {u: https://x.example}\nb: 'x\nc: 1\n", "2:4", "close the quote that opens here"),
        ("a: [Where?, x]\nb: c: d\n", "2:5", "quote the text if it contains a colon"),
        ("a: {u: https://x.example}\n b: c\n", "2:2", "indent it like the line above"),
        ("a: {u: https://x.example, b: [x}\n", "1:32", "close the bracket that opens at column 30 of this line"),
    ],
)
def test_syntax_error_has_a_place_and_a_hint(text, place, hint):
    (document,) = parse(text, "x.yaml")
    (problem,) = document.problems
    assert str(problem.place) == f"x.yaml:{place}"
    assert problem.message.startswith("not valid YAML: ")
    assert hint in problem.hint

"""Documents that are read line by line, or without `Builder`, are as `Builder` reads them, with places and counts."""

from contextlib import suppress
from dataclasses import replace
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from reconciler.manifests import building, parsing
from reconciler.manifests.limits import MAX_DEPTH, Allowance
from reconciler.manifests.simple_yaml import NotSimpleError, simple_mapping
from tests.support import simple_manifests, yaml_layouts, yaml_writer
from tests.support.manifest_mutations import MANIFESTS, PIECES, mutations
from tests.support.yaml_events import yaml_test_suite

FEW = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
MORE = settings(FEW, max_examples=500)
MANY = settings(FEW, max_examples=20_000)
LINES = [
    "a", "b", "c", ": ", ":\n", "\n", "\n", " ", "  ", "- ", "|\n", "|-\n", "# ", "'", '"', "x", "{", "}", "[", "]",
    ", ", "---\n", "...\n", "\n  ", "\n    ", "a: ", "b:\n", "- a: ", "  - ", "null", "<<", "~",
]  # fmt: skip
NEWLINES = st.sampled_from(["\n", "\r\n", "\n"])
PLAIN = [
    "a: 1\nb: [x, {c: d}, ~, 0x1F, -7, 1e3, 'it''s']\n",
    "\n# head\n--- # start\nkey:\n- a\n- |\n  text\n  $x\n",
    "- yes\n- on\n- 12:30\n- ''\n",
    'a: "\\x24{var.x}"\nb: "\\u00e9"\n',
    "{}",
]
FULL = [
    "a: &x 1", "a: &x {}", "&x a: 1", "a: 1\nb: *x", "a: !x 1", "a: !!str 1", "a: ! 1", "a: !!map {}", "!x a: 1",
    "a: 1\na: 2", "<<: {}", "null: 1", "1: a", "[a]: 1", "{a}: 1", "? [a]\n: 1", "a: 2026-01-01", "a: .nan", "a: 007",
    "a: 99999999999999999999", "text", "", "# only a comment", "a: 1\n...\nb: 2", "a: 1\n--- b", "{url: https://x.example}",
    "a: [", "a: ?x\n? b", "a: *",
]  # fmt: skip


def both(text: str, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """Return the document with and without the fast path, and with what it takes from the allowance."""
    found = []
    for is_fast in (True, False):
        with monkeypatch.context() as patched:
            if not is_fast:
                patched.setattr(parsing, "_plain", lambda *_: None)
            allowance = Allowance(10_000)
            documents = list(parsing.parse(text, "f.yaml", allowance))
            if not any(problem.code == "control-character" for one in documents for problem in one.problems):
                documents.append(parsing.parse_document(text, "f.yaml", 7, 50, allowance))
            # Not compared by `==`, for which 1, 1.0 and True are equal.
            found.append(repr(([replace(one, text="") for one in documents], allowance)))
    return found[0], found[1]


def check(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fast, full = both(text, monkeypatch)
    assert fast == full, text


def is_plain(text: str) -> bool:
    return parsing._plain(text, "f.yaml", 0) is not None


@pytest.mark.parametrize("text", PLAIN)
def test_plain_document_is_read_without_builder(text, monkeypatch):
    assert is_plain(text)
    check(text, monkeypatch)


def test_manifests_of_the_sample_organisation_are_plain(monkeypatch):
    for manifest in MANIFESTS:
        assert is_plain(manifest)
        check(manifest, monkeypatch)


@pytest.mark.parametrize("text", FULL)
def test_document_with_something_to_report_or_to_count_is_read_by_builder(text, monkeypatch):
    assert not is_plain(text)
    check(text, monkeypatch)


@pytest.mark.parametrize("depth", [MAX_DEPTH - 1, MAX_DEPTH, MAX_DEPTH + 1, 5_000])
@pytest.mark.parametrize(("opening", "closing"), ["[]", ("{a: ", "}"), ("[{a: ", "}]")])
def test_depth_has_the_same_limit(opening, closing, depth, monkeypatch):
    times = depth // (2 if "[{" in opening else 1)
    check(opening * times + closing * times, monkeypatch)


@pytest.mark.parametrize("count", [498, 499, 998, 999, 1_000])
@pytest.mark.parametrize("item", ["a,", "[],", "a, "])
def test_number_of_values_has_the_same_limit(item, count, monkeypatch):
    for module in (parsing, building):
        monkeypatch.setattr(module, "MAX_NODES", 1_000)
    check(f"[{item * count}]\n", monkeypatch)
    check(f"a: [{item * (count - 1)}a]\n", monkeypatch)
    assert not is_plain(f"[{item * 1_000}]\n")


@given(st.integers(0, 2**32), NEWLINES)
@FEW
def test_generated_documents_are_equal(monkeypatch, seed, newline):
    check(yaml_writer.Writer(Random(seed), newline).document()[0], monkeypatch)
    check(yaml_layouts.Writer(Random(seed), newline).document(), monkeypatch)


def is_simple(text: str) -> bool:
    with suppress(NotSimpleError):
        simple_mapping(text)
        return True
    return False


@given(st.integers(0, 2**32), st.sampled_from([0, 0, 0.03, 0.2]), st.booleans())
@MORE
def test_simple_documents_are_equal(monkeypatch, seed, odd, is_disturbed):
    writer = simple_manifests.Writer(Random(seed), odd)
    check(writer.disturbed() if is_disturbed else writer.document(), monkeypatch)


def test_most_simple_documents_are_read_line_by_line():
    texts = [simple_manifests.Writer(Random(seed)).document() for seed in range(200)]
    assert sum(map(is_simple, texts)) > 60


@given(st.lists(st.sampled_from(LINES), max_size=14).map("".join))
@MORE
def test_any_simple_lines_are_equal(monkeypatch, text):
    check(f"a: {text}\n", monkeypatch)
    check(f"a:\n{text}\n", monkeypatch)


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
@FEW
def test_any_pieces_of_yaml_are_equal(monkeypatch, text):
    check(text, monkeypatch)


@given(mutations())
@FEW
def test_mutated_manifests_are_equal(monkeypatch, content):
    check(content.decode("utf-8", "surrogatepass"), monkeypatch)


@pytest.mark.long
@given(st.integers(0, 2**32), NEWLINES, st.lists(st.sampled_from(PIECES), max_size=40).map("".join), mutations())
@MANY
def test_many_documents_are_equal(monkeypatch, seed, newline, pieces, content):
    check(yaml_writer.Writer(Random(seed), newline).document()[0], monkeypatch)
    check(yaml_layouts.Writer(Random(seed), newline, gaps=True).document(), monkeypatch)
    check(simple_manifests.Writer(Random(seed), seed % 5 / 20).disturbed(), monkeypatch)
    check(pieces, monkeypatch)
    check(content.decode("utf-8", "surrogatepass"), monkeypatch)


@pytest.mark.parametrize("case", yaml_test_suite(), ids=lambda case: case["id"])
def test_case_of_the_yaml_test_suite_is_equal(case, monkeypatch):
    check(case["yaml"], monkeypatch)

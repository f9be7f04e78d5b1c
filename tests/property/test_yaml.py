"""Reading of generated YAML: the values that were written, at the positions that ruamel's own parser finds."""

import copy
from collections.abc import Iterator
from contextlib import suppress
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

from reconciler.manifests.editing import UneditableError, edited
from reconciler.manifests.libyaml import events
from reconciler.manifests.parsing import parse, parse_document
from tests.support.yaml_events import positions_of, yaml_test_suite
from tests.support.yaml_writer import Writer

FEW = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
MANY = settings(FEW, max_examples=20_000)

REMOVED = object()


def check(seed: int, newline: str) -> None:
    text, value = Writer(Random(seed), newline).document()
    (document,) = parse(text, "f.yaml")
    assert (document.problems, document.value) == ((), value), text
    if "\u2028" not in text and "\x85" not in text:
        with suppress(MarkedYAMLError):  # ruamel.yaml refuses `{:x: y}`, and spaces in the first lines of a block
            assert positions_of(events(text)) == positions_of(YAML(typ="safe", pure=True).parse(text)), text


@given(st.integers(0, 2**32), st.sampled_from(["\n", "\r\n", "\n"]))
@FEW
def test_generated_document_has_its_values_and_positions(seed, newline):
    check(seed, newline)


@pytest.mark.long
@given(st.integers(0, 2**32), st.sampled_from(["\n", "\r\n", "\r"]))
@MANY
def test_many_generated_documents_have_their_values_and_positions(seed, newline):
    check(seed, newline)


def changes(value: Any, random: Random) -> Iterator[Any]:
    """Yield copies of a document with one value changed or removed each."""
    paths = [path for path in paths_of(value) if path]
    for path in random.sample(paths, min(len(paths), 5)):
        changed = copy.deepcopy(value)
        parent = changed
        for part in path[:-1]:
            parent = parent[part]
        new = random.choice(["new", None, "two\nlines\n", ["x:y"], {"k": "12:30"}, REMOVED])
        if new is REMOVED:
            del parent[path[-1]]
        else:
            parent[path[-1]] = new
        yield changed


def paths_of(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield from paths_of(item, (*path, key))


def check_edits(text: str, random: Random) -> None:
    """Every document that can be read can be edited as wanted, or raises UneditableError and no other error."""
    document = parse_document(text, "f.yaml")
    for wanted in [] if document.problems else changes(document.value, random):
        with suppress(UneditableError):
            assert parse_document(edited(text, wanted), "f.yaml").value == wanted, text


@given(st.integers(0, 2**32), st.sampled_from(["\n", "\r\n", "\r"]))
@settings(FEW, max_examples=50)
def test_generated_document_can_be_edited_or_is_uneditable(seed, newline):
    check_edits(Writer(Random(seed), newline).document()[0], Random(seed))


@pytest.mark.parametrize("case", yaml_test_suite(), ids=lambda case: case["id"])
def test_case_of_the_yaml_test_suite_can_be_edited_or_is_uneditable(case):
    check_edits(case["yaml"], Random(1))

"""Editing YAML in place: any document, any change; what is read is what was wanted, and the rest stays as it was."""

import copy
import json
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings, strategies as st

from reconciler.manifests.editing import UneditableError, edited
from reconciler.manifests.parsing import parse, parse_document
from reconciler.manifests.positions import Mark, PositionTree, yaml_positions
from reconciler.resources.values import same
from tests.support.yaml_layouts import KEYS, SCALARS, document

FEW = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
MANY = settings(FEW, max_examples=10_000)


def values(random: Random, depth: int = 0) -> Any:
    kind = random.choice(["scalar", "scalar", "scalar", "list", "dict"]) if depth < 3 else "scalar"
    if kind == "list":
        return [values(random, depth + 1) for _ in range(random.randint(0, 3))]
    if kind == "dict":
        return {key: values(random, depth + 1) for key in random.sample(KEYS, random.randint(0, 3))}
    return random.choice(SCALARS)


def paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [at] if at else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        found += paths(item, (*at, key))
    return found


def changed(value: Any, random: Random) -> Any:
    """`value` with something replaced, removed or added, in place."""
    at = random.choice(paths(value))
    parent = value
    for key in at[:-1]:
        parent = parent[key]
    match random.choice(["replace", "replace", "remove", "add"]):
        case "replace":
            parent[at[-1]] = values(random)
        case "remove":
            del parent[at[-1]]
        case "add" if isinstance(parent, dict):
            parent[random.choice(KEYS)] = values(random)
        case _:
            parent.insert(random.randint(0, len(parent)), values(random)) if isinstance(parent, list) else None
    return value


def read(text: str) -> Any:
    found = parse_document(text, "")
    assume(not found.problems)
    return json.loads(json.dumps(found.value))


def check_any_change(random: Random) -> None:
    text = document(random)
    wanted = read(text)
    for _ in range(random.randint(1, 3)):
        if paths(wanted):
            changed(wanted, random)
    try:
        result = edited(text, wanted)
    except UneditableError as error:
        if "alias" in error.message:
            return
        raise
    found = parse_document(result, "")
    assert not found.problems
    assert same(found.value, wanted)
    assert edited(result, wanted) == result


def check_one_scalar(random: Random) -> None:
    """Only lines of that value change, and no comment goes. Items of lists are their own identity, and are replaced."""
    text = document(random)
    assume("&" not in text)
    value = read(text)
    scalars = [
        at for at in paths(value) if not isinstance(_at(value, at), (dict, list)) and not isinstance(at[-1], int)
    ]
    assume(scalars)
    at = random.choice(scalars)
    wanted = copy.deepcopy(value)
    _at(wanted, at[:-1])[at[-1]] = random.choice(SCALARS)
    result = edited(text, wanted)
    before, after = text.splitlines(keepends=True), result.splitlines(keepends=True)
    first, last = lines_of(text, at)
    assert after[:first] == before[:first]
    assert last >= len(before) or after[last - len(before) :] == before[last:]
    for number in range(1, text.count("# comment") + 1):
        assert f"# comment {number} " in result


def _at(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def lines_of(text: str, path: tuple[Any, ...]) -> tuple[int, int]:
    """The first line of a value's entry, and the line on which the next value starts."""
    marks = sorted(mark for mark in _marks(yaml_positions(text)))
    here = yaml_positions(text).find(path)[0]
    key = yaml_positions(text).find_key(path) if isinstance(path[-1], str) else here
    later = [mark[0] for mark in marks if mark > here]
    first = min(key[0], here[0]) - (0 if isinstance(path[-1], str) else 1)
    return max(first, 0), max(later[0] if later else len(text.splitlines()), here[0] + 1)


def _marks(node: PositionTree) -> list[Mark]:
    return [node.mark, *node.keys.values(), *(mark for item in node.items.values() for mark in _marks(item))]


RANDOM = st.integers(0, 2**63).map(Random)


@FEW
@given(RANDOM)
def test_any_change_of_any_document(random):
    check_any_change(random)


@pytest.mark.long
@MANY
@given(RANDOM)
def test_any_change_of_any_document_at_length(random):
    check_any_change(random)


@FEW
@given(RANDOM)
def test_one_scalar_changes_its_own_lines_only(random):
    check_one_scalar(random)


@pytest.mark.long
@MANY
@given(RANDOM)
def test_one_scalar_changes_its_own_lines_only_at_length(random):
    check_one_scalar(random)


@FEW
@given(RANDOM)
def test_other_documents_of_the_file_stay(random):
    texts = [document(random), *(f"---\n{document(random)}" for _ in range(2))]
    texts = [text if text.endswith("\n") else f"{text}\n" for text in texts]
    assume(all(not text.startswith("---\n---") for text in texts))
    found = list(parse("".join(texts), "manifests.yaml"))
    assume(not any(document.problems for document in found))
    assert "".join(document.text for document in found) == "".join(texts)

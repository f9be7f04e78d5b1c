"""Formatting of any manifest: the same values and comments, and no change the second time."""

import json
import re
from collections import Counter
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from reconciler.manifests.editing.comments import comments
from reconciler.manifests.editing.nodes import compose, descendants
from reconciler.manifests.formatting import formatted
from reconciler.manifests.parsing import Document, parse
from reconciler.resources.values import same
from tests.support.yaml_layouts import Writer

FEW = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
MANY = settings(FEW, max_examples=5_000)
KEEPS = re.compile(r"[|>]\+")
"""Headers of block scalars whose values contain the blank lines below them."""
FIELDS = ["apiVersion", "kind", "metadata", "lifecycle", "spec"]


def manifest(random: Random, newline: str) -> list[str]:
    """Return the lines of a manifest, with the fields of the envelope in any order."""
    writer = Writer(random, newline, gaps=True)
    column = random.choice([0, 0, 0, 0, 1, 2])
    lines: list[str] = [] if random.random() < 0.7 else [writer.comment(), ""]
    for name in random.sample(FIELDS, len(FIELDS)):
        head = f"{' ' * column}{random.choice([name, name, json.dumps(name)])}:"
        if name == "metadata" and random.random() < 0.6:
            fields = random.sample([f"name: {random.choice(['x', '12', 'yes'])}", "labels: {a: b}"], 2)
            if random.random() < 0.4:
                lines.append(f"{head}{writer.gap()}{{{', '.join(fields)}}}")
            else:
                lines += [head, *(f"{' ' * (column + 3)}{one}" for one in fields)]
        elif name in {"apiVersion", "kind"}:
            lines.append(f"{head}{writer.gap()}{random.choice(['Thing', json.dumps('Thing'), repr('yes'), 'no'])}")
        else:
            lines += writer.value(head, column, 0, dashed=False)
        lines += writer.around(" " * column)
    return lines


def text_of(random: Random) -> str:
    newline = random.choice(["\n", "\n", "\r\n"])
    documents = [newline.join(manifest(random, newline)) for _ in range(random.choice([1, 1, 2, 3]))]
    start = random.choice(["", "", "\ufeff", f"%YAML 1.2{newline}---{newline}", f"---{newline}"])
    return start + f"{newline}---{newline}".join(documents) + random.choice(["", newline, newline * 3])


def said(documents: list[Document]) -> list[Counter[str]]:
    texts = (document.text.removeprefix("\ufeff") for document in documents)
    return [Counter(one[0].rstrip() for one in comments(text)) for text in texts]


def blank_lines(text: str) -> int:
    return sum(not line.strip() for line in text.rstrip().splitlines())


def check(random: Random) -> None:
    text = text_of(random)
    before = list(parse(text, ""))
    result = formatted(text)
    after = list(parse(result, ""))
    assert [one.problems for one in after] == [one.problems for one in before] or any(one.problems for one in before)
    assert len(after) == len(before)
    assert all(same(old.value, new.value) for old, new in zip(before, after, strict=True))
    if not any(one.problems for one in before):
        assert said(after) == said(before)
        assert KEEPS.search(text) or blank_lines(result) == blank_lines(text)
    assert formatted(result) == result
    assert result.startswith("\ufeff") == text.startswith("\ufeff")
    assert ("\r\n" in result) == ("\r\n" in text)
    is_readable = text.endswith("\n") and not any(one.problems for one in before)
    if is_readable and not ("&" in text or KEEPS.search(text)):
        for document in after:
            check_layout(document)


def check_layout(document: Document) -> None:
    """The layout is canonical, unless a value depends on it."""
    text = document.text.removeprefix("\ufeff")
    root = compose(text)[0].node
    assert root.column == 0
    assert [entry.key for entry in root.entries] == FIELDS
    metadata = next(entry.node for entry in root.entries if entry.key == "metadata")
    keys = [entry.key for entry in metadata.entries]
    assert metadata.kind != "mapping" or "name" not in keys or keys[0] == "name"
    for node in descendants(root):
        for entry in node.entries:
            behind = text[entry.after : entry.node.start]
            assert entry.key is None or not entry.colon or entry.node.empty or behind.strip(" ") or len(behind) <= 1
        for entry in node.entries if node.block else ():
            assert text[: entry.start].rpartition("\n")[2].strip(" -") == ""
            assert not entry.node.block or entry.node.column == node.column + 2
            if entry.node.block_scalar and not re.match(r"[|>]-?\d", text[entry.node.content :]):
                first = next(line for line in text[entry.node.content :].split("\n")[1:] if line.strip())
                assert len(first) - len(first.lstrip(" ")) == node.column + 2


@FEW
@given(st.randoms(use_true_random=False))
def test_any_manifest(random: Random):
    check(random)


@pytest.mark.long
@MANY
@given(st.randoms(use_true_random=False))
def test_any_manifest_thoroughly(random: Random):
    check(random)


def test_lines_of_block_scalars_keep_their_spaces():
    text = "apiVersion: v\nkind: K\nspec:\n    a: |\n          one\n            two  \n\n        \n          three\n"
    result = formatted(text)
    assert re.search(r"a: \|\n    one\n      two  \n\n\n    three\n", result)

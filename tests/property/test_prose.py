"""A changed word in prose of any style changes the line of the word and no other."""

from random import Random

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from reconciler.manifests.editing import edited
from reconciler.manifests.emitting import emit
from reconciler.manifests.parsing import parse_document

WORDS = [
    "you", "the", "answer", "questions", "it's", "say", "bill", "of", "a", "12:30", "x=1", "know", "größe", "5#", "so",
]  # fmt: skip


def prose(random: Random) -> list[list[list[str]]]:
    """Return paragraphs of lines of words."""
    return [
        [["The", *random.choices(WORDS, k=random.randint(2, 9))] for _ in range(random.randint(1, 5))]
        for _ in range(random.randint(1, 3))
    ]


def written(paragraphs: list[list[list[str]]], style: str, newline: str, column: int, blank: str) -> str:
    """Return a document with prose in a style, between other values."""
    if style == "escaped":
        text = "".join(" ".join(line) + "\n" for lines in paragraphs for line in lines)
        return emit({"a": {"text": f"\x07{text}" + "padding " * 10, "b": 1}}).replace("\n", newline)
    lines = f"{newline}{blank}{newline}".join(
        newline.join(" " * column + " ".join(line) for line in paragraph) for paragraph in paragraphs
    )
    if style in {"|", ">", ">-"}:
        lines = style + newline + lines
    else:
        lines = style + lines.lstrip().replace("'", "''" if style == "'" else "'") + style
    return f"a:{newline}  text: {lines}{newline}  b: 1{newline}"


def is_subsequence(lines: list[str], others: list[str]) -> bool:
    rest = iter(others)
    return all(line in rest for line in lines)


@pytest.mark.parametrize("style", ["|", ">", ">-", "", '"', "'", "escaped"])
@given(
    seed=st.integers(0, 2**32),
    newline=st.sampled_from(["\n", "\r\n"]),
    column=st.integers(4, 6),
    blank=st.sampled_from(["", "    "]),
)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_changed_word_changes_its_line_only(style, seed, newline, column, blank):
    random = Random(seed)
    paragraphs = prose(random)
    line = random.choice(random.choice(paragraphs))
    line[random.randint(1, len(line) - 1)] = "ONCE"
    text = written(paragraphs, style, newline, column, blank)
    value = parse_document(text, "f.yaml").value
    new = random.choice(["another", "two words", "NEVER!"])
    wanted = {"a": {**value["a"], "text": value["a"]["text"].replace("ONCE", new)}}

    lines = edited(text, wanted).splitlines()

    assert parse_document("\n".join(lines) + "\n", "f.yaml").value == wanted
    assert is_subsequence([one for one in text.splitlines() if "ONCE" not in one], lines)
    assert len(lines) <= len(text.splitlines()) + 1

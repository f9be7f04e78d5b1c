"""Prose of several lines keeps its lines, except those that change."""

import pytest

from reconciler.manifests.editing import edited
from reconciler.manifests.parsing import parse_document


def changed(text, old, new):
    """Return the removed and the added lines for a replaced word."""
    value = parse_document(text, "f.yaml").value
    assert old in value["text"]
    after = edited(text, {**value, "text": value["text"].replace(old, new)})
    before, lines = text.splitlines(), after.splitlines()
    return [line for line in before if line not in lines], [line for line in lines if line not in before]


@pytest.mark.parametrize(
    "text",
    [
        "text: >\n  one line of text\n  with a word in it\n  and an end\nb: 1\n",
        "text: >-\n  one line of text\n  with a word in it\n\n  and an end\n  here\nb: 1\n",
        "text: >\n  one line of text\n  with a word in it\n\n    - an item\n    - another\n\n  and an end\nb: 1\n",
        "text: one line of text\n  with a word in it\n  and an end # note\nb: 1\n",
        "text: one line of text\n\n\n  with a word in it\n  and an end\nb: 1\n",
        "text: 'one line''s text\n  with a word in it\n  and an end'\nb: 1\n",
        'text: "one line of \\"text\\"\\t\n  with a word in it\n  and an end"\nb: 1\n',
        'text: "one line of text\\n\\\n  with a word in it\n  and \\\n  \\ an end\\n"\nb: 1\n',
        "text: &t >\n  one line of text\n  with a word in it\n  and an end\nb: 1\n",
    ],
)
def test_changed_word_keeps_the_other_lines(text):
    assert changed(text, "a word", "another thing") == (["  with a word in it"], ["  with another thing in it"])


def test_removed_words_keep_the_other_lines():
    text = "text: >\n  one line of text\n  with a word in it\n  and an end\nb: 1\n"
    assert changed(text, "with a word in it ", "") == (["  with a word in it"], [])


def test_new_paragraph_keeps_the_lines_around_it():
    text = "text: >\n  one line of text\n  with a word in it\n  and an end\nb: 1\n"
    assert changed(text, "in it ", "in it\nNew one.\n") == ([], ["", "  New one.", ""])


def test_long_new_line_is_wrapped_and_the_other_lines_stay():
    text = "text: >\n  one line of text\n  with a word in it\n  and an end\nb: 1\n"
    removed, added = changed(text, "a word", " ".join(["many"] * 30))
    assert removed == ["  with a word in it"]
    assert len(added) == 3
    assert max(map(len, added)) <= 62


def test_spaces_in_unchanged_lines_stay():
    text = "text: >\n  one line of text\n\n    \n  with a word in it\n\n  and an end\nb: 1\n"
    assert changed(text, "a word", "an item") == (["  with a word in it"], ["  with an item in it"])


def test_text_that_the_style_cannot_represent_is_written_in_another():
    text = "text: one line of text\n  with a word in it\nb: 1\n"
    assert edited(text, {"text": "one: line", "b": 1}) == 'text: "one: line"\nb: 1\n'

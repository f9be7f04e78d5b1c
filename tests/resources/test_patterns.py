"""Patterns of paths that may match a path inside a folder."""

import re
from fnmatch import translate

import pytest
from hypothesis import given, strategies as st

from reconciler.resources.patterns import matches, may_match_below

NAMES = st.sampled_from(["a", "b", "a.md", "c.txt"])
PARTS = st.sampled_from(["a", "b", "*", "**", "*.md", "[ab]", "?"])


@pytest.mark.parametrize(
    ("folder", "pattern", "expected"),
    [
        ("kb", "kb/*.md", True),
        ("kb/sub", "kb/*.md", False),
        ("kb/sub", "kb/**/*.md", True),
        ("site", "kb/**/*.md", False),
        ("site", "**/*.md", True),
        ("kb.md", "*.md", False),
        ("a/b", "*/b/c/d.md", True),
    ],
)
def test_folder_may_contain_a_match(folder, pattern, expected):
    assert may_match_below(folder, tuple(pattern.split("/"))) is expected


@given(st.lists(NAMES, min_size=2, max_size=5), st.lists(PARTS, min_size=1, max_size=5))
def test_folders_around_a_match_may_contain_it(names, pattern):
    if matches("/".join(names), tuple(pattern)):
        for length in range(1, len(names)):
            assert may_match_below("/".join(names[:length]), tuple(pattern))


@given(st.text("ab.]!\n\\", max_size=4), st.text("ab.]!\n\\*?[", max_size=4))
def test_name_matches_a_part_as_in_a_shell(name, part):
    if part != "**":
        assert matches(name, (part,)) == (re.match(translate(part), name) is not None)

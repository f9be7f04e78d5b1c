import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from reconciler.files.folders import leads_out, visible_files

NAMES = st.sampled_from(["a", "b", "c"])
TARGETS = st.sampled_from([".", "..", "../outside", "../folder", "../folder/a", "a", "b", "c/a", "missing", "/"])
ENTRIES = st.dictionaries(st.lists(NAMES, min_size=1, max_size=3).map("/".join), st.none() | TARGETS, max_size=6)


def make(folder: Path, entries: dict[str, str | None]) -> None:
    """Make a folder at each path, or a link to the target; paths that an earlier entry prevents are left out."""
    for path, target in entries.items():
        at = folder / path
        try:
            at.parent.mkdir(parents=True, exist_ok=True)
            at.symlink_to(target) if target else at.mkdir()
        except OSError:
            continue


@settings(max_examples=200, deadline=None)
@given(ENTRIES, st.lists(NAMES, min_size=1, max_size=4).map("/".join), st.booleans())
def test_links_are_found_as_by_resolving_every_path(entries, path, is_link):
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "folder")
        folder.mkdir()
        Path(scratch, "outside").mkdir()
        make(folder, entries)
        if is_link:
            folder = Path(scratch, "link")
            folder.symlink_to("folder")
        real, inside = os.path.realpath(folder / path), os.path.realpath(folder)  # of a loop, no error
        assert leads_out(folder, path) != Path(real).is_relative_to(inside)


@pytest.mark.parametrize("hidden_folders", [False, True])
def test_visible_files_are_relative_to_the_folder(tmp_path, monkeypatch, hidden_folders):
    for path in ("one.json", "a/two.json", "a/b/three.json", ".draft", "a/.draft", ".hidden/four.json"):
        (tmp_path / "folder" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "folder" / path).touch()
    expected = {"one.json", "a/two.json", "a/b/three.json", *([".hidden/four.json"] if hidden_folders else [])}
    monkeypatch.chdir(tmp_path / "folder")
    for folder in (tmp_path / "folder", Path(), Path("../folder"), Path(os.fspath(tmp_path) + "/./folder/")):
        found = list(visible_files(folder, lambda _error: None, hidden_folders=hidden_folders))
        assert sorted(found) == sorted(expected)


def test_a_missing_folder_is_an_error_of_the_caller(tmp_path):
    errors: list[OSError] = []
    assert list(visible_files(tmp_path / "missing", errors.append, hidden_folders=False)) == []
    assert [type(error) for error in errors] == [FileNotFoundError]

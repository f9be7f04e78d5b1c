from pathlib import Path

import pytest

from reconciler.manifests import find_project
from reconciler.manifests.folder import repository_of
from reconciler.resources.problems import ReconcilerError


def test_find_project_searches_upwards_then_in_manifests(make_folder):
    upwards, below = make_folder("up"), make_folder("below")
    inner = upwards.write("a/b/c.md", "").parent
    assert find_project(inner) == upwards.root
    (below.root / "project.yaml").rename(below.write("manifests/x", "").with_name("project.yaml"))
    assert find_project(below.root) == below.root / "manifests"


def test_find_project_does_not_search_above_the_repository(make_folder, tmp_path):
    outer = make_folder("outer")
    (outer.root / "inner" / ".git").mkdir(parents=True)
    with pytest.raises(ReconcilerError, match="-C"):
        find_project(outer.root / "inner")


def test_repository_of_returns_the_closest_repository_above(folder, tmp_path):
    (folder.root / "a" / "b").mkdir(parents=True)
    assert repository_of(folder.root / "a" / "b") == folder.root
    assert repository_of(tmp_path) == tmp_path


def test_find_project_resolves_a_relative_path(tmp_path, monkeypatch):
    for name in ("mine", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "project.yaml").touch()
    monkeypatch.chdir(tmp_path / "mine")
    assert find_project(Path("../other")) == (tmp_path / "other").resolve()

import os
import socket
from pathlib import Path

import pytest

from reconciler.manifests import find_project
from reconciler.manifests.folder import repository_of, walk
from reconciler.resources.problems import ReconcilerError


def faults(folder):
    return [(fault.path, fault.code) for fault in walk(folder.root).faults]


def test_hidden_files_and_folders_are_left_out(folder):
    for path in ("a.yaml", "b/c.yml", "b/c.md", ".reconciler/state.yaml", ".github/x.yaml", "b/.hidden.yaml"):
        folder.write(path, "")
    tree = walk(folder.root)
    assert tree.files == ["a.yaml", "b/c.md", "b/c.yml", "project.yaml"]
    assert tree.manifests() == ["a.yaml", "b/c.yml", "project.yaml"]


def test_files_below_a_folder(folder):
    for path in ("kb/a.md", "kb/b/c.md", "kb-old/d.md", "kb.md"):
        folder.write(path, "")
    tree = walk(folder.root)
    assert list(tree.under("kb")) == ["kb/a.md", "kb/b/c.md"]
    assert tree.has("kb.md")
    assert not tree.has("kb")
    assert not tree.has("zz")


def test_links_inside_the_project_are_files_but_a_manifest_is_read_once(folder):
    folder.bot(path="bots/a.yaml")
    folder.write("kb/a.md", "text")
    (folder.root / "again.yaml").symlink_to("bots/a.yaml")
    (folder.root / "b.md").symlink_to("kb/a.md")
    (folder.root / "folder").symlink_to("kb")
    assert walk(folder.root).files == ["b.md", "bots/a.yaml", "kb/a.md", "project.yaml"]
    assert folder.codes() == []


def test_links_out_of_the_project_are_faults(folder, tmp_path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "x.yaml").write_text("secret: 1")
    (folder.root / "x.yaml").symlink_to(tmp_path / "outside" / "x.yaml")
    (folder.root / "linked").symlink_to(tmp_path / "outside")
    assert sorted(faults(folder)) == [("linked", "outside-project"), ("x.yaml", "outside-project")]


def test_links_in_circles_end(folder):
    (folder.root / "a.yaml").symlink_to("b.yaml")
    (folder.root / "b.yaml").symlink_to("a.yaml")
    folder.write("sub/x.md", "")
    (folder.root / "sub" / "up").symlink_to("..")
    (folder.root / "gone.yaml").symlink_to("nowhere")
    assert sorted(faults(folder)) == [(f"{name}.yaml", "missing-file") for name in ("a", "b", "gone")]


def test_a_manifest_is_a_file(folder, tmp_path):
    (folder.root / "dir.yaml").mkdir()
    os.mkfifo(folder.root / "pipe.yaml")
    with socket.socket(socket.AF_UNIX) as listener:
        os.chdir(folder.root)
        listener.bind("socket.yaml")
        os.chdir(tmp_path)
    assert sorted(faults(folder)) == [(f"{name}.yaml", "not-a-file") for name in ("dir", "pipe", "socket")]


def test_names_that_no_message_can_show_are_faults(folder):
    (folder.root / "a\nb.yaml").touch()
    (folder.root / os.fsdecode(b"\xff.yaml")).touch()
    assert sorted(faults(folder)) == [("\\udcff.yaml", "bad-path"), ("a\\nb.yaml", "bad-path")]


def test_an_unreadable_folder_is_a_fault(folder, tmp_path):
    assert [fault.code for fault in walk(tmp_path / "nowhere").faults] == ["unreadable-file"]


def test_the_walk_is_bounded(folder, monkeypatch):
    monkeypatch.setattr("reconciler.manifests.folder.MAX_ENTRIES", 3)
    for index in range(5):
        folder.write(f"{index}.md", "")
    assert faults(folder) == [("", "too-large")]


def test_a_project_is_found_upwards_then_in_manifests(make_folder):
    upwards, below = make_folder("up"), make_folder("below")
    inner = upwards.write("a/b/c.md", "").parent
    assert find_project(inner) == upwards.root
    (below.root / "project.yaml").rename(below.write("manifests/x", "").with_name("project.yaml"))
    assert find_project(below.root) == below.root / "manifests"


def test_a_project_is_not_looked_for_above_the_repository(make_folder, tmp_path):
    outer = make_folder("outer")
    (outer.root / "inner" / ".git").mkdir(parents=True)
    with pytest.raises(ReconcilerError, match="-C"):
        find_project(outer.root / "inner")


def test_the_repository_is_the_closest_one_upwards(folder, tmp_path):
    (folder.root / "a" / "b").mkdir(parents=True)
    assert repository_of(folder.root / "a" / "b") == folder.root
    assert repository_of(tmp_path) == tmp_path


def test_a_way_up_and_down_again_leads_to_the_folder_that_it_means(tmp_path, monkeypatch):
    for name in ("mine", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "project.yaml").touch()
    monkeypatch.chdir(tmp_path / "mine")
    assert find_project(Path("../other")) == (tmp_path / "other").resolve()

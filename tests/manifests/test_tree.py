import os
import socket

import pytest

from reconciler.manifests.folder import UnreadableError, locate
from reconciler.manifests.tree import Tree, walk


def unreadable(folder):
    return [(entry.path, entry.code) for entry in walk(folder.root).unreadable]


def test_walk_skips_hidden_files_and_folders(folder):
    for path in ("a.yaml", "b/c.yml", "b/c.md", ".reconciler/state.yaml", ".github/x.yaml", "b/.hidden.yaml"):
        folder.write(path, "")
    tree = walk(folder.root)
    assert tree.files == ["a.yaml", "b/c.md", "b/c.yml", "project.yaml"]
    assert tree.manifests() == ["a.yaml", "b/c.yml", "project.yaml"]


def test_under_returns_the_files_below_a_folder(folder):
    for path in ("kb/a.md", "kb/b/c.md", "kb-old/d.md", "kb.md"):
        folder.write(path, "")
    tree = walk(folder.root)
    assert list(tree.under("kb")) == ["kb/a.md", "kb/b/c.md"]
    assert tree.has("kb.md")
    assert not tree.has("kb")
    assert not tree.has("zz")


def test_link_inside_the_project_is_a_file_unless_its_manifest_is_already_found(folder):
    folder.bot(path="bots/a.yaml")
    folder.write("kb/a.md", "text")
    (folder.root / "again.yaml").symlink_to("bots/a.yaml")
    (folder.root / "b.md").symlink_to("kb/a.md")
    (folder.root / "folder").symlink_to("kb")
    assert walk(folder.root).files == ["b.md", "bots/a.yaml", "kb/a.md", "project.yaml"]
    (problem,) = folder.load().problems
    assert (problem.severity, problem.code, str(problem.place)) == ("warning", "linked-folder", "folder:1:1")


def test_link_out_of_the_project_is_unreadable(folder, tmp_path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "x.yaml").write_text("secret: 1")
    (folder.root / "x.yaml").symlink_to(tmp_path / "outside" / "x.yaml")
    (folder.root / "linked").symlink_to(tmp_path / "outside")
    assert sorted(unreadable(folder)) == [("linked", "outside-project"), ("x.yaml", "outside-project")]


def test_circular_links_are_unreadable(folder):
    (folder.root / "a.yaml").symlink_to("b.yaml")
    (folder.root / "b.yaml").symlink_to("a.yaml")
    folder.write("sub/x.md", "")
    (folder.root / "sub" / "up").symlink_to("..")
    (folder.root / "gone.yaml").symlink_to("nowhere")
    assert sorted(unreadable(folder)) == [(f"{name}.yaml", "missing-file") for name in ("a", "b", "gone")]


def test_folder_or_pipe_with_the_name_of_a_manifest_is_unreadable(folder, tmp_path):
    (folder.root / "dir.yaml").mkdir()
    os.mkfifo(folder.root / "pipe.yaml")
    with socket.socket(socket.AF_UNIX) as listener:
        os.chdir(folder.root)
        listener.bind("socket.yaml")
        os.chdir(tmp_path)
    assert sorted(unreadable(folder)) == [(f"{name}.yaml", "not-a-file") for name in ("dir", "pipe", "socket")]


def test_name_with_control_characters_is_unreadable(folder):
    (folder.root / "a\nb.yaml").touch()
    (folder.root / os.fsdecode(b"\xff.yaml")).touch()
    assert sorted(unreadable(folder)) == [("\\udcff.yaml", "bad-path"), ("a\\nb.yaml", "bad-path")]


def test_names_in_another_unicode_form_are_composed(folder):
    folder.write("kb/gro\u0308sse/u\u0308.md", "text")
    folder.write("pro\u0308mpt.md", "Hello.")
    folder.bot("{target: cloud, instructions: {$file: pr\u00f6mpt.md}}")
    assert walk(folder.root).files == ["bot.yaml", "kb/gr\u00f6sse/\u00fc.md", "project.yaml", "pr\u00f6mpt.md"]
    assert folder.spec().instructions == "Hello."


def test_two_names_that_differ_only_in_their_unicode_form_are_unreadable(folder):
    folder.write("kb/u\u0308.md", "one")
    folder.write("kb/\u00fc.md", "two")
    (problem,) = folder.load().problems
    assert (problem.code, problem.severity) == ("bad-path", "error")
    assert "kb/u\\u0308.md looks the same as kb/\\xfc.md" in problem.message


def test_missing_folder_is_unreadable(folder, tmp_path):
    assert [entry.code for entry in walk(tmp_path / "nowhere").unreadable] == ["unreadable-file"]


def test_walk_stops_at_the_largest_number_of_entries(folder, monkeypatch):
    monkeypatch.setattr("reconciler.manifests.tree.MAX_ENTRIES", 3)
    for index in range(5):
        folder.write(f"{index}.md", "")
    assert unreadable(folder) == [("", "too-large")]


def located(tree: Tree, path: str) -> tuple[str, str]:
    """Return the real path or the code of the reason that there is none, as the tree and as the folder has it."""
    found = []
    for find in (tree.locate, lambda path: locate(tree.root, path)):
        try:
            found.append(str(find(path)))
        except UnreadableError as error:
            found.append(error.code)
    return found[0], found[1]


class TestLocate:
    @pytest.mark.parametrize(
        "path",
        [
            *("a.yaml", "b/c.md", "b/größe.md", "inside.md", "b/up.yaml", "linked/c.md", "linked", "outside.md"),
            *("away/secret.md", "hidden.md", ".env", "b/.hidden.md", "b", "b/../a.yaml", "../secret.md", "/etc/hosts"),
            *("missing.md", "", "a.yaml/", "b//c.md", "loop.md"),
        ],
    )
    def test_tree_locates_every_path_as_the_folder_does(self, folder, tmp_path, path):
        for name in ("a.yaml", "b/c.md", "b/gro\u0308ße.md", "b/.hidden.md", ".env"):
            folder.write(name, "text")
        (tmp_path / "secret.md").write_text("secret")
        for link, target in [
            *(("inside.md", "b/c.md"), ("b/up.yaml", "../a.yaml"), ("linked", "b"), ("hidden.md", ".env")),
            *(("outside.md", str(tmp_path / "secret.md")), ("away", str(tmp_path)), ("loop.md", "loop.md")),
        ]:
            (folder.root / link).symlink_to(target)
        found, expected = located(walk(folder.root), path)
        assert found == expected

    def test_project_folder_may_be_a_link(self, folder, tmp_path):
        folder.write("a.yaml", "")
        (tmp_path / "again").symlink_to(folder.root)
        tree = walk(tmp_path / "again")
        assert tree.locate("a.yaml") == os.path.realpath(folder.root / "a.yaml")

    def test_file_that_became_a_link_since_the_walk_cannot_leave_the_folder(self, folder, tmp_path):
        folder.write("a.yaml", "")
        tree = walk(folder.root)
        (tmp_path / "secret").write_text("secret")
        (folder.root / "a.yaml").unlink()
        (folder.root / "a.yaml").symlink_to(tmp_path / "secret")
        with pytest.raises(UnreadableError, match="is outside the project folder"):
            tree.locate("a.yaml")

    def test_links_are_resolved_for_links_only(self, folder, monkeypatch):
        for number in range(50):
            folder.write(f"bots/{number}.yaml", "")
        (folder.root / "link.md").symlink_to("bots/1.yaml")
        resolved: list[str] = []
        real = os.path.realpath

        def counting(path: str) -> str:
            resolved.append(path)
            return real(path)

        monkeypatch.setattr("os.path.realpath", counting)
        tree = walk(folder.root)
        for path in tree.files:
            tree.locate(path)
        assert len(resolved) < 10

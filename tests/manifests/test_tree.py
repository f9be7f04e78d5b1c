import os
import socket

from reconciler.manifests.tree import walk


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

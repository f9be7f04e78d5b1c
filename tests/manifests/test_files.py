import hashlib
import os
import time

import pytest

from reconciler.manifests.files import Files, PathHints
from reconciler.manifests.tree import walk
from reconciler.resources.base import LocalFile
from reconciler.resources.problems import Finding

LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"


def files_of(folder):
    tree = walk(folder.root)
    return Files(tree, PathHints(tree))


@pytest.fixture
def files(folder):
    for path in ("kb/a.md", "kb/b.txt", "kb/deep/c.md", "kb/deep/er/d.md", "kb/.hidden.md", "other/a.md", "kb/x[1].md"):
        folder.write(path, path)
    return files_of(folder)


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("kb/*.md", ["kb/a.md", "kb/x[1].md"]),
        ("kb/**", ["kb/a.md", "kb/b.txt", "kb/deep/c.md", "kb/deep/er/d.md", "kb/x[1].md"]),
        ("kb/**/*.md", ["kb/a.md", "kb/deep/c.md", "kb/deep/er/d.md", "kb/x[1].md"]),
        ("kb/**/**/d.md", ["kb/deep/er/d.md"]),
        ("**/a.md", ["kb/a.md", "other/a.md"]),
        ("kb/*/c.md", ["kb/deep/c.md"]),
        ("kb/[ab].*", ["kb/a.md", "kb/b.txt"]),
        ("kb/?.md", ["kb/a.md"]),
        ("kb/a.md", ["kb/a.md"]),
        ("./kb/a.md", ["kb/a.md"]),
        ("*.md", []),
        ("kb", []),
        ("kb/A.md", []),
        ("../**", []),
        ("/etc/*", []),
        ("kb/.*", []),
        ("", []),
    ],
)
def test_glob_returns_matching_paths(files, pattern, found):
    assert files.glob(pattern) == found


def test_glob_with_many_wildcards_is_fast(folder):
    folder.write("/".join(["a" * 100] * 20).lstrip("/") + "/x.md", "")
    started = time.monotonic()
    assert files_of(folder).glob("**/" * 50 + "*a" * 60 + "b") == []
    assert time.monotonic() - started < 2


def test_read_returns_hash_and_size(folder, files):
    expected = LocalFile("kb/a.md", hashlib.sha256(b"kb/a.md").hexdigest(), 7)
    assert files.read("kb/a.md") == expected
    folder.write("kb/a.md", "changed")
    os.utime(folder.root / "kb/a.md", ns=(1, 1))
    assert files.read("kb/a.md") == LocalFile("kb/a.md", hashlib.sha256(b"changed").hexdigest(), 7)


@pytest.mark.parametrize(
    ("content", "is_text"),
    [
        (b"", True),
        ("Gr\u00fc\u00dfe".encode(), True),
        ("Gr\u00fc\u00dfe".encode("utf-16"), True),
        ("Gr\u00fc\u00dfe".encode("latin-1"), False),
        (b"x" * (1 << 18) + "\u00fc".encode(), True),
        (b"x" * ((1 << 18) - 1) + "\u00fc".encode(), True),
        (b"x" * (1 << 18) + "\u00fc".encode()[:1], False),
    ],
    ids=["empty", "utf-8", "utf-16", "latin-1", "second chunk", "between chunks", "cut off"],
)
def test_read_recognises_text(folder, files, content, is_text):
    folder.write("kb/b.md", "")
    (folder.root / "kb/b.md").write_bytes(content)
    found = files.read("kb/b.md")
    assert (found.is_text, found.sha256) == (is_text, hashlib.sha256(content).hexdigest())


def test_read_names_the_target_of_a_link(folder):
    folder.write("kb/a.md", "a")
    (folder.root / "kb/link.md").symlink_to("a.md")
    files = files_of(folder)
    found = {path: files.read(path) for path in files.glob("kb/*")}
    assert {path: one.target for path, one in found.items() if isinstance(one, LocalFile)} == {
        "kb/a.md": "",
        "kb/link.md": "kb/a.md",
    }


def test_text_returns_the_text_or_a_finding(folder, files):
    folder.write("kb/a.md", "Gr\u00fc\u00dfe")
    assert files.text("kb/a.md") == "Gr\u00fc\u00dfe"
    (folder.root / "kb/b.txt").write_bytes(b"\xff")
    findings = [files.text(path) for path in ("kb/b.txt", "kb/missing.md", "../a.md")]
    assert [one.code for one in findings if isinstance(one, Finding)] == ["not-utf-8", "missing-file", "bad-path"]


def test_unchanged_file_is_hashed_once(folder, files, monkeypatch):
    files.read("kb/a.md")
    monkeypatch.setattr(hashlib, "sha256", lambda *_: pytest.fail("read again"))
    assert isinstance(files.read("kb/a.md"), LocalFile)


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("kb/none.md", "missing-file"), ("kb", "not-a-file"), ("pointer.bin", "lfs-pointer"),
        ("pipe", "not-a-file"), ("/etc/passwd", "bad-path"),
        ("../secret", "bad-path"), ("kb/../kb/a.md", "bad-path"), ("./kb/a.md", "bad-path"),
        ("", "bad-path"), ("a\0b", "bad-path"), ("link", "outside-project"), (".git/config", "hidden-file"),
        ("innocent", "hidden-file"), ("x" * 5000, "unreadable-file"),
    ],
    ids=lambda value: value[:20],
)  # fmt: skip
def test_read_of_an_unreadable_file_returns_a_finding(folder, files, path, code):
    folder.write("pointer.bin", LFS)
    folder.write(".git/config", "token")
    os.mkfifo(folder.root / "pipe")
    (folder.root / "link").symlink_to("/etc/passwd")
    (folder.root / "innocent").symlink_to(".git/config")
    found = files.read(path)
    assert isinstance(found, Finding)
    assert found.code == code


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("../kb/a.md", "paths are relative to the project folder: write `kb/a.md`"),
        ("manifests/kb/deep/c.md", "paths are relative to the project folder: write `kb/deep/c.md`"),
        ("/kb/b.txt", "paths are relative to the project folder: write `kb/b.txt`"),
        ("./kb/b.txt", "paths are relative to the project folder: write `kb/b.txt`"),
        ("kb/c.md", "did you mean `kb/deep/c.md`?"),
        ("docs/a.md", "did you mean `kb/a.md` or `other/a.md`?"),
        ("kb/deep/cc.md", "did you mean `kb/deep/c.md`"),
        ("q", ""),
        ("../q", "write it without"),
    ],
)
def test_missing_path_gets_a_hint_with_the_intended_file(files, path, hint):
    found = files.read(path)
    assert isinstance(found, Finding)
    assert found.hint.startswith(hint) if hint else not found.hint

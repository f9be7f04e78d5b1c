"""The commit, changed files, blobs and releases of a working tree."""

import os
from pathlib import Path

import pytest

from reconciler.git import command
from reconciler.git.worktree import Worktree, worktree
from tests.support.state_repositories import ENVIRON, bare_layout, git


@pytest.fixture
def top(tmp_path, monkeypatch):
    """A repository with one commit of a project in `bots`."""
    for name in ("GIT_CONFIG_NOSYSTEM", "GIT_CONFIG_GLOBAL"):
        monkeypatch.setenv(name, ENVIRON[name])
    top = tmp_path / "acme"
    (top / "bots" / "kb").mkdir(parents=True)
    git(top, "init", "--quiet", "--initial-branch=main")
    (top / "bots" / "project.yaml").write_text("kind: Project\n")
    (top / "bots" / "kb" / "one.md").write_text("one\n")
    (top / "bots" / "link").symlink_to("kb/one.md")
    git(top, "add", ".")
    git(top, "commit", "--quiet", "-m", "first")
    return top


def found(top: Path) -> Worktree:
    tree = worktree(top / "bots")
    assert tree is not None
    return tree


def aged(top: Path) -> None:
    """Give every file another time, as a copy of a clone has."""
    for file in top.rglob("*"):
        if ".git" not in file.parts:
            os.utime(file, (1, 1), follow_symlinks=False)


class TestCommit:
    def test_a_clean_tree(self, top):
        assert found(top).commit() == git(top, "rev-parse", "HEAD")

    def test_files_with_other_times_are_no_change(self, top):
        aged(top)
        assert found(top).commit() == git(top, "rev-parse", "HEAD")

    @pytest.mark.parametrize(
        "change",
        [
            pytest.param(lambda bots: (bots / "kb/one.md").write_text("two\n"), id="edited"),
            pytest.param(lambda bots: (bots / "kb/one.md").unlink(), id="deleted"),
            pytest.param(lambda bots: (bots / "kb/one.md").chmod(0o755), id="executable"),
            pytest.param(
                lambda bots: ((bots / "link").unlink(), (bots / "link").symlink_to("kb")), id="link to another file"
            ),
            pytest.param(lambda bots: ((bots / "link").unlink(), (bots / "link").write_text("kb")), id="link to file"),
            pytest.param(
                lambda bots: ((bots / "new.md").write_text("new\n"), git(bots, "add", "new.md")),
                id="added",
            ),
        ],
    )
    def test_a_changed_tracked_file_makes_it_dirty(self, top, change):
        change(top / "bots")
        assert found(top).commit() == f"{git(top, 'rev-parse', 'HEAD')}-dirty"

    def test_an_untracked_file_does_not(self, top):
        (top / "bots" / "new.md").write_text("new\n")
        assert found(top).commit() == git(top, "rev-parse", "HEAD")

    @pytest.mark.parametrize(("used", "suffix"), [("kb/new.md", "-dirty"), ("kb/one.md", ""), ("kb/gone.md", "")])
    def test_an_untracked_file_makes_it_dirty_if_it_is_used(self, top, used, suffix):
        (top / "bots/kb/new.md").write_text("new\n")
        assert found(top).commit([used]) == f"{git(top, 'rev-parse', 'HEAD')}{suffix}"

    def test_a_tracked_file_behind_a_tracked_link_is_not_untracked(self, top):
        (top / "bots/folder").symlink_to("kb")
        git(top, "add", ".")
        git(top, "commit", "--quiet", "-m", "link")
        assert found(top).commit(["folder/one.md"]) == git(top, "rev-parse", "HEAD")

    def test_none_before_the_first_commit(self, tmp_path):
        (tmp_path / "bots").mkdir()
        git(tmp_path, "init", "--quiet")
        assert found(tmp_path).commit() is None

    def test_files_with_converted_line_endings_are_no_change(self, top):
        (top / ".gitattributes").write_text("*.md text eol=crlf\n")
        git(top, "add", ".")
        git(top, "commit", "--quiet", "-m", "line endings")
        (top / "bots/kb/one.md").write_bytes(b"one\r\n")
        aged(top)
        assert found(top).commit() == git(top, "rev-parse", "HEAD")

    def test_files_of_lfs_are_compared_by_their_pointers(self, top):
        """The filter, which writes a pointer, is not run to tell."""
        pointer = 'printf "version https://git-lfs.github.com/spec/v1\\noid sha256:%s\\nsize %s\\n"'
        script = f"""cat > ../content; {pointer} $(sha256sum ../content | cut -c -64) $(wc -c < ../content)"""
        git(top, "config", "filter.lfs.clean", script)
        (top / ".gitattributes").write_text("*.pdf filter=lfs\n")
        (top / "bots/hours.pdf").write_bytes(b"%PDF\n")
        git(top, "add", ".")
        git(top, "commit", "--quiet", "-m", "with a large file")
        assert "oid sha256:" in git(top, "show", "HEAD:bots/hours.pdf")
        aged(top)
        (top.parent / "content").unlink()

        assert found(top).commit() == git(top, "rev-parse", "HEAD")
        (top / "bots/hours.pdf").write_bytes(b"%PDF 2\n")
        assert found(top).commit() == f"{git(top, 'rev-parse', 'HEAD')}-dirty"
        assert not (top.parent / "content").exists()

    def test_a_linked_worktree(self, top):
        git(top, "worktree", "add", "--quiet", "-b", "other", "../linked")
        assert found(top.parent / "linked").commit() == git(top, "rev-parse", "HEAD")

    def test_a_submodule(self, top):
        git(top.parent, "init", "--quiet", "outer")
        outer = top.parent / "outer"
        git(outer, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(top), "module")
        assert found(outer / "module").commit() == git(top, "rev-parse", "HEAD")


class TestBlobs:
    def test_files_as_git_has_them(self, top):
        assert found(top).blobs({"kb/one.md": "kb/one.md"}) == {
            "kb/one.md": git(top, "rev-parse", "HEAD:bots/kb/one.md")
        }

    @pytest.mark.parametrize("name", ['"one".md', "a\nb.md", 'x"y.md', "\\.md", "ü.md", " .md"])
    def test_names_that_git_would_quote(self, top, name):
        (top / "bots" / name).write_text("one\n")
        git(top, "add", ".")
        assert found(top).blobs({name: name}) == {name: git(top, "rev-parse", "HEAD:bots/kb/one.md")}

    def test_a_blob_of_a_partial_clone_is_not_fetched(self, top):
        git(top, "config", "uploadpack.allowFilter", "true")
        git(top.parent, "clone", "--quiet", "--filter=blob:none", "--no-checkout", top.as_uri(), "partial")
        partial = top.parent / "partial"
        (partial / "bots").mkdir()
        blob = git(top, "rev-parse", "HEAD:bots/kb/one.md")

        assert found(top).blob(blob) == b"one\n"
        assert found(partial).blob(blob) is None


class TestHostile:
    """No repository that a pull request can make runs a program, and none is taken for the repository."""

    MARK = "pwned"

    def plan_like(self, top: Path) -> str | None:
        tree = found(top)
        commit = tree.commit()
        tree.blobs({"kb/one.md": "kb/one.md"})
        tree.releases("helper")
        return commit

    @pytest.mark.parametrize("folder", [".", "bots", "bots/kb", "bots/releases"])
    def test_a_bare_layout_in_any_folder(self, top, folder):
        bare_layout(top / folder, f"touch {top.parent / self.MARK}; false")
        git_folder = git_config_value(top)

        assert self.plan_like(top) == git(top, "rev-parse", "HEAD")
        assert not (top.parent / self.MARK).exists()
        assert git_config_value(top) == git_folder

    def test_a_bare_layout_without_a_repository_around_it(self, tmp_path):
        bare_layout(tmp_path / "bots", "false")

        assert worktree(tmp_path / "bots") is None

    def test_attributes_name_no_program(self, top):
        """The programs are in the configuration of the user. The tree chooses files for them."""
        mark = top.parent / self.MARK
        for key in ("filter.x.clean", "filter.x.smudge", "filter.x.process", "diff.x.textconv", "diff.x.command"):
            git(top, "config", key, f"touch {mark}; cat")
        (top / ".gitattributes").write_text("* filter=x diff=x\n")
        aged(top)
        (top / "bots/kb/one.md").write_text("two\n")

        assert str(self.plan_like(top)).endswith("-dirty")
        assert not mark.exists()

    def test_submodules_are_not_entered(self, top):
        """Git would run `git status` in them, with the configuration of each."""
        mark = top.parent / self.MARK
        inner = top / "bots" / "module"
        git(top, "init", "--quiet", str(inner))
        git(inner, "commit", "--quiet", "--allow-empty", "-m", "inner")
        git(top, "add", "bots/module")
        git(top, "commit", "--quiet", "-m", "with a module")
        git(inner, "config", "core.fsmonitor", f"touch {mark}; false")
        (top / ".gitmodules").write_text(
            f'[submodule "m"]\n\tpath = bots/module\n\turl = "ext::sh -c touch% {mark}"\n\tupdate = "!touch {mark}"\n'
        )

        self.plan_like(top)
        assert not mark.exists()

    def test_hooks_are_not_run(self, top):
        mark = top.parent / self.MARK
        for name in ("post-index-change", "reference-transaction", "post-checkout", "fsmonitor-watchman"):
            hook = top / ".git" / "hooks" / name
            hook.write_text(f"#!/bin/sh\ntouch {mark}\n")
            hook.chmod(0o755)
        aged(top)

        self.plan_like(top)
        assert not mark.exists()

    def test_a_checkout_of_somebody_else_is_read_only_if_the_user_trusts_it(self, top, monkeypatch):
        """The ownership check of Git stays in force: https://git-scm.com/docs/git-config, safe.directory."""
        variable = "GIT_TEST_ASSUME_DIFFERENT_OWNER"  # with it, Git takes every file for that of another user
        monkeypatch.setattr(command, "_FIXED", {**command._FIXED, variable: "1"})
        assert found(top).commit() is None

        pair = {"GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": str(top)}
        for name, value in {**pair, "GIT_CONFIG_COUNT": "1"}.items():
            monkeypatch.setenv(name, value)
        assert found(top).commit() == git(top, "rev-parse", "HEAD")


def git_config_value(top: Path) -> bytes:
    """Return the configuration of the repository, which no test may change."""
    return (top / ".git" / "config").read_bytes()


def test_times_of_the_commits_that_added_files_are_found_by_path(top, monkeypatch):
    monkeypatch.setitem(ENVIRON, "GIT_COMMITTER_DATE", "2026-10-02T10:00:00+00:00")
    (top / "bots" / "releases" / "help desk").mkdir(parents=True)
    file = top / "bots" / "releases" / "help desk" / "v1.yaml"
    file.write_text("a: 1\n")
    git(top, "add", ".")
    git(top, "commit", "--quiet", "-m", "release")
    monkeypatch.setitem(ENVIRON, "GIT_COMMITTER_DATE", "2026-11-02T10:00:00+00:00")
    file.write_text("a: 2\n")
    git(top, "commit", "--quiet", "-am", "archive it")
    times = {path: at[:19] for path, at in found(top).added("releases").items()}
    assert times == {"bots/releases/help desk/v1.yaml": "2026-10-02T10:00:00"}

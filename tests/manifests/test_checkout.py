"""Files that Git has and the working tree does not have, and entries of the folder that are not read."""

import os
import subprocess
from pathlib import Path

import pytest

from reconciler.git import command, worktree
from reconciler.manifests import load

STORE = "apiVersion: reconciler/v1\nkind: VectorStore\nmetadata: {name: docs}\nspec: {files: ['kb/**/*.md']}\n"
ASSISTANT = (
    "apiVersion: reconciler/v1\nkind: Assistant\nmetadata: {name: triage}\n"
    "spec: {target: responses, model: gpt-6-luna, instructions: {$file: prompts/triage.txt}}\n"
)
READER = (
    "apiVersion: reconciler/v1\nkind: Assistant\nmetadata: {name: reader}\n"
    "spec: {target: responses, model: gpt-6-luna, tools: [{type: file_search, vector_store_ids: [more]}]}\n"
)
FILES = {
    "stores/docs.yaml": STORE,
    "bots/triage.yaml": ASSISTANT,
    "prompts/triage.txt": "Hello.",
    "kb/a.md": "A",
    "kb/more/b.md": "B",
    "site/c.txt": "C",
}


class Checkout:
    """A project in a Git repository."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def git(self, *words: str) -> str:
        settings = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "protocol.file.allow=always")
        command = ["git", "-C", str(self.root), *settings, *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def commit(self) -> None:
        self.git("add", "-A")
        self.git("commit", "--quiet", "-m", "all")

    def write(self, path: str, text: str) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text, encoding="utf-8")

    def problems(self) -> list[tuple[str, str, str]]:
        found = load(self.root, env=None).problems
        return [(one.severity, one.code, one.place.file if one.place else "") for one in found]


@pytest.fixture
def checkout(make_folder) -> Checkout:
    made = Checkout(make_folder("checkout").root)
    (made.root / ".git").rmdir()
    for path, text in FILES.items():
        made.write(path, text)
    made.git("init", "--quiet", "-b", "main")
    made.commit()
    assert made.problems() == []
    return made


@pytest.fixture
def with_submodule(checkout: Checkout, tmp_path: Path):
    """Return a function that adds a submodule without its content, as `git clone` leaves it."""

    def add(path: str) -> None:
        other = Checkout(tmp_path / "other")
        other.write("m.md", "M")
        other.git("init", "--quiet")
        other.commit()
        checkout.git("submodule", "--quiet", "add", str(other.root), path)
        checkout.commit()
        checkout.git("submodule", "--quiet", "deinit", "-f", path)

    return add


@pytest.mark.parametrize(
    ("left_out", "code", "place"),
    [
        ("kb/more", "not-checked-out", "stores/docs.yaml"),
        ("kb", "not-checked-out", "stores/docs.yaml"),
        ("bots", "not-checked-out", "bots/triage.yaml"),
        ("stores/docs.yaml", "not-checked-out", "stores/docs.yaml"),
        ("prompts", "missing-file", "bots/triage.yaml"),
    ],
)
def test_file_that_a_sparse_checkout_leaves_out_is_an_error_where_it_is_used(checkout, left_out, code, place):
    checkout.git("sparse-checkout", "set", "--no-cone", "/*", f"!/{left_out}")
    assert set(checkout.problems()) == {("error", code, place)}
    (problem, *_) = load(checkout.root, env=None).problems
    assert "git sparse-checkout add" in problem.hint


def test_sparse_checkout_of_paths_that_are_not_used_is_ignored(checkout):
    checkout.git("sparse-checkout", "set", "--no-cone", "/*", "!/site")
    assert not (checkout.root / "site").exists()
    assert checkout.problems() == []


def test_sparse_index_lists_the_files_that_it_collapses(checkout):
    checkout.git("sparse-checkout", "set", "--sparse-index", "stores", "bots", "prompts")
    assert set(checkout.problems()) == {("error", "not-checked-out", "stores/docs.yaml")}


def test_only_some_of_many_files_that_are_left_out_are_reported(checkout):
    for number in range(20):
        checkout.write(f"kb/many/{number}.md", str(number))
    checkout.commit()
    checkout.git("sparse-checkout", "set", "--no-cone", "/*", "!/kb/many")
    assert checkout.problems() == [("error", "not-checked-out", "stores/docs.yaml")] * 3


def test_deleted_file_is_an_edit_before_and_after_the_commit(checkout):
    (checkout.root / "kb/more/b.md").unlink()
    (checkout.root / "bots/triage.yaml").unlink()
    assert checkout.problems() == []
    checkout.commit()
    assert checkout.problems() == []


def test_deleted_file_is_an_edit_in_a_sparse_checkout(checkout):
    checkout.git("sparse-checkout", "set", "--no-cone", "/*", "!/site")
    (checkout.root / "kb/more/b.md").unlink()
    assert checkout.problems() == []


@pytest.mark.parametrize("path", ["kb/more/sub", "kb/sub"])
def test_submodule_without_content_inside_a_pattern_is_an_error(checkout, with_submodule, path):
    with_submodule(path)
    assert checkout.problems() == [
        ("warning", "not-checked-out", path),
        ("error", "not-checked-out", "stores/docs.yaml"),
    ]


def test_submodule_without_content_outside_of_patterns_is_a_warning(checkout, with_submodule):
    with_submodule("vendor/theme")
    assert checkout.problems() == [("warning", "not-checked-out", "vendor/theme")]
    assert [one.code for one in load(checkout.root, env=None).unseen] == ["not-checked-out"]


def test_initialized_or_removed_submodule_is_no_problem(checkout, with_submodule):
    with_submodule("vendor/theme")
    checkout.git("submodule", "--quiet", "update", "--init")
    assert checkout.problems() == []
    checkout.git("rm", "--quiet", "-f", "vendor/theme")
    assert checkout.problems() == []


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("kb/gone.md", [("error", "missing-file", "stores/docs.yaml")]),
        ("bots/gone.yaml", [("error", "missing-file", "bots/gone.yaml")]),
        ("kb/gone", [("error", "missing-file", "stores/docs.yaml"), ("warning", "missing-file", "kb/gone")]),
        ("site/gone", [("warning", "missing-file", "site/gone")]),
    ],
)
def test_link_to_a_missing_target_is_an_error_where_it_is_used(checkout, link, expected):
    (checkout.root / link).symlink_to("nowhere")
    assert sorted(set(checkout.problems()) | set(expected)) == sorted(set(checkout.problems()))
    assert ("error" in {severity for severity, _, _ in checkout.problems()}) == (expected[0][0] == "error")


@pytest.mark.parametrize("link", ["kb/handbook", "team", "bots/team"])
def test_link_to_a_folder_of_the_project_is_a_warning(checkout, link):
    (checkout.root / link).symlink_to(checkout.root / "site")
    (problem,) = load(checkout.root, env=None).problems
    assert (problem.severity, problem.code, str(problem.place)) == ("warning", "linked-folder", f"{link}:1:1")
    assert "`site`" in problem.hint


@pytest.mark.parametrize("name", ["s.YAML", "s.Yml", "s.YML", "s.yaml.txt", "s.yml "])
def test_file_with_almost_the_name_of_a_manifest_is_a_warning(checkout, name):
    checkout.write(f"stores/{name}", STORE)
    assert checkout.problems() == [("warning", "odd-extension", f"stores/{name}")]


def test_reference_to_an_object_in_a_file_with_another_extension_names_the_file(checkout):
    checkout.write("stores/more.YAML", STORE.replace("docs", "more"))
    checkout.write("bots/reader.yaml", READER)
    (found,) = load(checkout.root, env=None).dangling
    assert str(found.reference.target) == "vectorstore/more"
    assert found.problem.hint.startswith("stores/more.YAML defines it: rename it to `stores/more.yaml`")


def test_included_file_with_almost_the_name_of_a_manifest_is_no_problem(checkout):
    checkout.write("prompts/text.YAML", "a: 1")
    checkout.write("bots/triage.yaml", ASSISTANT.replace("triage.txt", "text.YAML"))
    assert checkout.problems() == []


def test_text_file_in_place_of_a_link_is_an_error_where_it_is_used(checkout):
    (checkout.root / "kb/link.md").symlink_to("a.md")
    checkout.commit()
    checkout.git("config", "core.symlinks", "false")
    (checkout.root / "kb/link.md").unlink()
    checkout.git("checkout", "--", "kb/link.md")
    assert (checkout.root / "kb/link.md").read_text(encoding="utf-8") == "a.md"
    assert checkout.problems() == [("error", "not-checked-out", "stores/docs.yaml")]
    checkout.write("kb/link.md", "A real text.")
    assert checkout.problems() == []


def test_names_that_differ_only_in_case_are_a_warning(checkout):
    checkout.write("kb/A.md", "A")
    checkout.write("site/C.txt", "C")
    assert {(severity, code) for severity, code, _ in checkout.problems()} == {("warning", "same-name")}
    assert len(checkout.problems()) == 1


def test_file_that_a_file_system_without_case_cannot_hold_is_an_error_where_it_is_used(checkout, monkeypatch):
    checkout.write("kb/A.md", "A")
    checkout.commit()
    (checkout.root / "kb/A.md").unlink()
    assert checkout.problems() == []
    lexists = os.path.lexists
    monkeypatch.setattr(
        "reconciler.manifests.checkout.os.path.lexists",
        lambda path: lexists(path) or lexists(path.with_name(path.name.lower())),
    )
    assert checkout.problems() == [("error", "not-checked-out", "stores/docs.yaml")]


def test_project_below_the_top_of_the_repository_ignores_what_is_outside(checkout):
    inner = checkout.root / "ops"
    inner.mkdir()
    for path in ("project.yaml", "stores", "bots", "prompts", "kb"):
        (checkout.root / path).rename(inner / path)
    checkout.commit()
    checkout.git("sparse-checkout", "set", "--no-cone", "/*", "!/site", "!/ops/kb/more")
    found = load(inner, env=None).problems
    assert [(one.code, one.place.file if one.place else "") for one in found] == [
        ("not-checked-out", "ops/stores/docs.yaml")
    ]


def test_index_is_read_with_one_call_of_git(checkout, monkeypatch):
    calls: list[str] = []
    run = command.run

    def counted(top, *words, **options):
        calls.append(words[0])
        return run(top, *words, **options)

    monkeypatch.setattr(worktree, "run", counted)
    load(checkout.root, env=None)
    assert calls == ["ls-files"]


def test_project_without_git_has_no_problems(checkout, monkeypatch):
    monkeypatch.setattr("reconciler.git.worktree.shutil.which", lambda _name: None)
    (checkout.root / "kb/a.md").unlink()
    assert checkout.problems() == []


def test_repository_that_git_refuses_is_a_warning(checkout):
    (checkout.root / ".git/config").write_text("broken [", encoding="utf-8")
    assert [(severity, code) for severity, code, _ in checkout.problems()] == [("warning", "git")]


def test_variables_of_a_git_hook_do_not_redirect_the_query(checkout, monkeypatch, tmp_path):
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "other-index"))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    checkout_without = load(checkout.root, env=None).problems
    assert checkout_without == ()


class TestMarkdown:
    """Markdown files without their contents, which may be manifests."""

    TEXT = (
        "---\napiVersion: reconciler/v1\nkind: Assistant\nmetadata: {name: clerk}\n"
        "spec: {target: responses, model: gpt-6-luna}\n---\nBe kind.\n"
    )
    POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"

    def leave_out(self, checkout: Checkout, text: str) -> None:
        checkout.write("team/clerk.md", text)
        checkout.write("team/README.md", "---\ntitle: The team\n---\n")
        checkout.commit()
        checkout.git("sparse-checkout", "set", "--no-cone", "/*", "!/team")

    def test_manifest_that_a_sparse_checkout_leaves_out_is_an_error(self, checkout):
        self.leave_out(checkout, self.TEXT)
        assert checkout.problems() == [("error", "not-checked-out", "team/clerk.md")]

    def test_text_that_a_sparse_checkout_leaves_out_is_ignored(self, checkout):
        self.leave_out(checkout, "# The clerk\n")
        assert checkout.problems() == []
        assert load(checkout.root, env=None).unseen == ()

    def test_file_of_a_partial_clone_may_be_a_manifest(self, checkout, monkeypatch):
        self.leave_out(checkout, self.TEXT)
        monkeypatch.setattr(worktree.Worktree, "contents", lambda _self, _blobs: {})
        assert checkout.problems() == []
        unseen = load(checkout.root, env=None).unseen
        assert [(one.code, str(one.place)) for one in unseen] == [
            ("not-checked-out", "team/README.md:1:1"),
            ("not-checked-out", "team/clerk.md:1:1"),
        ]

    def test_pointer_of_git_lfs_may_be_a_manifest(self, checkout):
        checkout.write("team/clerk.md", self.POINTER)
        assert checkout.problems() == []
        (unseen,) = load(checkout.root, env=None).unseen
        assert (unseen.code, unseen.hint, str(unseen.place)) == (
            "lfs-pointer",
            "run `git lfs pull`",
            "team/clerk.md:1:1",
        )

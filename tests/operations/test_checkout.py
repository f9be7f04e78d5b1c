"""Tests of the warnings and errors about the checkout, in plans and other commands."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.cli import Cli

GIT = ("git", "-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "protocol.file.allow=always")


def git(folder: Path, *words: str) -> None:
    subprocess.run([*GIT, "-C", str(folder), *words], check=True, capture_output=True)


def commit(folder: Path) -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "--quiet", "-m", "all")


@pytest.fixture
def tracked(applied: Path) -> Path:
    """Return the applied project in a repository of its own."""
    git(applied, "init", "--quiet", "-b", "main")
    commit(applied)
    return applied


@pytest.fixture
def with_submodule(tracked: Path, tmp_path: Path) -> Path:
    """Return the project with a submodule that is not initialized."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "note.txt").write_text("N", encoding="utf-8")
    git(other, "init", "--quiet")
    commit(other)
    git(tracked, "submodule", "--quiet", "add", str(other), "team")
    commit(tracked)
    git(tracked, "submodule", "--quiet", "deinit", "-f", "team")
    return tracked


READING = (
    "validate",
    "plan",
    "plan --offline",
    "apply --yes",
    "drift",
    "status",
    "pull --all",
    "release helper",
    "adopt --dry-run",
    "diff helper helper",
    "publish helper none",
)


@pytest.mark.parametrize("command", READING)
def test_command_that_reads_manifests_refuses_a_sparse_checkout_without_a_document(tracked, cli: Cli, command):
    git(tracked, "sparse-checkout", "set", "--no-cone", "/*", "!/kb")
    done = cli(*command.split())
    assert done.code == 1
    assert "error[not-checked-out]: kb/welcome.md was left out by the sparse checkout" in done.err
    assert "git sparse-checkout add kb" in done.err


@pytest.mark.parametrize("command", READING)
def test_command_that_reads_manifests_warns_of_a_linked_folder(tracked, cli: Cli, command):
    (tracked / "more").symlink_to("kb")
    (tracked / "kb" / "new.md").write_text("New.", encoding="utf-8")
    commit(tracked)
    done = cli(*command.split())
    text = " ".join((done.out + done.err).split())
    assert done.code == 0, text
    assert "more is a link to the folder kb, and linked folders are not read" in text


def test_apply_without_changes_warns_of_a_linked_folder(tracked, cli: Cli):
    (tracked / "more").symlink_to("kb")
    done = cli("apply", "--yes")
    assert "no changes were necessary" in done.out
    assert "warning[linked-folder]: more is a link to the folder kb" in done.err


def test_warning_of_a_linked_folder_is_in_the_document_of_a_plan(tracked, cli: Cli):
    (tracked / "more").symlink_to("kb")
    (warning,) = cli("plan", "-o", "json").document["warnings"]
    assert (warning["code"], warning["args"]["problem"]) == ("checkout", "linked-folder")
    assert warning["args"]["place"] == "more"


def test_plan_that_removes_objects_is_an_error_while_a_submodule_has_no_content(with_submodule, cli: Cli):
    done = cli("plan")
    assert done.code == 0
    assert "team is a submodule that is not initialized" in " ".join(done.out.split())
    (with_submodule / "chatbots" / "helper.yaml").unlink()
    for command in ("plan", "apply --yes", "plan --offline"):
        done = cli(*command.split())
        assert done.code == 1
        assert "error[not-checked-out]: team is a submodule that is not initialized, and may contain" in done.err
    git(with_submodule, "submodule", "--quiet", "update", "--init")
    assert cli("plan").code == 0


def test_file_that_was_deleted_is_planned_as_an_edit_before_and_after_the_commit(tracked, cli: Cli):
    (tracked / "kb" / "more.md").write_text("More.", encoding="utf-8")
    commit(tracked)
    assert cli("apply", "--yes").code == 0
    (tracked / "kb" / "more.md").unlink()
    before = cli("plan", "-o", "json").document
    commit(tracked)
    after = cli("plan", "-o", "json").document
    assert before["summary"]["delete"] == after["summary"]["delete"] == 1
    assert before["digest"] == after["digest"]


def test_document_with_other_line_ends_than_applied_is_a_warning(applied, cli: Cli):
    document = applied / "kb" / "welcome.md"
    document.write_bytes(document.read_bytes().replace(b"\n", b"\r\n"))
    (warning,) = cli("plan", "-o", "json").document["warnings"]
    assert (warning["code"], warning["address"]) == ("line-endings", "file/kb/welcome.md")
    assert ".gitattributes" in warning["text"]
    document.write_bytes(document.read_bytes() + b"More.\r\n")
    assert cli("plan", "-o", "json").document["warnings"] == []


def test_document_that_git_has_with_other_line_ends_is_one_warning(tracked, cli: Cli):
    git(tracked, "config", "core.autocrlf", "true")
    (tracked / "kb" / "welcome.md").unlink()
    git(tracked, "checkout", "--", "kb/welcome.md")
    assert "warning[line-endings]: kb/welcome.md" in cli("validate").err
    (warning,) = cli("plan", "-o", "json").document["warnings"]
    assert (warning["code"], warning["args"]["problem"]) == ("checkout", "line-endings")


def test_prompt_with_other_line_ends_plans_nothing(applied, cli: Cli):
    prompt = applied / "prompts" / "helper.md"
    text = prompt.read_bytes()
    assert b"\n" in text.strip()
    prompt.write_bytes(text.replace(b"\n", b"\r\n"))
    assert cli("plan", "--detailed-exitcode").code == 0


LOCALES = (
    {"LC_ALL": "POSIX"},
    {"LC_ALL": "POSIX", "PYTHONUTF8": "0"},
    {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    {"PYTHONIOENCODING": "ascii"},
    {"PYTHONIOENCODING": "latin-1:strict"},
)


@pytest.mark.parametrize("locale", LOCALES, ids=lambda one: " ".join(f"{key}={value}" for key, value in one.items()))
def test_names_and_texts_outside_of_ascii_need_no_locale(project, locale):
    (project / "kb" / "größe-日本.md").write_text("Größe 日本 😀", encoding="utf-8")
    (project / "prompts" / "helper.md").write_text("Größe 日本 😀", encoding="utf-8")
    environ = {**os.environ, **locale}

    def run(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "reconciler.cli.main", *words], env=environ, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert b"internal" not in done.stderr
        return done.stdout.decode("utf-8" if locale == LOCALES[0] else "latin-1")

    run("validate")
    assert "file/kb/gr" in run("plan")
    run("apply", "--yes")
    assert "No changes" in run("plan")
    assert "adopt" not in run("plan", "-o", "json")

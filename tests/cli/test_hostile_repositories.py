"""A pull request adds what Git takes for a repository. No command runs a program that it names."""

from pathlib import Path

import pytest

from tests.support.cli import Cli
from tests.support.state_repositories import ENVIRON, Remote, bare_layout, git


@pytest.fixture
def mark(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Commit a bare repository in the project folder, which is below the top of the repository.

    Return a file that its programs would write the key to.
    """
    for name, value in {**ENVIRON, "OPENAI_API_KEY": "sk-secret"}.items():
        monkeypatch.setenv(name, value)
    remote = Remote.make(tmp_path.parent / f"{tmp_path.name}-remote" / "remote.git")
    mark = tmp_path / "mark"
    bare_layout(project, f"echo $OPENAI_API_KEY >>{mark}; false")
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    git(tmp_path, "remote", "add", "origin", remote.folder.as_uri())
    git(tmp_path, "add", "--force", ".")
    git(tmp_path, "commit", "--quiet", "-m", "a pull request")
    return mark


@pytest.mark.parametrize("state", ["local", "git"])
@pytest.mark.parametrize("words", ["plan", "plan --offline", "drift", "status", "validate", "inventory", "apply --yes"])
def test_the_commands_of_a_pull_request_run_no_program(mark: Path, cli: Cli, monkeypatch, state: str, words: str):
    monkeypatch.setenv("RECONCILER_STATE", state)

    done = cli(*words.split())

    assert not mark.exists()
    assert done.code in (0, 2), done.err


def test_the_plan_names_the_commit_of_the_repository(mark: Path, cli: Cli, tmp_path: Path):
    assert cli("plan", "-o", "json").document["commit"] == git(tmp_path, "rev-parse", "HEAD")

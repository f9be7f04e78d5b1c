"""Tests of the default branch of a repository, which is found without a request."""

import shlex
from pathlib import Path

import pytest

from reconciler.git.branches import default_branch
from reconciler.resources.problems import ReconcilerError
from tests.support.github_repositories import git


def repository(folder: Path, *branches: str) -> Path:
    """Make a repository with these branches, of which the last one is checked out."""
    git("init", "-q", "-b", branches[0], str(folder), cwd=folder.parent)
    git("commit", "-q", "--allow-empty", "-m", "first", cwd=folder)
    for branch in branches[1:]:
        git("checkout", "-q", "-b", branch, cwd=folder)
    return folder


def test_head_of_origin_is_preferred(tmp_path: Path):
    repository(tmp_path / "origin", "develop", "main")
    git("checkout", "-q", "develop", cwd=tmp_path / "origin")
    git("clone", "-q", str(tmp_path / "origin"), "clone", cwd=tmp_path)
    git("checkout", "-q", "-b", "feature", cwd=tmp_path / "clone")
    assert default_branch(tmp_path / "clone") == "develop"


@pytest.mark.parametrize(
    ("branches", "expected"),
    [(("main", "feature"), "main"), (("master", "feature"), "master"), (("trunk",), "trunk")],
)
def test_usual_names_and_the_only_branch_are_found_without_a_remote(tmp_path: Path, branches, expected):
    assert default_branch(repository(tmp_path / "repository", *branches)) == expected


def test_repository_without_commits_has_the_branch_that_it_will_have(tmp_path: Path):
    git("init", "-q", "-b", "trunk", str(tmp_path), cwd=tmp_path)
    assert default_branch(tmp_path) == "trunk"


def test_several_unusual_branches_are_an_error_with_the_commands_that_decide(tmp_path: Path):
    folder = repository(tmp_path / "repository", "trunk", "feature")
    git("clone", "-q", "--bare", str(folder), "origin", cwd=tmp_path)
    git("symbolic-ref", "HEAD", "refs/heads/trunk", cwd=tmp_path / "origin")
    with pytest.raises(ReconcilerError) as error:
        default_branch(folder)
    for command in error.value.problems[0].hint.split("`")[1].split(" && "):
        git(*shlex.split(command.replace("URL", str(tmp_path / "origin")))[1:], cwd=folder)
    assert default_branch(folder) == "trunk"
    git("symbolic-ref", "--delete", "refs/remotes/origin/HEAD", cwd=folder)
    with pytest.raises(ReconcilerError) as error:
        default_branch(folder)
    assert "`git fetch origin && git remote set-head origin --auto`" in error.value.problems[0].hint

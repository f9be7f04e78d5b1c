"""Applies with the state on a branch: what they cost, what they leave in the history, and what they never touch."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.cli import Cli, edit, stores
from tests.support.state_repositories import ENVIRON, Remote, git

LOCK, BEGIN, END = "lock acme by kim@", "begin acme: 2 to create", "apply acme: 4 created"


@pytest.fixture
def remote(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Remote:
    """The remote of the repository that the project is in."""
    for name, value in {**ENVIRON, "USER": "kim", "RECONCILER_STATE": "git"}.items():
        monkeypatch.setenv(name, value)
    for name in ("GITHUB_ACTOR", "GITHUB_RUN_ID", "CI_JOB_URL", "GITLAB_USER_LOGIN"):
        monkeypatch.delenv(name, raising=False)
    remote = Remote.make(tmp_path / "remote.git")
    git(project, "init", "--quiet", "--initial-branch=main")
    git(project, "remote", "add", "origin", remote.folder.as_uri())
    git(project, "add", ".")
    git(project, "commit", "--quiet", "-m", "manifests")
    return remote


def test_an_apply_is_three_pushes_bundles_included(remote, cli: Cli):
    assert cli("apply", "--yes").code == 0
    end, begin, lock = remote.subjects()
    assert lock.startswith(LOCK)
    assert begin.startswith(BEGIN)
    assert end.startswith(END)
    assert remote.pushes == 3
    files = git(remote.folder, "ls-tree", "-r", "--name-only", "reconciler-state").splitlines()
    assert "bundles/acme/chatbot/helper.json" in files or "bundles/acme/assistant/helper.json" in files
    assert [file for file in files if file.startswith("state/")] == ["state/acme/lock.json", "state/acme/state.json"]


def test_a_plan_and_an_apply_with_nothing_to_do_push_nothing(remote, cli: Cli):
    assert cli("plan").code == 0
    assert remote.pushes == 0
    cli("apply", "--yes")
    pushes = remote.pushes
    assert cli("plan", "--detailed-exitcode").code == 0
    assert cli("apply", "--yes").code == 0
    assert remote.pushes == pushes


def test_the_history_is_the_commits_of_the_branch(remote, project: Path, cli: Cli, monkeypatch):
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://github.example")
    monkeypatch.setenv("GITHUB_REPOSITORY", "acme/bots")
    monkeypatch.setenv("GITHUB_RUN_ID", "1")
    assert cli("apply", "--yes").code == 0
    edit(project / "prompts" / "helper.md", "You", "Thou")
    monkeypatch.setenv("GITHUB_RUN_ID", "2")
    assert cli("apply", "--yes").code == 0
    commit, run = git(project, "rev-parse", "HEAD"), "https://github.example/acme/bots/actions/runs"
    assert remote.subjects()[0] == f"apply acme: 2 updated ({run}/2, commit {commit[:12]}-dirty)"
    latest, first = cli("state", "history", "-o", "json").document["applies"]
    assert (latest["outcome"], latest["commit"]) == ("complete", f"{commit}-dirty")
    assert latest["changes"] == {"created": 0, "updated": 2, "removed": 0}
    assert (first["changes"]["created"], first["run_url"]) == (4, f"{run}/1")
    shown = cli("state", "history").out.splitlines()
    assert [line.split()[:2] for line in shown[:1]] == [["STARTED", "(UTC)"]]
    assert ["2 updated" in shown[1], "4 created" in shown[2]] == [True, True]


def test_an_apply_killed_in_the_push_of_its_end_is_finished_by_the_next_one(remote, project: Path, cli: Cli):
    remote.hook("pre-receive", f"[ $(cat pushes | wc -l) = 2 ] && touch {project}/third && sleep 1 && exit 1; true")
    killed = start_apply()
    wait_for(project / "third")
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    remote.hook("pre-receive", "true")
    assert [run["outcome"] for run in cli("state", "history", "-o", "json").document["applies"]] == ["unfinished"]
    assert cli("apply", "--yes").code == 0
    assert cli("plan", "--detailed-exitcode").code == 0
    assert stores(project) == ["handbook"]
    assert [run["outcome"] for run in cli("state", "history", "-o", "json").document["applies"]] == [
        "complete",
        "unfinished",
    ]


def test_two_applies_at_once_make_everything_once(remote, project: Path, cli: Cli):
    codes = [process.wait(timeout=60) for process in (start_apply(), start_apply())]
    assert set(codes) <= {0, 5, 6}
    assert 0 in codes
    assert cli("apply", "--yes").code == 0
    assert stores(project) == ["handbook"]
    assert len(cli("state", "list", "-o", "json").document["objects"]) == 4


def test_a_push_that_takes_a_second_does_not_make_more_of_them(remote, cli: Cli):
    remote.hook("pre-receive", "sleep 1")
    assert cli("apply", "--yes").code == 0
    assert remote.pushes == 3


def test_a_branch_that_may_not_be_pushed_stops_before_anything_is_made(remote, project: Path, cli: Cli):
    remote.hook("pre-receive", "echo 'this branch is protected' >&2; exit 1")
    done = cli("apply", "--yes")
    assert done.code == 1
    assert "cannot use the state on origin/reconciler-state: this branch is protected" in done.err
    assert stores(project) == []


def test_without_a_remote_the_error_says_what_to_do(remote, project: Path, cli: Cli):
    git(project, "remote", "remove", "origin")
    done = cli("plan")
    assert done.code == 1
    assert "Add the remote with `git remote add NAME URL`" in done.err


def start_apply() -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "reconciler.cli.main", "apply", "--yes"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def wait_for(file: Path) -> None:
    until = time.monotonic() + 60
    while not file.exists():
        assert time.monotonic() < until, f"{file} never came"
        time.sleep(0.02)

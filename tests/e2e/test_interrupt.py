"""Runs that end half-way: by Ctrl-C, by another run, by being killed. The next one converges, and doubles nothing."""

import os
import random
import shlex
import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import urljoin

import httpx2
import pytest

from tests.e2e.runs import AGENT, PROJECT, live, start, wait_for_writes
from tests.support.cli import Cli
from tests.support.processes import api

AGENTS = 24
FILES = 6
STORE = """---
apiVersion: reconciler/v1
kind: VectorStore
metadata: {name: kb}
spec: {files: ["kb/*.md"]}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Agents, and files in a store."""
    (tmp_path / "project.yaml").write_text(PROJECT)
    (tmp_path / "all.yaml").write_text(STORE + "".join(AGENT % (number, number) for number in range(AGENTS)))
    (tmp_path / "kb").mkdir()
    for number in range(FILES):
        (tmp_path / "kb" / f"{number}.md").write_text(f"Page {number}.")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def wait_for_requests(url: str) -> None:
    """Wait until the API got a request. Until then, the process may still load modules."""
    record, until = urljoin(url, "/_emulator/requests"), time.monotonic() + 30
    while not httpx2.get(record).json()["requests"]:
        assert time.monotonic() < until, "no request"
        time.sleep(0.05)


def assert_converged(cli: Cli) -> None:
    assert set(live().values()) == {1}
    assert sum(live().values()) == AGENTS + FILES + 1
    assert cli("plan", "--detailed-exitcode").code == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_apply_finishes_what_is_in_flight_and_can_be_resumed(project, monkeypatch, cli: Cli, number):
    with api(latency=0.2) as url, start_with(url, project, monkeypatch) as process:
        wait_for_writes(process)
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
        assert process.returncode == 4, err
        assert out.splitlines()[-1] == "Finish with: reconciler apply --yes"
        assert "Interrupted: acme" in out
        assert "Finishing operations in flight" in err
        status = cli("status", "-o", "json").document
        assert status["lock"] is None
        assert status["last_apply"]["outcome"] == "partial"
        _, *resume = shlex.split(out.splitlines()[-1].removeprefix("Finish with: "))
        assert cli(*resume).code == 0
        assert_converged(cli)


def test_interrupted_before_anything_was_written_is_an_error_and_no_part(project, monkeypatch):
    with api(latency=1) as url, start_with(url, project, monkeypatch) as process:
        wait_for_requests(url)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
        assert process.returncode == 1
        assert "Traceback" not in err
        assert live() == {}


def test_an_apply_that_reaches_its_time_limit_finishes_operations_in_flight(project, monkeypatch, cli: Cli):
    with api(latency=0.5) as url, monkeypatch.context() as limited:
        monkeypatch.setenv("OPENAI_BASE_URL", url)
        limited.setattr("reconciler.operations.run.time_limit", lambda: 0.2)
        ended = cli("apply", "--yes", "-o", "json")
        limited.undo()
        assert ended.code == 4, ended.err
        assert "The time limit is reached" in ended.err
        assert {outcome["status"] for outcome in ended.document["outcomes"]} >= {"done", "not-started"}
        assert ended.document["interrupted"]
        assert cli("apply", "--yes").code == 0
        assert_converged(cli)


def test_a_second_run_is_told_who_is_applying(project, monkeypatch, cli: Cli):
    monkeypatch.setenv("USER", "ada")
    with api(latency=0.2) as url, start_with(url, project, monkeypatch) as process:
        wait_for_writes(process)
        second = cli("apply", "--yes")
        assert second.code == 6
        assert f"acme is locked by ada on {os.uname().nodename} (process {process.pid})" in " ".join(second.err.split())
        assert process.wait(timeout=60) == 0
        assert_converged(cli)


@pytest.mark.parametrize("moments", [2, pytest.param(12, marks=pytest.mark.long)])
def test_killed_at_any_moment_the_next_run_doubles_nothing(project, monkeypatch, cli: Cli, moments):
    random_ = random.Random(moments)
    with api(latency=0.1) as url:
        kills = 0
        for _ in range(moments):
            with start_with(url, project, monkeypatch) as process:
                if wait_for_writes(process):  # otherwise the runs before have done everything
                    time.sleep(random_.uniform(0, 0.3))
                    process.kill()
                    kills += 1
        assert kills >= 2
        assert cli("apply", "--yes").code == 0
        assert_converged(cli)


def start_with(url: str, project: Path, monkeypatch: pytest.MonkeyPatch) -> subprocess.Popen[str]:
    monkeypatch.setenv("OPENAI_BASE_URL", url)
    return start(project)


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("moment", [0.0, 0.4, 0.8, 1.2, 1.8])
def test_stopped_while_documents_are_replaced_the_old_ones_are_removed_and_nobody_is_blamed(
    project, monkeypatch, cli: Cli, number, moment
):
    """Uploads have no label: what a run replaced and did not remove is known from state and from the stores."""
    with api(latency=0.1, ingest_delay=0.5) as url:
        monkeypatch.setenv("OPENAI_BASE_URL", url)
        assert cli("apply", "--yes").code == 0
        for page in (project / "kb").iterdir():
            page.write_text(page.read_text() + " More.")
        process = start(project)
        wait_for_writes(process)
        time.sleep(moment)
        process.send_signal(number)
        process.communicate(timeout=30)
        plan = cli("plan", "-o", "json").document
        assert (plan["drift"], plan["refusals"]) == ([], [])
        assert cli("apply", "--yes").code == 0
        assert_converged(cli)

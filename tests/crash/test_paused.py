"""Tests of a run that is paused until another run has taken its lock: it writes nothing after it resumes."""

import os
import signal
import time
from pathlib import Path
from typing import Final

import pytest

from tests.crash import runs
from tests.crash.conftest import BACKENDS, Shared
from tests.crash.estate import DATA, PROJECT, agent, found
from tests.crash.runs import Kill
from tests.support.processes import PATIENCE, Process, api, run
from tests.support.world import as_yaml

AGENTS = 5
PLACE = 3
"""The write after which the run is paused."""


def checkout(root: Path, says: str) -> Path:
    root.mkdir()
    (root / "project.yaml").write_text(as_yaml([PROJECT]))
    (root / "agents.yaml").write_text(as_yaml([agent(f"agent-{number}", says) for number in range(AGENTS)]))
    return root


def wait_until_asleep(pid: int) -> None:
    end = time.monotonic() + PATIENCE
    while Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "T":
        assert time.monotonic() < end
        time.sleep(0.02)


LONG: Final = 60.0
"""Seconds of a lease that does not end during the test."""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="takes the /proc of Linux")
@pytest.mark.parametrize(
    "shared",
    ["database", *(pytest.param(other, marks=pytest.mark.long) for other in BACKENDS if other != "database")],
    indirect=True,
)
@pytest.mark.parametrize(
    ("lease", "pause", "after"),
    [
        pytest.param(runs.LEASE, 2 * runs.LEASE, runs.taking_over, id="the lease ends"),
        pytest.param(LONG, 2 * runs.RECHECK, runs.unlocking, id="unlock"),
    ],
)
def test_a_run_that_lost_its_lock_writes_nothing_when_it_wakes(shared: Shared, tmp_path, lease, pause, after):
    mine, theirs = checkout(tmp_path / "mine", "Sleep."), checkout(tmp_path / "theirs", "Work.")
    for root in (mine, theirs):
        shared.join(root)
    with api(tmp_path / DATA) as url:
        sleeper = Process(shared.environ, runs.pausing, mine, url, shared.environ, Kill("after-answer", PLACE), lease)
        wait_until_asleep(sleeper.pid)
        time.sleep(pause)
        assert run(shared.environ, after, theirs, url, shared.environ)
        before = found(theirs, shared.environ, data=tmp_path / DATA, outlets=1)
        os.kill(sleeper.pid, signal.SIGCONT)
        codes, writes = sleeper.result()
        assert "lease-lost" in codes
        assert writes == PLACE
        assert found(theirs, shared.environ, data=tmp_path / DATA, outlets=1) == before
    assert sum("Work." in line for line in before["api"]) == AGENTS


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="takes the /proc of Linux")
@pytest.mark.parametrize("shared", ["database"], indirect=True)
def test_a_request_that_was_past_the_check_is_the_only_one(shared: Shared, tmp_path):
    """It cannot be called back. Its object is a twin, which the next plan finds."""
    mine, theirs = checkout(tmp_path / "mine", "Sleep."), checkout(tmp_path / "theirs", "Work.")
    for root in (mine, theirs):
        shared.join(root)
    with api(tmp_path / DATA) as url:
        sleeper = Process(shared.environ, runs.pausing, mine, url, shared.environ, Kill("before-send", PLACE), LONG)
        wait_until_asleep(sleeper.pid)
        time.sleep(2 * runs.RECHECK)
        assert run(shared.environ, runs.unlocking, theirs, url, shared.environ)
        before = found(theirs, shared.environ, data=tmp_path / DATA, outlets=1)
        os.kill(sleeper.pid, signal.SIGCONT)
        codes, writes = sleeper.result()
        assert "lease-lost" in codes
        assert writes == PLACE
        after = found(theirs, shared.environ, data=tmp_path / DATA, outlets=1)
        assert len(after["api"]) == len(before["api"]) + 1

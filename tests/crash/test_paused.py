"""Tests of a run that is paused until another run has taken its lock: it writes nothing after it resumes."""

import os
import signal
import time
from pathlib import Path

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


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="takes the /proc of Linux")
@pytest.mark.parametrize(
    "shared",
    ["database", *(pytest.param(other, marks=pytest.mark.long) for other in BACKENDS if other != "database")],
    indirect=True,
)
def test_a_run_that_was_taken_over_writes_nothing_when_it_wakes(shared: Shared, tmp_path):
    mine, theirs = checkout(tmp_path / "mine", "Sleep."), checkout(tmp_path / "theirs", "Work.")
    for root in (mine, theirs):
        shared.join(root)
    with api(tmp_path / DATA) as url:
        sleeper = Process(shared.environ, runs.pausing, mine, url, shared.environ, Kill("after-answer", PLACE))
        wait_until_asleep(sleeper.pid)
        time.sleep(2 * runs.LEASE)
        assert run(shared.environ, runs.taking_over, theirs, url, shared.environ)
        before = found(theirs, shared.environ, data=tmp_path / DATA, outlets=1)
        os.kill(sleeper.pid, signal.SIGCONT)
        codes, writes = sleeper.result()
        assert "lease-lost" in codes
        assert writes == PLACE
        assert found(theirs, shared.environ, data=tmp_path / DATA, outlets=1) == before
    assert sum("Work." in line for line in before["api"]) == AGENTS

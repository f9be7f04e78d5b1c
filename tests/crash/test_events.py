"""An apply that is killed leaves whole events, and the next one ends with `finished`."""

import json
import os
import signal
import time
from pathlib import Path

import pytest

from reconciler.cli.main import run as run_command
from reconciler.operations.init import init
from tests.support.documents import complaints
from tests.support.processes import PATIENCE, Killed, Process, api, run

KEY = {"OPENAI_API_KEY": "sk-test"}


def apply(folder: Path, url: str, file: Path) -> int:
    """Apply as the command does, in the process that is killed."""
    os.chdir(folder)
    os.environ["RECONCILER_ENDPOINT"] = url
    return run_command(["apply", "--yes", "--json-events", str(file)])


def has(file: Path, event: str) -> bool:
    return file.exists() and f'"event": "{event}"' in file.read_text()


@pytest.mark.parametrize("moment", ["planned", "change-started", "change-done"])
def test_a_killed_apply_leaves_whole_events(tmp_path: Path, moment: str):
    folder, file = tmp_path / "acme", tmp_path / "events.jsonl"
    init(folder)
    with api(tmp_path / "api.sqlite", latency=0.3) as url:
        process = Process(KEY, apply, folder, url, file)
        until = time.monotonic() + PATIENCE
        while not has(file, moment):
            assert time.monotonic() < until
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
        with pytest.raises(Killed):
            process.result()
        left = file.read_text()
        assert left.endswith("\n")
        events = [json.loads(line) for line in left.splitlines()]
        assert [complaint for event in events for complaint in complaints(event)] == []
        assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))
        assert events[-1]["event"] != "finished"
        os.truncate(file, 0)
        assert run(KEY, apply, folder, url, file) == 0
    assert json.loads(file.read_text().splitlines()[-1])["outcome"] == "applied"

"""`--lock-timeout`: a command waits for a lock that another run holds."""

import time
from pathlib import Path

import pytest

from reconciler.operations import supervision
from reconciler.resources.address import Identity
from reconciler.state import lock
from reconciler.state.local import LocalStore
from reconciler.state.lock import Lease
from tests.support.cli import Cli


def held(project: Path) -> Lease:
    """Take the lock as another run, of this very process."""
    return lock.acquire(LocalStore(project / ".reconciler"), Identity("acme"), lock.this_process({"USER": "ada"}))


@pytest.fixture
def sleeps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds of all sleeps, none of which takes time."""
    slept: list[float] = []
    monkeypatch.setattr(supervision, "sleep", slept.append)
    return slept


def releasing(lease: Lease, monkeypatch: pytest.MonkeyPatch, at: int = 2) -> None:
    """Release the lock during a sleep, by its number."""
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == at:
            lease.release()

    monkeypatch.setattr(supervision, "sleep", sleep)


def test_apply_waits_for_the_run_that_holds_the_lock(project: Path, cli: Cli, monkeypatch):
    releasing(held(project), monkeypatch)
    done = cli("apply", "--yes", "--lock-timeout", "5m")
    assert done.code == 0
    assert done.err.count("acme is locked by ada on ") == 1
    assert "Waiting for up to 5 min 0 s." in done.err
    assert done.out.endswith("requests sent: 4 GET, 3 POST.\n")


@pytest.mark.parametrize(
    "line",
    [
        "adopt --yes",
        "state mv vectorstore/handbook vectorstore/manual",
        "state rm vectorstore/handbook",
        "state rebuild --yes",
        "destroy --confirm acme",
    ],
)
def test_every_command_that_locks_waits(applied: Path, cli: Cli, monkeypatch, line: str):
    releasing(held(applied), monkeypatch)
    assert cli(*line.split(), "--lock-timeout", "60").code == 0


@pytest.mark.parametrize("value", ["0", ""])
def test_without_a_time_a_held_lock_is_an_error(project: Path, cli: Cli, sleeps, value: str):
    lease = held(project)
    done = cli("apply", "--yes", *(["--lock-timeout", value] if value else []))
    assert (done.code, sleeps) == (6, [])
    assert "pass --lock-timeout 10m" in done.err
    lease.release()


def test_a_lock_that_stays_is_an_error_after_the_time(project: Path, cli: Cli):
    lease = held(project)
    started = time.monotonic()
    done = cli("apply", "--yes", "--lock-timeout", "2s")
    assert done.code == 6
    assert "; waited 2 s for it" in done.err
    assert time.monotonic() - started >= 2
    lease.release()


def test_the_variable_has_the_same_meaning(project: Path, cli: Cli, monkeypatch):
    monkeypatch.setenv("RECONCILER_LOCK_TIMEOUT", "1m")
    releasing(held(project), monkeypatch)
    assert cli("apply", "--yes").code == 0


def test_a_plan_made_before_the_wait_is_made_again(applied: Path, cli: Cli, monkeypatch):
    """Another run takes the lock during the confirmation. The new plan is confirmed again."""
    (applied / "kb" / "more.md").write_text("More.")
    taken: list[Lease] = []
    asked: list[str] = []

    def confirm(text: str, **_: object) -> bool:
        asked.append(text)
        if not taken:
            taken.append(held(applied))
        return True

    monkeypatch.setattr("click.confirm", confirm)
    monkeypatch.setattr("reconciler.cli.apply.check_terminal", lambda *_, **__: None)
    monkeypatch.setattr(supervision, "sleep", lambda _seconds: taken[0].release())
    done = cli("apply", "--lock-timeout", "1m")
    assert done.code == 0, done.err
    assert len(asked) == 2


@pytest.mark.parametrize("value", ["-1", "soon", "10x", "1.5h", "8d"])
def test_what_is_no_duration_is_wrong_usage(project: Path, cli: Cli, value: str):
    done = cli("apply", "--yes", "--lock-timeout", value)
    assert done.code == 64
    assert "is not " in done.err


@pytest.mark.parametrize("value", ["90", "90s", "10m", "1h30m", "2d"])
def test_durations_have_units(project: Path, cli: Cli, value: str):
    assert cli("plan", "--timeout", value).code == 0

import contextlib
import os
import pwd
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from reconciler.resources.address import Identity
from reconciler.resources.problems import ReconcilerError
from reconciler.state import lock
from reconciler.state.local import LocalStore
from reconciler.state.lock import Holder, LeaseLostError, LockedError
from reconciler.state.store import conflict_error, exists_error
from tests.state.stores import MemoryStore

ACME = Identity("acme", "production")
ANN = Holder(
    "ann", "build-7", machine="boot-1 pid:[1]", pid=4711, run_url="https://github.com/acme/bots/actions/runs/9"
)
BOB = Holder("bob", "build-8", machine="boot-2 pid:[1]", pid=4711)


class Clock:
    def __init__(self) -> None:
        self.time = 1_000.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def now() -> Clock:
    return Clock()


def test_acquire_held_lock_names_holder_and_next_step(store, now):
    lock.acquire(store, ACME, ANN, now)
    now.time += 100
    with pytest.raises(LockedError) as locked:
        lock.acquire(store, ACME, BOB, now)
    assert locked.value.exit_code == 6
    assert str(locked.value) == (
        "error[locked]: acme/production is locked by ann on build-7 (process 4711,"
        " https://github.com/acme/bots/actions/runs/9) for 1 min 40 s, renewed 1 min 40 s ago\n"
        "  Wait for that run to end, or pass --lock-timeout 10m; if it is not renewed, the lock expires in 50 s."
        " If the run has died, run `reconciler state unlock --env production`."
    )


def test_identities_do_not_lock_each_other(store, now):
    lock.acquire(store, ACME, ANN, now)
    lock.acquire(store, Identity("acme", "staging"), BOB, now)
    lock.acquire(store, Identity("acme"), BOB, now)


def test_released_lock_is_free(store, now):
    lock.acquire(store, ACME, ANN, now).release()
    assert lock.read_lock(store, ACME) is None
    assert lock.acquire(store, ACME, BOB, now).lock.holder == BOB


def test_every_acquisition_has_its_own_token(store, now):
    first = lock.acquire(store, ACME, ANN, now)
    first.release()
    assert lock.acquire(store, ACME, ANN, now).token != first.token


def test_a_renewed_lock_is_not_taken(store, now):
    lease = lock.acquire(store, ACME, ANN, now)
    for _ in range(10):
        now.time += lock.DURATION / 3
        lease.renew()
        with pytest.raises(LockedError):
            lock.acquire(store, ACME, BOB, now)
    lease.verify()
    assert lease.deadline == now.time + lock.DURATION


def test_expired_lock_is_free_after_the_grace_period(store, now):
    lock.acquire(store, ACME, ANN, now)
    now.time += lock.DURATION + lock.GRACE
    with pytest.raises(LockedError):
        lock.acquire(store, ACME, BOB, now)
    now.time += 1
    assert lock.acquire(store, ACME, BOB, now).lock.holder == BOB


def test_every_call_after_lost_lock_is_an_error(store, now):
    lost = lock.acquire(store, ACME, ANN, now)
    now.time += lock.DURATION + lock.GRACE + 1
    taken = lock.acquire(store, ACME, BOB, now)
    with pytest.raises(LeaseLostError, match="was not renewed in time"):
        lost.check()
    with pytest.raises(LeaseLostError, match="was taken over"):
        lost.renew()
    lost.release()
    taken.verify()


def test_lease_ends_at_its_deadline_without_takeover(store, now):
    lease = lock.acquire(store, ACME, ANN, now)
    now.time = lease.deadline - 1
    lease.check()
    now.time = lease.deadline
    with pytest.raises(LeaseLostError):
        lease.check()


def test_unlock_releases_the_lock_and_stops_its_holder(store, now):
    lease = lock.acquire(store, ACME, ANN, now)
    assert lock.unlock(store, ACME, now) == lease.lock
    assert lock.unlock(store, ACME, now) is None
    with pytest.raises(LeaseLostError, match="was released by another process"):
        lease.verify()
    with pytest.raises(LeaseLostError):
        lease.renew()


def test_renew_with_lost_answer_keeps_the_lock(store, now):
    lease = lock.acquire(store, ACME, ANN, now)
    key = lock.lock_key(ACME)
    store.replace(key, store.read(key).data, store.read(key).version)
    lease.renew()
    lease.release()
    assert lock.read_lock(store, ACME) is None


class LosesAnswers(MemoryStore):
    """A store that writes, and then reports a conflict."""

    def create(self, key: str, data: bytes) -> str:
        super().create(key, data)
        raise exists_error(self.location, key)

    def replace(self, key: str, data: bytes, version: str) -> str:
        super().replace(key, data, version)
        raise conflict_error(self.location, key)


def test_acquire_with_lost_answer_holds_the_lock(now):
    store = LosesAnswers()
    for _ in range(2):  # made, and taken again after it was freed
        lease = lock.acquire(store, ACME, ANN, now)
        lease.verify()
        with contextlib.suppress(ReconcilerError):
            lease.release()
        assert lock.read_lock(store, ACME) is None


def test_acquire_by_32_runs_succeeds_once(store, now):
    start = threading.Barrier(32)

    def contend(number: int) -> bool:
        start.wait()
        try:
            lock.acquire(store, ACME, replace(BOB, name=f"run {number}"), now)
        except LockedError:
            return False
        return True

    with ThreadPoolExecutor(32) as pool:
        assert sum(pool.map(contend, range(32))) == 1


# When the lock is read again


@pytest.fixture
def slow(store: MemoryStore) -> MemoryStore:
    store.is_quick = False
    return store


def test_a_quick_store_is_read_before_every_write(store, now):
    lease = lock.acquire(store, ACME, ANN, now)
    lock.unlock(store, ACME, now)
    with pytest.raises(LeaseLostError, match="was released by another process"):
        lease.confirm()


def test_a_local_lock_is_read_only_after_another_process_wrote_it(tmp_path, now, monkeypatch):
    store = LocalStore(tmp_path / "state")
    lease = lock.acquire(store, ACME, ANN, now)
    monkeypatch.setattr(LocalStore, "read", lambda *_: pytest.fail("the lock was read"))
    lease.confirm()
    lease.renew()
    lease.confirm()
    monkeypatch.undo()
    lock.unlock(LocalStore(tmp_path / "state"), ACME, now)
    with pytest.raises(LeaseLostError, match="was released by another process"):
        lease.confirm()


def test_a_local_lock_that_was_removed_is_lost(tmp_path, now):
    store = LocalStore(tmp_path / "state")
    lease = lock.acquire(store, ACME, ANN, now)
    store.delete([lock.lock_key(ACME)])
    with pytest.raises(LeaseLostError):
        lease.confirm()


def test_a_slow_store_is_read_after_some_seconds(slow, now):
    lease = lock.acquire(slow, ACME, ANN, now)
    lock.unlock(slow, ACME, now)
    now.time += lock.RECHECK - 0.1
    lease.confirm()
    now.time += 0.2
    with pytest.raises(LeaseLostError):
        lease.confirm()


def test_a_read_starts_the_time_again(slow, now):
    lease = lock.acquire(slow, ACME, ANN, now)
    now.time += lock.RECHECK
    assert lease.is_unconfirmed
    lease.confirm()
    assert not lease.is_unconfirmed


@pytest.mark.parametrize("clock", ["wall", "monotonic"])
def test_either_clock_tells_a_pause(slow, now, monkeypatch, clock):
    """The monotonic clock stands still while a machine is suspended. The wall clock may be set back."""
    lease, moment = lock.acquire(slow, ACME, ANN, now), time.monotonic()
    now.time += lock.RECHECK if clock == "wall" else -5
    monkeypatch.setattr(time, "monotonic", lambda: moment + (0 if clock == "wall" else lock.RECHECK + 1))
    assert lease.is_unconfirmed


# Dead processes


@pytest.fixture
def dead_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_user_without_a_name_is_its_number(monkeypatch):
    monkeypatch.setattr("os.getuid", lambda: 4_000_123)
    assert lock.this_process({}).name == "uid-4000123"


def test_lock_of_dead_process_on_this_machine_is_free(store, now, dead_process):
    here = lock.this_process({})
    lock.acquire(store, ACME, replace(here, pid=dead_process), now)
    assert lock.acquire(store, ACME, here, now).lock.holder.pid == os.getpid()


def test_lock_of_running_process_is_held(store, now):
    lock.acquire(store, ACME, lock.this_process({}), now)
    with pytest.raises(LockedError):
        lock.acquire(store, ACME, BOB, now)


def test_lock_of_a_killed_process_that_its_parent_has_not_waited_for_is_free(store, now):
    """A container without an init process keeps the number of a killed run in use; only Linux shows that it ended."""
    here = lock.this_process({})
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        held = lock.acquire(store, ACME, replace(here, pid=process.pid), now).lock
        assert lock.is_running(held)
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert lock.is_running(held) == (sys.platform != "linux")
    finally:
        process.communicate()
    assert lock.acquire(store, ACME, ANN, now).lock.holder == ANN


def test_lock_of_process_in_another_container_is_held(store, now, dead_process):
    here = lock.this_process({})
    lock.acquire(store, ACME, replace(here, pid=dead_process, machine="boot-1 pid:[2]"), now)
    with pytest.raises(LockedError):
        lock.acquire(store, ACME, here, now)


@pytest.mark.parametrize(
    ("environ", "name", "run_url"),
    [
        ({"USER": "ann"}, "ann", ""),
        ({"USER": "", "LOGNAME": "ann"}, "ann", ""),
        ({}, pwd.getpwuid(os.getuid()).pw_name, ""),
        (
            {
                "USER": "runner",
                "GITHUB_ACTOR": "ann",
                "GITHUB_SERVER_URL": "https://github.com",
                "GITHUB_REPOSITORY": "acme/bots",
                "GITHUB_RUN_ID": "9",
            },
            "ann",
            "https://github.com/acme/bots/actions/runs/9",
        ),
        ({"GITLAB_USER_LOGIN": "ann", "CI_JOB_URL": "https://gitlab.com/jobs/9"}, "ann", "https://gitlab.com/jobs/9"),
    ],
)
def test_a_holder_has_a_name_and_in_ci_the_page_of_its_run(environ, name, run_url):
    holder = lock.this_process(environ)
    assert (holder.name, holder.run_url, holder.pid) == (name, run_url, os.getpid())

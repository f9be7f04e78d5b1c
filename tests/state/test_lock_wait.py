"""The wait for a lock that another run holds, with a clock that stands still except while it is slept."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from reconciler.resources.address import Identity
from reconciler.state import lock
from reconciler.state.backend import Backend, open_store
from reconciler.state.lock import Holder, LockedError
from reconciler.state.lock_wait import LOCK_WAIT, LockWait
from reconciler.state.store import Store
from tests.state.stores import MemoryStore
from tests.support.state_repositories import ENVIRON, Remote

ACME = Identity("acme", "production")
ANN = Holder("ann", "build-7", machine="boot-1 pid:[1]", pid=4711)
BOB = Holder("bob", "build-8", machine="boot-2 pid:[1]", pid=4711)


class Bench:
    """A clock, and what happens when it is slept."""

    def __init__(self) -> None:
        self.time = 1_000.0
        self.told: list[str] = []
        self.slept: list[float] = []
        self.at: dict[int, Callable[[], object]] = {}
        """What happens in a sleep, by its number."""

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.at.get(len(self.slept), lambda: None)()
        self.slept.append(seconds)
        self.time += seconds

    @contextmanager
    def waiting(self, seconds: float) -> Iterator[None]:
        token = LOCK_WAIT.set(LockWait(seconds, tell=self.told.append, sleep=self.sleep, clock=self.now))
        yield
        LOCK_WAIT.reset(token)


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture(params=["local", "git", "s3", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """A store of each backend."""
    if request.param == "git":
        clone = Remote.make(tmp_path / "remote.git").clone(tmp_path / "clone")
        return open_store(clone, "git", ENVIRON, embedded=False)
    url = {"local": lambda: "local", "s3": lambda: request.getfixturevalue("bucket").url}
    opened = url.get(request.param, lambda: request.getfixturevalue("database"))()
    return open_store(tmp_path, opened, {}, embedded=False)


def test_a_lock_that_is_released_in_time_is_acquired_in_every_backend(store: Store, bench: Bench):
    bench.at[1] = lock.acquire(store, ACME, ANN, bench.now).release
    with bench.waiting(60), Backend(store, ACME, bench.now).lock(BOB) as lease:
        assert lease.lock.holder == BOB
    assert len(bench.slept) == 2
    held = "acme/production is locked by ann on build-7 (process 4711) for 0 s, renewed 0 s ago"
    assert bench.told == [f"{held}. Waiting for up to 1 min 0 s."]


def test_a_lock_that_is_held_for_longer_is_an_error_in_every_backend(store: Store, bench: Bench):
    held = lock.acquire(store, ACME, ANN, bench.now)
    with bench.waiting(12), pytest.raises(LockedError) as locked:
        Backend(store, ACME, bench.now).wait_until_free()
    assert sum(bench.slept) == 12
    assert "; waited 12 s for it" in str(locked.value)
    assert lock.read_lock(store, ACME) == held.lock


def test_no_command_waits_by_default(bench: Bench):
    store = MemoryStore()
    lock.acquire(store, ACME, ANN, bench.now)
    with pytest.raises(LockedError, match="pass --lock-timeout 10m"):
        lock.acquire(store, ACME, BOB, bench.now)


def test_several_waits_of_a_command_share_one_time(bench: Bench):
    store = MemoryStore()
    first = lock.acquire(store, ACME, ANN, bench.now)
    bench.at[3] = first.release
    with bench.waiting(10):
        lock.wait_until_free(store, ACME, bench.now)
        bench.time += 2
        lock.acquire(store, ACME, ANN, bench.now)
        with pytest.raises(LockedError):
            lock.acquire(store, ACME, BOB, bench.now)
    assert sum(bench.slept) == 8


def test_each_holder_is_named_and_once_a_minute(bench: Bench):
    store = MemoryStore()
    first = lock.acquire(store, ACME, ANN, bench.now)

    def next_run() -> None:
        first.release()
        lock.acquire(store, ACME, BOB, bench.now)

    bench.at[100] = next_run
    with bench.waiting(110), pytest.raises(LockedError):
        lock.wait_until_free(store, ACME, bench.now)
    assert [text.split()[4] for text in bench.told] == ["ann", "ann", "bob"]


def test_the_lock_of_a_run_that_died_is_taken_when_it_expires(bench: Bench):
    store = MemoryStore()
    lock.acquire(store, ACME, ANN, bench.now)
    with bench.waiting(600):
        assert lock.acquire(store, ACME, BOB, bench.now).lock.holder == BOB
    assert sum(bench.slept) == lock.DURATION + lock.GRACE + 1

"""The lock of one identity: a document that names its holder and is renewed during an apply.

A lock that was not renewed may be taken over: `GRACE` seconds after its expiry, so that clocks need to agree only
roughly; at once if its process is known to have died, or after `unlock`. The previous holder notices at its next write:
it reads the lock again before it, at once or after `RECHECK` seconds. A write that was on its way by then arrives; the
journal rejects its record.
"""

import os
import pwd
import secrets
import socket
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from reconciler.resources.address import Identity
from reconciler.resources.problems import Problem, ReconcilerError, env_option
from reconciler.resources.values import JSON
from reconciler.state.documents import document, format_errors, line, load, moment, typed
from reconciler.state.local import LocalStore
from reconciler.state.lock_wait import LOCK_WAIT, age
from reconciler.state.store import ConflictError, ExistsError, Put, Store, write_all

FORMAT: Final = "reconciler/lock/v1"
DURATION: Final = 120.0
"""Seconds until a lock expires if it is not renewed. Renew it after a third of this time."""
RECHECK: Final = 5.0
"""Seconds after which a run reads its lock again before it writes, if a read of the store takes long."""
GRACE: Final = 30.0
"""Seconds after its expiry before another host may take over a lock: the tolerated difference of clocks."""
_USERS: Final = ("GITHUB_ACTOR", "GITLAB_USER_LOGIN", "USER", "LOGNAME")
"""Variables with the name of the user; the first that is set counts."""
_LARGEST_PID: Final = 2**31 - 1


class LockedError(ReconcilerError):
    """Another run holds the lock."""

    exit_code = 6


class LeaseLostError(ReconcilerError):
    """The run no longer holds its lock and must not write anything else."""

    exit_code = 6


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that requests a lock."""

    name: str
    host: str
    machine: str
    """The running kernel and its PID namespace. Holders with the same value can see each other's process."""
    pid: int
    run_url: str = ""


@dataclass(frozen=True, slots=True)
class Lock:
    """The lock document. Times are Unix times."""

    token: str
    """Unique identifier of this acquisition, and of the run in the journal."""
    holder: Holder
    acquired: float
    renewed: float
    expires: float
    released: float | None = None
    """The time of release. A lock is released by writing it, because not every store can delete conditionally."""

    def is_free(self, now: float) -> bool:
        """True if another run may take the lock."""
        return self.released is not None or now > self.expires + GRACE or _is_dead(self.holder)


class Lease:
    """A held lock. Renew it every `DURATION / 3` seconds, and `confirm` it before every write outside the state."""

    def __init__(self, store: Store, identity: Identity, lock: Lock, version: str, now: Callable[[], float]) -> None:
        self._store, self._identity, self._version, self.now = store, identity, version, now
        self.lock = lock
        self._seen = self._clocks()

    @property
    def token(self) -> str:
        return self.lock.token

    @property
    def deadline(self) -> float:
        """The Unix time from which nothing may be written, unless the lease is renewed before."""
        return self.lock.expires

    def check(self) -> None:
        """Raise `LeaseLostError` after the deadline. Makes no request."""
        if self.now() >= self.deadline:
            raise self.lost_error("was not renewed in time")

    def verify(self) -> None:
        """Raise `LeaseLostError` unless this lease still holds the lock. One read."""
        self.check()
        self._present()

    @property
    def is_local(self) -> bool:
        """True if the lock is a file of this machine."""
        return isinstance(self._store, LocalStore)

    @property
    def is_unconfirmed(self) -> bool:
        """True if the lock has to be read again before a write: always, or `RECHECK` seconds after it was last seen.

        A suspended process does not run its timers. While the machine is suspended, only the wall clock goes on.
        """
        return self._store.is_quick or any(
            now - then >= RECHECK for now, then in zip(self._clocks(), self._seen, strict=True)
        )

    def confirm(self) -> None:
        """Raise `LeaseLostError` unless this lease still holds the lock, as far as `is_unconfirmed` asks. A local lock
        is not read again if it is as this lease wrote it.
        """
        self.check()
        if self.is_unconfirmed and not self._is_as_written:
            self._present()

    @property
    def _is_as_written(self) -> bool:
        return isinstance(self._store, LocalStore) and self._store.is_at(lock_key(self._identity), self._version)

    def _clocks(self) -> tuple[float, float]:
        return self.now(), time.monotonic()

    def renew(self) -> None:
        """Move the deadline to `DURATION` from now; raises `LeaseLostError`."""
        now = self.now()
        self._write(replace(self.lock, renewed=now, expires=now + DURATION))

    def keep(self) -> None:
        """Renew the lease if a third of its duration has passed; for callers with many sequential steps."""
        if self.now() - self.lock.renewed > DURATION / 3:
            self.renew()

    def release(self) -> None:
        """Release the lock, unless it is lost or released already."""
        if self.lock.released is not None:
            return
        try:
            self._write(replace(self.lock, released=self.now()))
        except LeaseLostError:
            return

    @contextmanager
    def releasing(self) -> Iterator[Put]:
        """Yield the change that releases the lock, for the body to write atomically with other changes."""
        freed = replace(self.lock, released=self.now())
        yield Put(lock_key(self._identity), _encode(freed), self._version)
        self.lock = freed

    def _write(self, lock: Lock) -> None:
        while self.lock is not lock:
            seen = self._clocks()
            try:
                self._version = _put(self._store, self._identity, lock, self._version)
                self.lock, self._seen = lock, seen
            except ConflictError:  # the lock is lost, or this write took effect and its answer was lost
                self._version = self._present()

    def _present(self) -> str:
        """Return the version of the lock document; `LeaseLostError` if another run holds it."""
        seen = self._clocks()
        lock, version = _read(self._store, self._identity)
        if lock is None or lock.token != self.token or lock.released is not None or version is None:
            raise self.lost_error(
                "was taken over" if lock and lock.released is None else "was released by another process"
            )
        self._seen = seen
        return version

    def lost_error(self, why: str) -> LeaseLostError:
        """Return the error for a lost lock."""
        message = f"the lock of {self._identity} {why} while this run held it"
        hint = "This run stopped writing. Run the same command again to resume."
        return LeaseLostError(Problem("lease-lost", message, hint=hint))


def this_process(environ: Mapping[str, str]) -> Holder:
    """Return this process as a lock holder; in GitHub Actions and GitLab CI with the URL of the run."""
    name = next(filter(None, map(environ.get, _USERS)), None) or _user()
    return Holder(name, socket.gethostname(), _machine(), os.getpid(), _run_url(environ))


def _user() -> str:
    """Return the name of the user of this process, as `whoami` does, or the number of one without a name, which a
    container may run as.
    """
    user = os.getuid()
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"uid-{user}"


def acquire(
    store: Store, identity: Identity, holder: Holder, now: Callable[[], float] = time.time, *, waits: bool = True
) -> Lease:
    """Acquire the lock of `identity`; raises `LockedError` if another run holds it for longer than `LOCK_WAIT` allows,
    or at all with `waits` unset.
    """
    while True:  # each repetition follows a successful write of another run, or a wait
        lock, version = _read(store, identity)
        if lock is not None and not lock.is_free(now()):
            if not waits:
                raise locked_error(identity, lock, now())
            _wait(store, identity, lock, now())
            continue
        moment = now()
        fresh = Lock(_token(moment), holder, moment, moment, moment + DURATION)
        try:
            return Lease(store, identity, fresh, _put(store, identity, fresh, version), now)
        except (ExistsError, ConflictError):  # another run wrote, or this write took effect and its answer was lost
            lock, version = _read(store, identity)
            if lock == fresh and version is not None:
                return Lease(store, identity, fresh, version, now)


def wait_until_free(store: Store, identity: Identity, now: Callable[[], float] = time.time) -> bool:
    """Return when no other run holds the lock, and whether one did; raises `LockedError` if that takes longer than
    `LOCK_WAIT` allows.
    """
    waited = False
    while (lock := read_lock(store, identity)) is not None and not lock.is_free(now()):
        _wait(store, identity, lock, now())
        waited = True
    return waited


def _wait(store: Store, identity: Identity, lock: Lock, now: float) -> None:
    """Wait until the lock is worth another look; raises `LockedError` if no time is left."""
    waiting = LOCK_WAIT.get()
    if not waiting.pause(_held(identity, lock, now), lock.token, is_quick=store.is_quick):
        raise locked_error(identity, lock, now, waited=waiting.seconds)


def read_lock(store: Store, identity: Identity) -> Lock | None:
    """Return the lock, even if it has expired; None if no lock is held."""
    lock, _ = _read(store, identity)
    return lock if lock and lock.released is None else None


def is_running(lock: Lock) -> bool:
    """Return True if the process of a lock is known to run, which only its own machine can tell."""
    return lock.holder.machine == _machine() and not _is_dead(lock.holder)


def unlock(store: Store, identity: Identity, now: Callable[[], float] = time.time) -> Lock | None:
    """Release the lock of any holder and return it; None if no lock is held."""
    lock, version = _read(store, identity)
    if lock is None or lock.released is not None:
        return None
    _put(store, identity, replace(lock, released=now()), version)
    return lock


def lock_key(identity: Identity) -> str:
    return f"state/{identity}/lock.json"


def locked_error(identity: Identity, lock: Lock, now: float, *, waited: float = 0.0) -> LockedError:
    message = _held(identity, lock, now) + (f"; waited {age(waited)} for it" if waited else "")
    free = f"if it is not renewed, the lock expires in {age(lock.expires + GRACE - now)}"
    wait = "Wait for that run to end" + ("" if waited else ", or pass --lock-timeout 10m")
    hint = f"{wait}; {free}. If the run has died, run `reconciler state unlock{env_option(identity.environment)}`."
    return LockedError(Problem("locked", message, hint=hint))


def _held(identity: Identity, lock: Lock, now: float) -> str:
    """Return the sentence that says who holds the lock, and since when."""
    holder = lock.holder
    run = f", {holder.run_url}" if holder.run_url else ""
    since = f"for {age(now - lock.acquired)}, renewed {age(now - lock.renewed)} ago"
    return f"{identity} is locked by {holder.name} on {holder.host} (process {holder.pid}{run}) {since}"


def _put(store: Store, identity: Identity, lock: Lock, version: str | None) -> str:
    [written] = write_all(store, [Put(lock_key(identity), _encode(lock), version)], _note(identity, lock))
    return written


def _note(identity: Identity, lock: Lock) -> str:
    done = "lock" if lock.renewed == lock.acquired else "renew the lock of"
    run = f" ({lock.holder.run_url})" if lock.holder.run_url else ""
    return f"{'unlock' if lock.released else done} {identity} by {lock.holder.name}@{lock.holder.host}{run}"


def _read(store: Store, identity: Identity) -> tuple[Lock | None, str | None]:
    key = lock_key(identity)
    found = store.read(key)
    if found is None:
        return None, None
    return _decode(found.data, f"{store.location}/{key}"), found.version


def _encode(lock: Lock) -> bytes:
    return document({"format": line(FORMAT)} | {name: line(value) for name, value in asdict(lock).items()})


def _decode(data: bytes, source: str) -> Lock:
    record = load(data, FORMAT, source)
    with format_errors(source):
        return Lock(
            token=typed(str, record["token"]),
            holder=_holder(record["holder"]),
            acquired=moment(record["acquired"]),
            renewed=moment(record["renewed"]),
            expires=moment(record["expires"]),
            released=None if record["released"] is None else moment(record["released"]),
        )


def _holder(record: JSON) -> Holder:
    name, host, machine, run_url = (typed(str, record[key]) for key in ("name", "host", "machine", "run_url"))
    pid = typed(int, record["pid"])
    if abs(pid) > _LARGEST_PID:
        raise ValueError("`pid` is not the number of a process")
    return Holder(name, host, machine, pid, run_url)


def started_at(token: str) -> str:
    """Return the start time of the run of `token`, as text that sorts by time; empty if there is no run."""
    return token.partition("-")[0]


def _token(now: float) -> str:
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now)) + "-" + secrets.token_hex(6)


def _machine() -> str:
    """Return an identifier of the machine: containers share host names and PIDs, but not boot id and PID namespace."""
    boot, namespace = Path("/proc/sys/kernel/random/boot_id"), Path("/proc/self/ns/pid")
    if boot.exists() and namespace.exists():
        return f"{boot.read_text(encoding='ascii').strip()} {namespace.readlink()}"
    return f"{socket.gethostname()} {uuid.getnode():x}"


def _is_dead(holder: Holder) -> bool:
    """True if the process of `holder` is known to have ended."""
    if holder.machine != _machine():
        return False
    try:
        os.kill(holder.pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return _has_ended(holder.pid)


def _has_ended(pid: int) -> bool:
    """Return True for a process that ended and that its parent has not waited for; its number is still in use. Known on
    Linux only.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return False
    return fields[:1] == [b"Z"]


def _run_url(environ: Mapping[str, str]) -> str:
    if run := environ.get("GITHUB_RUN_ID"):
        return f"{environ.get('GITHUB_SERVER_URL')}/{environ.get('GITHUB_REPOSITORY')}/actions/runs/{run}"
    return environ.get("CI_JOB_URL", "")

"""The lock of one identity: a document that names who is applying, renewed while they do.

A lock that was not renewed may be taken over: a while after it expired, so that clocks need to agree only roughly; at
once where its process is surely dead. Whoever lost a lock finds out when renewing it, or from its own clock. Should it
sleep at that moment, the journal still accepts nothing from a run that was superseded.
"""

import os
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
from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.resources.values import JSON
from reconciler.state.documents import document, format_errors, line, load, typed
from reconciler.state.store import ConflictError, ExistsError, Put, Store, write_all

FORMAT: Final = "reconciler/lock/v1"
DURATION: Final = 120.0
"""Seconds that a lock lasts without being renewed; renew after a third of it."""
GRACE: Final = 30.0
"""Seconds after its expiry before another host takes a lock: how far clocks may differ."""


class LockedError(ReconcilerError):
    """Another run holds the lock."""

    exit_code = 6


class LeaseLostError(ReconcilerError):
    """The lock that this run held is another's, or nobody's, by now: it must write nothing more."""

    exit_code = 6


@dataclass(frozen=True, slots=True)
class Holder:
    """Who asks for a lock."""

    name: str
    host: str
    machine: str
    """One running kernel and its space of process ids: two holders with the same one can see each other's process."""
    pid: int
    run_url: str = ""


@dataclass(frozen=True, slots=True)
class Lock:
    """The lock document. Times are Unix times."""

    token: str
    """Names this holding of the lock, and the run in the journal. Never used twice."""
    holder: Holder
    acquired: float
    renewed: float
    expires: float
    released: float | None = None
    """Freeing a lock is writing this: every store can do that on condition, while not every one can delete so."""

    def is_free(self, now: float) -> bool:
        """Whether another run may take it."""
        return self.released is not None or now > self.expires + GRACE or _is_dead(self.holder)


class Lease:
    """A lock that is held. Renew it every `DURATION / 3` seconds, `check` it before every live write."""

    def __init__(self, store: Store, identity: Identity, lock: Lock, version: str, now: Callable[[], float]) -> None:
        self._store, self._identity, self._version, self.now = store, identity, version, now
        self.lock = lock

    @property
    def token(self) -> str:
        return self.lock.token

    @property
    def deadline(self) -> float:
        """The Unix time from which nothing may be written any more, unless the lease is renewed before."""
        return self.lock.expires

    def check(self) -> None:
        """Raise `LeaseLostError` once the deadline has passed. Costs nothing."""
        if self.now() >= self.deadline:
            raise self.lost_error("was not renewed in time")

    def verify(self) -> None:
        """Raise `LeaseLostError` unless the lock still is this one. One read."""
        self.check()
        self._present()

    def renew(self) -> None:
        """Move the deadline to `DURATION` from now; raises `LeaseLostError`."""
        now = self.now()
        self._write(replace(self.lock, renewed=now, expires=now + DURATION))

    def keep(self) -> None:
        """Renew it once a third of its duration has gone; for whoever does many things one after the other."""
        if self.now() - self.lock.renewed > DURATION / 3:
            self.renew()

    def release(self) -> None:
        """Free the lock; where it is lost or freed already, there is nothing to do."""
        if self.lock.released is not None:
            return
        try:
            self._write(replace(self.lock, released=self.now()))
        except LeaseLostError:
            return

    @contextmanager
    def releasing(self) -> Iterator[Put]:
        """Free the lock in one step with something else: by a change that the body makes, all of it or nothing."""
        freed = replace(self.lock, released=self.now())
        yield Put(lock_key(self._identity), _encode(freed), self._version)
        self.lock = freed

    def _write(self, lock: Lock) -> None:
        while self.lock is not lock:
            try:
                self._version = _put(self._store, self._identity, lock, self._version)
                self.lock = lock
            except ConflictError:  # either the lock is lost, or it was our own write of which the answer was
                self._version = self._present()

    def _present(self) -> str:
        """The version of the lock document, if it still is ours."""
        lock, version = _read(self._store, self._identity)
        if lock is None or lock.token != self.token or lock.released is not None or version is None:
            raise self.lost_error("was taken over" if lock and lock.released is None else "was freed by somebody")
        return version

    def lost_error(self, why: str) -> LeaseLostError:
        """The error that says so, and what to do."""
        message = f"the lock of {self._identity} {why} while this run held it"
        hint = "This run has stopped writing. Run the same command again: it finds and finishes what is not done."
        return LeaseLostError(Problem("lease-lost", message, hint=hint))


def this_process(environ: Mapping[str, str]) -> Holder:
    """The present process as the holder of a lock; in GitHub Actions and GitLab CI with the page of the run."""
    name = environ.get("GITHUB_ACTOR") or environ.get("GITLAB_USER_LOGIN") or environ.get("USER") or "somebody"
    return Holder(name, socket.gethostname(), _machine(), os.getpid(), _run_url(environ))


def acquire(store: Store, identity: Identity, holder: Holder, now: Callable[[], float] = time.time) -> Lease:
    """Take the lock of `identity`; raises `LockedError` while another run has it."""
    while True:  # each further turn follows another run's success
        lock, version = _read(store, identity)
        if lock is not None and not lock.is_free(now()):
            raise locked_error(identity, lock, now())
        moment = now()
        fresh = Lock(_token(moment), holder, moment, moment, moment + DURATION)
        try:
            return Lease(store, identity, fresh, _put(store, identity, fresh, version), now)
        except (ExistsError, ConflictError):  # another run's write, or our own, of which the answer was lost
            lock, version = _read(store, identity)
            if lock == fresh and version is not None:
                return Lease(store, identity, fresh, version, now)


def read_lock(store: Store, identity: Identity) -> Lock | None:
    """The lock as it is, also one that expired; None where nobody holds it."""
    lock, _ = _read(store, identity)
    return lock if lock and lock.released is None else None


def unlock(store: Store, identity: Identity, now: Callable[[], float] = time.time) -> Lock | None:
    """Free the lock whoever holds it, and give it; None where nobody did. For people who know that run to be dead."""
    lock, version = _read(store, identity)
    if lock is None or lock.released is not None:
        return None
    _put(store, identity, replace(lock, released=now()), version)
    return lock


def lock_key(identity: Identity) -> str:
    return f"state/{identity}/lock.json"


def locked_error(identity: Identity, lock: Lock, now: float) -> LockedError:
    holder = lock.holder
    run = f", {holder.run_url}" if holder.run_url else ""
    since = f"for {_age(now - lock.acquired)}, renewed {_age(now - lock.renewed)} ago"
    message = f"{identity} is locked by {holder.name} on {holder.host} (process {holder.pid}{run}) {since}"
    free = f"not renewed, it is free in {_age(lock.expires + GRACE - now)}"
    hint = f"Wait for that run; {free}. If it is surely dead: `reconciler state unlock`."
    return LockedError(Problem("locked", message, hint=hint))


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
            acquired=float(record["acquired"]),
            renewed=float(record["renewed"]),
            expires=float(record["expires"]),
            released=None if record["released"] is None else float(record["released"]),
        )


def _holder(record: JSON) -> Holder:
    name, host, machine, run_url = (typed(str, record[key]) for key in ("name", "host", "machine", "run_url"))
    return Holder(name, host, machine, typed(int, record["pid"]), run_url)


def started_at(token: str) -> str:
    """When the run of that token took the lock, as text that sorts by time; empty where there was none."""
    return token.partition("-")[0]


def _token(now: float) -> str:
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now)) + "-" + secrets.token_hex(6)


def _machine() -> str:
    """Containers share host names and process numbers; a boot and a PID namespace are shared by none."""
    boot, namespace = Path("/proc/sys/kernel/random/boot_id"), Path("/proc/self/ns/pid")
    if boot.exists() and namespace.exists():
        return f"{boot.read_text(encoding='ascii').strip()} {namespace.readlink()}"
    return f"{socket.gethostname()} {uuid.getnode():x}"


def _is_dead(holder: Holder) -> bool:
    """Whether the process of `holder` is surely gone."""
    if holder.machine != _machine():
        return False
    try:
        os.kill(holder.pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _run_url(environ: Mapping[str, str]) -> str:
    if run := environ.get("GITHUB_RUN_ID"):
        return f"{environ.get('GITHUB_SERVER_URL')}/{environ.get('GITHUB_REPOSITORY')}/actions/runs/{run}"
    return environ.get("CI_JOB_URL", "")


def _age(seconds: float) -> str:
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"

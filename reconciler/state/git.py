"""The `git` backend: documents as files on an orphan branch of the project's repository, on its remote.

A write is a commit, pushed on condition that the branch has not moved; the history of the branch is the audit log. The
version of a document is a commit that contains it: the version is current if no later commit changed the file. A push
takes about a second, so several documents are written in one commit, and bundles are added to the next one.
"""

import random
import re
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from reconciler.resources.problems import Problem
from reconciler.state.git_command import Git
from reconciler.state.git_repository import Repository
from reconciler.state.store import (
    BackendConfig,
    Change,
    Delete,
    Documents,
    Put,
    StoreError,
    Versioned,
    bad_state,
    check_key,
    check_prefix,
    conflict_error,
    exists_error,
)

BRANCH: Final = "reconciler-state"
REMOTE: Final = "origin"
PATIENCE: Final = 120.0
"""Seconds for which a write is retried while other processes keep pushing first."""

_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*")


class GitStore:
    """A `BatchStore` on one branch of a remote. The first write creates the branch."""

    is_quick: Final = False

    def __init__(self, repository: Repository) -> None:
        self.location = repository.location
        self._repository = repository
        self._turn = threading.Lock()
        self._latest: _Commit | None = None
        self._deferred: dict[str, bytes | None] = {}

    def read(self, key: str) -> Versioned | None:
        check_key(key)
        return self.snapshot().read(key)

    def create(self, key: str, data: bytes) -> str:
        return self.write_all([Put(key, data)], f"write {key}")[0]

    def replace(self, key: str, data: bytes, version: str) -> str:
        return self.write_all([Put(key, data, version)], f"write {key}")[0]

    def delete(self, keys: Iterable[str]) -> None:
        self.write_all([Delete(tuple(keys))], "remove obsolete documents")

    def snapshot(self) -> Documents:
        with self._exclusive():
            return self._at(self._repository.fetch())

    def latest(self) -> Documents:
        return _Overlaid(self._latest or self.snapshot(), dict(self._deferred))

    def defer(self, key: str, data: bytes | None) -> None:
        self._deferred[check_key(key)] = data

    def write_all(self, changes: Sequence[Change], note: str) -> list[str]:
        documents = _documents(changes)
        with self._exclusive():
            commit = self._write(changes, documents, note)
        return [commit for change in changes if isinstance(change, Put)]

    def messages(self, having: str) -> list[str]:
        """Return the notes of writes that have a line starting with `having`, newest first."""
        with self._exclusive():
            tip = self._repository.fetch_history()
        return self._repository.messages(tip, having) if tip else []

    def list(self, prefix: str) -> list[str]:
        check_prefix(prefix)
        return self.snapshot().list(prefix)

    def check_writable(self, key: str) -> None:
        """Rehearse a push. Rules of the server for the branch, such as its protection, are not applied to it."""
        check_key(key)
        with self._exclusive():
            error = self._repository.rehearse_push()
        if error:
            raise error

    def _write(self, changes: Sequence[Change], documents: Mapping[str, bytes | None], note: str) -> str:
        """Push a commit on the tip known to this clone; if it is outdated, on the tip of the remote."""
        repository, until = self._repository, time.monotonic() + PATIENCE
        tip = repository.tip
        if self._refusal(changes, tip) or self._lacks(changes, tip):
            tip = repository.fetch()
        while True:
            if wrong := self._refusal(changes, tip):
                raise wrong
            deferred = dict(self._deferred)
            commit = repository.commit(tip, {**deferred, **documents}, note)
            refused = repository.push(commit, tip)
            if refused is None:
                return self._written(commit, commit, deferred)
            tip = repository.fetch()
            if tip and repository.contains(tip, commit):  # the push took effect, but its answer was lost
                return self._written(commit, tip, deferred)
            if not refused.overtaken:
                raise refused.error
            _pause(until, self.location)

    def _refusal(self, changes: Sequence[Change], tip: str | None) -> StoreError | None:
        """Return the error if the changes conflict with `tip`."""
        puts = [change for change in changes if isinstance(change, Put)]
        present = self._repository.present(tip, [put.key for put in puts]) if tip else set()
        for put in puts:
            if put.version is None and put.key in present:
                return exists_error(self.location, put.key)
            if put.version is not None and not (
                tip and put.key in present and self._repository.unchanged(put.key, put.version, tip)
            ):
                return conflict_error(self.location, put.key)
        return None

    def _lacks(self, changes: Sequence[Change], tip: str | None) -> bool:
        """True if `tip` lacks a document to delete: another process may have written it later."""
        put = {change.key for change in changes if isinstance(change, Put)}
        removed = {key for change in changes if isinstance(change, Delete) for key in change.keys} - put
        return not removed.issubset(self._repository.present(tip, removed) if tip else set())

    def _written(self, commit: str, tip: str, deferred: Mapping[str, bytes | None]) -> str:
        self._at(tip)
        for key, data in deferred.items():
            if self._deferred.get(key, b"") is data:
                del self._deferred[key]
        return commit

    def _at(self, tip: str | None) -> "_Commit":
        if self._latest is None or self._latest.id != tip:
            self._latest = _Commit(self._repository, tip)
        return self._latest

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        with self._turn, self._repository.exclusive():
            yield


@dataclass(frozen=True)
class _Commit:
    """The documents of one commit; none if the branch does not exist yet."""

    repository: Repository
    id: str | None

    def read(self, key: str) -> Versioned | None:
        blob = self._entries.get(check_key(key))
        return Versioned(self.repository.blob(blob), self.id) if blob and self.id else None

    def list(self, prefix: str) -> list[str]:
        below = check_prefix(prefix)
        return sorted(key for key in self._entries if key.startswith(below))

    @cached_property
    def _entries(self) -> dict[str, str]:
        return self.repository.entries(self.id) if self.id else {}


@dataclass(frozen=True)
class _Overlaid:
    """The documents of a commit with the deferred writes applied."""

    under: Documents
    deferred: Mapping[str, bytes | None]

    def read(self, key: str) -> Versioned | None:
        if key not in self.deferred:
            return self.under.read(key)
        data = self.deferred[key]
        return None if data is None else Versioned(data, "deferred")

    def list(self, prefix: str) -> list[str]:
        written = {key for key, data in self.deferred.items() if data is not None and key.startswith(prefix)}
        return sorted(written.union(self.under.list(prefix)) - (self.deferred.keys() - written))


def _documents(changes: Sequence[Change]) -> dict[str, bytes | None]:
    """Return the resulting content for each key: that of its last change."""
    documents: dict[str, bytes | None] = {}
    for change in changes:
        if isinstance(change, Put):
            documents[check_key(change.key)] = change.data
        else:
            documents |= dict.fromkeys(map(check_key, change.keys))
    return documents


def _pause(until: float, location: str) -> None:
    if time.monotonic() > until:
        message = f"could not write to {location} for {PATIENCE:.0f} s: other processes kept writing first"
        raise StoreError(Problem("state-busy", message, hint="Run the same command again."))
    time.sleep(random.uniform(0.0, 0.2))  # noqa: S311 - spreads the processes that lost a race


def open_store(config: BackendConfig) -> GitStore:
    """Open the store at `git` or `git:BRANCH`; `?remote=NAME` names a remote other than `origin`."""
    options = config.options("remote")
    branch = config.url.partition("?")[0].partition(":")[2].removeprefix("//") or BRANCH
    remote = options.get("remote", REMOTE)
    for name in (branch, remote):
        if not _NAME.fullmatch(name) or ".." in name or name.endswith((".", ".lock")):
            raise bad_state(f"{name!r} is not a valid branch or remote name", "Write `git:BRANCH?remote=NAME`.")
    return git_store(config.project, config.environ, branch, remote)


def git_store(folder: Path, environ: Mapping[str, str], branch: str = BRANCH, remote: str = REMOTE) -> GitStore:
    """Return the store on `branch` of `remote`, for the repository of `folder`. Does not run Git yet."""
    git = Git(folder, environ, f"{remote}/{branch}")
    return GitStore(Repository(git, remote, branch))

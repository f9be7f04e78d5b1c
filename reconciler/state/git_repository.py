"""One branch of a remote as commits of documents, with Git plumbing commands only.

The working tree, the index, HEAD and the stash of the clone are not touched. Only objects and the remote-tracking ref
of the branch are written to the clone, as by `git fetch`.
"""

import fcntl
import re
import secrets
import threading
import weakref
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Final, cast

from reconciler.state.git_command import Git, GitStateError

_GONE: Final = "0" * 40
_ID: Final = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_FETCH: Final = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--refmap=")
_PUSH: Final = ("push", "--porcelain", "--no-follow-tags", "--no-signed", "--recurse-submodules=no")
_OVERTAKEN: Final = re.compile(
    r"stale info|fetch first|non-fast-forward|lock|failed to update ref|incorrect old value|already exists"
)
"""The reasons by which Git and common servers reject a push because another push came first."""
_NONCE: Final = "Reconciler-Write: "


@dataclass(frozen=True, slots=True)
class RejectedPush:
    """A push that failed, or whose answer was lost."""

    error: GitStateError
    overtaken: bool
    """True if it was rejected because the branch has moved."""


class Repository:
    """The branch `branch` of `remote`, accessed through the clone that `git` runs in."""

    def __init__(self, git: Git, remote: str, branch: str) -> None:
        self.location = git.location
        self._git, self._name = git, remote
        self._reading = threading.Lock()
        self._theirs, self._ours = f"refs/heads/{branch}", f"refs/remotes/{remote}/{branch}"

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the lock of this clone: concurrent fetches of several processes would fail."""
        with (self._folder / "reconciler.lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @cached_property
    def _remote(self) -> str:
        """The name of the remote. An error if it is not configured: Git takes another word for the path of a folder,
        which may be in the working tree, with hooks.
        """
        key = f"remote.{self._name}.url"
        if not self._git.has_configured(key):
            raise self._git.failed(f"No such remote: {self._name}")
        return self._name

    @property
    def tip(self) -> str | None:
        """The last fetched commit of the branch; None if it does not exist."""
        return self._git.attempt("rev-parse", "--verify", "--quiet", f"{self._ours}^{{commit}}").text or None

    def fetch(self, *depth: str) -> str | None:
        """Fetch the branch and return its commit; None if it does not exist. One round trip.

        In a shallow clone the history is left out. In a full clone that would make the clone shallow.
        """
        if not depth and self._shallow and self.tip is None:
            depth = ("--depth=1",)
        done = self._git.attempt(*_FETCH, *depth, self._remote, f"+{self._theirs}:{self._ours}")
        if done.code and "couldn't find remote ref" in done.err:
            self._git("update-ref", "-d", self._ours)
        elif done.code:
            raise self._git.failed(done.err)
        return self.tip

    def fetch_history(self) -> str | None:
        """Fetch every commit of the branch and return the latest; None if it does not exist."""
        # Not --unshallow, which fetches the history of every branch of the clone.
        return self.fetch(*(("--depth=1000000",) if self._shallow else ()))

    def push(self, commit: str, old: str | None) -> RejectedPush | None:
        """Move the branch from `old` to `commit`; return the rejection, or None if it succeeded. One round trip."""
        lease = f"--force-with-lease={self._theirs}:{old or ''}"
        done = self._git.attempt(*_PUSH, lease, self._remote, f"{commit}:{self._theirs}")
        if not done.code:
            self._git("update-ref", self._ours, commit)
            return None
        said = "\n".join(line.split("\t")[-1] for line in done.text.splitlines() if line.startswith("!\t"))
        return RejectedPush(self._git.failed(f"{done.err}\n{said}"), overtaken=bool(_OVERTAKEN.search(said)))

    def rehearse_push(self) -> GitStateError | None:
        """Connect to the remote as for a push, and change nothing; return the error, if there is one."""
        known = self.tip or self._git.attempt("rev-parse", "--verify", "--quiet", "HEAD^{commit}").text
        if not known:
            return None
        done = self._git.attempt(*_PUSH, "--dry-run", self._remote, f"{known}:{self._theirs}")
        return self._git.failed(done.err) if done.code else None

    def commit(self, parent: str | None, documents: Mapping[str, bytes | None], message: str) -> str:
        """Create a commit after `parent` that changes `documents`; None deletes one. Does not push."""
        with TemporaryDirectory(prefix="reconciler-") as scratch:
            index = Path(scratch, "index")
            if parent:
                self._git("read-tree", parent, index=index)
            lines = [f"0 {_GONE}\t{key}" for key, data in documents.items() if data is None]
            lines += [f"100644 {blob}\t{key}" for key, blob in self._blobs(documents, Path(scratch)).items()]
            self._git(
                "update-index", "-z", "--index-info", data="".join(f"{line}\0" for line in lines).encode(), index=index
            )
            tree = self._git("write-tree", "--missing-ok", index=index).text
        # Without it, two runs that write the same content after the same commit within a second would share a commit.
        unique = f"{message}\n{'' if chr(10) in message else chr(10)}{_NONCE}{secrets.token_hex(8)}\n"
        parents = ("-p", parent) if parent else ()
        return self._git("commit-tree", tree, *parents, data=unique.encode("utf-8", "replace")).text

    def entries(self, commit: str) -> dict[str, str]:
        """Return the keys of all documents in `commit`, with the ids of their contents."""
        return self._listed("-r", commit)

    def present(self, commit: str, keys: Collection[str]) -> set[str]:
        """Return those of `keys` that are documents in `commit`."""
        return self._listed(commit, *keys).keys() & set(keys) if keys else set()

    def blob(self, blob: str) -> bytes:
        """Return the content with the id `blob`, which was fetched with its commit."""
        with self._reading:
            return self._contents.read(blob)

    def contains(self, tip: str | None, commit: str) -> bool:
        """Return True if `commit` is `tip` or an ancestor of it."""
        return tip is not None and not self._git.attempt("merge-base", "--is-ancestor", commit, tip).code

    def unchanged(self, key: str, since: str, tip: str) -> bool:
        """Return True if no commit after `since`, up to `tip`, wrote `key`."""
        if since == tip:
            return True
        if not _ID.fullmatch(since) or not self.contains(tip, since):
            return False
        return not self._git("rev-list", "-1", f"{since}..{tip}", "--", f":(top,literal){key}").text

    def messages(self, tip: str, having: str) -> list[str]:
        """Return the messages of commits up to `tip` that have a line starting with `having`, newest first."""
        log = self._git("log", "--no-ext-diff", "--no-textconv", "--format=%B%x00", f"--grep=^{having}", tip)
        return [message.strip() for message in log.text.split("\0") if message.strip()]

    @cached_property
    def _folder(self) -> Path:
        """The Git folder of the clone, even if the project is in one of its linked worktrees."""
        return Path(self._git("rev-parse", "--path-format=absolute", "--git-common-dir").text)

    @cached_property
    def _contents(self) -> "_Contents":
        return _Contents(self._git)

    @property
    def _shallow(self) -> bool:
        return self._git("rev-parse", "--is-shallow-repository").text == "true"

    def _listed(self, *words: str) -> dict[str, str]:
        records = self._git("ls-tree", "-z", "--full-tree", *words).out.decode("utf-8", "surrogateescape").split("\0")
        found = ((key, facts.split()) for facts, _, key in (record.partition("\t") for record in records if record))
        return {key: blob for key, (_mode, kind, blob) in found if kind == "blob"}

    def _blobs(self, documents: Mapping[str, bytes | None], scratch: Path) -> dict[str, str]:
        """Write the contents to the clone and return their ids."""
        contents = {key: data for key, data in documents.items() if data is not None}
        files = [scratch / str(number) for number in range(len(contents))]
        for file, data in zip(files, contents.values(), strict=True):
            file.write_bytes(data)
        names = "".join(f"{file}\n" for file in files)
        blobs = self._git("hash-object", "-w", "--no-filters", "--stdin-paths", data=names.encode()).text.split()
        return dict(zip(contents, blobs, strict=True))


class _Contents:
    """Contents by id, read through one process, because starting one for each would dominate the run time."""

    def __init__(self, git: Git) -> None:
        self._git = git
        self._process = git.start("cat-file", "--batch")
        weakref.finalize(self, self._process.communicate)

    def read(self, blob: str) -> bytes:
        asked, answers = cast("IO[bytes]", self._process.stdin), cast("IO[bytes]", self._process.stdout)
        try:
            asked.write(f"{blob}\n".encode())
            asked.flush()
            _, _, size = answers.readline().split()
        except (OSError, ValueError) as error:
            raise self._git.failed(f"object {blob} cannot be read from the clone") from error
        return answers.read(int(size) + 1)[:-1]

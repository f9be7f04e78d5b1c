"""One branch of a remote, as commits of documents: plumbing only.

The working tree, the index, HEAD and the stash of the clone are not touched. What is written to the clone are objects
and the remote-tracking ref of the branch, as by `git fetch`.
"""

import fcntl
import re
import secrets
import subprocess
import threading
import weakref
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Final, cast

from reconciler.state.git_command import Git, GitError

_GONE: Final = "0" * 40
_ID: Final = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_FETCH: Final = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--refmap=")
_PUSH: Final = ("push", "--porcelain", "--no-follow-tags", "--no-signed", "--recurse-submodules=no")
_OVERTAKEN: Final = re.compile(
    r"stale info|fetch first|non-fast-forward|lock|failed to update ref|incorrect old value|already exists"
)
"""How a push is refused where another one was faster, by Git and the servers that people use."""
_IDENTITY: Final = ("-c", "user.name=Reconciler", "-c", "user.email=reconciler@localhost")
_NONCE: Final = "Reconciler-Write: "


@dataclass(frozen=True, slots=True)
class RejectedPush:
    """A push that did not arrive, as far as is known."""

    error: GitError
    overtaken: bool
    """Whether it was refused because the branch is not any more what it was."""


class Repository:
    """The branch `branch` of `remote`, through the clone that `git` runs in."""

    def __init__(self, git: Git, remote: str, branch: str) -> None:
        self.location = git.location
        self._git, self._remote = git, remote
        self._reading = threading.Lock()
        self._theirs, self._ours = f"refs/heads/{branch}", f"refs/remotes/{remote}/{branch}"

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """A turn among the processes that use this clone: two fetches at once get into each other's way."""
        with (self._folder / "reconciler.lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @property
    def tip(self) -> str | None:
        """The commit that the branch was at when this clone last heard of it; None where it has none."""
        return self._git.attempt("rev-parse", "--verify", "--quiet", f"{self._ours}^{{commit}}").text or None

    def fetch(self, *depth: str) -> str | None:
        """The commit that the branch is at now, or None where it has none. One round trip.

        History is left out where the clone is shallow: in a whole one that would make the clone a shallow one.
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
        """As `fetch`, with every commit of the branch."""
        # Not --unshallow: that fetches the history of everything the clone has.
        return self.fetch(*(("--depth=1000000",) if self._shallow else ()))

    def push(self, commit: str, old: str | None) -> RejectedPush | None:
        """Move the branch from `old` to `commit`; None where that is done. One round trip."""
        lease = f"--force-with-lease={self._theirs}:{old or ''}"
        done = self._git.attempt(*_PUSH, lease, self._remote, f"{commit}:{self._theirs}")
        if not done.code:
            self._git("update-ref", self._ours, commit)
            return None
        said = "\n".join(line.split("\t")[-1] for line in done.text.splitlines() if line.startswith("!\t"))
        return RejectedPush(self._git.failed(f"{done.err}\n{said}"), overtaken=bool(_OVERTAKEN.search(said)))

    def commit(self, parent: str | None, documents: Mapping[str, bytes | None], message: str) -> str:
        """A commit after `parent` that differs from it in `documents`, of which None are removed. Not pushed."""
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
        # Two runs that write the same after the same commit in the same second must not make the same commit.
        unique = f"{message}\n{'' if chr(10) in message else chr(10)}{_NONCE}{secrets.token_hex(8)}\n"
        parents = ("-p", parent) if parent else ()
        return self._git(*self._identity, "commit-tree", tree, *parents, data=unique.encode("utf-8", "replace")).text

    def entries(self, commit: str) -> dict[str, str]:
        """The keys of all documents in `commit`, each with the id of its content."""
        return self._listed("-r", commit)

    def present(self, commit: str, keys: Collection[str]) -> set[str]:
        """Those of `keys` that are documents in `commit`."""
        return self._listed(commit, *keys).keys() & set(keys) if keys else set()

    def blob(self, blob: str) -> bytes:
        """The content with that id. The clone has it: it came with the commit."""
        with self._reading:
            return self._contents.read(blob)

    def contains(self, tip: str | None, commit: str) -> bool:
        """Whether `commit` is `tip`, or came before it."""
        return tip is not None and not self._git.attempt("merge-base", "--is-ancestor", commit, tip).code

    def unchanged(self, key: str, since: str, tip: str) -> bool:
        """Whether no commit after `since`, up to `tip`, wrote `key`."""
        if since == tip:
            return True
        if not _ID.fullmatch(since) or not self.contains(tip, since):
            return False
        return not self._git("rev-list", "-1", f"{since}..{tip}", "--", f":(top,literal){key}").text

    def messages(self, tip: str, having: str) -> list[str]:
        """The messages of the commits up to `tip` with a line that starts with `having`, the latest first."""
        log = self._git("log", "--format=%B%x00", f"--grep=^{having}", tip)
        return [message.strip() for message in log.text.split("\0") if message.strip()]

    @cached_property
    def _folder(self) -> Path:
        """Of the clone, also where the project is in another worktree of it."""
        return Path(self._git("rev-parse", "--path-format=absolute", "--git-common-dir").text)

    @cached_property
    def _contents(self) -> "_Contents":
        return _Contents(self._git)

    @property
    def _shallow(self) -> bool:
        return self._git("rev-parse", "--is-shallow-repository").text == "true"

    @cached_property
    def _identity(self) -> tuple[str, ...]:
        """Nothing where Git knows who commits."""
        return _IDENTITY if self._git.attempt("config", "user.email").code else ()

    def _listed(self, *words: str) -> dict[str, str]:
        records = self._git("ls-tree", "-z", "--full-tree", *words).out.decode("utf-8", "surrogateescape").split("\0")
        found = ((key, facts.split()) for facts, _, key in (record.partition("\t") for record in records if record))
        return {key: blob for key, (_mode, kind, blob) in found if kind == "blob"}

    def _blobs(self, documents: Mapping[str, bytes | None], scratch: Path) -> dict[str, str]:
        """The ids of the contents, once they are in the clone."""
        contents = {key: data for key, data in documents.items() if data is not None}
        files = [scratch / str(number) for number in range(len(contents))]
        for file, data in zip(files, contents.values(), strict=True):
            file.write_bytes(data)
        names = "".join(f"{file}\n" for file in files)
        blobs = self._git("hash-object", "-w", "--no-filters", "--stdin-paths", data=names.encode()).text.split()
        return dict(zip(contents, blobs, strict=True))


class _Contents:
    """Contents by id, all from one process: starting one for each takes longer than everything else."""

    def __init__(self, git: Git) -> None:
        self._git = git
        self._process = git.start("cat-file", "--batch", stderr=subprocess.DEVNULL)
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

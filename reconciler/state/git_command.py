"""Execution of `git` without prompts and hooks, with a time limit, and with a hint for each error.

Git 2.31 or newer. Authentication is Git's own: credential helpers, an ssh agent, the token of a CI job.
"""

import contextlib
import os
import re
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from reconciler.resources.problems import Problem
from reconciler.state.store import StoreError

PROGRAM: Final = "git"
TIMEOUT: Final = 60.0
"""Seconds that one command may take: half the time until an unrenewed lock expires."""

_QUIET: Final = {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GCM_INTERACTIVE": "never"}
_INHERITED: Final = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_COMMON_DIR",
    "GIT_PREFIX",
)
"""Variables that Git sets for hooks, which would redirect commands to the repository and index of the hook."""
# Settings of the user that would slow down, or take part in, writes of the state.
_OURS: Final = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.splitIndex=false",
    "gc.auto=0",
    "maintenance.auto=false",
)
_USERINFO: Final = re.compile(r"(?<=://)[^/@\s]+@")
_HINTS: Final = (
    (
        r"could not read (Username|Password)|Authentication failed|Permission .*denied|publickey|\b40[13]\b",
        "Give Git a credential that may push to that remote; in GitHub Actions: `permissions: {contents: write}`.",
    ),
    (
        r"protected|hook declined|GH0\d\d|GL-HOOK|not allowed|prohibited",
        "Allow this account to push to that branch, or set another one: `state: {backend: git, branch: …}`.",
    ),
    (
        r"not appear to be a git repository|No such remote|not found|does not exist",
        "Run `git remote -v` to list the remotes, and set one: `state: {backend: git, remote: …}`.",
    ),
    (r"dubious ownership", "Mark the checkout as safe: `git config --global --add safe.directory DIR`."),
    (
        r"not a git repository",
        "The state is a branch of the project's repository: run `git init` or `git clone` first.",
    ),
)
_HINT: Final = "Check the connection to the remote, then run the same command again to resume."


class GitError(StoreError):
    """A Git command failed."""


@dataclass(frozen=True, slots=True)
class CompletedCommand:
    """The result of a Git command."""

    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        return self.out.decode("utf-8", "surrogateescape").strip()


@dataclass(frozen=True)
class Git:
    """Git in the repository of `folder`; `location` names the state in errors."""

    folder: Path
    environ: Mapping[str, str]
    location: str

    def __call__(self, *words: str, data: bytes = b"", index: Path | None = None) -> CompletedCommand:
        """Run a command and raise `GitError` if it fails; `index` is a private index file."""
        done = self.attempt(*words, data=data, index=index)
        if done.code:
            raise self.failed(done.err)
        return done

    def attempt(self, *words: str, data: bytes = b"", index: Path | None = None) -> CompletedCommand:
        """Run a command and return its result, successful or not."""
        with self.start(*words, index=index) as process:
            try:
                out, err = process.communicate(data, TIMEOUT)
            except subprocess.TimeoutExpired as error:
                raise self._error(f"git {words[0]} took more than {TIMEOUT:.0f} s", _HINT) from error
            finally:
                _end(process)
        return CompletedCommand(process.returncode, out, err.decode("utf-8", "replace"))

    def start(self, *words: str, index: Path | None = None, stderr: int = subprocess.PIPE) -> subprocess.Popen[bytes]:
        """Start a command in its own session, so that ssh cannot prompt and Ctrl-C does not interrupt a push."""
        settings = [word for setting in _OURS for word in ("-c", setting)]
        try:
            return subprocess.Popen(  # noqa: S603 - no shell; words are refs, keys and object ids
                [PROGRAM, *settings, *words],
                cwd=self.folder,
                env={**self._environ, **({"GIT_INDEX_FILE": str(index)} if index else {})},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                start_new_session=True,
            )
        except OSError as error:
            raise self._error(f"cannot run git: {error.strerror}", "Install Git 2.31 or newer.") from error

    def failed(self, reason: str) -> GitError:
        """Return the error for the stderr output of Git, without credentials, with a hint."""
        text = redacted(reason)
        lines = (re.sub(r"^(fatal|error|remote): ", "", line).strip() for line in text.splitlines())
        said = "; ".join(dict.fromkeys(line for line in lines if line and not line.startswith("hint:")))
        hint = next((hint for pattern, hint in _HINTS if re.search(pattern, text, re.IGNORECASE)), _HINT)
        return self._error(said or "git failed with no output", hint)

    def _error(self, message: str, hint: str) -> GitError:
        return GitError(Problem("state-git", f"cannot use the state on {self.location}: {message}", hint=hint))

    @cached_property
    def _environ(self) -> dict[str, str]:
        kept = {name: value for name, value in self.environ.items() if name not in _INHERITED}
        return {**kept, **_QUIET}


def redacted(text: str) -> str:
    """Return `text` without user names and passwords in URLs."""
    return _USERINFO.sub("", text)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill a process that is still running, together with its ssh or curl, which hold the pipes."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)

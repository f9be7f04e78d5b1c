"""`git` for the state: errors name the branch of the state, and have a hint."""

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from reconciler.git import command
from reconciler.git.command import CompletedCommand
from reconciler.resources.problems import Problem
from reconciler.state.store import StoreError

_COMMITTER: Final = {"user.name": "Reconciler", "user.email": "reconciler@localhost"}
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
        r"No such remote",
        "Add the remote with `git remote add NAME URL`, or set another one: `state: {backend: git, remote: …}`.",
    ),
    (
        r"not appear to be a git repository|not found|does not exist",
        "Run `git remote -v` to list the remotes, and set one: `state: {backend: git, remote: …}`.",
    ),
    (r"dubious ownership", "Mark the checkout as safe: `git config --global --add safe.directory DIR`."),
    (
        r"not a git repository",
        "The state is a branch of the project's repository: run `git init` or `git clone` first.",
    ),
)
_HINT: Final = "Check the connection to the remote, then run the same command again to resume."


class GitStateError(StoreError):
    """A Git command for the state failed."""


@dataclass(frozen=True)
class Git:
    """Git in the repository of `folder`; `location` names the state in errors."""

    folder: Path
    environ: Mapping[str, str]
    location: str

    def __call__(self, *words: str, data: bytes = b"", index: Path | None = None) -> CompletedCommand:
        """Run a command and raise `GitStateError` if it fails; `index` is a private index file."""
        done = self.attempt(*words, data=data, index=index)
        if done.code:
            raise self.failed(done.err)
        return done

    def attempt(self, *words: str, data: bytes = b"", index: Path | None = None) -> CompletedCommand:
        """Run a command and return its result, successful or not."""
        try:
            return command.run(
                self._top, *words, environ=self.environ, data=data, index=index, settings=self._committer(words[0])
            )
        except command.GitError as error:
            raise self._error(error.problems[0].message, error.problems[0].hint) from error

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Start a command whose errors are not read."""
        try:
            return command.start(self._top, words, self.environ, stderr=subprocess.DEVNULL)
        except command.GitError as error:
            raise self._error(error.problems[0].message, error.problems[0].hint) from error

    def failed(self, reason: str) -> GitStateError:
        """Return the error for the stderr output of Git, without credentials, with a hint."""
        text = redacted(reason)
        lines = (re.sub(r"^(fatal|error|remote): ", "", line).strip() for line in text.splitlines())
        said = "; ".join(dict.fromkeys(line for line in lines if line and not line.startswith("hint:")))
        hint = next((hint for pattern, hint in _HINTS if re.search(pattern, text, re.IGNORECASE)), _HINT)
        return self._error(said or "git failed with no output", hint)

    def _error(self, message: str, hint: str) -> GitStateError:
        return GitStateError(Problem("state-git", f"cannot use the state on {self.location}: {message}", hint=hint))

    @cached_property
    def _top(self) -> Path:
        top = command.top_of(self.folder)
        if top is None:
            raise self.failed("not a git repository")
        return top

    def _committer(self, subcommand: str) -> Mapping[str, str]:
        """Return settings that name a committer; none if Git has one."""
        return _COMMITTER if subcommand == "commit-tree" and not self._has_committer else {}

    def has_configured(self, key: str) -> bool:
        """Return True if a configuration has `key`: of the clone, the user, the system or the environment."""
        named = (name for name, _ in command.configuration(self.environ))
        return key in named or not self.attempt("config", key).code

    @cached_property
    def _has_committer(self) -> bool:
        return not command.run(self._top, "config", "user.email", environ=self.environ).code


def redacted(text: str) -> str:
    """Return `text` without user names and passwords in URLs."""
    return _USERINFO.sub("", text)

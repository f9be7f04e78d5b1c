"""Execution of `git`: listed subcommands only, in a repository that no commit can define, with a small environment.

A commit cannot contain a path named `.git`, so the folder that has one is the repository. Every other layout that Git
takes for a repository, for example a bare one in the project folder, may come from a pull request. No call starts a
program that files of the working tree can choose: hooks, filters, textconv, external diff and file system monitors are
off.

Local commands do not use the network, and get no secrets. Authentication of `fetch` and `push` is Git's own: credential
helpers, an ssh agent, the token of a CI job. Git 2.31 or newer.
"""

import contextlib
import os
import re
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from reconciler.resources.problems import Problem, ReconcilerError

PROGRAM: Final = "git"
TIMEOUT: Final = 60.0
"""Seconds that one command may take: half the time until an unrenewed lock expires."""
REMOTE: Final = frozenset({"fetch", "push"})
"""Subcommands that use the network."""
READING: Final = frozenset(
    {
        "cat-file",
        "check-attr",
        "config",
        "diff-files",
        "diff-index",
        "hash-object",
        "log",
        "ls-files",
        "ls-tree",
        "merge-base",
        "rev-list",
        "rev-parse",
    }
)
"""Subcommands that read refs, objects, the index and file names."""
WRITING: Final = frozenset({"commit-tree", "read-tree", "update-index", "update-ref", "write-tree"})
"""Subcommands that write objects, one ref and a private index, for the state in Git."""

_SETTINGS: Final = {
    "safe.bareRepository": "explicit",
    "core.fsmonitor": "false",
    "core.hooksPath": "/dev/null",
    # Settings of the user that would slow down, or take part in, writes of the state.
    "core.splitIndex": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "log.showSignature": "false",
}
_FIXED: Final = {
    "LC_ALL": "C",
    "GIT_TERMINAL_PROMPT": "0",
    "GCM_INTERACTIVE": "never",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_ATTR_NOSYSTEM": "1",
}
_OFFLINE: Final = {"GIT_ALLOW_PROTOCOL": "none", "GIT_NO_LAZY_FETCH": "1"}
"""With these, a missing object of a partial clone is an error, not a download."""

_CONFIG: Final = ("HOME", "XDG_CONFIG_HOME", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM")
"""Places of the configuration of the user and the system: `safe.directory`, for example."""
_LOCAL: Final = re.compile(
    rf"PATH|TMPDIR|USER|LOGNAME|SUDO_UID|GIT_(AUTHOR|COMMITTER)_(NAME|EMAIL|DATE)|{'|'.join(_CONFIG)}"
)
_CREDENTIALS: Final = re.compile(
    r"GIT_.*|SSH_.*|GCM_.*|XDG_.*|LANG|SHELL|DISPLAY|DBUS_SESSION_BUS_ADDRESS"
    r"|GITHUB_TOKEN|GH_TOKEN|GITLAB_TOKEN|CI_JOB_TOKEN|SYSTEM_ACCESSTOKEN"
    r"|(?i:(https?|all|no)_proxy)|SSL_CERT_(FILE|DIR)|CURL_CA_BUNDLE|NIX_SSL_CERT_FILE"
)
_REDIRECTING: Final = re.compile(
    r"GIT_(DIR|WORK_TREE|INDEX_FILE|INDEX_VERSION|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES|COMMON_DIR|PREFIX|NAMESPACE"
    r"|CEILING_DIRECTORIES|DISCOVERY_ACROSS_FILESYSTEM|SHALLOW_FILE|GRAFT_FILE|REPLACE_REF_BASE|QUARANTINE_PATH|EXEC_PATH"
    r"|TEMPLATE_DIR|CONFIG|EXTERNAL_DIFF|DIFF_OPTS|PAGER|EDITOR|SEQUENCE_EDITOR|TRACE.*|OPTIONAL_LOCKS)"
)
"""Variables that Git sets for hooks, and others that would redirect a command to another repository or program."""
_MOST_PAIRS: Final = 1_000
_MOST_DIGITS: Final = 10


class GitError(ReconcilerError):
    """A Git command could not be run, or failed."""


@dataclass(frozen=True, slots=True)
class CompletedCommand:
    """The result of a Git command."""

    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        return self.out.decode("utf-8", "surrogateescape").strip()

    @property
    def records(self) -> list[str]:
        """The parts of output with `-z`."""
        return [part for part in self.out.decode("utf-8", "surrogateescape").split("\0") if part]


def top_of(folder: Path) -> Path | None:
    """Return the closest folder with a `.git` entry, at or above `folder`: the top of a clone, of a linked worktree or
    of a submodule. None if there is none.
    """
    folder = folder.resolve()
    return next((one for one in (folder, *folder.parents) if _is_repository(one / ".git")), None)


def _is_repository(entry: Path) -> bool:
    return entry.is_file() or (entry / "HEAD").exists()


def start(
    top: Path,
    words: Sequence[str],
    environ: Mapping[str, str],
    *,
    index: Path | None = None,
    settings: Mapping[str, str] = MappingProxyType({}),
    stderr: int = subprocess.PIPE,
) -> subprocess.Popen[bytes]:
    """Start a command in its own session, so that ssh cannot prompt and Ctrl-C does not interrupt a push.

    `top` is a folder with a `.git` entry, `index` a private index file, and `settings` is configuration for this
    command. Raises GitError without Git.
    """
    if words[0] not in REMOTE | READING | WRITING:
        message = f"not a Git command of this program: {words[0]}"
        raise ValueError(message)
    own = {**environment(words[0], top, environ), **({"GIT_INDEX_FILE": str(index)} if index else {})}
    try:
        return subprocess.Popen(  # noqa: S603 - no shell; subcommands are listed, words are refs, keys and object ids
            [PROGRAM, *words],
            cwd=top,
            env=configured(own, {**_SETTINGS, **settings}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            start_new_session=True,
        )
    except OSError as error:
        raise GitError(
            Problem("git", f"cannot run git: {error.strerror}", hint="Install Git 2.31 or newer.")
        ) from error


def run(
    top: Path,
    *words: str,
    environ: Mapping[str, str] | None = None,
    data: bytes = b"",
    index: Path | None = None,
    settings: Mapping[str, str] = MappingProxyType({}),
) -> CompletedCommand:
    """Run a command and return its result, successful or not. Raises GitError without Git, and after `TIMEOUT`."""
    with start(top, words, os.environ if environ is None else environ, index=index, settings=settings) as process:
        try:
            out, err = process.communicate(data, TIMEOUT)
        except subprocess.TimeoutExpired as error:
            message = f"git {words[0]} took more than {TIMEOUT:.0f} s"
            raise GitError(Problem("git", message, hint="Run the same command again.")) from error
        finally:
            _end(process)
    return CompletedCommand(process.returncode, out, err.decode("utf-8", "replace"))


def environment(subcommand: str, top: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a subcommand: keys of OpenAI, of the state and of outlets are never in it, and
    credentials for Git only if it uses the network.
    """
    kept = {name: value for name, value in environ.items() if _LOCAL.fullmatch(name)}
    fixed = {**_FIXED, "GIT_CEILING_DIRECTORIES": str(top.parent)}
    if subcommand not in REMOTE:
        # The configuration in the environment may contain tokens.
        safe = [value for key, value in configuration(environ) if key.lower() == "safe.directory"]
        pairs = {f"GIT_CONFIG_KEY_{number}": "safe.directory" for number in range(len(safe))}
        pairs |= {f"GIT_CONFIG_VALUE_{number}": value for number, value in enumerate(safe)}
        return {**kept, **pairs, "GIT_CONFIG_COUNT": str(len(safe)), **fixed, **_OFFLINE}
    names = (name for name in environ if _CREDENTIALS.fullmatch(name) and not _REDIRECTING.fullmatch(name))
    return {**kept, **{name: environ[name] for name in names}, **fixed}


def configured(environ: Mapping[str, str], settings: Mapping[str, str]) -> dict[str, str]:
    """Return the environment with configuration added, which wins over that of files."""
    pairs = [*configuration(environ), *settings.items()]
    keys = {f"GIT_CONFIG_KEY_{number}": key for number, (key, _) in enumerate(pairs)}
    values = {f"GIT_CONFIG_VALUE_{number}": value for number, (_, value) in enumerate(pairs)}
    return {**environ, **keys, **values, "GIT_CONFIG_COUNT": str(len(pairs))}


def configuration(environ: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the configuration in an environment: https://git-scm.com/docs/git-config, GIT_CONFIG_COUNT."""
    count = environ.get("GIT_CONFIG_COUNT", "")
    numbers = range(min(int(count), _MOST_PAIRS)) if count.isdecimal() and len(count) < _MOST_DIGITS else ()
    pairs = ((environ.get(f"GIT_CONFIG_KEY_{n}", ""), environ.get(f"GIT_CONFIG_VALUE_{n}", "")) for n in numbers)
    return [pair for pair in pairs if pair[0]]


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill a process that is still running, together with its ssh or curl, which hold the pipes."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)

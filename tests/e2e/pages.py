"""Run the pages of `docs/`: write their files, run their commands and insert the outputs that the commands have."""

import contextlib
import io
import itertools
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final
from unittest import mock

from reconciler.cli.main import run

DOCS: Final = Path(__file__).parents[2] / "docs"
FILE: Final = re.compile(r"^`([\w./-]+)`:\n\n```\w+\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
SESSION: Final = re.compile(r"^(?:<!-- before: ([^\n]*) -->\n)?```console\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
COMMAND: Final = re.compile(r"^\$ (.*)$", flags=re.MULTILINE)
PROGRESS: Final = re.compile(r"^\[\d+/\d+\] .*\n", flags=re.MULTILINE)
VARYING: Final = (
    (re.compile(r"\b(agent_|vs_|file-|auto_)[0-9a-f]{32}\b"), r"\1…"),
    (re.compile(r'((?:until|expires:) "?)20\d\d-\d\d-\d\d\b'), r"\g<1>2026-12-24"),
    (re.compile(r"(?<=subject: )sha256:[0-9a-f]{64}"), "sha256:0c5d…"),
    (re.compile(r"(?<=\breferenced-)[0-9a-f]{8}\b"), "0c5d1f2e"),
    (re.compile(r"(?<= at )[0-9a-f]{12}\b"), "4c1d0a7be2f5"),
)
"""Patterns for values that differ between runs, with their replacements: live ids, digests of them, days, commits."""

RUNS: Final = re.compile(r"next runs?: .*")
RUN: Final = re.compile(r"20\d\d-\d\d-\d\d (\d\d:\d\d)[+-]\d\d:\d\d")

ByHand = Mapping[str, Callable[[Path], None]]
"""Actions taken outside the page's commands, by the text of the comment above a session."""


def stable(text: str) -> str:
    """Return `text` with the values that differ between runs replaced."""
    for pattern, instead in VARYING:
        text = pattern.sub(instead, text)
    return with_fixed_runs(text)


def with_fixed_runs(text: str) -> str:
    """Return `text` with the first days of a month as the days of the next runs of an automation."""

    def fixed(line: re.Match[str]) -> str:
        days = itertools.count(1)
        return RUN.sub(lambda run: f"2026-12-{next(days):02} {run[1]}+00:00", line[0])

    return RUNS.sub(fixed, text)


def as_it_runs(
    page: Path,
    folder: Path,
    by_hand: ByHand = MappingProxyType({}),
    *,
    reconciler: Callable[[str], str] | None = None,
    steady: Callable[[str], str] = stable,
) -> str:
    """Return the text of `page` with the outputs that its commands have in `folder`.

    `reconciler` returns what a command line prints (default: `printed`).
    """
    text = page.read_text(encoding="utf-8")
    for name, content in FILE.findall(text):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")
    shell = Shell(reconciler or printed)

    def session(found: re.Match[str]) -> str:
        head, _, _ = found[0].partition("```console")
        if found[1]:
            by_hand[found[1]](folder)
        steps = (f"$ {command}\n{_ended(steady(shell.run(command)))}" for command in COMMAND.findall(found[2]))
        return f"{head}```console\n{''.join(steps)}```"

    with reading(folder):
        return SESSION.sub(session, text)


@contextlib.contextmanager
def reading(folder: Path, **environ: str) -> Iterator[None]:
    """Run the body in `folder`, with `environ` added and without any Git configuration of the user."""
    with contextlib.chdir(folder), mock.patch.dict(os.environ, _environ() | environ):
        yield


def _ended(text: str) -> str:
    return f"{text.rstrip()}\n" if text.strip() else ""


def _environ() -> dict[str, str]:
    somebody = {f"GIT_{role}_{what}": "a@b.example" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**somebody, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "PATH": path, "COLUMNS": "100"}


@dataclass(frozen=True)
class Shell:
    """Run commands joined by `&&`. `reconciler` runs in this process, which is faster, unless it is redirected."""

    reconciler: Callable[[str], str]
    """Return what `reconciler WORDS` prints."""

    def run(self, line: str) -> str:
        return "".join(self._run(command) for command in line.split(" && "))

    def _run(self, command: str) -> str:
        word, _, rest = command.partition(" ")
        if word == "cd":
            os.chdir(rest)
        elif word == "export":
            name, _, value = "".join(shlex.split(rest)).partition("=")
            os.environ[name] = value
        elif word == "reconciler" and ">" not in rest:
            words, _, pipe = rest.partition(" | ")
            shown = self.reconciler(words)
            return self._shell(pipe, shown) if pipe else shown
        else:
            return self._shell(command)
        return ""

    def _shell(self, command: str, given: str = "") -> str:
        done = subprocess.run(command, shell=True, input=given, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, (command, done.stderr)
        return done.stdout


def printed(words: str) -> str:
    """Return stdout and stderr of `reconciler WORDS`, without progress lines."""
    _, out, err = _done(words)
    return out + PROGRESS.sub("", err)


def answered(words: str) -> str:
    """Return stdout of `reconciler WORDS`; the command must succeed."""
    code, out, err = _done(words)
    assert code == 0, err
    return out


def _done(words: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run(shlex.split(words))
    assert "error[internal]" not in err.getvalue(), err.getvalue()
    return code, out.getvalue(), err.getvalue()

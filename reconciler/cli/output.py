"""Printing: results to stdout, everything else to stderr."""

import os
import re
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

import click

from reconciler.cli.options import NO_COLOR

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.reports.style import Style
    from reconciler.resources.problems import Problem
    from reconciler.resources.values import JSON


UNBROKEN: Final = 1_000_000
"""The width of what a program may read line by line."""
_COMMAND: Final = re.compile(r"^(\s*)::|##\[", re.MULTILINE)


def style(stream: TextIO, *, rows: bool = False) -> "Style":
    """How to write to `stream`: coloured in a terminal, unless --no-color is given or NO_COLOR set.

    Where there is none, `rows` are neither wrapped nor cut: whoever reads a pipe has no width.
    """
    from reconciler.reports.style import Style

    ctx = click.get_current_context(silent=True)
    unwanted = (ctx is not None and ctx.meta.get(NO_COLOR)) or os.environ.get("NO_COLOR")
    color = stream.isatty() and not unwanted
    unbroken = rows and not stream.isatty()
    return Style(color=color, width=UNBROKEN if unbroken else shutil.get_terminal_size((100, 24)).columns)


def show(text: str) -> None:
    _echo(inert(text.rstrip("\n")), sys.stdout)


def show_json(document: "JSON") -> None:
    from reconciler.resources.json_documents import dumps

    show_json_text(dumps(document))


def show_json_text(text: str) -> None:
    """Print a JSON document; what would be a command to a runner can be written otherwise in its strings."""
    _echo(text.rstrip("\n").replace("##[", "\\u0023#["), sys.stdout)


def _echo(text: str, stream: TextIO) -> None:
    """Print `text`. A reader that has gone, as `head` does, is told no more; the command ends as it would have."""
    try:
        click.echo(text, stream)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def inert(text: str) -> str:
    """`text` without what GitHub's runner takes for a command of the job: `::` first on a line, `##[` anywhere.

    https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
    """
    return _COMMAND.sub(lambda found: f"{found[1]}\\x3a:" if found[1] is not None else "\\x23#[", text)


def write_json(document: "JSON", file: Path | None) -> None:
    """Write `document` to `file`, if one was asked for."""
    if file is not None:
        from reconciler.resources.json_documents import dumps
        from reconciler.resources.problems import Problem, ReconcilerError

        try:
            file.write_text(dumps(document), encoding="utf-8")
        except OSError as error:
            problem = Problem("unwritable", f"cannot write {file}: {error.strerror}", hint="Choose another --out.")
            raise ReconcilerError(problem) from error


def note(text: str) -> None:
    _echo(inert(text), sys.stderr)


def show_error(problems: "Iterable[Problem]", format_: str) -> None:
    """Tell what ended a command: people on stderr and, where JSON was asked for, programs on stdout."""
    problems = tuple(problems)
    show_problems(problems)
    if format_ == "json":
        from reconciler.resources.problems import problems_json

        with suppress(OSError):  # what cannot be written may be this
            show_json(problems_json(problems))


def show_problems(problems: "Iterable[Problem]") -> None:
    from reconciler.reports.text import problems_text

    note(problems_text(tuple(problems), style=style(sys.stderr, rows=True)).rstrip("\n"))

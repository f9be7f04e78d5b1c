"""Functions that print results to stdout and messages to stderr."""

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
    from collections.abc import Callable, Iterable

    from reconciler.reports.style import Style
    from reconciler.resources.problems import Problem
    from reconciler.resources.values import JSON


UNBROKEN: Final = 1_000_000
"""Width for output that programs read line by line."""
_NOT_ASCII: Final = re.compile(r"[^\x00-\x7f]")
_COMMAND: Final = re.compile(r"^(\s*)::|##\[", re.MULTILINE)


def style(stream: TextIO, *, rows: bool = False) -> "Style":
    """Return the style for `stream`: coloured in a terminal, unless --no-color or NO_COLOR is set, or TERM is `dumb`.

    If `stream` is not a terminal, `rows` are neither wrapped nor truncated.
    """
    from reconciler.reports.style import Style

    ctx = click.get_current_context(silent=True)
    unwanted = (ctx is not None and ctx.meta.get(NO_COLOR)) or os.environ.get("NO_COLOR")
    color = stream.isatty() and not unwanted and os.environ.get("TERM") != "dumb"
    unbroken = rows and not stream.isatty()
    return Style(color=color, width=UNBROKEN if unbroken else shutil.get_terminal_size((100, 24)).columns)


def show(text: str) -> None:
    _echo(inert(text.rstrip("\n")), sys.stdout)


def show_json(document: "JSON") -> None:
    from reconciler.resources.json_documents import dumps

    show_json_text(dumps(document))


def show_json_text(text: str) -> None:
    """Print a JSON document, with escapes for workflow commands and for characters that stdout cannot encode."""
    _echo(_encodable(text.rstrip("\n").replace("##[", "\\u0023#["), sys.stdout.encoding or "utf-8"), sys.stdout)


def _encodable(text: str, encoding: str) -> str:
    """Return a JSON document in ASCII, with escapes, if `encoding` does not have all of its characters."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return _NOT_ASCII.sub(_escaped, text)
    return text


def _escaped(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def _echo(text: str, stream: TextIO) -> None:
    """Print `text`. If the reader has closed the stream, as `head` does, discard this and all later output."""
    try:
        click.echo(text, stream)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def inert(text: str) -> str:
    """Return `text` with GitHub workflow commands escaped: `::` at the start of a line, and `##[` anywhere.

    https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
    """
    return _COMMAND.sub(lambda found: f"{found[1]}\\x3a:" if found[1] is not None else "\\x23#[", text)


def write_json(document: "Callable[[], JSON]", file: Path | None) -> None:
    """Make a document and write it to `file`, unless that is None. The command also prints its result."""
    if file is not None:
        from reconciler.resources.json_documents import dumps

        _save(dumps(document()), file, "json")


def save_json(document: "JSON", file: Path) -> None:
    """Write `document` to `file` instead of printing it, and print a line on stderr that says so."""
    from reconciler.resources.json_documents import dumps

    save_text(dumps(document), file, "json")


def save_text(text: str, file: Path, format_: str = "") -> None:
    """Write `text` to `file` instead of printing it, and print a line on stderr that says so."""
    from reconciler.reports.style import plain

    _save(text, file, format_)
    note(f"wrote {plain(str(file))}")


_EXTENSIONS: Final = {".html": "html", ".htm": "html", ".md": "markdown", ".json": "json", ".svg": "svg", ".dot": "dot"}
"""Formats of -o by the extensions that announce them."""


def _save(text: str, file: Path, format_: str) -> None:
    """Write `text` to the file that --out names, with a note if its extension announces another format."""
    from reconciler.files.drafts import write_output
    from reconciler.resources.problems import Problem, ReconcilerError

    try:
        write_output(file, text.encode())
    except OSError as error:
        problem = Problem("unwritable", f"cannot write {file}: {error.strerror}", hint="Choose another --out.")
        raise ReconcilerError(problem) from error
    named = _EXTENSIONS.get(file.suffix.lower(), format_)
    if format_ and named != format_ and (format_, named) != ("mermaid", "markdown"):
        selected = "which --out writes" if format_ == "json" else "which -o selects"
        note_prose(f"note: {file} has the format {format_}, {selected}, and not {named} as its extension says")


def note(text: str) -> None:
    _echo(inert(text), sys.stderr)


def show_prose(text: str) -> None:
    """Print sentences to stdout; in a terminal, with lines that are wrapped."""
    show(_wrapped(text, sys.stdout))


def note_prose(text: str) -> None:
    """Print sentences to stderr; in a terminal, with lines that are wrapped."""
    note(_wrapped(text, sys.stderr))


def _wrapped(text: str, stream: TextIO) -> str:
    """Return `text` with the lines that are too wide for a terminal wrapped, each with its indentation."""
    from reconciler.reports.style import cells, wrap

    width = style(stream, rows=True).width
    lines: list[str] = []
    for line in text.split("\n"):
        lead = line[: len(line) - len(line.lstrip(" "))]
        lines += [line] if cells(line) <= width else wrap(line, width, lead=lead, hang=f"{lead}  ")
    return "\n".join(lines)


def show_error(problems: "Iterable[Problem]", format_: str) -> None:
    """Print the problems that ended a command to stderr and, with the format `json`, also to stdout."""
    problems = tuple(problems)
    show_problems(problems)
    if format_ == "json":
        from reconciler.resources.problems import problems_json

        with suppress(OSError):  # the problem may be that stdout cannot be written
            show_json(problems_json(problems))


def show_warnings(problems: "tuple[Problem, ...]") -> None:
    """Print the warnings about the working tree to stderr, if there are any."""
    if problems:
        show_problems(problems)


def show_problems(problems: "Iterable[Problem]") -> None:
    from reconciler.reports.text.problems import problems_text

    note(problems_text(tuple(problems), style=style(sys.stderr, rows=True)).rstrip("\n"))

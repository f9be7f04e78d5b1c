"""`reconciler fmt`"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import codes, options
from reconciler.cli.output import show, show_json, show_problems, style

if TYPE_CHECKING:
    from reconciler.operations.fmt import Formatting


@click.command(name="fmt")
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=click.Path(path_type=Path, exists=True))
@click.option("--check", is_flag=True, help="Write nothing; exit with code 2 if a file is not in this layout.")
@click.option("--diff", is_flag=True, help="Write nothing; print the changes as a unified diff.")
@options.folder
@options.output
@options.colour
def command(paths: tuple[Path, ...], check: bool, diff: bool, start: Path, format_: str) -> int:
    """Write manifests in the canonical layout: all manifests of the project, or the files and folders in PATH.

    The fields apiVersion, kind, metadata, lifecycle and spec are in this order, and name before labels. Each level is
    indented by two columns. Quotes are only around text that needs them. Values, comments and blank lines that separate
    fields are preserved. YAML files that are not manifests are unchanged.

    Exit code 1 if a file cannot be read; the others are still formatted. Exit code 2 with --check if a file is not in
    this layout.
    """
    from reconciler.operations.fmt import fmt, format_json

    is_dry = check or diff
    done = fmt(start, paths, write=not is_dry)
    if format_ == "json":
        show_json(format_json(done, written=not is_dry))
    elif diff:
        _show_diff(done)
    else:
        _show(done, written=not is_dry)
    if done.problems:
        show_problems(done.problems)
        return codes.FAILED
    return codes.CHANGES if check and done.edits else 0


def _show_diff(done: "Formatting") -> None:
    from reconciler.reports.text.edits import edit_patch, edit_text

    for edit in done.edits:
        show(edit_text(edit, style=style(sys.stdout)) if sys.stdout.isatty() else edit_patch(edit))


def _show(done: "Formatting", *, written: bool) -> None:
    from reconciler.reports.style import count, plain

    for edit in done.edits:
        show(f"{'formatted' if written else 'would format'} {plain(edit.path)}")
    if done.edits:
        changed = f"{count(len(done.edits), 'file')} {'formatted' if written else 'to format'}"
        show(f"{changed}, {done.unchanged} unchanged.")
    else:
        show(f"{count(done.unchanged, 'file')} unchanged.")

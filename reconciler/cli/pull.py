"""`reconciler pull`"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import codes, completing, options
from reconciler.cli.output import (
    note_prose,
    show,
    show_error,
    show_json,
    show_problems,
    show_prose,
    show_warnings,
    style,
)

if TYPE_CHECKING:
    from reconciler.files.changes import FileChange
    from reconciler.operations.pull_result import Pulled


@click.command(name="pull")
@click.argument("addresses", metavar="[ADDRESS]...", nargs=-1, shell_complete=completing.addresses)
@click.option("--all", "everything", is_flag=True, help="Select all drift.")
@click.option("--force", is_flag=True, help="Replace values that were edited in the manifests, too.")
@click.option("--dry-run", is_flag=True, help="Print the edits and write nothing.")
@options.live
def command(
    addresses: tuple[str, ...],
    everything: bool,
    force: bool,
    dry_run: bool,
    start: Path,
    env: str | None,
    endpoint: str | None,
    format_: str,
) -> int:
    """Copy live changes into the manifests.

    Comments, order and layout of the files are preserved. Live objects and the state are not changed.

    A value that was edited in the manifest and is not applied, or that only the manifest has, is not replaced without
    --force.

    Exit code 1 if some changes were not copied; the others are still copied. Exit code 3 if nothing can be compared,
    because the state was lost or the API key is for another OpenAI project.
    """
    from reconciler.operations.pull import pull
    from reconciler.planning.model import Refusal
    from reconciler.reports.wording import refusal_problem

    if everything and addresses:
        raise click.UsageError("--all selects all drift; pass either --all or addresses.")
    if not (everything or addresses):
        raise click.UsageError("Name the addresses whose drift is copied, or pass --all for all drift.")
    chosen = options.addresses(addresses)
    pulled = pull(start, options.environ(), chosen, env=env, endpoint=endpoint, dry_run=dry_run, force=force)
    if isinstance(pulled, Refusal):
        show_error([refusal_problem(pulled)], format_)
        return codes.REFUSED
    show_warnings(pulled.warnings)
    if format_ == "json":
        from reconciler.operations.pull_result import pull_json

        show_json(pull_json(pulled, written=not dry_run))
    else:
        _show(pulled, dry_run=dry_run)
    show_problems(pulled.problems)
    return codes.FAILED if pulled.problems else 0


def _show(pulled: "Pulled", *, dry_run: bool) -> None:
    from reconciler.reports.style import plain
    from reconciler.reports.text.edits import edit_text
    from reconciler.reports.text.fields import field_lines
    from reconciler.reports.views.fields import desired_first

    for address, item in pulled.accepted:
        show(f"{address}: {plain(item.path)}")
    for edit in pulled.edits:
        show(edit_text(edit) if dry_run else f"wrote {edit.path}")
    for change in pulled.files:
        show(
            _file_diff(change) if dry_run else f"{'deleted' if change.after is None else 'wrote'} {plain(change.path)}"
        )
    for conflict in pulled.conflicts:
        show_prose(f"not pulled: {conflict.address}, with the value of the manifest first")
        show("\n".join(field_lines([desired_first(conflict.item)], style(sys.stdout), indent=2)))
    if not pulled.accepted and not pulled.problems:
        show("Nothing to pull.")
    if not dry_run and (pulled.edits or pulled.files):
        show(f"Next: {options.again('plan', identity=pulled.identity)}")
    for text in pulled.notes:
        note_prose(plain(text))


def _file_diff(change: "FileChange") -> str:
    """Return a unified diff of a file, or one line if it is not text."""
    from reconciler.project.edits import Edit
    from reconciler.reports.style import plain
    from reconciler.reports.text.edits import edit_text

    try:
        before, after = (one.decode() if isinstance(one, bytes) else None for one in (change.before, change.after))
    except UnicodeDecodeError:
        return f"{plain(change.path)}: the content would change"
    return edit_text(Edit(change.path, before, after))

"""`reconciler migrate`"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import options
from reconciler.cli.output import note, show, show_json, show_problems, style

if TYPE_CHECKING:
    from reconciler.migration.model import Migration, Target


@click.command(name="migrate")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--target",
    type=click.Choice(["responses", "agents"]),
    required=True,
    help="What assistants become: requests that your application sends, or saved agents.",
)
@click.option(
    "--into",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="The project, or a folder for a new one; this folder if left out.",
)
@click.option("--dry-run", is_flag=True, help="Only report; write nothing.")
@click.option("--offline", is_flag=True, help="Do not look at OpenAI whether files and vector stores still exist.")
@options.endpoint
@options.report
@options.colour
def command(
    files: tuple[Path, ...],
    target: "Target",
    into: Path,
    dry_run: bool,
    offline: bool,
    endpoint: str | None,
    format_: str,
) -> int:
    """Write manifests from exports of Assistants and of prompt objects, and report what became of every field.

    FILE holds JSON: one object, a list, the pages of the list call, JSON Lines, or all of it one after the other. Ids
    of files and vector stores are looked up at OpenAI if there is a key. Nothing is overwritten, nothing live changes.

    Exit code 1 if something in a file could not be migrated; the rest is, all the same.
    """
    from reconciler.migration.migrate import migrate

    done = migrate(
        files, target, into=into, environ=options.environ(), endpoint=endpoint, offline=offline, dry_run=dry_run
    )
    _show(done, format_)
    if dry_run:
        note("Dry run: nothing was written.")
    elif done.written:
        note("Next: reconciler validate, then commit, then reconciler plan.")
    return 0 if done.complete else 1


def _show(done: "Migration", format_: str) -> None:
    if format_ == "json":
        from reconciler.migration.codec import migration_json

        show_json(migration_json(done))
    elif format_ == "markdown":
        from reconciler.reports.markdown.migration import migration_markdown

        show(migration_markdown(done))
    else:
        from reconciler.reports.text.migration import migration_text

        show(migration_text(done, style=style(sys.stdout)))
        if done.problems:
            show_problems(done.problems)

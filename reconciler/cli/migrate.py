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
    help="Deploy assistants as `responses` (requests that your application sends) or `agents` (saved agents).",
)
@click.option(
    "--into",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="Write to the project in DIR; create it if necessary. Default: the current folder.",
)
@click.option("--dry-run", is_flag=True, help="Print the report and write nothing.")
@click.option("--offline", is_flag=True, help="Do not check at OpenAI whether files and vector stores exist.")
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
    """Write manifests from exports of Assistants and prompt objects, and report how each field was mapped.

    FILE contains JSON: one object, a list, pages of a list call, JSON Lines, or several of these. If an API key is set,
    ids of files and vector stores are checked at OpenAI. Live objects are not changed, and files are not overwritten.

    Exit code 1 if an object could not be migrated; the others are still migrated.
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

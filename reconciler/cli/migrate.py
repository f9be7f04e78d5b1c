"""`reconciler migrate`"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import codes, options
from reconciler.cli.output import note, show, show_json, show_problems, show_warnings, style

if TYPE_CHECKING:
    from reconciler.migration.model import Migration, Target


@click.command(name="migrate")
@click.argument("files", metavar="FILE...", nargs=-1, type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--to",
    "--target",
    "target",
    type=click.Choice(["responses", "agents", "assistants"]),
    help="Deploy assistants as `responses` (requests that your application sends) or `agents` (saved agents); with "
    "--cutover also back to `assistants`. Default with --cutover: responses.",
)
@click.option(
    "--cutover",
    "chatbot",
    metavar="CHATBOT",
    help="Switch CHATBOT, and no other, to assistants on the target, in the manifests; works offline.",
)
@click.option(
    "-C",
    "--into",
    "into",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="Write to the project in DIR; create it if necessary. Default: the current folder.",
)
@click.option("--env", metavar="NAME", help="With --cutover: publish in this environment only.")
@click.option("--dry-run", is_flag=True, help="Print the report and write nothing.")
@click.option("--offline", is_flag=True, help="Do not check at OpenAI whether files and vector stores exist.")
@options.endpoint
@options.report
@options.colour
def command(
    files: tuple[Path, ...],
    target: str | None,
    chatbot: str | None,
    into: Path,
    env: str | None,
    dry_run: bool,
    offline: bool,
    endpoint: str | None,
    format_: str,
) -> int:
    """Write manifests from exports of Assistants and prompt objects, and report how each field was mapped.

    FILE contains JSON: one object, a list, pages of a list call, JSON Lines, or several of these. If an API key is set,
    ids of files and vector stores are checked at OpenAI. Live objects are not changed, and files are not overwritten.

    --cutover switches one chatbot from assistants of the Assistants API to counterparts on another target, and back
    with --to assistants: it adds the missing manifests, changes the references, and releases and publishes the chatbot
    where it is published. The report shows both configurations side by side. The old release stays, so that a rollback
    is `reconciler publish`.

    Exit code 1 if an object could not be migrated; the others are still migrated. Exit code 3 if a cutover is refused.
    """
    if chatbot is not None:
        if files:
            raise click.UsageError("--cutover reads no FILE; it switches a chatbot of the project.")
        return _cutover(chatbot.removeprefix("chatbot/"), target or "responses", into, env, dry_run, format_)
    target = _target(files, target, env)
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


def _target(files: tuple[Path, ...], target: str | None, env: str | None) -> "Target":
    """Return the target of exports; raises UsageError for options that do not belong together."""
    if not files:
        raise click.UsageError("Missing argument 'FILE...', or option '--cutover'.")
    if env is not None:
        raise click.UsageError("--env is an option of --cutover.")
    if target is None or target == "assistants":
        raise click.UsageError("Missing option '--target'. Choose from: responses, agents.")
    return "agents" if target == "agents" else "responses"


def _cutover(chatbot: str, target: str, into: Path, env: str | None, dry_run: bool, format_: str) -> int:
    from reconciler.migration.cutover import cutover

    done = cutover(into, options.environ(), chatbot, target, env=env, dry_run=dry_run)
    show_warnings(done.warnings)
    if format_ == "json":
        from reconciler.migration.cutover_codec import cutover_json

        show_json(cutover_json(done))
    elif format_ == "markdown":
        from reconciler.reports.markdown.cutover import cutover_markdown

        show(cutover_markdown(done))
    else:
        from reconciler.reports.text.cutover import cutover_text

        show(cutover_text(done, style=style(sys.stdout)))
    if done.refusals:
        note("Nothing was written.")
        return codes.REFUSED
    if done.is_empty:
        note("No changes: the chatbot is already switched.")
    elif dry_run:
        note("Dry run: nothing was written.")
    else:
        note("Next: reconciler validate, then commit, and have it reviewed.")
    return 0


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

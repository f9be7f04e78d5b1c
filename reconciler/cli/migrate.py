"""`reconciler migrate`, and `reconciler migrate threads`"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from reconciler.cli import codes, completing, options
from reconciler.cli.output import (
    note,
    note_prose,
    save_text,
    show,
    show_json,
    show_json_text,
    show_problems,
    show_warnings,
    style,
)

if TYPE_CHECKING:
    from reconciler.migration.model import Migration, Target

THREADS: Final = "threads"
_FILE: Final = click.Path(path_type=Path, dir_okay=False)
_KEY: Final = "Its key is read from RECONCILER_SOURCE_API_KEY, if it requires one; OPENAI_API_KEY is never sent to it."


class _Migrate(click.Command):
    """The command, which gives way to `migrate threads` if this is its first word."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        if args[:1] == [THREADS]:
            return threads.make_context(f"{info_name} {THREADS}", args[1:], parent, **extra)
        return super().make_context(info_name, args, parent, **extra)


def _live(what: str) -> Callable[[options.Function], options.Function]:
    return click.option(
        "--live", "url", metavar="URL", help=f"Read {what} from the server at URL instead of files. {_KEY}"
    )


@click.command(name="migrate", cls=_Migrate)
@click.argument("what", metavar="FILE...", nargs=-1)
@_live("assistants")
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
    shell_complete=completing.chatbots,
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
@click.option(
    "--env",
    metavar="NAME",
    shell_complete=completing.environments,
    help="With --cutover: publish in this environment only, if the chatbot is published there.",
)
@click.option("--dry-run", is_flag=True, help="Print the report and write nothing.")
@click.option("--offline", is_flag=True, help="Do not check at OpenAI whether files and vector stores exist.")
@options.endpoint
@options.report
@options.colour
@options.no_cache
@click.pass_context
def command(
    ctx: click.Context,
    what: tuple[str, ...],
    url: str | None,
    target: str | None,
    chatbot: str | None,
    into: Path,
    env: str | None,
    dry_run: bool,
    offline: bool,
    endpoint: str | None,
    format_: str,
) -> int:
    """Write manifests from assistants and prompts, and report how each field was mapped.

    \b
    reconciler migrate FILE... --to TARGET                   from exports
    reconciler migrate --live URL [ID|NAME]... --to TARGET   from a server with the Assistants API
    reconciler migrate --cutover CHATBOT [--to TARGET]       switch one chatbot in the manifests, and back
    reconciler migrate threads --help                        threads as items of conversations

    FILE contains JSON: one object, a list, pages of a list call, JSON Lines, or several of these. If an API key is set,
    ids of files and vector stores are checked at OpenAI. With --live, manifests are also written for the vector stores
    of the assistants, and their files are downloaded. Live objects are not changed, and files are not overwritten.

    --cutover switches one chatbot from assistants of the Assistants API to counterparts on another target, and back
    with --to assistants: it adds the missing manifests, changes the references, and releases and publishes the chatbot
    where it is published. The report shows both configurations side by side. The old release stays, so that a rollback
    is `reconciler publish`.

    Exit code 1 if an object could not be migrated; the others are still migrated. Exit code 3 if a cutover is refused.
    """  # noqa: D301 - click wants the character \\b, which keeps the lines
    if chatbot is not None:
        if what or url is not None:
            raise click.UsageError("--cutover reads no FILE and no server; it switches a chatbot of the project.")
        return _cutover(chatbot.removeprefix("chatbot/"), target or "responses", into, env, dry_run, format_)
    if not what and url is None:
        raise click.UsageError("Missing argument 'FILE...', or option '--live' or '--cutover'.")
    to = _target(target, env)
    if url is None:
        from reconciler.migration.migrate import migrate

        files = _files(ctx, what)
        environ = options.environ()
        done = migrate(files, to, into=into, environ=environ, endpoint=endpoint, offline=offline, dry_run=dry_run)
    else:
        from reconciler.migration.from_server import migrate_live

        if offline or endpoint:
            raise click.UsageError(
                "--offline and --endpoint are about the ids in exports; do not use them with --live."
            )
        done = migrate_live(url, what, to, into=into, environ=options.environ(), dry_run=dry_run)
    _show(done, format_)
    if dry_run:
        note("Dry run: nothing was written.")
    elif done.written:
        note("Next: reconciler validate, then commit, then reconciler plan.")
    return 0 if done.complete else 1


def _files(ctx: click.Context, what: tuple[str, ...]) -> tuple[Path, ...]:
    return tuple(_FILE.convert(word, None, ctx) for word in what)


def _target(target: str | None, env: str | None) -> "Target":
    """Return the target of assistants; raises UsageError for options that do not belong together."""
    if env is not None:
        raise click.UsageError("--env is an option of --cutover.")
    if target is None or target == "assistants":
        raise click.UsageError("Missing option '--to' / '--target'. Choose from: responses, agents.")
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


@click.command(name=THREADS)
@click.argument("what", metavar="FILE...|THREAD_ID...", nargs=-1, required=True)
@_live("the threads with these ids")
@options.output_file("conversation", description="Write the conversations to FILE. Default: standard output.")
@options.requesting
@options.colour
@click.pass_context
def threads(ctx: click.Context, what: tuple[str, ...], url: str | None, out: Path | None) -> int:
    """Convert threads of the Assistants API to conversations, one JSON object on each line.

    \b
    reconciler migrate threads FILE...                      from exports of threads and messages
    reconciler migrate threads --live URL THREAD_ID...      from a server with the Assistants API

    Each line has the arguments of `conversations.create`: `items` and `metadata`, to which the key `thread_id` is
    added. The API accepts 20 items at a time; add the others with `conversations.items.create`. What a conversation
    cannot contain is reported on standard error. To read a file that is called `threads`, pass ./threads to `migrate`.

    Exit code 1 if a thread could not be converted; the others are still converted.
    """  # noqa: D301 - click wants the character \\b, which keeps the lines
    from reconciler.migration.threads import convert_exports, convert_live

    done = convert_live(url, what, environ=options.environ()) if url is not None else convert_exports(_files(ctx, what))
    if out and done.lines:
        save_text(done.lines, out)
    elif done.lines:
        show_json_text(done.lines)
    if done.problems:
        show_problems(done.problems)
    for text in done.notes:
        note_prose(text)
    return 0 if done.complete else 1

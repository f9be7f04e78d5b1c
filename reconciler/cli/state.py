"""`reconciler state`: looking into what was applied, and putting it right by hand."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import codes, options
from reconciler.cli.apply import check_terminal
from reconciler.cli.output import note, show, show_json, show_json_text, style

if TYPE_CHECKING:
    from reconciler.state.comparing import Edited, Rebuilt


@click.group(name="state")
def command() -> None:
    """Look into the state, what was applied and under which ids, and put it right."""


@command.command(name="list")
@options.project
def list_(start: Path, env: str | None, format_: str) -> int:
    """List what was applied, by address."""
    from reconciler.operations.state import state_of

    state = state_of(start, options.environ(), env=env)
    if format_ == "json":
        from reconciler.state.output import state_list_json

        show_json(state_list_json(state))
    else:
        from reconciler.reports.text import state_list_text

        show(state_list_text(state.objects, style=style(sys.stdout, rows=True)))
    return 0


@command.command(name="show")
@click.argument("address")
@options.project
def show_(address: str, start: Path, env: str | None, format_: str) -> int:
    """Print everything that state knows of ADDRESS, as JSON."""
    del format_
    from reconciler.operations.state import entry
    from reconciler.state.output import state_entry_json

    (wanted,) = options.addresses((address,))
    show_json(state_entry_json(wanted, entry(start, options.environ(), wanted, env=env)))
    return 0


@command.command(name="history")
@options.project
def history_(start: Path, env: str | None, format_: str) -> int:
    """List who applied what and when, the latest first. With the `git` backend nothing is ever forgotten."""
    from reconciler.operations.state import applies

    identity, found = applies(start, options.environ(), env=env)
    if format_ == "json":
        from reconciler.state.output import state_history_json

        show_json(state_history_json(identity, found))
    else:
        from reconciler.reports.text import history_text

        show(history_text(found, style=style(sys.stdout, rows=True)))
    return 0


@command.command(name="unlock")
@options.folder
@options.environment
@click.option("--yes", is_flag=True, help="Free it without asking.")
def unlock_(start: Path, env: str | None, yes: bool) -> int:
    """Free the lock of a run that is surely dead. A run that is not stops writing as soon as it notices."""
    from reconciler.operations.state import unlock

    check_terminal(yes=yes)
    show(unlock(start, options.environ(), env=env, confirm=lambda text: yes or click.confirm(text, err=True)))
    return 0


@command.command(name="pull", short_help="Print the whole state: a backup.")
@options.folder
@options.environment
@click.option(
    "--out", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False), help="Write it there, and print nothing."
)
def pull_(start: Path, env: str | None, out: Path | None) -> int:
    """Print the whole state as one JSON document: a backup, and what `state push` takes."""
    from reconciler.operations.state_edits import pulled

    document = pulled(start, options.environ(), env=env)
    if out is None:
        show_json_text(document.decode())
    else:
        out.write_bytes(document)
    return 0


@command.command(name="push", short_help="Make a pulled state the state again.")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@options.project
def push_(file: Path, start: Path, env: str | None, format_: str) -> int:
    """Make FILE the state, unless something was recorded since it was pulled."""
    from reconciler.operations.state_edits import push

    return _edited("Pushed", push(start, options.environ(), file, env=env), format_)


@command.command(name="mv", short_help="Know an object under another address.")
@click.argument("former", metavar="FROM")
@click.argument("address", metavar="TO")
@options.project
def mv_(former: str, address: str, start: Path, env: str | None, format_: str) -> int:
    """Let what state knows as FROM be known as TO, whatever manifests say; `moved_from` is for renaming a manifest."""
    from reconciler.operations.state_edits import move

    old, new = options.addresses((former, address))
    return _edited("Moved", move(start, options.environ(), old, new, env=env), format_)


@command.command(name="rm", short_help="Manage objects no longer; what is live stays.")
@click.argument("addresses", metavar="ADDRESS...", nargs=-1, required=True)
@options.live
def rm_(addresses: tuple[str, ...], start: Path, env: str | None, endpoint: str | None, format_: str) -> int:
    """Manage these no longer: what is live stays, and loses our labels."""
    from reconciler.operations.state_edits import forget

    done = forget(start, options.environ(), options.addresses(addresses), env=env, endpoint=endpoint)
    return _edited("Forgotten", done, format_)


@command.command(name="rebuild", short_help="Make a state that was lost anew.")
@options.live
@click.option("--yes", is_flag=True, help="Replace a state that is there without asking.")
def rebuild_(start: Path, env: str | None, endpoint: str | None, format_: str, yes: bool) -> int:
    """Make a state that was lost anew, from live labels, bundles and manifests; what they do not prove is unknown."""
    from reconciler.operations.state_rebuild import rebuild
    from reconciler.reports.text.states import rebuilt_text

    def confirm(found: "Rebuilt") -> bool:
        if yes:
            return True
        note(rebuilt_text(found))
        check_terminal(yes=yes)
        return click.confirm("Replace the state that is there?", err=True)

    done = rebuild(start, options.environ(), env=env, endpoint=endpoint, confirm=confirm)
    if format_ == "json":
        from reconciler.state.output import rebuilt_json

        show_json(rebuilt_json(done))
    elif done.written:
        show(rebuilt_text(done))
    else:
        note("Nothing was changed.")
    return 0 if done.written else codes.FAILED


@command.command(name="migrate-backend", short_help="Take the state to another backend.")
@click.argument("to", metavar="URL")
@options.folder
@options.environment
def migrate_(to: str, start: Path, env: str | None) -> int:
    """Take the state to the backend that URL names, as RECONCILER_STATE would: `git`, `s3://BUCKET/PREFIX`, …

    With it go bundles and history. The old place keeps a note of where it went, which stops runs that still use it.
    """
    from reconciler.operations.state_migrate import migrate_backend
    from reconciler.reports.text.states import migrated_text

    show(migrated_text(migrate_backend(start, options.environ(), to, env=env)))
    return 0


def _edited(word: str, done: "Edited", format_: str) -> int:
    if format_ == "json":
        from reconciler.state.output import edited_json

        show_json(edited_json(done))
    else:
        from reconciler.reports.text.states import edited_text

        show(edited_text(word, done))
    return 0

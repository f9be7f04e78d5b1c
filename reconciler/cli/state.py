"""`reconciler state`: inspect and edit the state."""

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import applying, codes, completing, options
from reconciler.cli.applying import check_terminal
from reconciler.cli.output import note, note_prose, save_text, show, show_json, show_json_text, show_prose, style

if TYPE_CHECKING:
    from reconciler.state.edits import StateEdit, StateRebuild


@click.group(name="state")
def command() -> None:
    """Inspect and edit the state: what was applied, and the ids of the live objects."""


@command.command(name="list")
@options.project
def list_(start: Path, env: str | None, format_: str) -> int:
    """List the entries of the state by address."""
    from reconciler.operations.state import state_of

    state = state_of(start, options.environ(), env=env)
    if format_ == "json":
        from reconciler.state.output import state_list_json

        show_json(state_list_json(state))
    elif state.destruction is not None and not state.objects:
        from reconciler.project.destroyed import destroyed_problem

        show(destroyed_problem(state.identity, state.destruction).message)
    else:
        from reconciler.reports.text.tables import state_list_text

        show(state_list_text(state.objects, style=style(sys.stdout, rows=True)))
    return 0


@command.command(name="show")
@click.argument("address", shell_complete=completing.addresses)
@options.project
def show_(address: str, start: Path, env: str | None, format_: str) -> int:
    """Print the entry of ADDRESS as JSON."""
    del format_
    from reconciler.operations.state import entry
    from reconciler.state.output import state_entry_json

    (wanted,) = options.addresses((address,))
    show_json(state_entry_json(wanted, entry(start, options.environ(), wanted, env=env)))
    return 0


@command.command(name="history")
@options.project
def history_(start: Path, env: str | None, format_: str) -> int:
    """List applies with user, time and summary, latest first. The `git` backend keeps the complete history."""
    from reconciler.operations.state import applies

    identity, found = applies(start, options.environ(), env=env)
    if format_ == "json":
        from reconciler.state.output import state_history_json

        show_json(state_history_json(identity, found))
    else:
        from reconciler.reports.text.tables import history_text

        show(history_text(found, style=style(sys.stdout, rows=True)))
    return 0


@command.command(name="unlock")
@options.folder
@options.environment
@applying.yes
def unlock_(start: Path, env: str | None, yes: bool) -> int:
    """Force-unlock a stale lock. If its run is still active, that run stops writing. For a process that is known to run
    on this machine, a terminal is required.
    """
    from reconciler.operations.state import unlock
    from reconciler.project.stored import open_stored

    check_terminal(partial(open_stored, start, options.environ(), env=env), yes=yes)

    def confirm(text: str) -> bool:
        return click.confirm(text, err=True)

    def confirm_running(text: str) -> bool:
        return sys.stdin.isatty() and confirm(text)

    result = unlock(
        start,
        options.environ(),
        env=env,
        confirm=lambda text: yes or confirm(text),
        confirm_running=confirm_running,
    )
    show(result)
    return 0


@command.command(name="pull", short_help="Print the complete state, as a backup.")
@options.folder
@options.environment
@options.output_file("state", description="Write the state to FILE. Default: print it.")
def pull_(start: Path, env: str | None, out: Path | None) -> int:
    """Print the complete state as one JSON document, for a backup or for `state push`."""
    from reconciler.operations.state import pulled

    document = pulled(start, options.environ(), env=env)
    if out is None:
        show_json_text(document.decode())
    else:
        save_text(document.decode(), out)
    return 0


@command.command(name="push", short_help="Replace the state with a document from `state pull`.")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@options.project
@options.locking
def push_(file: Path, start: Path, env: str | None, format_: str) -> int:
    """Replace the state with FILE. Fails if anything was recorded since FILE was pulled."""
    from reconciler.operations.state_edits import push

    return _edited("Pushed", push(start, options.environ(), file, env=env), format_)


@command.command(name="mv", short_help="Move an entry to another address.")
@click.argument("former", metavar="FROM", shell_complete=completing.addresses)
@click.argument("address", metavar="TO", shell_complete=completing.addresses)
@options.project
@options.locking
def mv_(former: str, address: str, start: Path, env: str | None, format_: str) -> int:
    """Move the entry FROM to the address TO, without changing manifests. To rename a manifest, use `moved_from`."""
    from reconciler.operations.state_edits import move

    old, new = options.addresses((former, address))
    return _edited("Moved", move(start, options.environ(), old, new, env=env), format_)


@command.command(name="rm", short_help="Stop managing objects without deleting them.")
@click.argument("addresses", metavar="[ADDRESS]...", nargs=-1, shell_complete=completing.addresses)
@click.option("--all", "everything", is_flag=True, help="All entries. Documents in the outlets stay published.")
@options.live
@options.locking
def rm_(
    addresses: tuple[str, ...],
    everything: bool,
    start: Path,
    env: str | None,
    endpoint: str | None,
    format_: str,
) -> int:
    """Stop managing objects without deleting them. Their labels are removed. In a terminal, --all asks first."""
    from reconciler.operations.state import state_of
    from reconciler.operations.state_edits import forget

    if everything == bool(addresses):
        raise click.UsageError("name the addresses to stop managing, or pass --all")
    chosen = None if everything else options.addresses(addresses)
    if everything and sys.stdin.isatty():
        state = state_of(start, options.environ(), env=env)
        question = f"Stop managing all objects of {state.identity}, {len(state.objects)} in the state?"
        if state.objects and not click.confirm(question, err=True):
            note("Nothing was changed.")
            return codes.FAILED
    return _edited("Forgotten", forget(start, options.environ(), chosen, env=env, endpoint=endpoint), format_)


@command.command(name="rebuild", short_help="Rebuild lost state.")
@options.live
@click.option(
    "--yes",
    is_flag=True,
    help="Replace an existing state, or take over objects without a lineage, without confirmation.",
)
@click.option(
    "--lineage",
    metavar="ID",
    help="Take over the objects of the state with this lineage. Required if there are several, or without a terminal.",
)
@options.locking
def rebuild_(start: Path, env: str | None, endpoint: str | None, format_: str, yes: bool, lineage: str | None) -> int:
    """Rebuild lost state from live labels, bundles and manifests. All other information is marked as unknown."""
    from reconciler.operations.state_rebuild import rebuild
    from reconciler.reports.text.state import rebuilt_text

    def confirm(found: "StateRebuild") -> bool:
        terminal = sys.stdin.isatty()
        if yes and (terminal or not found.takes_over):
            return True
        note_prose(rebuilt_text(found))
        if found.takes_over and not terminal:
            given = [word for word in sys.argv[3:] if word != "--yes"]
            consent = ["--yes"] if found.replaces or found.unproven else []
            again = options.command_line(["state", "rebuild", "--lineage", str(found.lineage), *given, *consent])
            raise click.UsageError(
                "without a terminal, the lineage to take over must be named; if the objects above are those of this "
                f"project, run: {again}"
            )
        check_terminal(lambda: None, yes=yes)
        question = "Replace the existing state?" if found.replaces else "Take over these objects?"
        return click.confirm(question, err=True)

    done = rebuild(start, options.environ(), env=env, endpoint=endpoint, lineage=lineage, confirm=confirm)
    if format_ == "json":
        from reconciler.state.output import rebuilt_json

        show_json(rebuilt_json(done))
    elif done.written:
        show_prose(rebuilt_text(done))
    else:
        note("Nothing was changed.")
    return 0 if done.written else codes.FAILED


@command.command(name="migrate-backend", short_help="Migrate the state to another backend.")
@click.argument("to", metavar="URL")
@options.manifests
@options.environment
@options.locking
def migrate_(to: str, start: Path, env: str | None) -> int:
    """Migrate the state, bundles and history to the backend URL, in the format of RECONCILER_STATE.

    URL is `git`, `s3://BUCKET/PREFIX`, `postgres:` or `local`. A note in the old backend makes runs that still use it
    fail.
    """
    from reconciler.operations.state_edits import migrate_backend
    from reconciler.reports.text.state import migrated_text

    show(migrated_text(migrate_backend(start, options.environ(), to, env=env)))
    return 0


def _edited(word: str, done: "StateEdit", format_: str) -> int:
    if format_ == "json":
        from reconciler.state.output import edited_json

        show_json(edited_json(done))
    else:
        from reconciler.reports.text.state import edited_text

        show(edited_text(word, done, style=style(sys.stdout, rows=True)))
    return 0

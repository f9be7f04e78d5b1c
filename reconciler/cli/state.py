"""`reconciler state`: looking into what was applied, by whom, and freeing its lock."""

import sys
from dataclasses import asdict
from pathlib import Path

import click

from reconciler.cli import options
from reconciler.cli.apply import check_terminal
from reconciler.cli.output import show, show_json, style


@click.group(name="state")
def command() -> None:
    """Look into the state: what was applied, and under which ids."""


@command.command(name="list")
@options.project
def list_(start: Path, env: str | None, format_: str, no_color: bool) -> int:
    """List what was applied, by address."""
    from reconciler.operations.state import entries

    found = entries(start, options.environ(), env=env)
    if format_ == "json":
        show_json([{"address": str(address), "type": item.type, "id": item.id} for address, item in found.items()])
    else:
        from reconciler.reports.text import state_list_text

        show(state_list_text(found, style=style(sys.stdout, no_color=no_color, rows=True)))
    return 0


@command.command(name="show")
@click.argument("address")
@options.project
def show_(address: str, start: Path, env: str | None, format_: str, no_color: bool) -> int:
    """Print everything that state knows of ADDRESS, as JSON."""
    del format_, no_color
    from reconciler.operations.state import entry

    show_json(entry(start, options.environ(), options.addresses((address,))[0], env=env))
    return 0


@command.command(name="history")
@options.project
def history_(start: Path, env: str | None, format_: str, no_color: bool) -> int:
    """List who applied what and when, the latest first. With the `git` backend nothing is ever forgotten."""
    from reconciler.operations.state import applies

    found = applies(start, options.environ(), env=env)
    if format_ == "json":
        show_json([asdict(plan) for plan in found])
    else:
        from reconciler.reports.text import history_text

        show(history_text(found, style=style(sys.stdout, no_color=no_color, rows=True)))
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

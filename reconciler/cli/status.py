"""`reconciler status`"""

import sys
from pathlib import Path

import click

from reconciler.cli import options
from reconciler.cli.output import show, show_json, style


@click.command(name="status")
@options.live
def command(start: Path, env: str | None, endpoint: str | None, format_: str) -> int:
    """List every managed object with its live id and whether it is in sync."""
    from reconciler.operations.status import status

    found = status(start, options.environ(), env=env, endpoint=endpoint)
    if format_ == "json":
        show_json(found.document())
        return 0
    from reconciler.reports.style import wrap
    from reconciler.reports.text import table

    rows = [(entry.address, entry.standing, entry.id or "-") for entry in found.entries]
    how = style(sys.stdout, rows=True)
    lines = wrap(f"{found.identity} at {found.endpoint}; {found.last_apply}", how.width, hang="  ")
    if found.lock:
        lines += wrap(f"locked by {found.lock}", how.width, hang="  ")
    show("\n".join([*lines, "", table(rows, ("ADDRESS", "STATUS", "ID"), style=how)]))
    return 0

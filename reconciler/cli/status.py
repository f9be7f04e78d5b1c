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
        from reconciler.project.status import status_json

        show_json(status_json(found))
    else:
        from reconciler.reports.text.status import status_text

        show(status_text(found, style=style(sys.stdout, rows=True)))
    return 0

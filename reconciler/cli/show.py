"""`reconciler show`"""

import shlex
from pathlib import Path

import click

from reconciler.cli import options
from reconciler.cli.plan import show_plan


@click.command(name="show")
@click.argument("file", type=click.Path(path_type=Path))
@options.document
@options.colour
def command(file: Path, format_: str) -> int:
    """Show a plan that was saved with `plan --out FILE`. Requires no project and works offline."""
    from reconciler.review.saved_plans import read_plan

    again = shlex.join(("reconciler", "apply", str(file)))
    show_plan(read_plan(file), format_, out=None, again=again, saved=file)
    return 0

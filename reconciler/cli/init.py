"""`reconciler init`"""

import shlex
from pathlib import Path

import click

from reconciler.cli.output import show


@click.command(name="init")
@click.argument("folder", metavar="[DIR]", type=click.Path(path_type=Path, file_okay=False), default=Path())
def command(folder: Path) -> int:
    """Write a small project into DIR (this folder if left out) that validates, plans and applies."""
    from reconciler.operations.init import init

    for path in init(folder):
        show(f"wrote {folder / path}")
    where = "" if folder == Path() else f" -C {shlex.quote(str(folder))}"
    show("")
    show("Next, without a key, against the API that is built in:")
    show("  export RECONCILER_ENDPOINT=embedded")
    show(f"  reconciler plan{where}")
    show(f"  reconciler apply{where}")
    return 0

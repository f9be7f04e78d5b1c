"""`reconciler inventory`"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import codes, options
from reconciler.cli.output import note, show, show_json, show_problems, style

if TYPE_CHECKING:
    from reconciler.importing.inventory_model import Inventory


@click.command(name="inventory")
@options.folder
@options.environment
@options.endpoint
@options.report
@options.colour
@click.option(
    "--by",
    metavar="KEY",
    help="Add totals by `label.NAME` of manifests or `metadata.NAME` of live objects, such as label.customer.",
)
def command(start: Path, env: str | None, endpoint: str | None, format_: str, by: str | None) -> int:
    """List every live object with its owner, size, last activity, cost and references.

    Requires an API key, but no manifests: outside a project, no object is shown as managed. Sends list requests only,
    and writes nothing.
    """
    from reconciler.importing.inventory import inventory

    found = inventory(start, options.environ(), env=env, endpoint=endpoint, by=by, on_progress=note)
    _show(found, format_)
    if found.problems:
        show_problems(found.problems)
    return codes.FAILED if any(one.severity == "error" for one in found.problems) else 0


def _show(found: "Inventory", format_: str) -> None:
    if format_ == "json":
        from reconciler.importing.codec import inventory_json

        show_json(inventory_json(found))
    elif format_ == "markdown":
        from reconciler.reports.markdown.inventory import inventory_markdown

        show(inventory_markdown(found))
    else:
        from reconciler.reports.text.inventory import inventory_text

        show(inventory_text(found, style=style(sys.stdout, rows=True)))

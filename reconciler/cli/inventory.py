"""`reconciler inventory`"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import codes, completing, options
from reconciler.cli.output import note, show, show_json, show_problems, style

if TYPE_CHECKING:
    from reconciler.importing.inventory_model import Inventory


@click.command(name="inventory")
@options.manifests
@options.environment
@options.endpoint
@options.report
@options.colour
@click.option(
    "--by",
    metavar="KEY",
    shell_complete=completing.totals,
    help="Add totals by type, owner, project or environment, by `label.NAME` of manifests, or by `metadata.NAME` of "
    "live objects, such as label.customer.",
)
@click.option(
    "--unused",
    is_flag=True,
    help="List only objects that no manifest, no entry of the state and no live object refers to.",
)
@click.option(
    "--name", "pattern", metavar="GLOB", help="List only objects whose name or id matches GLOB, case-insensitively."
)
def command(
    start: Path,
    env: str | None,
    endpoint: str | None,
    format_: str,
    by: str | None,
    unused: bool,
    pattern: str | None,
) -> int:
    """List every live object with its owner, size, last activity, cost and references.

    With --unused and --name, only those that fit both are listed, and totals are of these objects.

    Requires an API key, but no manifests: outside a project, no object is shown as managed. In a project with several
    environments, --env selects the one whose objects are. Sends list requests only, and writes nothing.
    """
    from reconciler.importing.inventory import inventory
    from reconciler.importing.inventory_model import Filter

    chosen = Filter(unused, pattern)
    found = inventory(start, options.environ(), env=env, endpoint=endpoint, by=by, chosen=chosen, on_progress=note)
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

"""`reconciler export`"""

from pathlib import Path

import click

from reconciler.cli import options
from reconciler.cli.output import show_json


@click.command(name="export")
@click.argument("address")
@options.folder
@options.environment
@click.option(
    "--out", metavar="FILE", type=click.Path(path_type=Path), help="Write the bundle to FILE. Default: print it."
)
def command(address: str, start: Path, env: str | None, out: Path | None) -> int:
    """Print the bundle that an application loads for ADDRESS, with live ids.

    ADDRESS is the published release of a chatbot (`chatbot/support`), a specific release (`chatbot/support@3`), the
    working version (`chatbot/support@working`), an assistant (`assistant/triage`) or a pipeline (`pipeline/flow`).
    """
    from reconciler.cli.output import write_json
    from reconciler.releases.export import export

    document = export(start, options.environ(), options.addresses((address,))[0], env=env)
    if out is not None:
        write_json(document, out)
    else:
        show_json(document)
    return 0

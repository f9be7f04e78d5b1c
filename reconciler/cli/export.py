"""`reconciler export`"""

from pathlib import Path

import click

from reconciler.cli import options
from reconciler.cli.output import show_json


@click.command(name="export")
@click.argument("address")
@options.folder
@options.environment
@click.option("--out", metavar="FILE", type=click.Path(path_type=Path), help="Write to FILE instead of printing.")
def command(address: str, start: Path, env: str | None, out: Path | None) -> int:
    """Print the published bundle of ADDRESS, with live ids: what an application loads.

    ADDRESS is the release that a chatbot has published (`chatbot/support`), any release of it (`chatbot/support@3`),
    its working version (`chatbot/support@working`), an assistant (`assistant/triage`) or a pipeline.
    """
    from reconciler.cli.output import write_json
    from reconciler.releases.export import export

    document = export(start, options.environ(), options.addresses((address,))[0], env=env)
    if out is not None:
        write_json(document, out)
    else:
        show_json(document)
    return 0

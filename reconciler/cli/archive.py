"""`reconciler archive`"""

import sys
from pathlib import Path

import click

from reconciler.cli import codes, options
from reconciler.cli.output import show, show_json, style


@click.command(name="archive")
@click.argument("address")
@options.colour
@options.output
@options.folder
def command(address: str, start: Path, format_: str) -> int:
    """Take an assistant, a chatbot, a pipeline or a release out of the manifests.

    With an assistant go the releases that have it and that nobody has published, and the vector stores that nothing
    else uses; with a chatbot go its releases. If something still needs what would go, in any environment, nothing is
    written: who it is and the way out are printed, and the exit code is 3.

    Works offline, so the plan of the pull request has the last word: it also sees who refers to it at OpenAI.
    """
    from reconciler.releases.archive import archive

    (chosen,) = options.addresses((address,))
    done = archive(start, chosen)
    if format_ == "json":
        from reconciler.releases.codec import archived_json

        show_json(archived_json(done))
    else:
        from reconciler.reports.text.releases import archived_text

        show(archived_text(done, style(sys.stdout)))
    return codes.REFUSED if done.refusals else 0

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
    """Remove an assistant, chatbot, pipeline or release and its dependents from the manifests.

    Removing an assistant also archives the unpublished releases that contain it, and removes the vector stores that
    nothing else uses. Removing a chatbot also archives its releases. If one of these objects is still referenced in any
    environment, nothing is written, and the references and a remedy are printed.

    Works offline. References at OpenAI are checked by the next plan.

    Exit code 3 if refused.
    """
    from reconciler.releases.archive import archive

    (chosen,) = options.addresses((address,))
    done = archive(start, chosen)
    if format_ == "json":
        from reconciler.reports.wording.documents import archive_document

        show_json(archive_document(done))
    else:
        from reconciler.reports.text.releases import archived_text

        show(archived_text(done, style(sys.stdout)))
    return codes.REFUSED if done.refusals else 0

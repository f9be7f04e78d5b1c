"""`reconciler drift` and `reconciler status`"""

import shlex
import sys
from pathlib import Path

import click

from reconciler.cli import codes, completing, options
from reconciler.cli.output import (
    UNBROKEN,
    save_json,
    save_text,
    show,
    show_error,
    show_json,
    show_warnings,
    style,
    write_json,
)


@click.command(name="drift")
@options.reviewed
@options.targets
@options.out
def command(
    start: Path,
    env: str | None,
    endpoint: str | None,
    format_: str,
    targets: tuple[str, ...],
    out: Path | None,
) -> int:
    """Report drift: fields and outlets changed outside Reconciler, objects that were deleted, expired or not indexed,
    and files in vector stores that no manifest names.

    Models in use that OpenAI shuts down within three months, and unmanaged objects, are also reported, but are not
    drift. Writes nothing.

    Exit code 2 if there is drift, or if the project was never applied.
    """
    from reconciler.operations.drift import drift
    from reconciler.planning.model import Refusal
    from reconciler.reports.wording import refusal_problem
    from reconciler.reports.wording.result_documents import drift_document

    report = drift(start, options.environ(), env, endpoint, targets=options.addresses(targets))
    if isinstance(report, Refusal):
        show_error([refusal_problem(report)], format_)
        return codes.REFUSED
    write_json(lambda: drift_document(report), out)
    undo = options.again("apply", on_drift="revert", identity=report.plan.identity)
    force = " --force" if report.contested else ""
    pull = f"{options.again('pull', targets=(), identity=report.plan.identity)} {shlex.join(targets) or '--all'}{force}"
    if format_ == "json":
        show_json(drift_document(report))
    elif format_ == "markdown":
        from reconciler.reports.markdown.drift import drift_markdown

        show(drift_markdown(report, revert=undo, pull=pull))
    elif format_ == "html":
        from reconciler.reports.html.drift import drift_html

        show(drift_html(report, revert=undo, pull=pull))
    else:
        from reconciler.reports.text.drift import drift_text

        show(drift_text(report, style=style(sys.stdout), command=undo, pull=pull))
    return 0 if report.in_sync else codes.CHANGES


@click.command(name="status")
@click.argument("addresses", metavar="[ADDRESS]...", nargs=-1, shell_complete=completing.addresses)
@options.paged
@options.output_file(
    "result",
    "html",
    "status-table",
    description="Write the status to FILE in the format of -o. Default: print it.",
)
def status_(
    addresses: tuple[str, ...], start: Path, env: str | None, endpoint: str | None, format_: str, out: Path | None
) -> int:
    """List every managed object with its live id and whether it is in sync.

    With ADDRESS, such as assistant/NAME, show for each of these assistants, and for those that these objects use, the
    fields that differ and, by tool, the files and vector stores that only OpenAI or only the manifests have.

    `-o html` without ADDRESS is the estate page: every chatbot with what answers in each environment, every assistant
    with its owner, model and costs, vector stores, drift and refusals, in one file that can be searched offline.
    """
    from reconciler.operations.status import status

    chosen = options.addresses(addresses)
    is_estate = format_ != "text" and not chosen
    found = status(start, options.environ(), env=env, endpoint=endpoint, addresses=chosen, with_estate=is_estate)
    show_warnings(found.warnings)
    if format_ == "json":
        from reconciler.project.status import status_json

        document = status_json(found)
        save_json(document, out) if out else show_json(document)
        return 0
    from reconciler.reports.views.status import status_view

    view = status_view(found)
    force = " --force" if view.contested else ""
    pull = f"{options.again('pull', identity=found.identity)} {shlex.join(view.pullable)}{force}"
    revert = options.again("apply", targets=view.revertible, on_drift="revert", identity=found.identity)
    if format_ == "text":
        from reconciler.reports.style import Style
        from reconciler.reports.text.status import status_text

        look = Style(width=UNBROKEN) if out else style(sys.stdout, rows=not chosen)
        text = status_text(view, style=look, pull=pull, revert=revert)
    elif found.estate is not None:
        from reconciler.reports.html.estate import estate_html

        text = estate_html(found, found.estate, pull=pull, revert=revert)
    else:
        from reconciler.reports.html.status import status_html

        text = status_html(view, pull=pull, revert=revert)
    save_text(text, out, format_) if out else show(text)
    return 0

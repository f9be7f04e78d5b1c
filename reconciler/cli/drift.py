"""`reconciler drift`"""

import sys
from pathlib import Path

import click

from reconciler.cli import options
from reconciler.cli.output import show, show_json, style, write_json

DRIFT = 2


@click.command(name="drift")
@options.reviewed
@options.targets
@options.out
def command(
    start: Path,
    env: str | None,
    endpoint: str | None,
    format_: str,
    no_color: bool,
    targets: tuple[str, ...],
    out: Path | None,
) -> int:
    """Report what was changed by hand since it was applied, field by field. Writes nothing.

    Exit code 2 if there is drift.
    """
    from reconciler.operations.run import planned
    from reconciler.reports.drift import made_by_hand
    from reconciler.reports.json import drift_json

    plan = planned(start, options.environ(), env, endpoint, targets=options.addresses(targets)).plan
    write_json(drift_json(plan), out)
    undo = options.again("apply", on_drift="revert")
    if format_ == "json":
        show_json(drift_json(plan))
    elif format_ == "markdown":
        from reconciler.reports.markdown.drift import drift_markdown

        show(drift_markdown(plan, revert=undo, pull=options.again("pull")))
    elif format_ == "html":
        from reconciler.reports.html.drift import drift_html

        show(drift_html(plan, revert=undo, pull=options.again("pull")))
    else:
        from reconciler.reports.text import drift_text

        show(drift_text(plan, style=style(sys.stdout, no_color=no_color), command=undo))
    return DRIFT if made_by_hand(plan) else 0

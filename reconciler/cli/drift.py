"""`reconciler drift`"""

import sys
from pathlib import Path

import click

from reconciler.cli import options
from reconciler.cli.output import show, show_json, style, write_json

DRIFT = 2


@click.command(name="drift")
@options.live
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
    if format_ == "json":
        show_json(drift_json(plan))
    else:
        from reconciler.reports.text import drift_text

        undo = options.again("apply", on_drift="revert")
        show(drift_text(plan, style=style(sys.stdout, no_color=no_color), command=undo))
    return DRIFT if made_by_hand(plan) else 0

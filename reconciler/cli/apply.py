"""`reconciler apply`"""

import shlex
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import options
from reconciler.cli.output import note, show, show_json, style, write_json
from reconciler.cli.plan import REFUSED, show_plan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.applying.model import ApplyResult
    from reconciler.applying.run import Listener
    from reconciler.planning.model import OnDrift, Plan

PARTLY = 4


@click.command(name="apply")
@click.argument("plan_file", metavar="[PLAN]", required=False, type=click.Path(path_type=Path))
@options.live
@options.on_drift
@options.targets
@options.out
@click.option("--yes", is_flag=True, help="Apply without asking.")
def command(
    plan_file: Path | None,
    start: Path,
    env: str | None,
    endpoint: str | None,
    format_: str,
    no_color: bool,
    on_drift: "OnDrift",
    targets: tuple[str, ...],
    out: Path | None,
    yes: bool,
) -> int:
    """Make what is live as the manifests say; with PLAN, do exactly what that saved plan says.

    Exit code 3 if refused, 4 if only a part was applied, 5 if PLAN is stale, 6 if another run holds the lock.
    """
    if not yes and not sys.stdin.isatty():
        raise click.UsageError("there is no terminal to ask on: pass --yes to apply without asking")
    from reconciler.applying.model import ApplyResult
    from reconciler.operations.run import applied
    from reconciler.operations.saved import read_plan

    def confirm(plan: "Plan") -> bool:
        if format_ == "text":
            show_plan(plan, "text", no_color=no_color, out=None)
        return yes or click.confirm(f"\nApply this to {plan.identity}?", err=True)

    @contextmanager
    def listen(plan: "Plan") -> "Iterator[Listener]":
        from reconciler.reports.progress import progress_to

        with progress_to(sys.stderr, len(plan.work), style=style(sys.stderr, no_color=no_color)) as progress:
            yield progress

    result = applied(
        start,
        options.environ(),
        env,
        endpoint,
        on_drift,
        options.addresses(targets),
        saved=read_plan(plan_file) if plan_file else None,
        confirm=confirm,
        listen=listen,
        resume=_command_line(),
    )
    if isinstance(result, ApplyResult):
        return _report(result, format_, no_color=no_color, out=out)
    if result.refusals:
        show_plan(result, format_, no_color=no_color, out=out)
        return REFUSED
    note("Nothing was changed.")
    return 1


def _report(result: "ApplyResult", format_: str, *, no_color: bool, out: Path | None) -> int:
    from reconciler.reports.json import apply_json

    write_json(apply_json(result), out)
    if format_ == "json":
        show_json(apply_json(result))
    else:
        from reconciler.reports.text import apply_text

        show(apply_text(result, style=style(sys.stdout, no_color=no_color)))
    if result.complete:
        return 0
    return PARTLY if result.of("done") else 1


def _command_line() -> str:
    """What the user typed, as they could type it again."""
    return shlex.join(["reconciler", *sys.argv[1:]])

"""`reconciler plan` and `reconciler show`"""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import codes, options
from reconciler.cli.output import show, show_json, style, write_json

if TYPE_CHECKING:
    from reconciler.planning.model import OnDrift, Plan


@click.command(name="plan")
@options.reviewed
@options.on_drift
@options.targets
@options.out
@click.option(
    "--offline", is_flag=True, help="Compare the manifests with the state only; send no requests and use no API key."
)
@click.option(
    "--detailed-exitcode",
    is_flag=True,
    help="Return exit code 2 if there are changes, except those that apply only records.",
)
def command(
    start: Path,
    env: str | None,
    endpoint: str | None,
    format_: str,
    on_drift: "OnDrift",
    targets: tuple[str, ...],
    out: Path | None,
    offline: bool,
    detailed_exitcode: bool,
) -> int:
    """Show the changes that `apply` would make: the difference between the manifests and the live objects.

    Writes nothing and takes no lock.

    Exits with code 3 if the plan is refused.
    """
    chosen = options.addresses(targets)
    if offline:
        from reconciler.operations.offline import planned_offline

        plan = planned_offline(start, options.environ(), env, on_drift, chosen).plan
    else:
        from reconciler.operations.plan import planned

        plan = planned(start, options.environ(), env, endpoint, on_drift, chosen).plan
    again = options.again("apply", out, identity=plan.identity)
    show_plan(plan, format_, out=out, again=again, targeted=bool(targets))
    if plan.refusals:
        return codes.REFUSED
    return codes.CHANGES if detailed_exitcode and plan.effects else 0


@click.command(name="show")
@click.argument("file", type=click.Path(path_type=Path))
@options.document
@options.colour
def show_(file: Path, format_: str) -> int:
    """Show a plan that was saved with `plan --out FILE`. Requires no project and works offline."""
    from reconciler.review.saved_plans import read_plan

    again = shlex.join(("reconciler", "apply", str(file)))
    show_plan(read_plan(file), format_, out=None, again=again, saved=file)
    return 0


def show_plan(
    plan: "Plan",
    format_: str,
    *,
    out: Path | None,
    again: str = "",
    targeted: bool = False,
    adopts: bool = False,
    saved: Path | None = None,
) -> None:
    """Print a plan and save it to `out`. `again` is the command that applies it; `saved` is its existing file."""
    from reconciler.reports.wording.documents import plan_document

    write_json(lambda: plan_document(plan), out)
    if format_ == "json":
        show_json(plan_document(plan))
    elif format_ == "markdown":
        from reconciler.reports.markdown.plan import plan_markdown

        show(plan_markdown(plan, command=again, full=complete_plan(out or saved, plan.identity)))
    elif format_ == "html":
        from reconciler.reports.html.plan import plan_html

        show(plan_html(plan, command=again))
    else:
        from reconciler.reports.text.plan import plan_text

        how = style(sys.stdout)
        show(plan_text(plan, style=how, command=again, targeted=targeted, adopts=adopts))


def complete_plan(saved: Path | None, identity: str) -> str:
    """Return a hint to the complete plan, for a comment that is truncated."""
    from reconciler.reports.markdown.escaping import code
    from reconciler.resources.address import Identity
    from reconciler.resources.problems import command_text

    if saved is None:
        return f"Complete plan: {code(command_text(Identity.parse(identity).environment, 'plan', '-o', 'html'))}."
    return f"Complete plan: {code(shlex.join(('reconciler', 'show', str(saved), '-o', 'html')))}."

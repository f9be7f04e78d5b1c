"""`reconciler apply`"""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import applying, options
from reconciler.cli.applying import asking, check_terminal, command_line, listening, not_applied, report

if TYPE_CHECKING:
    from reconciler.planning.model import OnDrift


@click.command(name="apply")
@click.argument("plan_file", metavar="[PLAN]", required=False, type=click.Path(path_type=Path))
@options.reviewed
@options.on_drift
@options.targets
@options.out
@applying.yes
@options.applying
@options.confirm
def command(
    plan_file: Path | None,
    start: Path,
    env: str | None,
    endpoint: str | None,
    format_: str,
    on_drift: "OnDrift",
    targets: tuple[str, ...],
    out: Path | None,
    yes: bool,
    confirm: str | None,
) -> int:
    """Apply the manifests. With PLAN, apply exactly that saved plan.

    A plan of `destroy` asks for the name of the environment; --yes answers only if it was saved with --confirm.

    Exit code 3 if the plan is refused, 4 if it was partially applied, 5 if PLAN is stale, 6 if another run holds the
    lock.
    """
    _check_usage(plan_file)
    from reconciler.operations.run import applied
    from reconciler.project.workspace import open_workspace
    from reconciler.review.saved_plans import read_plan

    if plan_file is None:
        check_terminal(partial(open_workspace, start, options.environ(), env=env, endpoint=endpoint), yes=yes)
    elif confirm is None:
        check_terminal(partial(read_plan, plan_file), yes=yes)
    saved = read_plan(plan_file) if plan_file else None
    if saved and saved.destroys:
        from reconciler.cli.destroy import apply_saved

        return apply_saved(saved, start, env, endpoint, format_, out=out, yes=yes, confirm=confirm)
    if confirm is not None:
        raise click.UsageError("--confirm is for plans of `reconciler destroy`")
    from reconciler.applying.model import ApplyResult

    result = applied(
        start,
        options.environ(),
        env,
        endpoint,
        on_drift,
        options.addresses(targets),
        saved=saved,
        confirm=asking(format_, yes=yes),
        listen=listening(),
        resume=command_line(),
    )
    if isinstance(result, ApplyResult):
        return report(result, format_, out=out)
    return not_applied(result, format_, out=out)


def _check_usage(plan_file: Path | None) -> None:
    given = click.get_current_context().get_parameter_source
    for name, option in (("on_drift", "--on-drift"), ("targets", "--target")):
        if plan_file and given(name) is click.core.ParameterSource.COMMANDLINE:
            raise click.UsageError(f"{option} cannot be combined with a saved plan; pass it to `reconciler plan`")

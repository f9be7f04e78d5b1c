"""`reconciler apply`"""

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from reconciler.cli import codes, confirming, options
from reconciler.cli.observing import EVENTS, shown_with
from reconciler.cli.output import note, show, show_json, style, write_json
from reconciler.cli.plan import show_plan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from reconciler.applying.model import ApplyResult
    from reconciler.operations.run import Progress
    from reconciler.planning.model import OnDrift, Plan


@click.command(name="apply")
@click.argument("plan_file", metavar="[PLAN]", required=False, type=click.Path(path_type=Path))
@options.reviewed
@options.on_drift
@options.targets
@options.out
@confirming.yes
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
    if plan_file is None or (not yes and confirm is None):
        check_terminal(yes=yes)
    from reconciler.operations.run import applied
    from reconciler.review.saved_plans import read_plan

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


def not_applied(plan: "Plan", format_: str, *, out: Path | None) -> int:
    """Show a plan that was refused or not confirmed, and return the exit code."""
    if log := EVENTS.get():
        log.result(plan)
    if plan.refusals:
        show_plan(plan, format_, out=out)
        return codes.REFUSED
    if format_ != "text":
        show_plan(plan, format_, out=None)
    note("Nothing was changed.")
    return 1


def asking(format_: str, *, yes: bool) -> "Callable[[Plan], bool]":
    """Return a function that shows a plan and asks for confirmation, unless `yes` is set."""

    def confirm(plan: "Plan") -> bool:
        if log := EVENTS.get():
            log.planned(plan)
        if format_ == "text":
            show(plan_text_for(plan, sys.stdout))
        elif not yes:
            note(plan_text_for(plan, sys.stderr))
        return yes or click.confirm(f"\n{_question(plan)}", err=True)

    return confirm


def _question(plan: "Plan") -> str:
    from reconciler.reports.text import apply_question

    return apply_question(plan)


def listening() -> "Callable[[int], AbstractContextManager[Progress]]":
    """Return a context manager factory that shows progress on stderr; it is called with the number of steps."""

    @contextmanager
    def listen(steps: int) -> "Iterator[Progress]":
        from reconciler.reports.progress import progress_to

        if log := EVENTS.get():
            log.begin(steps)
        with progress_to(sys.stderr, steps, style=style(sys.stderr)) as progress, shown_with(progress) as shown:
            yield shown

    return listen


def check_terminal(*, yes: bool) -> None:
    """Raise UsageError if a confirmation is required and stdin is not a terminal."""
    if not yes and not sys.stdin.isatty():
        raise click.UsageError(
            "a confirmation is required, but stdin is not a terminal; pass --yes to skip the confirmation"
        )


def _check_usage(plan_file: Path | None) -> None:
    given = click.get_current_context().get_parameter_source
    for name, option in (("on_drift", "--on-drift"), ("targets", "--target")):
        if plan_file and given(name) is click.core.ParameterSource.COMMANDLINE:
            raise click.UsageError(f"{option} cannot be combined with a saved plan; pass it to `reconciler plan`")


def plan_text_for(plan: "Plan", stream: TextIO) -> str:
    """Return a plan as text for a stream."""
    from reconciler.reports.text import plan_text

    return plan_text(plan, style=style(stream)).rstrip("\n")


def report(result: "ApplyResult", format_: str, *, out: Path | None) -> int:
    """Show the result of an apply, and return the exit code."""
    if log := EVENTS.get():
        log.result(result)
    from reconciler.reports.wording.documents import apply_document

    if format_ == "json":
        show_json(apply_document(result))
    elif format_ == "markdown":
        from reconciler.reports.markdown.apply import apply_markdown

        show(apply_markdown(result))
    elif format_ == "html":
        from reconciler.reports.html.apply import apply_html

        show(apply_html(result))
    else:
        from reconciler.reports.text import apply_text

        show(apply_text(result, style=style(sys.stdout)))
    write_json(apply_document(result), out)
    if result.complete:
        return 0
    return codes.PARTLY if result.of("done") else 1


def command_line(*without: str) -> str:
    """Return the command line of the user, for reuse, without the words in `without`."""
    return options.command_line(word for word in sys.argv[1:] if word not in without)

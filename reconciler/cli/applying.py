"""The course of commands that apply a plan: the confirmation, the progress, and the result with its exit code."""

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from reconciler.cli import codes, options
from reconciler.cli.observing import EVENTS, shown_with
from reconciler.cli.output import note, show, show_json, style, write_json
from reconciler.cli.plan import show_plan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from reconciler.applying.model import ApplyResult
    from reconciler.operations.run import Progress
    from reconciler.planning.model import Plan

yes = click.option("--yes", is_flag=True, help="Skip the confirmation.")


def in_one_step(dry_run: str) -> "Callable[[Callable[..., int]], Callable[..., int]]":
    """Add `--out`, `--yes`, `--dry-run` with this description, `--lock-timeout` and `--json-events`."""

    def add(function: "Callable[..., int]") -> "Callable[..., int]":
        only_shown = click.option("--dry-run", is_flag=True, help=dry_run)
        return options.out(yes(only_shown(options.applying(function))))

    return add


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
    from reconciler.reports.text.plan import apply_question

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


def check_terminal(first: "Callable[[], object]", *, yes: bool) -> None:
    """Raise UsageError if a confirmation is required and stdin is not a terminal.

    `first` is called before, to raise what --yes would not help with, such as an environment that is not named.
    """
    if not yes and not sys.stdin.isatty():
        first()
        raise click.UsageError(
            "a confirmation is required, but stdin is not a terminal; pass --yes to skip the confirmation"
        )


def plan_text_for(plan: "Plan", stream: TextIO) -> str:
    """Return a plan as text for a stream."""
    from reconciler.reports.text.plan import plan_text

    return plan_text(plan, style=style(stream)).rstrip("\n")


def report(result: "ApplyResult", format_: str, *, out: Path | None) -> int:
    """Show the result of an apply, and return the exit code."""
    if log := EVENTS.get():
        log.result(result)
    from reconciler.reports.wording.result_documents import apply_document

    if format_ == "json":
        show_json(apply_document(result))
    elif format_ == "markdown":
        from reconciler.reports.markdown.apply import apply_markdown

        show(apply_markdown(result))
    elif format_ == "html":
        from reconciler.reports.html.apply import apply_html

        show(apply_html(result))
    else:
        from reconciler.reports.text.apply import apply_text

        show(apply_text(result, style=style(sys.stdout)))
    write_json(lambda: apply_document(result), out)
    if result.complete:
        return 0
    return codes.PARTLY if result.of("done") else 1


def command_line(*without: str) -> str:
    """Return the command line of the user, for reuse, without the words in `without`."""
    return options.command_line(word for word in sys.argv[1:] if word not in without)

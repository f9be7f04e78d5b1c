"""`reconciler destroy`"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from reconciler.cli import codes, options
from reconciler.cli.applying import command_line, listening, not_applied, plan_text_for, report
from reconciler.cli.observing import EVENTS
from reconciler.cli.output import note, note_prose, show, show_json, show_prose
from reconciler.cli.plan import show_plan

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.planning.model import Plan

_NO_NAME: Final = "--yes does not confirm that everything is removed; pass --confirm NAME"


@click.command(name="destroy")
@options.destroying
@options.output_file(
    "result",
    metavar="PLAN",
    description="Only write the plan to PLAN as JSON; `apply PLAN` destroys.",
)
@options.confirm
@click.option("--yes", is_flag=True, help="Has no effect; --confirm is required without a terminal.")
@click.option("--undo", is_flag=True, help="Permit `apply` in a destroyed environment again.")
@options.applying
def command(
    start: Path,
    env: str | None,
    endpoint: str | None,
    format_: str,
    out: Path | None,
    confirm: str | None,
    yes: bool,
    undo: bool,
) -> int:
    """Remove everything of one environment, also of one that project.yaml does not have any longer.

    Shows the plan, and asks for the name of the environment. The guard checks the plan as any other: published
    chatbots, protected and referenced objects are not removed. The name permits the number of deletes.

    The state is kept, marked as destroyed: `apply` refuses until `destroy --undo`, or until the environment is removed
    from project.yaml. Run `destroy` again to complete an interrupted one.

    Exit code 3 if the plan is refused, 4 if it was partially applied, 6 if another run holds the lock.
    """
    if undo:
        return _undo(start, env, format_)
    if out is not None:
        return _save(start, env, endpoint, format_, out=out, confirm=confirm)
    if not _can_confirm(confirm, yes=yes):
        from reconciler.operations.destroy import check_environment

        check_environment(start, options.environ(), env, endpoint)  # an unknown name is the first thing to correct
    _check_terminal(confirm, yes=yes)
    return _destroy(None, start, env, endpoint, format_, out=None, confirm=confirm)


def apply_saved(
    saved: "Plan",
    start: Path,
    env: str | None,
    endpoint: str | None,
    format_: str,
    *,
    out: Path | None,
    yes: bool,
    confirm: str | None,
) -> int:
    """Apply a saved plan of `destroy`. With --yes, its name must have been given when it was saved."""
    if yes and saved.confirmed:
        confirm = confirm or saved.name
    _check_name(saved, confirm)
    _check_terminal(confirm, yes=yes)
    return _destroy(saved, start, env, endpoint, format_, out=out, confirm=confirm)


def _can_confirm(confirm: str | None, *, yes: bool) -> bool:
    return confirm is not None or (not yes and sys.stdin.isatty())


def _check_terminal(confirm: str | None, *, yes: bool) -> None:
    """Raise UsageError if the name is missing and cannot be asked for."""
    if not _can_confirm(confirm, yes=yes):
        if yes:
            raise click.UsageError(_NO_NAME)
        raise click.UsageError("a confirmation is required, but stdin is not a terminal; pass --confirm NAME")


def _destroy(
    saved: "Plan | None",
    start: Path,
    env: str | None,
    endpoint: str | None,
    format_: str,
    *,
    out: Path | None,
    confirm: str | None,
) -> int:
    from reconciler.applying.model import ApplyResult
    from reconciler.operations.destroy import destroyed
    from reconciler.planning.model import Plan
    from reconciler.resources.address import Identity
    from reconciler.resources.display import moment
    from reconciler.resources.problems import env_option

    result = destroyed(
        start,
        options.environ(),
        env,
        endpoint,
        saved=saved,
        confirm=_asking(format_, confirm),
        listen=listening(),
        resume=command_line(),
    )
    if isinstance(result, Plan):
        _check_name(result, confirm)
        return not_applied(result, format_, out=out)
    if isinstance(result, ApplyResult):
        if result.complete and not result.already_applied:
            undo = f"reconciler destroy --undo{env_option(Identity.parse(result.identity).environment)}"
            note_prose(f"{result.identity} is destroyed. To apply its manifests again, run `{undo}`.")
        return report(result, format_, out=out)
    _check_name(result.plan, confirm)
    if format_ != "text":
        show_plan(result.plan, format_, out=out)
    why = (
        f"it was destroyed on {moment(result.mark.finished or result.mark.started)}"
        if result.mark
        else "nothing was applied to it"
    )
    note_prose(f"{result.plan.identity} has nothing to destroy: {why}.")
    return 0


def _asking(format_: str, confirm: str | None) -> "Callable[[Plan], bool]":
    """Return a function that shows a plan and asks for the name of its environment, unless `confirm` has it."""

    def ask(plan: "Plan") -> bool:
        from reconciler.reports.text.plan import apply_question

        if log := EVENTS.get():
            log.planned(plan)
        if format_ == "text":
            show(plan_text_for(plan, sys.stdout))
        elif confirm is None:
            note(plan_text_for(plan, sys.stderr))
        if confirm is not None:
            _check_name(plan, confirm)
            return True
        question = f"\n{apply_question(plan)}"
        return bool(click.prompt(question, default="", show_default=False, prompt_suffix=" ", err=True) == plan.name)

    return ask


def _check_name(plan: "Plan", confirm: str | None) -> None:
    """Raise UsageError if another name is given: also for a plan that is refused, or has nothing to destroy."""
    if confirm is not None and confirm != plan.name:
        raise click.UsageError(f"--confirm is {confirm!r}, and this plan destroys {plan.identity}: use {plan.name!r}")


def _save(start: Path, env: str | None, endpoint: str | None, format_: str, *, out: Path, confirm: str | None) -> int:
    from reconciler.operations.destroy import planned

    plan = planned(start, options.environ(), env, endpoint, is_confirmed=confirm is not None)
    _check_name(plan, confirm)
    show_plan(plan, format_, out=out, again=options.again("apply", out, identity=plan.identity))
    return codes.REFUSED if plan.refusals else 0


def _undo(start: Path, env: str | None, format_: str) -> int:
    from reconciler.operations.destroy import undone

    done = undone(start, options.environ(), env)
    if format_ == "json":
        from reconciler.state.output import edited_json

        show_json(edited_json(done))
    else:
        show_prose(f"{done.identity}: {done.notes[0]}.")
        for text in done.notes[1:]:
            note_prose(f"{text}.")
    return 0

"""`reconciler rollback`"""

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import codes, completing, options
from reconciler.cli.applying import asking, check_terminal, in_one_step, listening, not_applied, report
from reconciler.cli.output import note, show, style
from reconciler.cli.plan import show_plan

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.releases.model import Rollback
    from reconciler.reports.style import Style


@click.command(name="rollback")
@click.argument("chatbot", shell_complete=completing.chatbots)
@click.argument(
    "number", metavar="[NUMBER]", required=False, type=click.IntRange(1), shell_complete=completing.release_numbers
)
@options.reviewed
@in_one_step(dry_run="Print the plan and change nothing.")
def command(
    chatbot: str,
    number: int | None,
    start: Path,
    env: str | None,
    endpoint: str | None,
    format_: str,
    out: Path | None,
    yes: bool,
    dry_run: bool,
) -> int:
    """Publish an earlier release of CHATBOT immediately, without a commit.

    NUMBER is the release. Default: the release that was published before the present one, as the state records it,
    without those that the next apply archives.

    Only the published pointer is moved, and the automations that run the chatbot are updated. Other pending changes and
    drift are left as they are. If an object of the release is missing or was changed, nothing is written. Errors in
    manifests of other objects are ignored. The manifest is not edited: the command prints how to make it agree.

    Exit code 3 if the plan is refused, 4 if it was partially applied, 6 if another run holds the lock.
    """
    from reconciler.operations.rollback import check_rollback, roll_back
    from reconciler.planning.model import Plan

    environ, name = options.environ(), chatbot.removeprefix("chatbot/")
    if not dry_run:
        check_terminal(partial(check_rollback, start, environ, name, number, env=env, endpoint=endpoint), yes=yes)
    choice, result = roll_back(
        start,
        environ,
        name,
        number,
        env=env,
        endpoint=endpoint,
        announce=lambda choice: _announce(choice, format_),
        confirm=None if dry_run else asking(format_, yes=yes),
        listen=listening(),
        resume=lambda choice: _again("rollback", choice),
    )
    if isinstance(result, Plan):
        if not dry_run:
            return not_applied(result, format_, out=out)
        show_plan(result, format_, out=out, again=_again("rollback", choice))
        return codes.REFUSED if result.refusals else 0
    code = report(result, format_, out=out)
    if not code:
        _show_agreement(choice, format_)
    return code


def _announce(choice: "Rollback", format_: str) -> None:
    from reconciler.reports.text.releases import rollback_text

    another = partial(_again, "rollback", choice)
    _tell(partial(rollback_text, choice, command=another), format_)


def _show_agreement(choice: "Rollback", format_: str) -> None:
    from reconciler.reports.text.releases import agreement_text

    if format_ == "text":
        show("")
    _tell(partial(agreement_text, choice, _again("publish", choice)), format_)


def _tell(text: "Callable[[Style], str]", format_: str) -> None:
    """Show a text beside the result: on stderr if stdout has a document."""
    if format_ == "text":
        show(text(style(sys.stdout)))
    else:
        note(text(style(sys.stderr)))


def _again(verb: str, choice: "Rollback", number: int | None = None) -> str:
    """Return the command line of `verb` for the release, or for the one with another number, in the project and the
    environment of this command.
    """
    words, left = (choice.chatbot, str(number or choice.number)), ("endpoint",) if verb == "publish" else ()
    if choice.environment is None:
        return options.again(verb, words=words, left=left)
    return options.again(verb, words=words, left=left, env=choice.environment)

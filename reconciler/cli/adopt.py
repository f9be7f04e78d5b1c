"""`reconciler adopt`"""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import codes, completing, options
from reconciler.cli.applying import (
    asking,
    check_terminal,
    command_line,
    in_one_step,
    listening,
    not_applied,
    report,
)
from reconciler.cli.output import note_prose, show_problems
from reconciler.cli.plan import show_plan

if TYPE_CHECKING:
    from reconciler.operations.adopt import Adopted
    from reconciler.resources.address import Address


@click.command(name="adopt")
@click.argument("what", metavar="[ADDRESS[=ID]]...", nargs=-1, shell_complete=completing.addresses)
@options.live
@in_one_step(dry_run="Show the plan and write nothing. With --out, save it for `reconciler apply`.")
def command(
    what: tuple[str, ...],
    start: Path,
    env: str | None,
    endpoint: str | None,
    format_: str,
    out: Path | None,
    yes: bool,
    dry_run: bool,
) -> int:
    """Adopt unmanaged live objects that match a manifest. Only labels and the state are written.

    \b
    reconciler adopt                              all manifests without a live object
    reconciler adopt assistant/triage             one manifest
    reconciler adopt assistant/triage=agent_91c2  one manifest, with the id of the live object

    Differences between a manifest and its live object are shown by the next plan.

    Exit code 1 if nothing could be adopted, 4 if only some objects could be adopted.
    """  # noqa: D301 - click wants the character \\b, which keeps the lines
    from reconciler.operations.adopt import adopt
    from reconciler.project.workspace import open_workspace
    from reconciler.reports.wording import notice_text

    wanted = _wanted(what)
    if not dry_run:
        check_terminal(partial(open_workspace, start, options.environ(), env=env, endpoint=endpoint), yes=yes)
    done = adopt(
        start,
        options.environ(),
        wanted,
        env=env,
        endpoint=endpoint,
        dry_run=dry_run,
        confirm=asking(format_, yes=yes),
        listen=listening(),
        resume=command_line(),
    )
    for notice in done.pairing.notices:
        note_prose(notice_text(notice))
    code = _show(done, format_, out=out, dry_run=dry_run)
    if not done.pairing.problems:
        return code
    show_problems(done.pairing.problems)
    return codes.PARTLY if _has_written(done) else code or codes.FAILED


def _show(done: "Adopted", format_: str, *, out: Path | None, dry_run: bool) -> int:
    from reconciler.planning.model import Plan

    result = done.result
    if not isinstance(result, Plan):
        return report(result, format_, out=out)
    if not dry_run:
        return not_applied(result, format_, out=out)
    again = options.again("apply", out) if out else command_line("--dry-run")
    show_plan(result, format_, out=out, again=again, adopts=True)
    return codes.REFUSED if result.refusals else 0


def _has_written(done: "Adopted") -> bool:
    from reconciler.planning.model import Plan

    return not isinstance(done.result, Plan) and bool(done.result.of("done"))


def _wanted(what: tuple[str, ...]) -> "dict[Address, str | None]":
    parts = [word.partition("=") for word in what]
    empty = next((word for word, (_, equals, id_) in zip(what, parts, strict=True) if equals and not id_.strip()), None)
    if empty is not None:
        raise click.UsageError(f"{empty!r} has no id after the `=`. Without an id, write {empty.partition('=')[0]}.")
    addresses = options.addresses(tuple(address for address, _, _ in parts))
    return {address: id_ or None for address, (_, _, id_) in zip(addresses, parts, strict=True)}

"""`reconciler consent`"""

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import completing, options
from reconciler.cli.output import show, show_json, show_prose, show_warnings, style

if TYPE_CHECKING:
    from reconciler.operations.consent import Consents
    from reconciler.planning.model import OnDrift


def _rule(_ctx: click.Context, _param: click.Parameter, value: str) -> str:
    from reconciler.operations.consent import RULES
    from reconciler.resources.name_lists import suggestion

    if value not in RULES:
        raise click.BadParameter(f"{value!r} is not a rule that a consent can permit; {suggestion(value, RULES)}")
    return value


def _reason(_ctx: click.Context, _param: click.Parameter, value: str) -> str:
    if not value.strip():
        raise click.BadParameter("it is empty; write one sentence for the reviewers")
    return value.strip()


def _expires(_ctx: click.Context, _param: click.Parameter, value: str) -> date:
    from reconciler.operations.consent import expiry

    try:
        return expiry(value.strip())
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


@click.command(name="consent")
@click.argument("address", shell_complete=completing.consented)
@click.argument("rule", callback=_rule, shell_complete=completing.rules)
@click.option("--reason", metavar="TEXT", required=True, callback=_reason, help="Set the reason, for the reviewers.")
@click.option(
    "--expires",
    metavar="DATE",
    required=True,
    callback=_expires,
    help="Set the last day on which it is valid: 2026-12-31, or a number of days such as 30d. At most 90 days.",
)
@options.on_drift
@click.option("--dry-run", is_flag=True, help="Print the edit and write nothing.")
@options.live
def command(
    address: str,
    rule: str,
    reason: str,
    expires: date,
    on_drift: "OnDrift",
    dry_run: bool,
    start: Path,
    env: str | None,
    endpoint: str | None,
    format_: str,
) -> int:
    """Write the consent that permits what the plan refuses for ADDRESS with RULE.

    \b
    reconciler consent assistant/triage referenced --reason "No longer used." --expires 30d

    ADDRESS and RULE are those of a refusal; for a refusal of the whole plan, ADDRESS is `project/NAME`. A new consent
    is added to consents.yaml in the project folder. An existing one for the same refusal is updated. Commit the edit,
    and have it reviewed.

    The command makes a plan, to find what exactly is refused: a consent permits nothing else. Pass the --on-drift of
    the refused plan.
    """  # noqa: D301 - click wants the character \\b, which keeps the lines
    from reconciler.operations.consent import consent, consent_json

    (chosen,) = options.addresses((address,))
    done = consent(
        start,
        options.environ(),
        chosen,
        rule,
        reason=reason,
        expires=expires,
        env=env,
        endpoint=endpoint,
        on_drift=on_drift,
        dry_run=dry_run,
    )
    show_warnings(done.warnings)
    if format_ == "json":
        show_json(consent_json(done, written=not dry_run))
    else:
        _show(done, dry_run=dry_run)
    return 0


def _show(done: "Consents", *, dry_run: bool) -> None:
    from reconciler.reports.style import plain
    from reconciler.reports.text.edits import edit_text

    for one in done.consents:
        if dry_run and one.action == "created":
            continue
        action = f"would be {one.action}" if dry_run else one.action
        what = f"consent/{one.name}: {action} in {plain(one.path)}"
        if one.action == "unchanged":
            what = f"No changes: consent/{one.name} in {plain(one.path)} already permits this until {done.expires}."
        elif one.before:
            reason, until = one.before
            what += f"; it was valid until {until}, with the reason: {plain(reason)}"
        show_prose(what)
    for edit in done.edits:
        show(edit_text(edit, style=style(sys.stdout)))
    if done.edits:
        plan = options.again("plan", identity=done.identity)
        show_prose("Nothing was written." if dry_run else f"Next: commit it, and have it reviewed. To check it: {plan}")

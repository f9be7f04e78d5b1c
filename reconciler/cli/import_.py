"""`reconciler import`"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import codes, completing, options
from reconciler.cli.output import note, show, show_json, show_problems, style

if TYPE_CHECKING:
    from reconciler.importing.model import Imported


@click.command(name="import")
@click.argument("what", metavar="[KIND|ADDRESS|ID]...", nargs=-1, shell_complete=completing.kinds)
@options.manifests
@options.environment
@options.endpoint
@options.output
@click.option(
    "--name", "pattern", metavar="GLOB", help="Import only objects whose live name matches GLOB, case-insensitively."
)
@click.option(
    "--exclude",
    "exclusions",
    metavar="GLOB|ADDRESS|ID",
    multiple=True,
    shell_complete=completing.addresses,
    help="Leave out objects whose live name, address or id matches, case-insensitively; repeatable.",
)
@click.option(
    "--into",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write to the project in DIR; create it if necessary. Default: the current project.",
)
def command(
    what: tuple[str, ...],
    start: Path,
    env: str | None,
    endpoint: str | None,
    format_: str,
    pattern: str | None,
    exclusions: tuple[str, ...],
    into: Path | None,
) -> int:
    """Write manifests for live objects: all, or those selected by kind, address, id or --name.

    \b
    reconciler import                       all unmanaged objects
    reconciler import agents --name 'bot*'  agents with a matching name
    reconciler import --exclude 'test-*'    all unmanaged objects except some
    reconciler import vs_68f0 agent_91c2    objects by id, including foreign objects
    reconciler import response resp_68f0    the configuration of a stored response
    reconciler import request body.json     a body of `responses.create` or `agents.create`

    Live objects are not changed, and files are not overwritten. To manage the objects, run `reconciler adopt` next.
    """  # noqa: D301 - click wants the character \\b, which keeps the lines
    done = _import(what, start, env, endpoint, pattern, exclusions, into)
    if format_ == "json":
        from reconciler.importing.codec import import_json

        show_json(import_json(done))
    else:
        from reconciler.reports.text.importing import import_text

        if text := import_text(done, style=style(sys.stdout, rows=True)):
            show(text)
    if done.problems:
        show_problems(done.problems)
    return codes.FAILED if any(one.severity == "error" for one in done.problems) else 0


def _import(
    what: tuple[str, ...],
    start: Path,
    env: str | None,
    endpoint: str | None,
    pattern: str | None,
    exclusions: tuple[str, ...],
    into: Path | None,
) -> "Imported":
    from reconciler.importing.live_objects import import_live
    from reconciler.importing.requests import import_requests, import_responses

    word, *rest = what or ("",)
    if word in ("response", "request") and (not rest or pattern is not None or exclusions):
        raise click.UsageError(
            f"`import {word}` requires {'ids' if word == 'response' else 'files'} and does not accept --name "
            "or --exclude."
        )
    if word == "response":
        return import_responses(start, options.environ(), env=env, endpoint=endpoint, ids=rest, into=into)
    if word == "request":
        return import_requests(start, options.environ(), files=[Path(file) for file in rest], into=into)
    return import_live(
        start,
        options.environ(),
        env=env,
        endpoint=endpoint,
        words=what,
        pattern=pattern,
        exclusions=exclusions,
        into=into,
        on_progress=note,
    )

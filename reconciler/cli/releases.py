"""`reconciler release`, `publish`, `archive`, `diff` and `export`: releases of chatbots."""

import shlex
import sys
from pathlib import Path
from typing import Final

import click

from reconciler.cli import codes, completing, options
from reconciler.cli.output import save_json, show, show_json, show_warnings, style

NONE: Final = "none"


@click.command(name="release")
@click.argument("chatbot", shell_complete=completing.chatbots)
@click.option("-m", "--message", metavar="TEXT", default="", help="Set the description of the release.")
@click.option("--publish", is_flag=True, help="Also publish the release, in --env or in all environments.")
@click.option("--allow-unchanged", is_flag=True, help="Create the release even if nothing has changed.")
@click.option("--vendor", is_flag=True, help="Copy files that are not in Git to releases/files/.")
@options.project
def release_(
    chatbot: str,
    message: str,
    publish: bool,
    allow_unchanged: bool,
    vendor: bool,
    start: Path,
    env: str | None,
    format_: str,
) -> int:
    """Create a release of CHATBOT: write an immutable manifest to releases/CHATBOT/vN.yaml.

    The manifest contains the pipelines, assistants, prompts and vector stores, the hash of every file, and the
    variables of every environment. Numbers are not reused. Fails if nothing has changed since the latest release,
    unless --allow-unchanged is set: an archived release cannot be restored, but released again under a new number.

    Works offline; `apply` creates the copies at OpenAI.
    """
    from reconciler.releases.release import release
    from reconciler.reports.text.releases import released_text

    name = chatbot.removeprefix("chatbot/")
    done = release(
        start,
        options.environ(),
        name,
        message=message,
        vendor=vendor,
        publish=publish,
        allow_unchanged=allow_unchanged,
        env=env,
    )
    show_warnings(done.warnings)
    if format_ == "json":
        from reconciler.releases.codec import released_json

        show_json(released_json(done))
    else:
        show(released_text(done, style(sys.stdout)))
    return 0


def _number(_ctx: click.Context, _param: click.Parameter, value: str) -> int | None:
    if value == NONE:
        return None
    if value.isascii() and value.isdigit() and int(value) > 0:
        return int(value)
    raise click.BadParameter(f"{value!r} is not a valid release number; use a whole number from 1, or `{NONE}`")


@click.command(name="publish")
@click.argument("chatbot", shell_complete=completing.chatbots)
@click.argument("number", callback=_number, shell_complete=completing.numbers)
@options.project
def publish_(chatbot: str, number: int | None, start: Path, env: str | None, format_: str) -> int:
    """Set the published release of CHATBOT to NUMBER in its manifest.

    Applies to the environment in --env or RECONCILER_ENV, or to all environments. An older NUMBER is a rollback and
    needs no write request to OpenAI, except to update the automations that run the chatbot. `none` unpublishes the
    chatbot: applications that load it get an error, and its automations are paused.

    Works offline. Commit the edit; the next `apply` moves the pointer, then updates the automations.
    """
    from reconciler.releases.publish import publish
    from reconciler.reports.text.releases import publication_text

    done = publish(start, options.environ(), chatbot.removeprefix("chatbot/"), number, env=env)
    show_warnings(done.warnings)
    if format_ == "json":
        from reconciler.releases.codec import publication_json

        show_json(publication_json(done))
    else:
        show(publication_text(done, style(sys.stdout)))
    return 0


@click.command(name="promote")
@click.argument("chatbot", shell_complete=completing.chatbots)
@click.option(
    "--from",
    "source",
    metavar="NAME",
    required=True,
    shell_complete=completing.environments,
    help="Take the release that this environment publishes.",
)
@click.option(
    "--to",
    "target",
    metavar="NAME",
    required=True,
    shell_complete=completing.environments,
    help="Publish the release in this environment.",
)
@click.option("--dry-run", is_flag=True, help="Print the edit and write nothing.")
@options.colour
@options.output
@options.manifests
def promote_(chatbot: str, source: str, target: str, dry_run: bool, start: Path, format_: str) -> int:
    """Publish in one environment the release of CHATBOT that another one publishes.

    \b
    reconciler promote support --from staging --to production

    Edits the published release in the manifest and nothing else. Works offline. Commit the edit; the next `apply` moves
    the pointer, then updates the automations.
    """  # noqa: D301 - click wants the character \\b, which keeps the lines
    from reconciler.releases.publish import promote
    from reconciler.reports.text.releases import promotion_text

    if source == target:
        raise click.UsageError(f"--from and --to are both {source!r}; name two environments")
    done, edit = promote(start, options.environ(), chatbot.removeprefix("chatbot/"), source, target, dry_run=dry_run)
    show_warnings(done.warnings)
    if format_ == "json":
        from reconciler.releases.codec import publication_json

        show_json(publication_json(done, written=not dry_run))
    else:
        plan = options.again("plan", env=target)
        message = f"Promote release {done.number} of {done.chatbot} to {target}"
        commit = shlex.join(["git", "commit", "--message", message, "--", f":/{done.file}"])
        show(promotion_text(done, edit, source, target, (plan, commit), style(sys.stdout), written=not dry_run))
    return 0


@click.command(name="archive")
@click.argument("address", shell_complete=completing.addresses)
@options.colour
@options.output
@options.manifests
def archive_(address: str, start: Path, format_: str) -> int:
    """Remove an assistant, chatbot, pipeline or release and its dependents from the manifests.

    Removing an assistant also archives the unpublished releases that contain it, and removes the vector stores that
    nothing else uses. Removing a chatbot also archives its releases. If one of these objects is still referenced in any
    environment, nothing is written, and the references and a remedy are printed.

    Works offline. References at OpenAI are checked by the next plan.

    Exit code 3 if refused.
    """
    from reconciler.releases.archive import archive

    (chosen,) = options.addresses((address,))
    done = archive(start, options.environ(), chosen)
    show_warnings(done.warnings)
    if format_ == "json":
        from reconciler.reports.wording.result_documents import archive_document

        show_json(archive_document(done))
    else:
        from reconciler.reports.text.releases import archived_text

        show(archived_text(done, style(sys.stdout)))
    return codes.REFUSED if done.refusals else 0


@click.command(name="diff")
@click.argument("before", metavar="A", shell_complete=completing.versions)
@click.argument("after", metavar="B", shell_complete=completing.versions)
@options.colour
@options.report
@options.environment
@options.manifests
def diff_(before: str, after: str, start: Path, env: str | None, format_: str) -> int:
    """Show the changes from A to B: releases (support@2) or the working version (support) of a chatbot.

    Compares objects and their fields, prompts line by line, functions by name, files by hash, and variables in every
    environment. Works offline. Fields are shown with the variables of --env, or of the first environment.
    """
    from reconciler.releases.diff import diff

    found = diff(start, options.environ(), before, after, env=env)
    show_warnings(found.warnings)
    if format_ == "json":
        from reconciler.releases.codec import comparison_json

        show_json(comparison_json(found))
    elif format_ == "markdown":
        from reconciler.reports.markdown.comparison import comparison_markdown

        show(comparison_markdown(found))
    else:
        from reconciler.reports.text.comparison import comparison_text

        show(comparison_text(found, style(sys.stdout)))
    return 0


@click.command(name="export")
@click.argument("address", shell_complete=completing.bundles)
@options.folder
@options.environment
@options.output_file("export", description="Write the bundle to FILE. Default: print it.")
def export_(address: str, start: Path, env: str | None, out: Path | None) -> int:
    """Print the bundle that an application loads for ADDRESS, with live ids.

    ADDRESS is the published release of a chatbot (`chatbot/support`), a specific release (`chatbot/support@3`), the
    working version (`chatbot/support@working`), an assistant (`assistant/triage`) or a pipeline (`pipeline/flow`).
    """
    from reconciler.releases.export import export

    document = export(start, options.environ(), options.addresses((address,))[0], env=env)
    save_json(document, out) if out else show_json(document)
    return 0

"""`reconciler release`"""

import sys
from pathlib import Path

import click

from reconciler.cli import options
from reconciler.cli.output import show, show_json, style


@click.command(name="release")
@click.argument("chatbot")
@click.option("-m", "--message", metavar="TEXT", default="", help="Set the description of the release.")
@click.option("--publish", is_flag=True, help="Also publish the release, in --env or in all environments.")
@click.option("--vendor", is_flag=True, help="Copy files that are not in Git to releases/files/.")
@options.project
def command(
    chatbot: str,
    message: str,
    publish: bool,
    vendor: bool,
    start: Path,
    env: str | None,
    format_: str,
) -> int:
    """Create a release of CHATBOT: write an immutable manifest to releases/CHATBOT/vN.yaml.

    The manifest contains the pipelines, assistants, prompts and vector stores, the hash of every file, and the
    variables of every environment. Numbers are not reused. Fails if nothing has changed since the latest release.

    Works offline; `apply` creates the copies at OpenAI.
    """
    from reconciler.releases.release import release
    from reconciler.reports.text.releases import released_text

    name = chatbot.removeprefix("chatbot/")
    done = release(start, options.environ(), name, message=message, vendor=vendor, publish=publish, env=env)
    if format_ == "json":
        from reconciler.releases.codec import released_json

        show_json(released_json(done))
    else:
        show(released_text(done, style(sys.stdout)))
    return 0

"""`reconciler release`"""

import sys
from pathlib import Path

import click

from reconciler.cli import options
from reconciler.cli.output import show, show_json, style


@click.command(name="release")
@click.argument("chatbot")
@click.option("-m", "--message", metavar="TEXT", default="", help="What the release is for.")
@click.option("--publish", is_flag=True, help="Also publish it, in --env or everywhere.")
@click.option("--vendor", is_flag=True, help="Copy the bytes of files that Git does not keep into releases/files/.")
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
    """Release CHATBOT: write all it takes to run it as an immutable manifest, releases/CHATBOT/vN.yaml.

    The manifest has the pipelines, assistants, prompts and stores as they are written, the hash of every file, and the
    values of the variables in every environment. Works offline; `apply` makes the copies at OpenAI. Numbers are never
    used again. Refused if nothing has changed since the newest release.
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

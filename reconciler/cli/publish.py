"""`reconciler publish`"""

from pathlib import Path
from typing import Final

import click

from reconciler.cli import options
from reconciler.cli.output import show, show_json

NONE: Final = "none"


def _number(_ctx: click.Context, _param: click.Parameter, value: str) -> int | None:
    if value == NONE:
        return None
    if value.isascii() and value.isdigit() and int(value) > 0:
        return int(value)
    raise click.BadParameter(f"{value!r} is not a valid release number; use a whole number from 1, or `{NONE}`")


@click.command(name="publish")
@click.argument("chatbot")
@click.argument("number", callback=_number)
@options.project
def command(chatbot: str, number: int | None, start: Path, env: str | None, format_: str) -> int:
    """Set the published release of CHATBOT to NUMBER in its manifest.

    Applies to the environment in --env or RECONCILER_ENV, or to all environments. An older NUMBER is a rollback and
    needs no write request to OpenAI. `none` unpublishes the chatbot: applications that load it get an error.

    Works offline. Commit the edit; the next `apply` moves the pointer.
    """
    from reconciler.releases.publish import publish
    from reconciler.reports.text.releases import publication_text

    done = publish(start, options.environ(), chatbot.removeprefix("chatbot/"), number, env=env)
    if format_ == "json":
        from reconciler.releases.codec import publication_json

        show_json(publication_json(done))
    else:
        show(publication_text(done))
    return 0

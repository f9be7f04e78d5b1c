"""`reconciler diff`"""

import sys
from pathlib import Path

import click

from reconciler.cli import options
from reconciler.cli.output import show, show_json, style


@click.command(name="diff")
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
@options.colour
@options.report
@options.environment
@options.folder
def command(before: str, after: str, start: Path, env: str | None, format_: str) -> int:
    """Show the changes from A to B: releases (support@2) or the working version (support) of a chatbot.

    Compares objects and their fields, prompts line by line, functions by name, files by hash, and variables in every
    environment. Works offline. Fields are shown with the variables of --env, or of the first environment.
    """
    from reconciler.releases.diff import diff

    found = diff(start, options.environ(), before, after, env=env)
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

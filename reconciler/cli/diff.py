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
    """Show what changed from A to B, each a release like support@2, or the working chatbot, like support.

    Objects, fields, prompts as texts, functions by name, files by their hashes, and the values of variables in every
    environment. Works offline, on the manifests; fields have the values of --env, or of the first environment.
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

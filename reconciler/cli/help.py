"""`reconciler help` and `reconciler version`"""

import click

from reconciler.cli import completing, options
from reconciler.cli.output import show, show_json


@click.command(name="help")
@click.argument("words", metavar="[COMMAND]...", nargs=-1, shell_complete=completing.commands)
@click.pass_context
def command(ctx: click.Context, words: tuple[str, ...]) -> int:
    """Show the help of a command, or the list of all commands.

    \b
    reconciler help plan
    reconciler help state mv

    For kinds, fields and codes of messages, see 'reconciler explain'.
    """  # noqa: D301 - click wants the character \\b, which keeps the lines
    top = ctx.find_root()
    result: int = top.command.main([*words, "--help"], prog_name=top.info_name, standalone_mode=False)
    return result


@click.command(name="version")
@options.output
def version_(format_: str) -> int:
    """Print the versions of Reconciler, of Python and of the OpenAI SDK."""
    from reconciler.operations.version import versions

    found = versions()
    if format_ == "json":
        show_json(found)
    else:
        show(f"reconciler {found['version']}\nPython {found['python']}\nopenai {found['openai']}")
    return 0

"""`reconciler explain`"""

import sys

import click

from reconciler.cli import completing, options
from reconciler.cli.output import show, show_json, style


@click.command(name="explain")
@click.argument("words", metavar="[TOPIC]", nargs=-1, shell_complete=completing.topics)
@options.output
@options.colour
def command(words: tuple[str, ...], format_: str) -> int:
    """Explain a kind, a field of a manifest, a code, or a word of a report. Without TOPIC, list the kinds.

    A field is named by its path, in which the name of a target or of a type of tool selects one of several forms:

    \b
    reconciler explain assistant.spec
    reconciler explain assistant.spec.tools.mcp
    reconciler explain assistant.spec.responses.tools

    A code is that of an error, a warning, a refusal or a risk, as it is printed:

    \b
    reconciler explain unknown-field
    reconciler explain referenced

    A word is one that plans and reports print, or a term of the glossary:

    \b
    reconciler explain modified
    reconciler explain drift

    Works without a project and without a request.
    """  # noqa: D301 - click wants the character \\b, which keeps the lines
    from reconciler.explanations.explain import explain

    explanation = explain(" ".join(words))
    if format_ == "json":
        from reconciler.explanations.codec import explanation_json

        show_json(explanation_json(explanation))
    else:
        from reconciler.reports.explanation import explanation_text

        show(explanation_text(explanation, style=style(sys.stdout)))
    return 0

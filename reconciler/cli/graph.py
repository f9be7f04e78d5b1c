"""`reconciler graph`"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from reconciler.cli import completing, options
from reconciler.cli.output import note_prose, save_json, save_text, show, show_json, show_warnings, style

if TYPE_CHECKING:
    from reconciler.planning.dependencies import DependencyGraph

SVG_AT_MOST: Final = (120, 600)
MERMAID_AT_MOST: Final = (60, 400)
"""Nodes and edges of drawings. Mermaid itself draws at most 500 edges."""


@click.command(name="graph")
@click.argument("address", required=False, shell_complete=completing.addresses)
@options.drawn
@click.option(
    "--offline", is_flag=True, help="Use the manifests and the state only; send no requests and use no API key."
)
@options.output_file(
    "result",
    "mermaid",
    "dot",
    "svg",
    description="Write the graph to FILE. Default: print it.",
)
def command(
    address: str | None,
    start: Path,
    env: str | None,
    endpoint: str | None,
    format_: str,
    offline: bool,
    out: Path | None,
) -> int:
    """Print the dependencies of all objects, or of one: what needs ADDRESS, and what it needs.

    Referrers are those that can prevent a delete: manifests, releases with their frozen copies, published bundles,
    objects of other owners and projects, and sessions in progress. Arrows lead from an object to what it needs, dotted
    ones from a copy to the object that it was made from. Writes nothing.

    Without -o and --out, the graph is a tree in a terminal, and otherwise a flowchart for Markdown.

    \b
    reconciler graph assistant/triage -o mermaid    for a block ```mermaid
    reconciler graph assistant/triage -o svg --out triage.svg
    reconciler graph -o dot | dot -Tpng > graph.png
    reconciler graph -o json | jq '.references[]'

    In flowcharts and SVG, files that the same objects refer to are one node, and objects of a kind are one node if
    there are too many to draw; DOT and JSON have every object.
    """  # noqa: D301 - click wants the character \\b, which keeps the lines
    from reconciler.operations.graph import graph, incomplete

    given = click.get_current_context().get_parameter_source("format_")
    if out is None and sys.stdout.isatty() and given is not click.core.ParameterSource.COMMANDLINE:
        format_ = "text"
    chosen = options.addresses((address,))[0] if address else None
    found = graph(start, options.environ(), env=env, endpoint=endpoint, address=chosen, offline=offline)
    show_warnings(incomplete(found))
    if format_ == "json":
        from reconciler.planning.dependencies_codec import graph_json

        document = graph_json(found)
        save_json(document, out) if out else show_json(document)
    elif out is None:
        show(_drawing(found, format_))
    else:
        save_text(_drawing(found, format_), out, format_)
    return 0


def _drawing(found: "DependencyGraph", format_: str) -> str:
    if format_ == "dot":
        from reconciler.reports.dot import dot

        return dot(found)
    from reconciler.reports.picture import graph_picture

    drawn = graph_picture(found, *(SVG_AT_MOST if format_ == "svg" else MERMAID_AT_MOST))
    if drawn.is_grouped:
        note_prose(f"{drawn.summary}. `-o dot` and `-o json` have every object; `graph ADDRESS` has those around one.")
    if format_ == "svg":
        from reconciler.reports.html.svg import svg_file

        return svg_file(drawn, f"Dependencies of {found.address or found.identity}", drawn.summary)
    if format_ == "text":
        from reconciler.reports.text.graph import graph_text

        return graph_text(drawn, style(sys.stdout))
    from reconciler.reports.markdown.mermaid import mermaid

    return mermaid(drawn)

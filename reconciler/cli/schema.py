"""`reconciler schema`"""

from pathlib import Path

import click

from reconciler.cli.output import show, show_json


@click.command(name="schema")
@click.option(
    "--out",
    "folder",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Write one file for each schema to DIR.",
)
def command(folder: Path | None) -> int:
    """Print the JSON Schema of manifests. With --out, write the schemas of manifests, bundles and printed documents.

    Editors use the schema that the first line of a manifest refers to. To update the schema of a project:

    \b
    reconciler schema > .schemas/manifest.schema.json
    """  # noqa: D301 - click wants the character \\b, which keeps the lines
    from reconciler.operations.schema import MANIFEST, schemas, write_schemas

    if folder is None:
        show_json(schemas()[MANIFEST])
        return 0
    for file in write_schemas(folder):
        show(f"wrote {file}")
    return 0

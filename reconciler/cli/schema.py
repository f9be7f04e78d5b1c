"""`reconciler schema`"""

from pathlib import Path

import click

from reconciler.cli.output import show, show_json, write_json


@click.command(name="schema")
@click.option(
    "--out",
    "folder",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Write one file a schema to DIR.",
)
def command(folder: Path | None) -> int:
    """Print the JSON Schema of manifests; with --out, write it and those of bundles and pointers.

    Editors use the schema that the first line of a manifest names: `# yaml-language-server: $schema=PATH`. To update the
    schema of a project: `reconciler schema > .schemas/manifest.schema.json`.
    """
    from reconciler.operations.schema import schemas

    if folder is None:
        show_json(schemas()["manifest.schema.json"])
        return 0
    for name, schema in sorted(schemas().items()):
        write_json(schema, folder / name)
        show(f"wrote {folder / name}")
    return 0

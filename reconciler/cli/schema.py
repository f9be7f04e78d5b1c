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
    """Print the JSON Schema of manifests; with --out, write it, those of bundles, and those of what commands print.

    In an editor, `# yaml-language-server: $schema=…/manifest.schema.json` in the first line of a manifest uses it.
    """
    from reconciler.operations.schema import schemas

    if folder is None:
        show_json(schemas()["manifest.schema.json"])
        return 0
    for name, schema in sorted(schemas().items()):
        write_json(schema, folder / name)
        show(f"wrote {folder / name}")
    return 0

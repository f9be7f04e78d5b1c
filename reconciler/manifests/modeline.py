"""The line by which an editor finds the JSON Schema of a manifest: `# yaml-language-server: $schema=PATH`.

The schema is a file of the project, because editors work offline and the version that is installed may differ from any
published one. Its folder is hidden: no glob of a vector store matches it, and no manifest is looked for in it.
"""

import os
from pathlib import Path
from typing import Final

from reconciler.manifests.tree import repository_of

SCHEMA_FILE: Final = ".schemas/manifest.schema.json"
"""Relative to the project folder, or to a folder above it that several projects share."""


def schema_around(folder: Path) -> Path | None:
    """Return the closest schema file, in `folder` or above it within the Git repository; None if there is none."""
    folder, repository = folder.absolute(), repository_of(folder)
    for at in (folder, *folder.parents):
        if (at / SCHEMA_FILE).is_file():
            return at / SCHEMA_FILE
        if at == repository:
            break
    return None


def modeline(manifest: Path, schema: Path) -> str:
    """Return the first line of a manifest, with a newline. The path in it is relative to the folder of the manifest."""
    path = Path(os.path.relpath(schema.absolute(), manifest.absolute().parent)).as_posix()
    return f"# yaml-language-server: $schema={path}\n"

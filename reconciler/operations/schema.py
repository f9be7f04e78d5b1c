"""`schema`: JSON Schemas for editors and applications."""

from pathlib import Path
from typing import Final

from reconciler.bundles.schema import SCHEMAS
from reconciler.files.changes import FileChange, write_files
from reconciler.files.outputs import objection
from reconciler.manifests.folder import undo_interrupted
from reconciler.manifests.schema import manifest_schema
from reconciler.operations.document_schemas import document_schemas
from reconciler.resources.json_documents import dumps
from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.resources.values import JSON

MANIFEST: Final = "manifest.schema.json"


def schemas() -> dict[str, JSON]:
    """Return the JSON Schemas of manifests, of bundles and pointers, and of what commands print, by file name."""
    return {MANIFEST: manifest_schema(), **SCHEMAS, **document_schemas()}


def write_schemas(folder: Path) -> list[Path]:
    """Write one file for each schema to `folder`, all or none, and return their paths."""
    texts = {name: dumps(schema).encode() for name, schema in sorted(schemas().items())}
    for name in texts:
        if why := objection(folder / name, ("schema",)):
            hint = "Choose another folder for --out. Nothing was changed."
            raise ReconcilerError(Problem("unwritable", f"cannot write {folder / name}: {why}", hint=hint))
    undo_interrupted(folder)
    before = {name: (folder / name).read_bytes() if (folder / name).is_file() else None for name in texts}
    write_files(folder, (FileChange(name, before[name], text) for name, text in texts.items()))
    return [folder / name for name in texts]

"""`schema`: JSON Schemas for editors and applications."""

from typing import Final

from reconciler.bundles.schema import SCHEMAS
from reconciler.manifests.schema import manifest_schema
from reconciler.operations.document_schemas import document_schemas
from reconciler.resources.values import JSON

MANIFEST: Final = "manifest.schema.json"


def schemas() -> dict[str, JSON]:
    """Return the JSON Schemas of manifests, of bundles and pointers, and of what commands print, by file name."""
    return {MANIFEST: manifest_schema(), **SCHEMAS, **document_schemas()}

"""`schema`: JSON Schemas for editors and applications."""

from typing import Final

from reconciler.bundles.schema import SCHEMAS
from reconciler.manifests.schema import manifest_schema
from reconciler.resources.values import JSON

MANIFEST: Final = "manifest.schema.json"


def schemas() -> dict[str, JSON]:
    """JSON Schemas by file name: `manifest.schema.json` for every YAML document, and those of bundles and pointers."""
    return {MANIFEST: manifest_schema(), **SCHEMAS}

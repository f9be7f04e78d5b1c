"""`schema`: what editors and applications check documents against, generated from the models."""

from collections.abc import Mapping
from typing import Final

from pydantic.json_schema import models_json_schema

from reconciler.bundles.schema import SCHEMAS
from reconciler.manifests.envelope import API_VERSION, Metadata
from reconciler.manifests.project import ProjectSpec
from reconciler.operations.document_schemas import document_schemas
from reconciler.resources.base import Lifecycle, Spec
from reconciler.resources.registry import kinds
from reconciler.resources.values import JSON

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
INCLUDE: Final = {
    "title": "Include",
    "description": "The text, or the parsed JSON or YAML, of a file of the project.",
    "type": "object",
    "properties": {"$file": {"type": "string"}},
    "required": ["$file"],
    "additionalProperties": False,
}
VARIABLE: Final = {"type": "string", "pattern": r"\$\{var\.[A-Za-z_][A-Za-z0-9_-]*\}"}


def schemas() -> dict[str, JSON]:
    """JSON Schemas by file name: of every YAML document, of bundles and pointers, and of what commands print."""
    return {"manifest.schema.json": _manifest(), **SCHEMAS, **document_schemas()}


def _manifest() -> JSON:
    """One document of any kind. Editors offer what is allowed by `kind` and `target`."""
    models: list[type[Spec]] = [ProjectSpec, Metadata, Lifecycle]
    models += [model for kind in kinds().values() for model in kind.models.values()]
    # Made together, so that models of one name get schemas of different names.
    references, definitions = models_json_schema(
        [(model, "validation") for model in models], ref_template="#/$defs/{model}"
    )
    of = {model: schema for (model, _), schema in references.items()}
    specs = {"Project": of[ProjectSpec]} | {
        kind.name: _any([of[model] for model in kind.models.values()]) for kind in kinds().values()
    }
    shared = {"metadata": of[Metadata], "lifecycle": of[Lifecycle]}
    defined = {"Include": INCLUDE} | {name: _lenient(schema) for name, schema in sorted(definitions["$defs"].items())}
    return {
        "$schema": DIALECT,
        "title": "Reconciler manifest",
        "oneOf": [_document(kind, spec, shared) for kind, spec in specs.items()],
        "$defs": defined,
    }


def _document(kind: str, spec: JSON, shared: Mapping[str, JSON]) -> JSON:
    return {
        "title": kind,
        "type": "object",
        "properties": {"apiVersion": {"const": API_VERSION}, "kind": {"const": kind}, **shared, "spec": spec},
        "required": ["apiVersion", "kind", "metadata", "spec"],
        "additionalProperties": False,
    }


def _any(schemas: list[JSON]) -> JSON:
    return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}


def _lenient(schema: JSON) -> JSON:
    """Where a manifest has a value, it may have an include or a variable instead."""
    if not isinstance(schema, Mapping) or "properties" not in schema:
        return schema
    properties = {name: _or_included(value) for name, value in schema["properties"].items()}
    return {**schema, "properties": properties}


def _or_included(schema: JSON) -> JSON:
    if not isinstance(schema, Mapping) or "const" in schema:
        return schema
    kept = {key: schema[key] for key in ("title", "description", "default") if key in schema}
    value = {key: item for key, item in schema.items() if key not in kept}
    return {**kept, "anyOf": [value, {"$ref": "#/$defs/Include"}, VARIABLE]} if value else schema

"""The JSON Schema of manifests, generated from the models, for completion, help and checks in editors."""

import json
from collections.abc import Collection, Mapping
from functools import cache
from typing import Any, Final

from pydantic import ValidationError

from reconciler.manifests.envelope import Envelope, Metadata
from reconciler.manifests.project_settings import ProjectSpec
from reconciler.manifests.schema_generator import BRANCHES, generate, reached, referred
from reconciler.resources.base import Lifecycle, Spec
from reconciler.resources.front_matter import API_VERSION
from reconciler.resources.kind import NAMES, Naming
from reconciler.resources.registry import kinds
from reconciler.resources.values import JSON

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
MANIFEST_ID: Final = "urn:assistant-reconciler:schema:manifest:v1"
"""A name, not an address: nothing is published or fetched, and every `$ref` is inside the document."""
INCLUDE: Final = {
    "type": "object",
    "properties": {
        "$file": {
            "title": "$file",
            "type": "string",
            "minLength": 1,
            "description": "Path of a file, relative to the project folder. Its text replaces this mapping; where a "
            "structure is expected, the content of a `.json`, `.yaml` or `.yml` file does.",
        }
    },
    "required": ["$file"],
    "additionalProperties": False,
}
"""Schema of `$file`. It has no title and description: editors would show them instead of those of the field."""
VARIABLE: Final = {"type": "string", "pattern": r"\$\{var\.[A-Za-z_][A-Za-z0-9_-]*\}"}
_INSTEAD: Final = ({"$ref": "#/$defs/Include"}, {"$ref": "#/$defs/Variable"})


@cache
def schema_file() -> bytes:
    """Return the JSON Schema of manifests as the content of a file."""
    return f"{json.dumps(manifest_schema(), indent=2)}\n".encode()


def manifest_schema() -> JSON:
    """Return the schema of a document of any kind. `kind` and `target` determine the values that editors offer."""
    specs: dict[str, Mapping[str, type[Spec]]] = {"Project": {"": ProjectSpec}}
    specs |= {kind.name: kind.models for kind in kinds().values()}
    models = [model for by_target in specs.values() for model in by_target.values()]
    references, definitions = generate([Envelope, Lifecycle, Metadata, *models])
    envelope, metadata = (definitions.pop(model.__name__)["properties"] for model in (Envelope, Metadata))
    expanded = [model for kind in kinds().values() if not kind.verbatim for model in kind.models.values()]
    expandable = reached([references[Lifecycle], *(references[model] for model in expanded)], definitions)
    definitions |= {name: _inside(definitions[name]) for name in expandable}
    documents = []
    for kind, by_target in specs.items():
        known = kinds().get(kind)
        naming, without = (known.naming, not known.has_lifecycle) if known else (NAMES, False)
        changed = {
            "apiVersion": {"const": API_VERSION},
            "kind": {"const": kind},
            "metadata": _metadata(metadata, naming),
            "spec": _spec(kind, {target: references[model] for target, model in by_target.items()}, definitions),
        }
        optional = {"lifecycle", *(["spec"] if any(map(_may_be_empty, by_target.values())) else [])}
        properties = {
            name: _told(value) | changed.get(name, value)
            for name, value in envelope.items()
            if not (without and name == "lifecycle")
        }
        documents.append(_object(properties, optional, title=kind))
    return {
        "$schema": DIALECT,
        "$id": MANIFEST_ID,
        "title": "Reconciler manifest",
        "oneOf": documents,
        "$defs": dict(sorted({"Include": INCLUDE, "Variable": VARIABLE, **definitions}.items())),
    }


def _metadata(properties: Mapping[str, Any], naming: Naming) -> JSON:
    """Return the schema of `metadata` with the name pattern of a kind. Variables are allowed in labels only."""
    name, labels = properties["name"], properties["labels"]
    rule = {"pattern": naming.pattern, "description": f"{name['description']} Format: {naming.rule}."}
    return _object({"name": {**name, **rule}, "labels": _expandable(labels)}, {"labels"})


def _spec(kind: str, by_target: Mapping[str, Mapping[str, Any]], definitions: Mapping[str, JSON]) -> JSON:
    """Return the schema of the `spec` of a kind, with the description of the model of each target."""
    specs = []
    for target, reference in by_target.items():
        title = f"{kind} ({target})" if target else kind
        specs.append({**reference, "title": title, "description": definitions[referred(reference)]["description"]})
    return specs[0] if len(specs) == 1 else {"anyOf": specs}


def _may_be_empty(model: type[Spec]) -> bool:
    try:
        model.model_validate({})
    except ValidationError:
        return False
    return True


def _object(properties: Mapping[str, JSON], optional: Collection[str], **more: JSON) -> JSON:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False, **more}


def _told(schema: Mapping[str, Any]) -> dict[str, JSON]:
    """Return the parts of a schema that editors show: title, description and default."""
    return {key: schema[key] for key in ("title", "description", "default") if key in schema}


def _expandable(schema: JSON) -> JSON:
    """Return the schema of a value that may be replaced by `$file` or a variable."""
    if not isinstance(schema, Mapping) or not schema.keys() - _told(schema).keys() or "const" in schema:
        return schema
    value = _inside({key: item for key, item in schema.items() if key not in _told(schema)})
    if "$ref" in value:
        value |= _told(schema)
    branches = value["anyOf"] if value.keys() == {"anyOf"} else [value]
    return {**_told(schema), "anyOf": [*branches, *_INSTEAD]}


def _inside(schema: Mapping[str, Any]) -> dict[str, JSON]:
    """Return a schema that allows `$file` and variables for all values inside it."""
    changed = {key: _expandable(schema[key]) for key in ("items", "additionalProperties") if key in schema}
    changed |= {key: [_inside(branch) for branch in schema[key]] for key in BRANCHES if key in schema}
    if schema.get("type") == "object" and "properties" in schema:
        changed["properties"] = {name: _expandable(value) for name, value in schema["properties"].items()}
    if schema.get("additionalProperties"):
        # Any key is allowed except `$file`.
        changed["not"] = {"required": ["$file"]}
    return {**schema, **changed}

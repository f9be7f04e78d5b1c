"""JSON Schemas (Draft 2020-12) of the documents that commands print, made of the types of their encoders."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, get_args

from pydantic import ConfigDict, TypeAdapter, with_config
from typing_extensions import get_original_bases, is_typeddict

from reconciler.applying.codec import ApplyDocument
from reconciler.applying.events import EventDocument
from reconciler.bundles.render import EXPORT_FORMAT
from reconciler.bundles.schema import BLOB
from reconciler.explanations.codec import ExplanationDocument
from reconciler.importing.codec import ImportDocument, InventoryDocument
from reconciler.migration.codec import MigrationDocument
from reconciler.migration.cutover_codec import CutoverDocument
from reconciler.operations.consent import ConsentDocument
from reconciler.operations.fmt import FormatDocument
from reconciler.operations.pull_result import PullDocument
from reconciler.operations.version import VersionDocument
from reconciler.planning.dependencies_codec import GraphDocument
from reconciler.planning.documents import PlanDocument
from reconciler.planning.drift_codec import DriftDocument
from reconciler.project.health import DoctorDocument
from reconciler.project.status import StatusDocument
from reconciler.releases.codec import ArchiveDocument, ComparisonDocument, PublicationDocument, ReleaseDocument
from reconciler.resources.problems import ProblemsDocument
from reconciler.resources.values import ADDRESS_KEY, JSON
from reconciler.state.output import (
    StateDocument,
    StateEditDocument,
    StateEntryDocument,
    StateHistoryDocument,
    StateListDocument,
    StateRebuildDocument,
)

DOCUMENTS: Final[Mapping[type[Any], str]] = {
    PlanDocument: "plan, show, adopt --dry-run, rollback --dry-run, destroy --out, ci",
    DriftDocument: "drift",
    ApplyDocument: "apply, adopt, rollback, destroy",
    StatusDocument: "status",
    GraphDocument: "graph",
    EventDocument: "apply, adopt, rollback, destroy with --json-events",
    DoctorDocument: "doctor",
    ProblemsDocument: "validate, and every command that fails",
    PullDocument: "pull",
    InventoryDocument: "inventory",
    ImportDocument: "import",
    MigrationDocument: "migrate",
    CutoverDocument: "migrate --cutover",
    ReleaseDocument: "release",
    PublicationDocument: "publish, promote",
    ArchiveDocument: "archive",
    ComparisonDocument: "diff",
    ConsentDocument: "consent",
    FormatDocument: "fmt",
    ExplanationDocument: "explain",
    VersionDocument: "version",
    StateListDocument: "state list",
    StateEntryDocument: "state show",
    StateHistoryDocument: "state history",
    StateEditDocument: "state push, state mv, state rm, destroy --undo",
    StateRebuildDocument: "state rebuild",
    StateDocument: "state pull",
}
"""The types of documents, each with the commands that print it."""
_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_ORDER: Final = ("properties", "required", "additionalProperties")
"""Keywords that come last, in this order."""
_COMMON: Final = {
    "action": "What applying does, or did, to the object.",
    "address": "KIND/NAME.",
    "commit": "The Git commit of the manifests, where it is known.",
    "endpoint": "The API that was asked.",
    "file": "A path.",
    "hint": "The next step.",
    "id": "Of the object at OpenAI.",
    "identity": "PROJECT or PROJECT/ENVIRONMENT.",
    "level": "The severity of the risk.",
    "line": "Counts from 1.",
    "message": "For people.",
    "model": "Its name at OpenAI.",
    "name": "Its name at OpenAI.",
    "problems": "Errors and warnings.",
    "rule": "A name that stays.",
    "run_url": "The page of the CI run, where there is one.",
    "severity": "An error keeps the command from its result; a warning does not.",
    "store": "The address of the vector store.",
    "type": "Of the object at OpenAI: `agent`, `file`, `vector_store`, …",
    "unmanaged": "Live objects that no manifest of this identity manages.",
    "warnings": "Remarks for people.",
}
"""Descriptions of fields that mean the same wherever they are."""
_CONFIG: Final = ConfigDict(use_attribute_docstrings=True, extra="forbid")


def document_schemas() -> dict[str, JSON]:
    """Return a JSON Schema for each format of a document, by file name: `plan.schema.json`."""
    found = [*(_of(document, commands) for document, commands in DOCUMENTS.items()), _export()]
    return {f"{_kind(schema)[0]}.schema.json": schema for schema in found}


def _of(document: type[Any], commands: str) -> JSON:
    schema = _described(_tidied(_schema(document)), _inherited(document))
    definitions = {"$defs": schema.pop("$defs")} if "$defs" in schema else {}
    kind, version = _kind(schema)
    return {
        "$schema": _DIALECT,
        "$id": f"urn:assistant-reconciler:schema:{kind}:{version}",
        "title": f"reconciler/{kind}/{version}, printed by: {commands}",
        **schema,
        **definitions,
    }


def _schema(document: type[Any]) -> JSON:
    configured: type[Any] = with_config(_CONFIG)(document)
    return TypeAdapter(configured).json_schema(mode="serialization")


def _inherited(annotation: Any) -> dict[str, str]:
    """Return the descriptions of the fields that `annotation`, or a type in it, has from a base."""
    found: dict[str, str] = {}
    if is_typeddict(annotation):
        for base in filter(is_typeddict, get_original_bases(annotation)):
            properties = _schema(base)["properties"].items()
            found |= {name: item["description"] for name, item in properties if "description" in item}
    inner = annotation.__annotations__.values() if is_typeddict(annotation) else get_args(annotation)
    for one in inner:
        found |= _inherited(one)
    return found


def _described(schema: JSON, inherited: Mapping[str, str]) -> JSON:
    """Return `schema` with a description of every property that has none of its own."""
    if isinstance(schema, list):
        return [_described(item, inherited) for item in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: _described(value, inherited) for key, value in schema.items()}
    for name, item in found.get("properties", {}).items():
        text = inherited.get(name) or _COMMON.get(name)
        if text and "description" not in item and "const" not in item:
            found["properties"][name] = {"description": text, **item}
    return found


def _kind(schema: JSON) -> list[str]:
    """Return the kind and the version of the document that `schema` describes."""
    return schema["properties"]["format"]["const"].split("/")[1:]  # type: ignore[no-any-return]


def _tidied(schema: JSON) -> JSON:
    """Return `schema` without titles that only repeat a name, and with every value present that has a default."""
    if isinstance(schema, list):
        return list(map(_tidied, schema))
    if not isinstance(schema, dict):
        return schema
    return dict(sorted(_members(schema), key=lambda member: _ORDER.index(member[0]) if member[0] in _ORDER else -1))


def _members(schema: dict[str, JSON]) -> Iterator[tuple[str, JSON]]:
    properties = schema.get("properties", {})
    for key, value in schema.items():
        if key == "required":
            yield key, [name for name in properties if name in value or "default" in properties[name]]
        elif key in ("properties", "$defs"):
            yield key, {name: _tidied(item) for name, item in value.items()}
        elif key == "description":
            yield key, " ".join(value.split())
        elif key not in ("title", "default"):
            yield key, _tidied(value)
    if "required" not in schema and any("default" in item for item in properties.values()):
        yield "required", [name for name, item in properties.items() if "default" in item]


def _export() -> JSON:
    """Return the schema of what `export` prints: a bundle with live ids, and references where there is none yet."""
    bundle = _with_ids(BLOB)
    kind, version = EXPORT_FORMAT.split("/")[1:]
    return {
        **bundle,
        "$id": f"urn:assistant-reconciler:schema:{kind}:{version}",
        "title": f"{EXPORT_FORMAT}, printed by: export",
        "description": "The bundle that applications load, with live ids.",
        "properties": {**bundle["properties"], "format": {"const": EXPORT_FORMAT}},
    }


def _with_ids(schema: JSON) -> JSON:
    if isinstance(schema, list):
        return list(map(_with_ids, schema))
    if not isinstance(schema, dict):
        return schema
    if schema.get("properties", {}).keys() == {ADDRESS_KEY}:
        return {"anyOf": [{"type": "string"}, schema], "description": "A live id; a reference where there is none yet."}
    # A string may be an id or an address: `oneOf` would find both.
    return {"anyOf" if key == "oneOf" else key: _with_ids(value) for key, value in schema.items()}

"""JSON Schemas (Draft 2020-12) of bundles and pointers, for readers in other languages."""

from typing import Any, Final

from reconciler.bundles.documents import BLOB_FORMAT, POINTER_FORMAT

_DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
_ADDRESS: Final = {
    "type": "string",
    "pattern": "^[a-z]+/.+$",
    "description": "kind/name; a working chatbot is chatbot/NAME@working, a release of it chatbot/NAME@NUMBER",
}
_REFERENCE: Final = {
    "type": "object",
    "properties": {"$address": _ADDRESS},
    "required": ["$address"],
    "additionalProperties": False,
    "description": "Reference to an object; its live id is in `ids` of the pointer",
}
_NAMED: Final = {
    "oneOf": [_REFERENCE, {"type": "string"}],
    "description": "Address of a part of this bundle, or id of an object that Reconciler does not manage",
}


def _object(properties: dict[str, Any], optional: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False, **more}


def _by_address(kind: str, value: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "propertyNames": {"pattern": f"^{kind}/.+$"}, "additionalProperties": value}


_REQUEST: Final = {
    "type": "object",
    "properties": {"metadata": {"type": "object", "required": ["reconciler-address"]}},
    "required": ["metadata"],
    "description": "Arguments of POST /v1/responses without `input`, with references in place of live ids",
}
_ASSISTANT: Final = {
    "oneOf": [
        _object({"target": {"const": "responses"}, "request": _REQUEST}),
        _object({"target": {"const": "agents"}, "agent": _REFERENCE}),
    ]
}
_PIPELINE: Final = _object(
    {
        "nodes": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "properties": {"type": {"type": "string"}},
                "required": ["type"],
            },
            "description": "Nodes by name; always includes `start` and `end`",
        },
        "edges": {
            "type": "array",
            "items": _object(
                {"from": {"type": "string", "description": "NODE or NODE.OUTPUT"}, "to": {"type": "string"}}
            ),
        },
    }
)
_CHATBOT: Final = _object(
    {
        "assistant": {"oneOf": [*_NAMED["oneOf"], {"type": "null"}]},
        "pipeline": {"oneOf": [*_NAMED["oneOf"], {"type": "null"}]},
        "starts": {"type": "array", "items": _NAMED, "description": "Pipelines that the triggers of the chatbot start"},
    },
    ("assistant", "pipeline", "starts"),
    anyOf=[{"required": ["assistant"]}, {"required": ["pipeline"]}],
)

_RELEASE: Final = _object(
    {
        "number": {"type": "integer", "minimum": 1},
        "digest": {
            "type": "string",
            "pattern": "^sha256:[0-9a-f]{64}$",
            "description": "Digest of the release's content",
        },
    },
    description="Present only in the bundle of a release",
)

BLOB: Final = {
    "$schema": _DRAFT,
    "title": "Bundle: IDENTITY/blobs/SHA256.json",
    **_object(
        {
            "format": {"const": BLOB_FORMAT},
            "address": _ADDRESS,
            "chatbot": _CHATBOT,
            "release": _RELEASE,
            "pipelines": _by_address("pipeline", _PIPELINE),
            "assistants": _by_address("assistant", _ASSISTANT),
        },
        ("chatbot", "release", "pipelines"),
        dependentRequired={"chatbot": ["pipelines"], "release": ["chatbot"]},
    ),
}
POINTER: Final = {
    "$schema": _DRAFT,
    "title": "Pointer to the bundle published at an address: IDENTITY/KIND/NAME.json",
    **_object(
        {
            "format": {"const": POINTER_FORMAT},
            "identity": {"type": "string", "description": "PROJECT or PROJECT/ENVIRONMENT"},
            "address": _ADDRESS,
            "blob": {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$", "description": "Digest of the blob's bytes"},
            "ids": {"type": "object", "propertyNames": _ADDRESS, "additionalProperties": {"type": "string"}},
        }
    ),
}

SCHEMAS: Final = {"bundle.schema.json": BLOB, "pointer.schema.json": POINTER}
"""Schemas by the name of their published file."""

"""JSON Schemas (Draft 2020-12) of bundles and pointers, for readers in other languages."""

from typing import Any, Final

from reconciler.bundles.documents import BLOB_FORMAT, POINTER_FORMAT

_DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
_SHA256: Final = "^sha256:[0-9a-f]{64}$"
_ADDRESS: Final = {
    "type": "string",
    "pattern": "^[a-z]+/.+$",
    "description": "Address of an object, as `kind/name`: a working chatbot is `chatbot/NAME@working`, a release "
    "`chatbot/NAME@NUMBER`.",
}
_REFERENCE: Final = {
    "type": "object",
    "properties": {"$address": {**_ADDRESS, "description": "Address of the object, as `kind/name`."}},
    "required": ["$address"],
    "additionalProperties": False,
    "description": "Reference to a live object. Its id is the value under this address in `ids` of the pointer.",
}

_SAVED: Final = {
    **_REFERENCE,
    "description": "Reference to a saved assistant. Its id is the value under this address in `ids` of the pointer.",
}


def _named(description: str, *more: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a part of the bundle by address, or of an unmanaged object by id."""
    return {"oneOf": [_REFERENCE, {"type": "string"}, *more], "description": description}


def _object(properties: dict[str, Any], optional: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False, **more}


def _by_address(kind: str, value: dict[str, Any]) -> dict[str, Any]:
    keys = {"pattern": f"^{kind}/.+$"}
    about = f"The {kind}s of the bundle, by address."
    return {"type": "object", "propertyNames": keys, "additionalProperties": value, "description": about}


_REQUEST: Final = {
    "type": "object",
    "properties": {
        "metadata": {
            "type": "object",
            "required": ["reconciler-address"],
            "description": "Metadata of the response, with the address of the assistant under `reconciler-address`.",
        }
    },
    "required": ["metadata"],
    "description": "Arguments of POST /v1/responses except `input`, with references in place of live ids.",
}
_TARGET: Final = (
    "Target of the assistant: `responses` (a request), `agents` (a saved agent) or `assistants` (a saved assistant)."
)
_ASSISTANT: Final = {
    "oneOf": [
        _object({"target": {"const": "responses", "description": _TARGET}, "request": _REQUEST}),
        _object({"target": {"const": "agents", "description": _TARGET}, "agent": _REFERENCE}),
        _object({"target": {"const": "assistants", "description": _TARGET}, "assistant": _SAVED}),
    ]
}
_PIPELINE: Final = _object(
    {
        "nodes": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "properties": {"type": {"type": "string", "description": "Node type."}},
                "required": ["type"],
            },
            "description": "Nodes by name. The nodes `start` and `end` always exist and are not listed.",
        },
        "edges": {
            "type": "array",
            "items": _object(
                {
                    "from": {"type": "string", "description": "Source: `start`, `NODE` or `NODE.OUTPUT`."},
                    "to": {"type": "string", "description": "Target: a node, or `end`."},
                }
            ),
            "description": "Connections between nodes, without cycles.",
        },
    }
)
_CHATBOT: Final = _object(
    {
        "assistant": _named("Assistant that answers, or null.", {"type": "null"}),
        "pipeline": _named("Pipeline that answers, or null.", {"type": "null"}),
        "starts": {
            "type": "array",
            "items": _named("Pipeline of this bundle, or an unmanaged one by its id."),
            "description": "Pipelines that the triggers of the chatbot start.",
        },
    },
    ("assistant", "pipeline", "starts"),
    description="The chatbot, in its bundle.",
    anyOf=[{"required": ["assistant"]}, {"required": ["pipeline"]}],
)

_RELEASE: Final = _object(
    {
        "number": {"type": "integer", "minimum": 1, "description": "Number of the release."},
        "digest": {"type": "string", "pattern": _SHA256, "description": "Digest of the content of the release."},
    },
    description="The release, in its bundle.",
)

BLOB: Final = {
    "$schema": _DRAFT,
    "$id": "urn:assistant-reconciler:schema:bundle:v1",
    "title": "A bundle: IDENTITY/blobs/SHA256.json",
    **_object(
        {
            "format": {"const": BLOB_FORMAT, "description": "Format of the document."},
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
    "$id": "urn:assistant-reconciler:schema:pointer:v1",
    "title": "A pointer to the bundle that is published at an address: IDENTITY/KIND/NAME.json",
    **_object(
        {
            "format": {"const": POINTER_FORMAT, "description": "Format of the document."},
            "identity": {"type": "string", "description": "Identity, as `PROJECT` or `PROJECT/ENVIRONMENT`."},
            "address": _ADDRESS,
            "blob": {"type": "string", "pattern": _SHA256, "description": "Digest of the bytes of the bundle."},
            "ids": {
                "type": "object",
                "propertyNames": _ADDRESS,
                "additionalProperties": {"type": "string"},
                "description": "Live ids by address, for the references in the bundle.",
            },
            "holds": {
                "type": "object",
                "propertyNames": {"type": "string", "pattern": "^[a-z]+/.+$"},
                "additionalProperties": {"type": "string"},
                "description": "Of a release, the live ids of the objects that it was made from, by address. For "
                "Reconciler; applications do not need them.",
            },
        },
        ("holds",),
    ),
}

SCHEMAS: Final = {"bundle.schema.json": BLOB, "pointer.schema.json": POINTER}
"""Schemas by the name of their published file."""

"""Helpers for the JSON documents that commands print. Each names its format and version: `reconciler/plan/v2`."""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Final, TypeAlias

from pydantic import Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema

from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.resources.values import JSON

UPGRADE: Final = "Upgrade Reconciler, in a newer checkout: pip install --upgrade ."
_VERSIONED: Final = re.compile(r"(?P<kind>reconciler/[a-z-]+)/v(?P<version>\d+)")

Timestamp: TypeAlias = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
"""ISO 8601, in UTC."""


class ShapeOf:
    """An annotation of the result of `dataclasses.asdict`: its schema is the schema of the dataclass."""

    def __init__(self, model: type) -> None:
        self._model = model

    def __get_pydantic_core_schema__(self, _source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return handler.generate_schema(self._model)


def dumps(document: JSON) -> str:
    """Return `document` as indented ASCII: the same text for the same document, and printable on any terminal."""
    return json.dumps(document, indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def timestamp(seconds: float) -> Timestamp:
    """Return a Unix time as ISO 8601 in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def format_of(document: JSON) -> str:
    """Return the format that `document` names, or an empty text."""
    found = document.get("format") if isinstance(document, dict) else None
    return found if isinstance(found, str) else ""


def check_readable(document: JSON, formats: Sequence[str], code: str, what: str, hint: str) -> None:
    """Raise ReconcilerError unless `document` has one of `formats`, the newest last; `what` names it in the message.

    A later version of the format has a separate message, because it requires an upgrade instead of another file.
    """
    found = format_of(document)
    if found in formats:
        return
    if _is_newer(found, formats[-1]):
        message = f"the file has the format {found}; this version of Reconciler reads {' and '.join(formats)}"
        raise ReconcilerError(Problem(code, message, hint=UPGRADE))
    other = f"; its format is {found!r}" if found else ""
    raise ReconcilerError(Problem(code, f"the file is not a {what} of format {formats[-1]}{other}", hint=hint))


def _is_newer(found: str, newest: str) -> bool:
    one, other = _VERSIONED.fullmatch(found), _VERSIONED.fullmatch(newest)
    if one is None or other is None or one["kind"] != other["kind"]:
        return False
    return int(one["version"]) > int(other["version"])

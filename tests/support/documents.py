"""The JSON Schemas in `schemas/`, and a check of every JSON document that a command prints or writes against them."""

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker  # type: ignore[import-untyped]

from reconciler.resources import json_documents

FORMATS = FormatChecker(())
SCHEMAS = Path(__file__).parents[2] / "schemas"


@FORMATS.checks("date-time", raises=ValueError)  # type: ignore[untyped-decorator]
def is_date_time(value: Any) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


@cache
def validators() -> dict[str, Draft202012Validator]:
    """Return the validators by format."""
    schemas = (json.loads(file.read_text(encoding="utf-8")) for file in sorted(SCHEMAS.glob("*.json")))
    formats = {schema["properties"]["format"]["const"]: schema for schema in schemas if "properties" in schema}
    return {name: Draft202012Validator(schema, format_checker=FORMATS) for name, schema in formats.items()}


def complaints(document: Any) -> list[str]:
    """Return the violations of the schema of the document's format. A JSON Schema has none."""
    if isinstance(document, dict) and "$schema" in document:
        return []
    name = document.get("format") if isinstance(document, dict) else None
    if name not in validators():
        return [f"schemas/ has no schema of the format {name!r}"]
    return [f"{name} {error.json_path}: {error.message}" for error in validators()[name].iter_errors(document)]


def as_v1(plan: Mapping[str, Any]) -> dict[str, Any]:
    """Return a plan document of version 2 in the form of version 1."""
    names = {"live": "before", "desired": "after"}

    def change(document: Any) -> Any:
        fields = [
            {names.get(key, key): item for key, item in one.items() if key != "applied"} for one in document["fields"]
        ]
        return {**document, "fields": fields}

    parts = {part: list(map(change, plan[part])) for part in ("changes", "drift")}
    return {**plan, "format": "reconciler/plan/v1", **parts}


def check_printed_documents(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Check every document that is printed from now on, and return the list to which violations are added.

    A violation is also raised, so that the test stops at the first invalid document.
    """
    found: list[str] = []
    dumps = json_documents.dumps

    def checked(document: Any) -> str:
        text = dumps(document)
        wrong = complaints(json.loads(text))
        found.extend(wrong)
        assert not wrong, wrong
        return text

    monkeypatch.setattr(json_documents, "dumps", checked)
    return found

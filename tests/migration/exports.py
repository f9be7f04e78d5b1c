"""Exports for tests."""

import json
from pathlib import Path
from typing import Any

from reconciler.migration.migrate import migrate
from reconciler.migration.model import Migration


def assistant(name: str = "Helper", **fields: Any) -> dict[str, Any]:
    return {
        "id": f"asst_{name.replace(' ', '')}",
        "object": "assistant",
        "name": name,
        "model": "gpt-6-luna",
        "tools": [],
        **fields,
    }


def function(name: str, **fields: Any) -> dict[str, Any]:
    given = {"name": name, "description": "d", "parameters": {"type": "object", "properties": {}}, "strict": False}
    return {"type": "function", "function": given | fields}


def saved(folder: Path, value: Any, name: str = "export.json") -> Path:
    file = folder / name
    file.write_text(json.dumps(value), encoding="utf-8")
    return file


def migrated(folder: Path, *values: Any, target: Any = "responses", **options: Any) -> Migration:
    """Migrate `values`, one file, into `folder/project`."""
    file = saved(folder, list(values))
    return migrate([file], target, into=folder / "project", environ={}, **{"offline": True, **options})

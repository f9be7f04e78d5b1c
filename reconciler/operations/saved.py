"""Plans in files."""

import json
from pathlib import Path

from reconciler.planning.codec import from_json
from reconciler.planning.model import Plan
from reconciler.resources.problems import Problem, ReconcilerError


def read_plan(file: Path) -> Plan:
    """The plan in `file`; ReconcilerError where it cannot be read, is none, or was edited."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise ReconcilerError(Problem("plan-file", f"cannot read {file}: {reason}")) from error
    try:
        document = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        hint = "Make it again with `reconciler plan --out FILE`."
        raise ReconcilerError(Problem("plan-file", f"{file} is not JSON: {error}", hint=hint)) from error
    return from_json(document)

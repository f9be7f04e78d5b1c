"""Marks of live objects: digests of what the API said of them.

Equal marks mean equal live objects for one version of Reconciler, because the code is part of the digest: what it makes
of a response is the same, too. A mark never covers a secret.
"""

import hashlib
import json
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Final

import reconciler
from reconciler.resources.values import JSON

NONE: Final = ""
"""The mark of an object of which no digest can be made. It equals no other mark."""
LENGTH: Final = 32
"""Characters of a mark."""


def mark_of(*values: JSON) -> str:
    """Return the mark of an object from everything that its fields, labels and revision depend on."""
    try:
        said = json.dumps(values, sort_keys=True, separators=(",", ":"))
    except RecursionError:  # reading it fails, too, with an error that names the object
        return NONE
    return hashlib.sha256(_code() + said.encode()).hexdigest()[:LENGTH]


@cache
def _code() -> bytes:
    """Return the digest of the installed code: two commits may have one version number."""
    root = Path(reconciler.__file__).parent
    try:
        installed = (distribution("assistant-reconciler").read_text("RECORD") or "").splitlines()
    except PackageNotFoundError:
        installed = []
    lines = sorted(line for line in installed if line.startswith(f"{root.name}/") and ".py,sha256=" in line)
    if not lines:  # installed from a checkout
        files = sorted(root.rglob("*.py"))
        lines = [f"{file.relative_to(root)} {hashlib.sha256(file.read_bytes()).hexdigest()}" for file in files]
    return hashlib.sha256("\n".join(lines).encode()).digest()

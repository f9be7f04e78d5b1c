"""`init`: a small project to start from."""

import re
import string
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from reconciler.manifests.modeline import SCHEMA_FILE, modeline, schema_around
from reconciler.manifests.schema import schema_file
from reconciler.manifests.tree import is_manifest_name, project_around
from reconciler.resources.address import NAME_LENGTH
from reconciler.resources.problems import Problem, ReconcilerError

NOT_TEXT = frozenset({"true", "false", "null"})
"""Words that are values of other types in YAML 1.2, as are numbers."""


def init(folder: Path) -> list[str]:
    """Write the starter project into `folder`, named after it; gives the paths written.

    Its manifests name the JSON Schema that is above the folder in the repository; where there is none, it is written.
    Nothing is overwritten: ReconcilerError if one of the files is there already, or if another project is around or in
    the folder, which would read them as its own.
    """
    starter = dict(_tree(files("reconciler.operations") / "starter"))
    there = [path for path in starter if (folder / path).exists()]
    if there:
        hint = "Choose an empty folder: reconciler init DIR"
        raise ReconcilerError(
            Problem("exists", f"{folder / there[0]} is there already; nothing was written", hint=hint)
        )
    other = project_around(folder)
    if other is not None:
        message = f"{folder} has {other} around or in it, a project already; nothing was written"
        raise ReconcilerError(Problem("inside-project", message, hint="Choose a folder outside of it."))
    schema = schema_around(folder)
    if schema is None:
        schema = folder / SCHEMA_FILE
        starter[SCHEMA_FILE] = schema_file().decode()
    for path, text in starter.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        first = modeline(target, schema) if is_manifest_name(path) else ""
        made = string.Template(text).safe_substitute(project=_name(folder)) if first else text
        target.write_text(first + made, encoding="utf-8")
    return list(starter)


def _name(folder: Path) -> str:
    """The name of the folder, as far as it can be a project's, and as YAML reads it as text."""
    name = re.sub(r"[^a-z0-9]+", "-", folder.resolve().name.lower()).strip("-") or "project"
    if name[0].isdigit() or name in NOT_TEXT:
        name = f"project-{name}"
    return name[:NAME_LENGTH].strip("-")


def _tree(folder: Traversable, prefix: str = "") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            found += _tree(entry, f"{prefix}{entry.name}/")
        else:
            found.append((prefix + entry.name, entry.read_text(encoding="utf-8")))
    return found

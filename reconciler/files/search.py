"""The search for the project folder and its YAML files. Imports no parser, because completion in shells uses it."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

PROJECT_FILE: Final = "project.yaml"


def project_around(start: Path) -> Path | None:
    """Return the closest folder with a `project.yaml`, at or above `start` and within the Git repository; otherwise
    `start/manifests`, if that has one.
    """
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / PROJECT_FILE).is_file():
            return folder
        if (folder / ".git").exists():
            break
    inside = start / "manifests"
    return inside if (inside / PROJECT_FILE).is_file() else None


def yaml_files(root: Path) -> Iterator[Path]:
    """Yield the files with the name of a manifest, without hidden ones and those in linked folders."""
    for folder, inner, names in os.walk(root):
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        yield from (
            Path(folder, name)
            for name in sorted(names)
            if name.endswith((".yaml", ".yml")) and not name.startswith(".")
        )

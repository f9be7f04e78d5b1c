"""The result of an import, and the comment in a manifest that contains the id of the live object."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from reconciler.manifests.folder import on_disk
from reconciler.resources.address import Address
from reconciler.resources.base import Resource
from reconciler.resources.display import day
from reconciler.resources.problems import Problem

_COMMENT: Final = re.compile(r"^# Imported from (?P<type>\w+) (?P<id>[\w-]+) on ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Origin:
    """A written manifest and the live object that it was written from."""

    address: str
    type: str
    id: str
    name: str
    """Name of the live object."""
    losses: tuple[str, ...] = ()
    """Settings of the object that the manifest does not contain, with the reasons."""
    notes: tuple[str, ...] = ()
    """Settings that the manifest has in addition, because the API sets them."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """An object that was not imported, with the reason."""

    type: str
    id: str
    name: str
    """Its name at OpenAI."""
    why: str
    """The reason, for people."""
    excluded_by: str = ""
    """The pattern of `--exclude` that is the reason; empty for any other reason."""


@dataclass(frozen=True)
class Imported:
    """The result of an import."""

    root: Path
    written: tuple[Path, ...] = ()
    """Relative to `root`."""
    origins: tuple[Origin, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    problems: tuple[Problem, ...] = ()
    environment: str | None = None
    """That of the project, if the manifests were written to it."""


def origin_comment(origin: Origin, created_at: float | None) -> str:
    """Return the comment above an imported manifest; `imported_from` reads it back."""
    created = f"; created on {day(created_at)}" if day(created_at) else ""
    first = f"Imported from {origin.type} {origin.id} on {datetime.now(UTC).date().isoformat()}{created}."
    lines = [*(f"Not imported: {loss}." for loss in origin.losses), *(f"Added: {note}." for note in origin.notes)]
    return "\n".join([first, *lines])


def imported_from(resources: Iterable[Resource], repository: Path) -> Mapping[Address, str]:
    """Return the id in the comment above each imported manifest, by address."""
    by_file: dict[str, list[Resource]] = defaultdict(list)
    for resource in resources:
        by_file[resource.place.file].append(resource)
    found: dict[Address, str] = {}
    for file, those in by_file.items():
        comments = _comments((repository / on_disk(repository, file)).read_text(encoding="utf-8", errors="replace"))
        for resource in those:
            above = [id_ for line, id_ in comments if line <= resource.place.line]
            found.update({resource.address: above[-1]} if above else {})
    return found


def _comments(text: str) -> list[tuple[int, str]]:
    """Return the id in every comment about an import, with its line."""
    if "# Imported from " not in text:
        return []
    return [(text.count("\n", 0, match.start()) + 1, match["id"]) for match in _COMMENT.finditer(text)]

"""What an import came to, and the comment by which a manifest remembers where it came from."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from reconciler.resources.address import Address
from reconciler.resources.base import Resource
from reconciler.resources.display import day
from reconciler.resources.problems import Problem
from reconciler.resources.values import JSON

FORMAT: Final = "reconciler/import/v1"
_COMMENT: Final = re.compile(r"^# Imported from (?P<type>\w+) (?P<id>[\w-]+) on ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Origin:
    """A manifest that was written, and what it was made of."""

    address: str
    type: str
    id: str
    name: str
    """What the object is called live."""
    losses: tuple[str, ...] = ()
    """What of it the manifest does not say, and why."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """An object that was left alone, and why."""

    type: str
    id: str
    name: str
    why: str


@dataclass(frozen=True)
class Imported:
    """What was written where."""

    root: Path
    written: tuple[Path, ...] = ()
    """Relative to `root`."""
    origins: tuple[Origin, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    problems: tuple[Problem, ...] = ()

    def document(self) -> dict[str, JSON]:
        """As JSON (`reconciler/import/v1`)."""
        return {
            "format": FORMAT,
            "folder": str(self.root),
            "written": [path.as_posix() for path in self.written],
            "objects": [asdict(one) | {"losses": list(one.losses)} for one in self.origins],
            "skipped": [asdict(one) for one in self.skipped],
            "problems": [{"code": one.code, "message": one.message, "hint": one.hint} for one in self.problems],
        }


def origin_comment(origin: Origin, created_at: float | None) -> str:
    """What stands above a manifest."""
    made = f"; made on {day(created_at)}" if day(created_at) else ""
    first = f"Imported from {origin.type} {origin.id} on {datetime.now(UTC).date().isoformat()}{made}."
    return "\n".join([first, *(f"Not here: {loss}." for loss in origin.losses)])


def imported_from(resources: Iterable[Resource], repository: Path) -> Mapping[Address, str]:
    """The live id that each imported manifest came from, as the comment above it says."""
    by_file: dict[str, list[Resource]] = defaultdict(list)
    for resource in resources:
        by_file[resource.place.file].append(resource)
    found: dict[Address, str] = {}
    for file, those in by_file.items():
        comments = _comments((repository / file).read_text(encoding="utf-8", errors="replace"))
        for resource in those:
            above = [id_ for line, id_ in comments if line <= resource.place.line]
            found.update({resource.address: above[-1]} if above else {})
    return found


def _comments(text: str) -> list[tuple[int, str]]:
    """Every id that a comment says something was imported from, with its line."""
    if "# Imported from " not in text:
        return []
    return [(text.count("\n", 0, match.start()) + 1, match["id"]) for match in _COMMENT.finditer(text)]

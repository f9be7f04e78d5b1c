"""The result of `pull`, and its JSON document."""

from dataclasses import dataclass
from typing import Final, Literal, NotRequired

from typing_extensions import TypedDict

from reconciler.files.changes import FileChange
from reconciler.operations.pull_conflicts import Conflict
from reconciler.planning.model import FieldChange
from reconciler.project.edits import Edit
from reconciler.resources.problems import (
    PlaceDocument,
    Problem,
    ProblemDocument,
    SeverityCounts,
    place_json,
    problems_json,
)
from reconciler.resources.values import ABSENT, JSON

FORMAT: Final = "reconciler/pull/v1"


@dataclass(frozen=True)
class Pulled:
    """The result of `pull`: accepted drift, and problems."""

    identity: str
    accepted: tuple[tuple[str, FieldChange], ...] = ()
    """Live values copied into the manifests, each with its address."""
    edits: tuple[Edit, ...] = ()
    files: tuple[FileChange, ...] = ()
    """Changes of files that objects consist of, such as those of a skill."""
    conflicts: tuple[Conflict, ...] = ()
    """Values that were not copied, because they would replace an edit of the manifest. `problems` has them too."""
    problems: tuple[Problem, ...] = ()
    """Drift that was not copied, with an alternative."""
    notes: tuple[str, ...] = ()
    warnings: tuple[Problem, ...] = ()
    """Warnings about the working tree, such as files that were not read."""


class AcceptedDocument(TypedDict):
    """A live value that was copied into a manifest."""

    address: str
    path: str
    """Path of the value: `tools.web_search.mode`."""


class ConflictDocument(TypedDict):
    """A live value that was not copied, because it would replace an edit of the manifest."""

    address: str
    path: str
    """Path of the value: `tools.web_search.mode`."""
    manifest: NotRequired[JSON]
    """The value in the manifest; left out where it has none."""
    live: NotRequired[JSON]
    """The value at OpenAI; left out where it has none."""
    place: PlaceDocument
    """The first line that the live value would change."""


class PullDocument(TypedDict):
    """The drift that was copied into the manifests: printed by `pull`."""

    format: Literal["reconciler/pull/v1"]
    identity: str
    written: bool
    """False in a dry run."""
    accepted: list[AcceptedDocument]
    """The copied values."""
    conflicts: NotRequired[list[ConflictDocument]]
    """Values that are copied only with `--force`, because they would replace an edit of the manifest."""
    files: list[str]
    """Paths of the changed files, relative to the project folder."""
    notes: list[str]
    """Notes, as text."""
    summary: SeverityCounts
    """The number of problems by severity."""
    problems: list[ProblemDocument]
    """Drift that was not copied, with an alternative."""


def pull_json(pulled: Pulled, *, written: bool) -> PullDocument:
    """Return `pulled` as the JSON document that `pull -o json` prints."""
    problems = problems_json(pulled.problems)
    return {
        "format": FORMAT,
        "identity": pulled.identity,
        "written": written,
        "accepted": [{"address": address, "path": item.path} for address, item in pulled.accepted],
        "conflicts": list(map(_conflict_json, pulled.conflicts)),
        "files": [*(edit.path for edit in pulled.edits), *(change.path for change in pulled.files)],
        "notes": list(pulled.notes),
        "summary": problems["summary"],
        "problems": problems["problems"],
    }


def _conflict_json(conflict: Conflict) -> ConflictDocument:
    item = conflict.item
    made: ConflictDocument = {
        "address": conflict.address,
        "path": item.path,
        "place": place_json(conflict.place),
    }
    if item.desired is not ABSENT:
        made["manifest"] = item.desired
    if item.live is not ABSENT:
        made["live"] = item.live
    return made

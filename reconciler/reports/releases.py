"""Verbs that edit releases in the working tree, as JSON."""

from collections.abc import Iterable, Sequence
from typing import Any, Final, Protocol

from reconciler.planning.model import Refusal
from reconciler.releases.comparison import Comparison
from reconciler.reports.wording.documents import refusal_document
from reconciler.resources.address import Address
from reconciler.resources.values import ABSENT, JSON

RELEASE_FORMAT: Final = "reconciler/release/v1"
PUBLICATION_FORMAT: Final = "reconciler/publication/v1"
ARCHIVE_FORMAT: Final = "reconciler/archive/v1"
COMPARISON_FORMAT: Final = "reconciler/comparison/v1"


class Move(Protocol):
    """What is published in one environment, before and after."""

    @property
    def environment(self) -> str | None: ...
    @property
    def before(self) -> int | None: ...
    @property
    def after(self) -> int | None: ...
    @property
    def rollback(self) -> bool: ...


class Publication(Protocol):
    """What is published after an edit."""

    @property
    def chatbot(self) -> str: ...
    @property
    def number(self) -> int | None: ...
    @property
    def moves(self) -> Sequence[Move]: ...
    @property
    def path(self) -> str: ...


class Manifest(Protocol):
    """A release, validated."""

    @property
    def address(self) -> Address: ...
    @property
    def spec(self) -> Any: ...


class Released(Protocol):
    """A release that was written."""

    @property
    def release(self) -> Manifest: ...
    @property
    def path(self) -> str: ...
    @property
    def changes(self) -> Comparison | None: ...
    @property
    def vendored(self) -> Sequence[str]: ...
    @property
    def moves(self) -> Sequence[Move]: ...
    @property
    def edited(self) -> Sequence[str]: ...


class Refused(Protocol):
    """Why something may not go, and in which environments."""

    @property
    def environments(self) -> Sequence[str]: ...
    @property
    def refusal(self) -> Refusal: ...


class Edit(Protocol):
    """A file that was edited; None for what is not there, before or after."""

    @property
    def path(self) -> str: ...
    @property
    def after(self) -> str | None: ...


class Archived(Protocol):
    """What was edited; or why nothing was."""

    @property
    def address(self) -> str: ...
    @property
    def removed(self) -> Sequence[str]: ...
    @property
    def marked(self) -> Sequence[str]: ...
    @property
    def edits(self) -> Sequence[Edit]: ...
    @property
    def refusals(self) -> Sequence[Refused]: ...


def released_json(done: Released) -> dict[str, JSON]:
    return {
        "format": RELEASE_FORMAT,
        "address": str(done.release.address),
        "digest": done.release.spec.digest,
        "files": [done.path, *done.edited],
        "vendored": list(done.vendored),
        "published": _moves(done.moves),
        "changes": comparison_json(done.changes) if done.changes else None,
    }


def publication_json(done: Publication) -> dict[str, JSON]:
    return {
        "format": PUBLICATION_FORMAT,
        "chatbot": f"chatbot/{done.chatbot}",
        "number": done.number,
        "files": [done.path] if done.moves else [],
        "published": _moves(done.moves),
    }


def archived_json(done: Archived) -> dict[str, JSON]:
    refused = ({"environments": list(one.environments), **refusal_document(one.refusal)} for one in done.refusals)
    return {
        "format": ARCHIVE_FORMAT,
        "address": done.address,
        "removed": list(done.removed),
        "archived": list(done.marked),
        "files": [{"path": edit.path, "removed": edit.after is None} for edit in done.edits],
        "refusals": list(refused),
    }


def _moves(moves: Iterable[Move]) -> list[JSON]:
    return [
        {"environment": move.environment, "before": move.before, "after": move.after, "rollback": move.rollback}
        for move in moves
    ]


def comparison_json(found: Comparison) -> dict[str, JSON]:
    """What differs; `before` or `after` is left out of a value that is not there on that side."""
    return {
        "format": COMPARISON_FORMAT,
        "before": found.before,
        "after": found.after,
        "environment": found.environment,
        "same": found.same,
        "objects": [
            {
                "address": str(one.address),
                "change": one.word,
                "fields": [{"path": item.path, **_sides(item.live, item.desired)} for item in one.fields],
            }
            for one in found.objects
        ],
        "files": [{"path": one.path, **_hashes(one.before, one.after)} for one in found.files],
        "variables": [
            {"environment": one.environment, "name": one.name, **_sides(one.before, one.after)}
            for one in found.variables
        ],
    }


def _sides(before: JSON, after: JSON) -> dict[str, JSON]:
    return {name: side for name, side in (("before", before), ("after", after)) if side is not ABSENT}


def _hashes(before: str | None, after: str | None) -> dict[str, str]:
    return {name: f"sha256:{side}" for name, side in (("before", before), ("after", after)) if side}

"""The JSON documents of `release`, `publish`, `archive` and `diff`: types, of which schemas are made, and encoders."""

from collections.abc import Iterable
from typing import Final, Literal, NotRequired

from typing_extensions import TypedDict

from reconciler.planning.codec import refusal_json
from reconciler.planning.documents import RefusalInEnvironments
from reconciler.releases.comparison import Comparison, FileChange, ObjectChange, ValueChange, VariableChange
from reconciler.releases.model import Archived, Move, Publication, Released
from reconciler.resources.values import ABSENT, JSON, Absent

RELEASE_FORMAT: Final = "reconciler/release/v1"
PUBLICATION_FORMAT: Final = "reconciler/publication/v1"
ARCHIVE_FORMAT: Final = "reconciler/archive/v1"
COMPARISON_FORMAT: Final = "reconciler/comparison/v1"


class SidesDocument(TypedDict):
    """A value in both versions. A side that has none is left out; null is a value."""

    before: NotRequired[JSON]
    """The value in the version before; left out where there is none."""
    after: NotRequired[JSON]
    """The value in the version after; left out where there is none."""


class ComparedField(SidesDocument):
    """One value of an object that differs."""

    path: str
    """For people: `tools.web_search.mode`."""


class ComparedObject(TypedDict):
    """One object that differs."""

    address: str
    """In releases, too, the address of the working object."""
    change: Literal["added", "removed", "changed"]
    """The object is new, gone, or has other values."""
    fields: list[ComparedField]
    """Its values that differ."""


class ComparedFile(TypedDict):
    """One file that differs, by the hash of its bytes."""

    path: str
    """Relative to the project folder."""
    before: NotRequired[str]
    """`sha256:` and hex; left out where the file does not exist in that version."""
    after: NotRequired[str]
    """As `before`, of the later version."""


class ComparedVariable(SidesDocument):
    """The value of one variable that differs."""

    environment: str
    """The environment that has the value."""
    name: str
    """The name of the variable."""


class ComparisonDocument(TypedDict):
    """The differences between two versions of a chatbot: printed by `diff`."""

    format: Literal["reconciler/comparison/v1"]
    before: str
    """`release/NAME@NUMBER`, or `chatbot/NAME` for the working one; as is `after`."""
    after: str
    """The other version."""
    environment: str | None
    """The environment whose values of the variables are used; null where there is none."""
    same: bool
    """True where nothing differs."""
    objects: list[ComparedObject]
    """Objects that differ, by address."""
    files: list[ComparedFile]
    """Files that differ, by path."""
    variables: list[ComparedVariable]
    """Values of variables that differ."""


class MoveDocument(TypedDict):
    """The published release of one environment, before and after."""

    environment: str | None
    """Null where the project has no environments."""
    before: int | None
    """The number of the release that was published; null where there was none."""
    after: int | None
    """The number of the release that is published now; null where there is none."""
    rollback: bool
    """True where an older release is published again."""


class ReleaseDocument(TypedDict):
    """A release that was written: printed by `release`."""

    format: Literal["reconciler/release/v1"]
    address: str
    """`release/NAME@NUMBER`."""
    digest: str
    """Of the content of the release."""
    files: list[str]
    """The manifests that were written, relative to the project folder; that of the release comes first."""
    vendored: list[str]
    """Files whose bytes were copied into the project."""
    published: list[MoveDocument]
    """The environments that publish it now."""
    changes: ComparisonDocument | None
    """Since the release before; null where there is none to compare with."""


class PublicationDocument(TypedDict):
    """The published release of a chatbot after an edit: printed by `publish`."""

    format: Literal["reconciler/publication/v1"]
    chatbot: str
    """Its address."""
    number: int | None
    """Null where no release is published any more."""
    files: list[str]
    """The manifests that were written, relative to the project folder."""
    published: list[MoveDocument]
    """Empty where it was published already."""


class EditedFile(TypedDict):
    """One file that was written or removed."""

    path: str
    """Relative to the project folder."""
    removed: bool
    """True where the file was removed, false where it was written."""


class ArchiveDocument(TypedDict):
    """The objects that were taken out of the manifests, or the refusals: printed by `archive`."""

    format: Literal["reconciler/archive/v1"]
    address: str
    removed: list[str]
    """Addresses whose manifests are removed."""
    archived: list[str]
    """Releases that are archived."""
    files: list[EditedFile]
    """The files that changed."""
    refusals: list[RefusalInEnvironments]
    """Where there is any, nothing was changed."""


def released_json(done: Released) -> ReleaseDocument:
    return {
        "format": RELEASE_FORMAT,
        "address": str(done.release.address),
        "digest": done.release.spec.digest,
        "files": [done.path, *done.edited],
        "vendored": list(done.vendored),
        "published": _moves(done.moves),
        "changes": comparison_json(done.changes) if done.changes else None,
    }


def publication_json(done: Publication) -> PublicationDocument:
    return {
        "format": PUBLICATION_FORMAT,
        "chatbot": f"chatbot/{done.chatbot}",
        "number": done.number,
        "files": [done.path] if done.moves else [],
        "published": _moves(done.moves),
    }


def archived_json(done: Archived) -> ArchiveDocument:
    return {
        "format": ARCHIVE_FORMAT,
        "address": done.address,
        "removed": list(done.removed),
        "archived": list(done.marked),
        "files": [{"path": edit.path, "removed": edit.after is None} for edit in done.edits],
        "refusals": [{"environments": list(one.environments), **refusal_json(one.refusal)} for one in done.refusals],
    }


def comparison_json(found: Comparison) -> ComparisonDocument:
    return {
        "format": COMPARISON_FORMAT,
        "before": found.before,
        "after": found.after,
        "environment": found.environment,
        "same": found.same,
        "objects": list(map(_object_json, found.objects)),
        "files": list(map(_file_json, found.files)),
        "variables": list(map(_variable_json, found.variables)),
    }


def _moves(moves: Iterable[Move]) -> list[MoveDocument]:
    return [
        {"environment": move.environment, "before": move.before, "after": move.after, "rollback": move.rollback}
        for move in moves
    ]


def _object_json(one: ObjectChange) -> ComparedObject:
    return {"address": str(one.address), "change": one.word, "fields": list(map(_field_json, one.fields))}


def _field_json(item: ValueChange) -> ComparedField:
    return {"path": item.path, **_sides(item.before, item.after)}


def _variable_json(one: VariableChange) -> ComparedVariable:
    return {"environment": one.environment, "name": one.name, **_sides(one.before, one.after)}


def _file_json(one: FileChange) -> ComparedFile:
    document: ComparedFile = {"path": one.path}
    if one.before:
        document["before"] = f"sha256:{one.before}"
    if one.after:
        document["after"] = f"sha256:{one.after}"
    return document


def _sides(before: JSON | Absent, after: JSON | Absent) -> SidesDocument:
    document: SidesDocument = {}
    if before is not ABSENT:
        document["before"] = before
    if after is not ABSENT:
        document["after"] = after
    return document

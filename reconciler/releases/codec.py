"""The JSON documents of `release`, `publish`, `archive` and `diff`: types for their schemas, and encoders."""

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
    """A value in both versions. A version without a value is omitted; null is a value."""

    before: NotRequired[JSON]
    """The value in the earlier version; omitted if there is none."""
    after: NotRequired[JSON]
    """The value in the later version; omitted if there is none."""


class ComparedField(SidesDocument):
    """A changed value of an object."""

    path: str
    """Path of the value as text: `tools.web_search.mode`."""


class ComparedObject(TypedDict):
    """An object that was added, removed or changed."""

    address: str
    """Address of the working object, also for objects of releases."""
    change: Literal["added", "removed", "changed"]
    """The kind of change."""
    fields: list[ComparedField]
    """The changed values."""


class ComparedFile(TypedDict):
    """A changed file with the hashes of its content."""

    path: str
    """Path relative to the project folder."""
    before: NotRequired[str]
    """Hash in the earlier version, `sha256:` and hex; omitted if the file does not exist in it."""
    after: NotRequired[str]
    """Hash in the later version, `sha256:` and hex; omitted if the file does not exist in it."""


class ComparedVariable(SidesDocument):
    """A changed value of a variable."""

    environment: str
    """The environment of the value."""
    name: str
    """The name of the variable."""


class ComparisonDocument(TypedDict):
    """The changes between two versions of a chatbot: printed by `diff`."""

    format: Literal["reconciler/comparison/v1"]
    before: str
    """The earlier version: `release/NAME@NUMBER`, or `chatbot/NAME` for the working version."""
    after: str
    """The later version: `release/NAME@NUMBER`, or `chatbot/NAME` for the working version."""
    environment: str | None
    """The environment whose variables are used; null if the project has no environments."""
    same: bool
    """True if there are no changes."""
    objects: list[ComparedObject]
    """Changed objects, by address."""
    files: list[ComparedFile]
    """Changed files, by path."""
    variables: list[ComparedVariable]
    """Changed values of variables."""


class MoveDocument(TypedDict):
    """A change of the published release in one environment."""

    environment: str | None
    """Null if the project has no environments."""
    before: int | None
    """Number of the previously published release; null if there was none."""
    after: int | None
    """Number of the published release; null if there is none."""
    rollback: bool
    """True if an older release is published again."""
    runners: NotRequired[list[str]]
    """Addresses of the objects that run the chatbot, such as automations. Apply changes them with the pointer. Left out
    if there are none."""
    requests: NotRequired[int]
    """The largest number of write requests to OpenAI that this takes. Left out with `runners`."""


class ReleaseDocument(TypedDict):
    """A written release: printed by `release`."""

    format: Literal["reconciler/release/v1"]
    address: str
    """`release/NAME@NUMBER`."""
    digest: str
    """Digest of the content of the release."""
    files: list[str]
    """Paths of the written manifests, relative to the project folder; the release comes first."""
    vendored: list[str]
    """Paths of the files that were copied to `releases/files/`."""
    published: list[MoveDocument]
    """Changes of the published release."""
    changes: ComparisonDocument | None
    """Changes since the previous release; null if there is none to compare with."""
    replaced: NotRequired[list[str]]
    """Addresses of objects that were replaced since the previous release, such as credentials, if its content is the
    same. Left out without any."""


class PublicationDocument(TypedDict):
    """The published release of a chatbot after an edit: printed by `publish` and `promote`."""

    format: Literal["reconciler/publication/v1"]
    chatbot: str
    """Address of the chatbot."""
    number: int | None
    """Number of the published release; null if no release is published."""
    files: list[str]
    """Paths of the written manifests, relative to the project folder; empty after `promote --dry-run`."""
    published: list[MoveDocument]
    """Changes of the published release; empty if it was already published."""


class EditedFile(TypedDict):
    """A written or removed file."""

    path: str
    """Path relative to the project folder."""
    removed: bool
    """True if the file was removed, false if it was written."""


class KeptText(TypedDict):
    """A text that was removed and was not committed."""

    path: str
    """Path of the file that had it, relative to the project folder."""
    blob: str
    """Id of the Git blob with the text: `git cat-file -p ID` prints it."""


class ArchiveDocument(TypedDict):
    """The removed manifests and archived releases, or the refusals: printed by `archive`."""

    format: Literal["reconciler/archive/v1"]
    address: str
    removed: list[str]
    """Addresses of the removed manifests."""
    archived: list[str]
    """Addresses of the archived releases."""
    files: list[EditedFile]
    """The changed files."""
    kept: NotRequired[list[KeptText]]
    """Removed texts that were not committed; empty without a Git repository."""
    unused: NotRequired[list[str]]
    """Files that stay, and that no manifest uses any longer."""
    refusals: list[RefusalInEnvironments]
    """Refusals; if there are any, nothing was written."""


def released_json(done: Released) -> ReleaseDocument:
    """Return `done` as the JSON document that `release -o json` prints."""
    document: ReleaseDocument = {
        "format": RELEASE_FORMAT,
        "address": str(done.release.address),
        "digest": done.release.spec.digest,
        "files": [done.path, *done.edited],
        "vendored": list(done.vendored),
        "published": moves_json(done.moves),
        "changes": comparison_json(done.changes) if done.changes else None,
    }
    return {**document, "replaced": list(done.replaced)} if done.replaced else document


def publication_json(done: Publication, *, written: bool = True) -> PublicationDocument:
    """Return `done` as the JSON document that `publish -o json` and `promote -o json` print."""
    return {
        "format": PUBLICATION_FORMAT,
        "chatbot": f"chatbot/{done.chatbot}",
        "number": done.number,
        "files": [done.path] if done.moves and written else [],
        "published": moves_json(done.moves),
    }


def archived_json(done: Archived) -> ArchiveDocument:
    """Return `done` as the JSON document that `archive -o json` prints."""
    return {
        "format": ARCHIVE_FORMAT,
        "address": done.address,
        "removed": list(done.removed),
        "archived": list(done.marked),
        "files": [{"path": edit.path, "removed": edit.after is None} for edit in done.edits],
        "kept": [{"path": path, "blob": blob} for path, blob in done.kept.items()],
        "unused": list(done.unused),
        "refusals": [{"environments": list(one.environments), **refusal_json(one.refusal)} for one in done.refusals],
    }


def comparison_json(found: Comparison) -> ComparisonDocument:
    """Return `found` as the JSON document that `diff -o json` prints."""
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


def moves_json(moves: Iterable[Move]) -> list[MoveDocument]:
    return list(map(_move_json, moves))


def _move_json(move: Move) -> MoveDocument:
    made: MoveDocument = {
        "environment": move.environment,
        "before": move.before,
        "after": move.after,
        "rollback": move.rollback,
    }
    return {**made, "runners": list(move.runners), "requests": move.requests} if move.runners else made


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

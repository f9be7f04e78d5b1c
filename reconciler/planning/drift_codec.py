"""The JSON document of drift (`reconciler/drift/v2`): its types, from which its schema is made, and its encoder."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Annotated, Any, Final, Literal, cast

from pydantic import Field
from typing_extensions import TypedDict

from reconciler.planning.codec import change_json, field_json, unmanaged_json
from reconciler.planning.documents import ChangeDocument, FieldDocument, NoticeDocument, UnmanagedDocument
from reconciler.planning.drift import FOREIGN_FILE, Drifted, DriftReport, RetiringModel
from reconciler.planning.model import GONE, Action, Change, DriftClass, drift_class
from reconciler.planning.statements import statement_json
from reconciler.planning.sync_status import FailingFile, SyncStatus
from reconciler.planning.tool_files import ForeignFile, ToolFile, ToolStore
from reconciler.planning.writers import Seen, Writer
from reconciler.resources.json_documents import ShapeOf, Timestamp, check_readable, timestamp
from reconciler.resources.values import JSON

FORMAT: Final = "reconciler/drift/v2"
READABLE: Final = ("reconciler/drift/v1", FORMAT)

# `class` is a word of Python, so that this type is written as a call.
ClassDocument = TypedDict(
    "ClassDocument",
    {
        "class": Annotated[
            DriftClass,
            Field(
                description="`missing` and `expired`: the object, or its document in an outlet, does not exist; "
                "`dangling`: a vector store lists uploads that were deleted; `tampered`: a frozen copy, or a document "
                "in an outlet, is not as it was written; `labels`: only ownership labels differ."
            ),
        ]
    },
)


class SeenDocument(TypedDict):
    """The time of a change made outside Reconciler, and its author, as far as they can be known."""

    changed_at: Timestamp | None
    """ISO 8601, in UTC; null where it is not known."""
    by: dict[str, Writer]
    """By top-level field: `outside`, past Reconciler, or `unknown-run`, a run that this state does not have. Fields of
    which it is not known are left out.
    """


class DriftedDocument(ChangeDocument, ClassDocument):
    """One object that is not as it was applied, with the change that would undo it."""

    seen: SeenDocument
    """The time and the author of the change."""


class DifferingDocument(ClassDocument):
    """One object that differs, below an assistant that uses it."""

    address: str
    fields: list[FieldDocument]
    """Empty where the object does not exist."""


class RetiringDocument(TypedDict):
    """A model that something live runs on, and that OpenAI shuts down."""

    model: str
    on: str
    """The day from which on it does not answer: ISO 8601."""
    is_gone: bool
    """True once that day has come."""
    used_by: list[str]
    """Addresses of what runs on it."""


class FileOfStore(TypedDict):
    """One file of one vector store."""

    store: str
    file: str


# `class` is a word of Python, as above.
ForeignClassDocument = TypedDict(
    "ForeignClassDocument",
    {"class": Annotated[Literal["foreign-file"], Field(description="Files at OpenAI that no manifest names.")]},
)


class ForeignFilesDocument(ForeignClassDocument):
    """Files of one store that no manifest names."""

    store: str
    files: list[str]
    """Ids of the uploads, or paths of ours."""
    names: dict[str, str]
    """File names of the uploads, by the entry of `files`; without those that are not known."""


class EditDocument(TypedDict):
    """One object that an unapplied edit of manifests changes, below an assistant that uses it."""

    address: str
    action: Action
    fields: list[str]
    """Paths of the values that the edit changes."""


class AssistantDocument(TypedDict):
    """One assistant with its copies and everything that they use."""

    address: str
    in_sync: bool
    """True where it, and everything that it uses, is as it was applied."""
    pending: bool
    """True where edits of manifests wait to be applied to any of these."""
    differs: list[DifferingDocument]
    """Differences from the last apply, of the assistant and of what it uses."""
    failing: list[FileOfStore]
    """Files that it should find and that OpenAI could not index."""
    missing: list[Annotated[dict[str, JSON], ShapeOf(ToolFile)]]
    """Files that the manifests name and that are not at OpenAI, by tool."""
    foreign: list[Annotated[dict[str, JSON], ShapeOf(ToolFile)]]
    """Files that are at OpenAI and that no manifest names, by tool."""
    id: str | None
    """The id of the live assistant; null if there is none."""
    edits: list[EditDocument]
    """Edits of manifests that wait to be applied to any of these."""
    added: list[Annotated[dict[str, JSON], ShapeOf(ToolFile)]]
    """Files that such an edit adds, or gives another content, by tool."""
    removed: list[Annotated[dict[str, JSON], ShapeOf(ToolFile)]]
    """Files at OpenAI that such an edit removes, by tool."""
    stores: list[Annotated[dict[str, JSON], ShapeOf(ToolStore)]]
    """Vector stores that a tool searches on one side only: at OpenAI, or as the manifests say."""


class DriftDocument(TypedDict):
    """The differences between what is live and what was applied, and what else needs attention."""

    format: Literal["reconciler/drift/v2"]
    identity: str
    """PROJECT or PROJECT/ENVIRONMENT."""
    commit: str | None
    created_at: Timestamp
    """ISO 8601, in UTC."""
    in_sync: bool
    """True where what is live is what was applied."""
    never_applied: bool
    """True where the state has no object and none is live; `in_sync` is false then."""
    clean: bool
    """True where there is nothing for a person to do."""
    summary: dict[str, int]
    """The number of entries by class, then `failing`, `retiring`, `foreign` (files), `unapplied` before the
    first apply, and `unchanged`."""
    entries: list[DriftedDocument]
    """Objects that are not as they were applied."""
    failing: list[Annotated[dict[str, JSON], ShapeOf(FailingFile)]]
    """Files of stores that OpenAI could not index, so that no search finds them."""
    retiring: list[RetiringDocument]
    """Models that are shut down already come first."""
    assistants: list[AssistantDocument]
    """Every assistant of the manifests."""
    foreign: list[ForeignFilesDocument]
    """Files in stores that no manifest names. They are drift: `in_sync` is false, and the exit code is 2."""
    unmanaged: list[UnmanagedDocument]
    warnings: list[NoticeDocument]


def drift_json(report: DriftReport) -> DriftDocument:
    """Return `report` as the JSON document that `drift -o json` prints and `--out` writes."""
    plan = report.plan
    return {
        "format": FORMAT,
        "identity": plan.identity,
        "commit": plan.commit,
        "created_at": plan.created_at,
        "in_sync": report.in_sync,
        "never_applied": report.unapplied > 0,
        "clean": report.clean,
        "summary": report.summary,
        "entries": list(map(_drifted_json, report.drifted)),
        "failing": [asdict(file) for file in report.failing],
        "retiring": list(map(_retiring_json, report.retiring)),
        "assistants": list(map(assistant_json, report.assistants)),
        "foreign": foreign_json(report.foreign),
        "unmanaged": list(map(unmanaged_json, plan.unmanaged)),
        "warnings": list(map(statement_json, plan.warnings)),
    }


def check_drift(document: JSON) -> dict[str, Any]:
    """Return `document` if it is a drift report of this or an earlier version; else raise ReconcilerError."""
    check_readable(document, READABLE, "drift-file", "drift report", "Make it with `reconciler drift --out FILE`.")
    return cast("dict[str, Any]", document)


def _drifted_json(item: Drifted) -> DriftedDocument:
    found = {"class": drift_class(item.change), "seen": _seen_json(item.seen), **change_json(item.change)}
    return cast("DriftedDocument", found)


def _seen_json(seen: Seen) -> SeenDocument:
    at = seen.changed_at
    return {"changed_at": None if at is None else timestamp(at), "by": dict(seen.by)}


def _retiring_json(model: RetiringModel) -> RetiringDocument:
    return {
        "model": model.model,
        "on": model.on.isoformat(),
        "is_gone": model.is_gone,
        "used_by": list(model.used_by),
    }


def foreign_json(files: Iterable[ForeignFile]) -> list[ForeignFilesDocument]:
    """Return foreign files by store."""
    stores: dict[str, list[ForeignFile]] = {}
    for file in files:
        stores.setdefault(file.store, []).append(file)
    return [
        {
            "store": store,
            "class": FOREIGN_FILE,
            "files": [one.file for one in found],
            "names": {one.file: one.name for one in found if one.name},
        }
        for store, found in stores.items()
    ]


def assistant_json(one: SyncStatus) -> AssistantDocument:
    """Return the sync status of an assistant as the documents of `drift` and `status` have it."""
    return {
        "address": one.address,
        "in_sync": one.in_sync,
        "pending": one.is_pending,
        "differs": list(map(_differing_json, one.differs)),
        "failing": [{"store": file.store, "file": file.file} for file in one.failing],
        "missing": list(map(asdict, one.missing)),
        "foreign": list(map(asdict, one.foreign)),
        "id": one.id,
        "edits": list(map(_edit_json, one.edits)),
        "added": list(map(asdict, one.added)),
        "removed": list(map(asdict, one.removed)),
        "stores": list(map(asdict, one.stores)),
    }


def _edit_json(change: Change) -> EditDocument:
    return {"address": change.address, "action": change.action, "fields": [item.path for item in change.fields]}


def _differing_json(change: Change) -> DifferingDocument:
    word = drift_class(change)
    fields = () if word in GONE else change.fields
    return {"address": change.address, "class": word, "fields": list(map(field_json, fields))}

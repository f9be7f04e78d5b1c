"""The JSON document of a migration: types, from which its JSON Schema is generated, and the encoder."""

from typing import Final, Literal, NotRequired

from typing_extensions import TypedDict

from reconciler.migration.model import Entry, ExportKind, Migrated, Migration, Outcome, ServerFile, Target, counts
from reconciler.resources.problems import PlaceDocument, ProblemDocument, place_json, problem_json

FORMAT: Final = "reconciler/migration/v1"


class MigrationSummary(TypedDict):
    """The number of objects, and of their fields by outcome."""

    objects: int
    """Number of objects."""
    mapped: int
    """Number of fields mapped without a change."""
    changed: int
    """Number of changed fields."""
    lost: int
    """Number of fields that a manifest cannot contain."""


class EntryDocument(TypedDict):
    """The mapping of one field of an export."""

    field: str
    """Name in the export: `tools[2]`, `metadata.tier`."""
    outcome: Outcome
    """`mapped` without a change, `changed` as the note says, or `lost`."""
    to: NotRequired[str]
    """The field of the manifest that has the value, or `comment`."""
    note: NotRequired[str]
    """The reason, as text."""
    hint: NotRequired[str]


class MigratedDocument(TypedDict):
    """The migration of one object."""

    kind: ExportKind
    """The kind of the export."""
    id: str | None
    """The value in the export; null if it has none."""
    name: str | None
    """The value in the export; null if it has none."""
    source: str
    """FILE:LINE of the export, or the URL of the server that has the object."""
    place: PlaceDocument | None
    """The place of the export; null for an object of a server."""
    address: str | None
    """Address of the manifest; null if no valid manifest can be written."""
    entries: list[EntryDocument]
    """The mapping of every field of the export."""
    threads: str
    """Advice on threads for the developers of the application."""
    runs: str
    """Advice on runs for the developers of the application."""


class ServerFileDocument(TypedDict):
    """A file of the server that the objects were read from."""

    id: str
    name: str
    """Its file name on the server; its id if the server does not give it."""
    path: str
    """Relative to the project folder. If the file was not downloaded, the place for a copy from elsewhere."""
    downloaded: bool
    """True if the server gave its content."""
    why: NotRequired[str]
    """The reason for a missing content."""


class MigrationDocument(TypedDict):
    """The migration of exports to manifests: printed by `migrate`."""

    format: Literal["reconciler/migration/v1"]
    target: Target
    """The API that the manifests are for."""
    summary: MigrationSummary
    """Numbers of objects and fields."""
    migrated: list[MigratedDocument]
    """Every object of the exports."""
    problems: list[ProblemDocument]
    written: list[str]
    """Paths of the written files, relative to the project folder; empty in a dry run."""
    files: NotRequired[list[ServerFileDocument]]
    """Files that objects of a server use; missing without a server."""


def migration_json(migration: Migration) -> MigrationDocument:
    """Return `migration` as the JSON document that `migrate -o json` prints."""
    found = counts(migration)
    document: MigrationDocument = {
        "format": FORMAT,
        "target": migration.target,
        "summary": {
            "objects": len(migration.migrated),
            "mapped": found["mapped"],
            "changed": found["changed"],
            "lost": found["lost"],
        },
        "migrated": list(map(_migrated_json, migration.migrated)),
        "problems": list(map(problem_json, migration.problems)),
        "written": list(migration.written),
    }
    if migration.files:
        document["files"] = list(map(_file_json, migration.files))
    return document


def _file_json(file: ServerFile) -> ServerFileDocument:
    document: ServerFileDocument = {
        "id": file.id,
        "name": file.name,
        "path": file.path,
        "downloaded": file.local is not None,
    }
    if file.why:
        document["why"] = file.why
    return document


def _migrated_json(one: Migrated) -> MigratedDocument:
    return {
        "kind": one.kind,
        "id": one.id or None,
        "name": one.name or None,
        "source": one.source,
        "place": place_json(one.export.place) if one.export.place else None,
        "address": one.address if one.is_valid else None,
        "entries": list(map(_entry_json, one.entries)),
        "threads": one.threads,
        "runs": one.runs,
    }


def _entry_json(entry: Entry) -> EntryDocument:
    document: EntryDocument = {"field": entry.field, "outcome": entry.outcome}
    if entry.to:
        document["to"] = entry.to
    if entry.note:
        document["note"] = entry.note
    if entry.hint:
        document["hint"] = entry.hint
    return document

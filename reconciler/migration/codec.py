"""The JSON document of a migration: types, of which its JSON Schema is made, and the encoder."""

from typing import Final, Literal, NotRequired

from typing_extensions import TypedDict

from reconciler.migration.model import Entry, ExportKind, Migrated, Migration, Outcome, Target, counts
from reconciler.resources.problems import PlaceDocument, ProblemDocument, place_json, problem_json

FORMAT: Final = "reconciler/migration/v1"


class MigrationSummary(TypedDict):
    """The number of objects, and of their fields by outcome."""

    objects: int
    """The number of objects."""
    mapped: int
    """Fields that are as they were."""
    changed: int
    """Fields that are another way now."""
    lost: int
    """Fields that no manifest can have."""


class EntryDocument(TypedDict):
    """One field of an export, and what became of it."""

    field: str
    """As in the export: `tools[2]`, `metadata.tier`."""
    outcome: Outcome
    """`mapped` as it was, `changed` as the note says, or `lost`."""
    to: NotRequired[str]
    """The field of the manifest that has it, or `comment`."""
    note: NotRequired[str]
    """The reason, for people."""
    hint: NotRequired[str]


class MigratedDocument(TypedDict):
    """One object, and what became of it."""

    kind: ExportKind
    """The kind of the export."""
    id: str | None
    """In the export; null where it has none."""
    name: str | None
    """In the export; null where it has none."""
    source: str
    """FILE:LINE of the export."""
    place: PlaceDocument
    """The place of the export."""
    address: str | None
    """Null where no manifest can be made of it."""
    entries: list[EntryDocument]
    """Every field of the export."""
    threads: str
    """What the application's developers do with its threads."""
    runs: str
    """What the application's developers do instead of its runs."""


class MigrationDocument(TypedDict):
    """Exports that were turned into manifests: printed by `migrate`."""

    format: Literal["reconciler/migration/v1"]
    target: Target
    """The API that the manifests are for."""
    summary: MigrationSummary
    """How much there is of each."""
    migrated: list[MigratedDocument]
    """Every object of the exports."""
    problems: list[ProblemDocument]
    written: list[str]
    """Files, relative to the project folder; none in a dry run."""


def migration_json(migration: Migration) -> MigrationDocument:
    found = counts(migration)
    return {
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


def _migrated_json(one: Migrated) -> MigratedDocument:
    return {
        "kind": one.kind,
        "id": one.id or None,
        "name": one.name or None,
        "source": one.source,
        "place": place_json(one.export.place),
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

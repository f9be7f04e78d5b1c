"""What a migration came to, as every report reads it, and as JSON."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final, Literal, Protocol, TypeAlias

from reconciler.reports.json import problems_json
from reconciler.resources.problems import Problem
from reconciler.resources.values import JSON

FORMAT: Final = "reconciler/migration/v1"
Outcome: TypeAlias = Literal["mapped", "changed", "lost"]
OUTCOMES: Final[tuple[Outcome, ...]] = ("mapped", "changed", "lost")


class Entry(Protocol):
    """What became of one field."""

    @property
    def field(self) -> str: ...
    @property
    def outcome(self) -> Outcome: ...
    @property
    def to(self) -> str: ...
    @property
    def note(self) -> str: ...
    @property
    def hint(self) -> str: ...


class Migrated(Protocol):
    """What became of one object."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def address(self) -> str: ...
    @property
    def is_valid(self) -> bool: ...
    @property
    def entries(self) -> Sequence[Entry]: ...
    @property
    def threads(self) -> str: ...
    @property
    def runs(self) -> str: ...


class Migration(Protocol):
    """What became of all of them."""

    @property
    def target(self) -> str: ...
    @property
    def migrated(self) -> Sequence[Migrated]: ...
    @property
    def problems(self) -> Sequence[Problem]: ...
    @property
    def written(self) -> Sequence[str]: ...


def counts(migration: Migration) -> dict[Outcome, int]:
    """How many fields were mapped, changed and lost."""
    found = Counter(entry.outcome for one in migration.migrated for entry in one.entries)
    return {outcome: found[outcome] for outcome in OUTCOMES}


def of(one: Migrated, outcome: Outcome) -> Iterator[Entry]:
    return (entry for entry in one.entries if entry.outcome == outcome)


def headline(migration: Migration) -> str:
    """One sentence: how many objects, how many fields."""
    valid = sum(one.is_valid for one in migration.migrated)
    total = len(migration.migrated)
    objects = f"{valid} of {total}" if valid != total else f"{total}"
    found = counts(migration)
    fields = f"fields: {found['mapped']} as they were, {found['changed']} with a change, {found['lost']} lost"
    return f"{objects} {'object' if total == 1 else 'objects'} to target {migration.target}; {fields}."


def migration_json(migration: Migration) -> dict[str, JSON]:
    """Everything, with the problems as `problems_json` has them."""
    return {
        "format": FORMAT,
        "target": migration.target,
        "summary": {"objects": len(migration.migrated), **counts(migration)},
        "migrated": [_one(item) for item in migration.migrated],
        "problems": problems_json(migration.problems)["problems"],
        "written": list(migration.written),
    }


def _one(one: Migrated) -> dict[str, JSON]:
    return {
        "kind": one.kind,
        "id": one.id or None,
        "name": one.name or None,
        "source": one.source,
        "address": one.address if one.is_valid else None,
        "entries": [_entry(entry) for entry in one.entries],
        "threads": one.threads,
        "runs": one.runs,
    }


def _entry(entry: Entry) -> dict[str, JSON]:
    texts = {"to": entry.to, "note": entry.note, "hint": entry.hint}
    return {"field": entry.field, "outcome": entry.outcome} | {key: text for key, text in texts.items() if text}

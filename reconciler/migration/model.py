"""The result of a migration: how each field of an object of the old APIs was mapped."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias, get_args

from reconciler.manifests.drafts import Draft
from reconciler.resources.base import LocalFile
from reconciler.resources.kind import Kind
from reconciler.resources.kinds import assistant
from reconciler.resources.problems import Finding, Place, Problem
from reconciler.resources.values import ABSENT, JSON, Absent, Keys

Target: TypeAlias = Literal["responses", "agents"]
ExportKind: TypeAlias = Literal["assistant", "prompt", "vector_store"]
Outcome: TypeAlias = Literal["mapped", "changed", "lost"]
"""`mapped` without a change; `changed` as the note says; `lost` for the reason in the note, with a remedy as hint."""
OUTCOMES: Final[tuple[Outcome, ...]] = get_args(Outcome)
Presence: TypeAlias = Literal["found", "missing", "unknown", "referenced"]
"""Existence of a file or a vector store: `unknown` if it was not looked up, `referenced` if a manifest refers to it, by
name, path or id."""

TOOLS: Final = ("tools",)
FILES: Final = ("files",)
LISTS: Final = (TOOLS, FILES)
"""Keys of lists, to which parts append."""


@dataclass(frozen=True)
class Export:
    """One object of an export file, or of a server."""

    kind: ExportKind
    value: Mapping[str, JSON]
    place: Place | None
    """None for an object of a server."""
    url: str = ""
    """The base URL of the server that has the object."""

    @property
    def label(self) -> str:
        """The kind, as text."""
        return self.kind.replace("_", " ")

    @property
    def source(self) -> str:
        """FILE:LINE, or the URL of the server."""
        return f"{self.place.file}:{self.place.line}" if self.place else self.url


@dataclass(frozen=True)
class ServerFile:
    """A file of a server, and its place in the project."""

    id: str
    name: str
    """Its file name on the server; its id if the server does not give it."""
    path: str
    """Relative to the project folder. If it was not downloaded, the place for a copy from elsewhere."""
    local: LocalFile | None = None
    """The downloaded file; None if the server does not give its content."""
    why: str = ""
    """The reason for a missing content."""


@dataclass(frozen=True)
class Entry:
    """The mapping of one field of an export."""

    field: str
    """Name in the export: `tools[2]`, `metadata.tier`."""
    outcome: Outcome
    to: str = ""
    """The field of the manifest that has the value, or `comment`."""
    note: str = ""
    hint: str = ""


@dataclass(frozen=True)
class Part:
    """An entry with its value in the manifest, if any."""

    entry: Entry
    keys: Keys = ()
    """Keys of the value in `spec`; values at `LISTS` are appended to the list."""
    value: JSON | Absent = ABSENT
    remark: str = ""
    """Comment after the value."""
    comment: str = ""
    """Lines of the comment above the manifest."""
    trimmed: tuple[str, ...] = ()
    """Reasons for the values that were removed because they are not valid in a manifest."""


@dataclass(frozen=True)
class Case:
    """The input for the mapping of one export."""

    export: Export
    target: Target
    name: str
    """Name of the manifest."""
    presence: Mapping[str, Presence] = field(default_factory=dict)
    """Presence by id of a file or a vector store."""
    variables: frozenset[str] = frozenset()
    """Names of the variables that have a value in every environment of the project."""
    stores: Mapping[str, str] = field(default_factory=dict)
    """Names of the manifests of vector stores, by the id on the server."""
    files: Mapping[str, ServerFile] = field(default_factory=dict)
    """Files of the server, by id."""
    unread: Mapping[str, str] = field(default_factory=dict)
    """Reasons for which vector stores could not be read from the server, by id."""
    kind: Kind = assistant.KIND


@dataclass(frozen=True)
class Migrated:
    """The migration of one object."""

    export: Export
    """The export; a prompt after flattening."""
    address: str
    draft: Draft | None
    """None if no valid manifest can be written."""
    entries: tuple[Entry, ...]
    threads: str
    """Advice on threads for the developers of the application."""
    runs: str
    """Advice on runs for the developers of the application."""
    findings: tuple[Finding, ...] = ()
    """The reasons for a missing draft."""

    @property
    def id(self) -> str:
        return text_of(self.export.value.get("id"))

    @property
    def name(self) -> str:
        return text_of(self.export.value.get("name"))

    @property
    def kind(self) -> ExportKind:
        return self.export.kind

    @property
    def source(self) -> str:
        return self.export.source

    @property
    def is_valid(self) -> bool:
        """True if there is a manifest."""
        return self.draft is not None

    def of(self, outcome: Outcome) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.entries if entry.outcome == outcome)


@dataclass(frozen=True)
class Migration:
    """The migration of all objects of all files."""

    target: Target
    migrated: tuple[Migrated, ...]
    problems: tuple[Problem, ...]
    """Problems of files, and of objects that cannot be migrated."""
    written: tuple[str, ...] = ()
    """Paths of the written files, relative to the project folder; empty in a dry run."""
    files: tuple[ServerFile, ...] = ()
    """The files that the migrated objects of a server use."""

    @property
    def drafts(self) -> tuple[Draft, ...]:
        return tuple(one.draft for one in self.migrated if one.draft)

    @property
    def complete(self) -> bool:
        """True if every object has a manifest; single fields may be lost."""
        return not any(problem.severity == "error" for problem in self.problems)


def counts(migration: Migration) -> dict[Outcome, int]:
    """Return the number of fields by outcome."""
    found = Counter(entry.outcome for one in migration.migrated for entry in one.entries)
    return {outcome: found[outcome] for outcome in OUTCOMES}


def mapped(source: str, keys: Keys, value: JSON, note: str = "") -> Part:
    return Part(Entry(source, "mapped", ".".join(keys), note), keys, value)


def changed(source: str, keys: Keys, value: JSON, note: str, hint: str = "", remark: str = "") -> Part:
    return Part(Entry(source, "changed", ".".join(keys), note, hint), keys, value, remark)


def left_out(source: str, note: str = "the default") -> Part:
    """Return a part for a value that needs no field because it is the default."""
    return Part(Entry(source, "mapped", note=note))


def lost(source: str, note: str, hint: str = "") -> Part:
    return Part(Entry(source, "lost", note=note, hint=hint))


def commented(source: str, text: str, note: str) -> Part:
    """Return a part for a value that the manifest has as a comment only."""
    return Part(Entry(source, "changed", "comment", note), comment=text)


def text_of(value: JSON) -> str:
    return value if isinstance(value, str) else ""


def mapping_of(value: JSON) -> Mapping[str, JSON]:
    return value if isinstance(value, dict) else {}


def list_of(value: JSON) -> list[JSON]:
    return value if isinstance(value, list) else []

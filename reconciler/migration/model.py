"""What becomes of an object of the old APIs, part by part."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias, get_args

from reconciler.manifests.drafts import Draft
from reconciler.resources.problems import Finding, Place, Problem
from reconciler.resources.values import ABSENT, JSON, Absent, Keys

Target: TypeAlias = Literal["responses", "agents"]
ExportKind: TypeAlias = Literal["assistant", "prompt"]
Outcome: TypeAlias = Literal["mapped", "changed", "lost"]
"""As it was; with a change, which the note tells; not at all, and the note says why and the hint what to do."""
OUTCOMES: Final[tuple[Outcome, ...]] = get_args(Outcome)
Presence: TypeAlias = Literal["there", "gone", "unknown"]
"""Whether a file or a vector store still exists; `unknown` where nobody looked."""

TOOLS: Final = ("tools",)


@dataclass(frozen=True)
class Export:
    """One object as it was found in a file."""

    kind: ExportKind
    value: Mapping[str, JSON]
    place: Place


@dataclass(frozen=True)
class Entry:
    """What became of one field of an export."""

    field: str
    """As in the export: `tools[2]`, `metadata.tier`."""
    outcome: Outcome
    to: str = ""
    """Where it is now: a field of the manifest, or `comment`."""
    note: str = ""
    hint: str = ""


@dataclass(frozen=True)
class Part:
    """An entry with the value that it brings into the manifest, if any."""

    entry: Entry
    keys: Keys = ()
    """Where in `spec` the value goes; tools are added to the list at `TOOLS`."""
    value: JSON | Absent = ABSENT
    remark: str = ""
    """A comment behind the value."""
    comment: str = ""
    """Lines for the comment above the manifest."""
    trimmed: tuple[str, ...] = ()
    """What was taken out of the value because no manifest may have it."""


@dataclass(frozen=True)
class Case:
    """All that the mapping of one export may know."""

    export: Export
    target: Target
    name: str
    """The manifest's."""
    presence: Mapping[str, Presence] = field(default_factory=dict)
    """By id of a file or a vector store."""
    variables: frozenset[str] = frozenset()
    """Names that every environment of the project has a value for."""


@dataclass(frozen=True)
class Migrated:
    """One object, and what became of it."""

    export: Export
    """A prompt flat."""
    address: str
    draft: Draft | None
    """None where no valid manifest can be made of it."""
    entries: tuple[Entry, ...]
    threads: str
    """What becomes of its threads, for the application's developers."""
    runs: str
    findings: tuple[Finding, ...] = ()
    """Why there is no draft."""

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
        return f"{self.export.place.file}:{self.export.place.line}"

    @property
    def is_valid(self) -> bool:
        """Whether there is a manifest."""
        return self.draft is not None

    def of(self, outcome: Outcome) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.entries if entry.outcome == outcome)


@dataclass(frozen=True)
class Migration:
    """All objects of all files."""

    target: Target
    migrated: tuple[Migrated, ...]
    problems: tuple[Problem, ...]
    """With the files, and objects that cannot be migrated at all."""
    written: tuple[str, ...] = ()
    """Paths of the files that were written, relative to the project folder; none in a dry run."""

    @property
    def drafts(self) -> tuple[Draft, ...]:
        return tuple(one.draft for one in self.migrated if one.draft)

    @property
    def complete(self) -> bool:
        """Whether every object has become a manifest, whatever its fields have become."""
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
    """What is so without being said."""
    return Part(Entry(source, "mapped", note=note))


def lost(source: str, note: str, hint: str = "") -> Part:
    return Part(Entry(source, "lost", note=note, hint=hint))


def commented(source: str, text: str, note: str) -> Part:
    """What the manifest keeps as a comment only."""
    return Part(Entry(source, "changed", "comment", note), comment=text)


def text_of(value: JSON) -> str:
    return value if isinstance(value, str) else ""


def mapping_of(value: JSON) -> Mapping[str, JSON]:
    return value if isinstance(value, dict) else {}


def list_of(value: JSON) -> list[JSON]:
    return value if isinstance(value, list) else []

"""A migration for terminals: what changed and what was lost in full, what was mapped in one line."""

from collections import Counter
from collections.abc import Iterator, Mapping

from reconciler.migration.model import Entry, Migrated, Migration
from reconciler.reports.style import Look, Style, count, headline, joined, section, wrap
from reconciler.reports.wording.migration import migration_summary

_SIGNS: dict[str, tuple[str, Look]] = {"changed": ("~", "yellow"), "lost": ("-", "red")}


def migration_text(migration: Migration, *, style: Style) -> str:
    """Every object with what became of it, then what was written. A hint, and advice on threads, that several objects
    have is printed once.
    """
    look: Look = "green" if all(one.is_valid for one in migration.migrated) else "yellow"
    head = headline("Migrated:", look, migration_summary(migration), style)
    advice = Counter(one.threads for one in migration.migrated if one.threads)
    shared = {threads: number for threads, number in advice.items() if number > 1}
    hints: set[str] = set()
    objects = [list(_object(one, shared, hints, style)) for one in migration.migrated]
    return joined([head, *objects, *_threads(shared, style), _written(migration, style)])


def _threads(shared: Mapping[str, int], style: Style) -> Iterator[list[str]]:
    for threads, number in shared.items():
        lines = wrap(threads, style.width, lead="  ", hang="  ")
        yield section(f"Threads of {count(number, 'object')}", lines, style)


def _object(one: Migrated, shared: Mapping[str, int], hints: set[str], style: Style) -> Iterator[str]:
    address = one.address if one.is_valid else "no manifest"
    title, *rest = wrap(" ".join(_titles(one)), style.width, lead=f"{address}  ", hang="  ")
    yield style.paint(address, "bold") + title[len(address) :]
    yield from rest
    for entry in one.entries:
        yield from _entry(entry, hints, style) if entry.outcome != "mapped" else ()
    fields = ", ".join(dict.fromkeys(entry.field for entry in one.of("mapped")))
    threads = "" if one.threads in shared else one.threads
    for label, text in (("as it was", fields), ("threads", threads), ("runs", one.runs)):
        yield from wrap(text, style.width, lead=f"  {label:<9}  ", hang=" " * 13) if text else ()


def _titles(one: Migrated) -> Iterator[str]:
    yield f"{one.export.label} {one.id}".rstrip()
    if one.name:
        yield f'"{one.name}"'
    yield f"({one.source})"


def _entry(entry: Entry, hints: set[str], style: Style) -> Iterator[str]:
    sign, look = _SIGNS[entry.outcome]
    to = f" -> {entry.to}" if entry.to and entry.to != entry.field else ""
    first, *rest = wrap(f"{entry.field}{to}: {entry.note}", style.width, lead=f"  {sign} ", hang="      ")
    yield style.paint(first[:3], look) + first[3:]
    yield from rest
    if entry.hint and entry.hint not in hints:
        hints.add(entry.hint)
        yield from wrap(entry.hint, style.width, lead="      hint: ", hang="      ")


def _written(migration: Migration, style: Style) -> list[str]:
    lines = [line for path in migration.written for line in wrap(path, style.width, lead="  ", hang="  ")]
    return section(f"Wrote {count(len(migration.written), 'file')}", lines, style)

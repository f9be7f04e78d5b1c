"""A migration as Markdown: to be kept beside the manifests, or as the text of a pull request."""

from collections.abc import Iterator
from typing import Final

from reconciler.migration.model import Entry, Migrated, Migration
from reconciler.reports.markdown.escaping import code, prose, table
from reconciler.reports.wording.migration import migration_summary
from reconciler.resources.problems import Problem

_HEADERS: Final = ("field", "now", "why", "what to do")


def migration_markdown(migration: Migration) -> str:
    """A heading per object and a table of what changed and what was lost; a checklist of problems."""
    blocks = ["# Migration", migration_summary(migration), *_problems(migration)]
    for one in migration.migrated:
        blocks += _object(one)
    return "\n\n".join(blocks) + "\n"


def _problems(migration: Migration) -> Iterator[str]:
    if migration.problems:
        yield "## Problems"
        yield "\n".join(map(_problem, migration.problems))


def _problem(problem: Problem) -> str:
    place = f"{code(str(problem.place))}: " if problem.place else ""
    hint = f" {prose(problem.hint)}" if problem.hint else ""
    return f"- [ ] {place}**{problem.severity}** {prose(problem.message)}.{hint}"


def _object(one: Migrated) -> Iterator[str]:
    yield f"## {code(one.address) if one.is_valid else 'no manifest'}"
    name = f" {code(one.name)}" if one.name else ""
    yield f"From {one.export.label} {code(one.id)}{name} ({code(one.source)})."
    rows = [_row(entry) for entry in one.entries if entry.outcome != "mapped"]
    if rows:
        yield table(rows, _HEADERS)
    fields = ", ".join(dict.fromkeys(prose(entry.field) for entry in one.of("mapped")))
    told = [
        f"As it was: {fields}." if fields else "",
        f"Threads: {prose(one.threads)}." if one.threads else "",
        f"Runs: {prose(one.runs)}." if one.runs else "",
    ]
    yield "\n".join(f"- {line}" for line in told if line)


def _row(entry: Entry) -> tuple[str, ...]:
    now = prose(entry.to) if entry.outcome == "changed" else "**lost**"
    return prose(entry.field), now, prose(entry.note), prose(entry.hint)

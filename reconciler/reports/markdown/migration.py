"""A migration as Markdown: to be kept beside the manifests, or as the text of a pull request."""

import re
from collections.abc import Iterator

from reconciler.reports.migration import Entry, Migrated, Migration, headline, of
from reconciler.reports.style import plain
from reconciler.resources.problems import Problem

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#~&@!])")


def migration_markdown(migration: Migration) -> str:
    """A heading per object and a table of what changed and what was lost; a checklist of problems."""
    blocks = ["# Migration", headline(migration), *_problems(migration)]
    for one in migration.migrated:
        blocks += _object(one)
    return "\n\n".join(blocks) + "\n"


def _problems(migration: Migration) -> Iterator[str]:
    if migration.problems:
        yield "## Problems"
        yield "\n".join(map(_problem, migration.problems))


def _problem(problem: Problem) -> str:
    place = f"{_text(str(problem.place))}: " if problem.place else ""
    hint = f" {_text(problem.hint)}" if problem.hint else ""
    return f"- [ ] {place}**{problem.severity}** {_text(problem.message)}.{hint}"


def _object(one: Migrated) -> Iterator[str]:
    yield f"## {_text(one.address if one.is_valid else 'no manifest')}"
    name = f' "{_text(one.name)}"' if one.name else ""
    yield f"From {one.kind} {_text(one.id)}{name} ({_text(one.source)})."
    rows = [_row(entry) for entry in one.entries if entry.outcome != "mapped"]
    if rows:
        yield "\n".join(["| field | now | why | what to do |", "|---|---|---|---|", *rows])
    fields = ", ".join(dict.fromkeys(_text(entry.field) for entry in of(one, "mapped")))
    told = [f"As it was: {fields}." if fields else "", f"Threads: {_text(one.threads)}.", f"Runs: {_text(one.runs)}."]
    yield "\n".join(f"- {line}" for line in told if line)


def _row(entry: Entry) -> str:
    now = _text(entry.to) if entry.outcome == "changed" else "**lost**"
    return f"| {_text(entry.field)} | {now} | {_text(entry.note)} | {_text(entry.hint)} |"


def _text(text: str) -> str:
    r"""`text` on one line that means nothing to Markdown, and mentions nobody."""
    return _SPECIAL.sub(r"\\\1", plain(text)).replace("\\@", "@\u200b")

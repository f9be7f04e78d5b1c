"""`migrate`: from files to manifests and a report."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from reconciler.live.errors import LiveError
from reconciler.manifests.drafts import unique_name
from reconciler.migration import afterwards, prompts
from reconciler.migration.checking import settle
from reconciler.migration.destination import Destination, destination
from reconciler.migration.drafting import drafted
from reconciler.migration.exports import read_exports
from reconciler.migration.fields import parts_of
from reconciler.migration.lookup import look_up
from reconciler.migration.model import Case, Export, Migrated, Migration, Part, Presence, Target, text_of
from reconciler.migration.resources import ids_in
from reconciler.project.endpoint import DATA, EMBEDDED, choose, open_connection
from reconciler.resources.problems import Problem

_INCOMPLETE: Final = "Add it to the object in the file, and migrate that again."
_ONLY_NAMED: Final = "This only names a prompt. Save the prompt itself before 2026-11-30, and migrate that."


def migrate(
    files: Sequence[Path],
    target: Target,
    *,
    into: Path,
    environ: Mapping[str, str],
    endpoint: str | None = None,
    offline: bool = False,
    dry_run: bool = False,
) -> Migration:
    """Write manifests for `target` into the project at or above `into`, or into a new one there.

    Ids of files and vector stores are looked up where there is a key or an endpoint, unless `offline`. ReconcilerError
    where a file is in the way; then nothing is written.
    """
    exports, problems = _read(files)
    goal = destination(into)
    new, done = _without_done(exports, goal)
    presence, unseen = _presence(new, goal, environ, endpoint) if not offline else ({}, ())
    migrated = [migrated_of(case, parts) for case, parts in cases(new, target, goal, presence)]
    problems += [*done, *unseen, *(_hopeless(one) for one in migrated if one.draft is None)]
    result = Migration(target, tuple(migrated), tuple(problems))
    return replace(result, written=goal.write(result.drafts, target)) if result.drafts and not dry_run else result


def cases(
    exports: Iterable[Export], target: Target, goal: Destination, presence: Mapping[str, Presence]
) -> Iterable[tuple[Case, list[Part]]]:
    """Every export with a name of its own, prompts flattened, and what was lost by that."""
    taken = set(goal.assistants)
    for export in exports:
        flat, parts = prompts.flattened(export) if export.kind == "prompt" else (export, [])
        fallback = unique_name(text_of(flat.value.get("id")), (), export.kind)
        name = unique_name(text_of(flat.value.get("name")), taken, fallback)
        taken.add(name)
        yield Case(flat, target, name, presence, goal.variables), parts


def migrated_of(case: Case, parts: Sequence[Part] = ()) -> Migrated:
    """One object; `parts` say what happened to it before."""
    settled = settle(case, [*parts, *parts_of(case)])
    return Migrated(
        export=case.export,
        address=f"assistant/{case.name}",
        draft=None if settled.findings else drafted(case, settled),
        entries=settled.entries,
        threads=afterwards.threads(case),
        runs=afterwards.runs(case),
        findings=settled.findings,
    )


def _read(files: Sequence[Path]) -> tuple[list[Export], list[Problem]]:
    """The objects of all files; one that was exported twice counts once, as it was first."""
    exports: list[Export] = []
    problems: list[Problem] = []
    seen: dict[str, Export] = {}
    for file in files:
        found, wrong = read_exports(file)
        problems += wrong
        for export in found:
            id_ = text_of(export.value.get("id"))
            first = seen.setdefault(id_, export) if id_ else export
            if first is export:
                exports.append(export)
            elif first.value != export.value:
                message = f"{id_} is in {first.place} too, and differs; that one was migrated"
                problems.append(Problem("exported-twice", message, export.place, severity="warning"))
    return exports, problems


def _without_done(exports: Iterable[Export], goal: Destination) -> tuple[list[Export], list[Problem]]:
    new: list[Export] = []
    problems: list[Problem] = []
    for export in exports:
        name = goal.migrated.get(text_of(export.value.get("id")))
        if name is None:
            new.append(export)
        else:
            message = f"{export.value['id']} was migrated before: it is assistant/{name}"
            hint = "Remove that manifest and what it includes to migrate it again."
            problems.append(Problem("migrated-before", message, export.place, hint, severity="warning"))
    return new, problems


def _presence(
    exports: Iterable[Export], goal: Destination, environ: Mapping[str, str], flag: str | None
) -> tuple[Mapping[str, Presence], Sequence[Problem]]:
    """What the API says of the ids in `exports`; nothing, and why, where it cannot be asked."""
    ids = {id_ for export in exports for id_ in ids_in(export.value)}
    endpoint = choose(goal.project, flag, environ)
    used = (goal.project.root / DATA).is_file() if endpoint == EMBEDDED else bool(environ.get("OPENAI_API_KEY"))
    if not (ids and used):
        return {}, ()

    async def run() -> Mapping[str, Presence]:
        async with open_connection(goal.project, endpoint) as connection:
            return await look_up(connection, ids)

    try:
        return asyncio.run(run()), ()
    except LiveError as error:
        return {}, [replace(problem, severity="warning") for problem in error.problems]


def _hopeless(one: Migrated) -> Problem:
    why = "; ".join(finding.message for finding in one.findings)
    named = one.kind == "prompt" and not one.export.value.get("instructions")
    return Problem(
        "no-manifest",
        f"no manifest can be made of {one.id or one.address}: {why}",
        one.export.place,
        _ONLY_NAMED if named else _INCOMPLETE,
    )

"""`migrate`: write manifests from export files, and report how each field was mapped."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from reconciler.live.errors import LiveError
from reconciler.manifests.drafts import unique_name
from reconciler.migration import prompts
from reconciler.migration.copies import without_copies
from reconciler.migration.destination import Destination, destination
from reconciler.migration.drafting import draft_of, validated
from reconciler.migration.exports import read_exports
from reconciler.migration.fields import parts_of
from reconciler.migration.model import (
    Case,
    Export,
    Migrated,
    Migration,
    Part,
    Presence,
    Target,
    list_of,
    mapping_of,
    text_of,
)
from reconciler.migration.resources import ids_in, look_up
from reconciler.project.connection import open_connection, run_async
from reconciler.project.endpoint import DATA, choose, is_embedded
from reconciler.resources.problems import Problem

_INCOMPLETE: Final = "Add the missing field to the object in the file, and migrate again."
_ONLY_NAMED: Final = (
    "The file contains only a reference to a prompt. Export the prompt itself before 2026-11-30, and migrate it."
)


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

    Ids of files and vector stores are looked up if there is an API key or an embedded API, unless `offline` is set.
    Raises ReconcilerError and writes nothing if one of the files exists.
    """
    exports, problems = _read(files)
    goal = destination(into, environ)
    working, frozen = without_copies(exports)
    new, done = without_migrated(working, goal)
    presence, unseen = _presence(new, goal, environ, endpoint) if not offline else ({}, ())
    migrated = [migrate_export(case, parts) for case, parts in cases(new, target, goal, presence)]
    result = result_of(target, migrated, [*problems, *frozen, *done, *unseen])
    return replace(result, written=goal.write(result.drafts, target)) if result.drafts and not dry_run else result


def result_of(target: Target, migrated: Sequence[Migrated], problems: Sequence[Problem]) -> Migration:
    refused = (_no_manifest(one) for one in migrated if one.draft is None)
    return Migration(target, tuple(migrated), (*problems, *refused))


def cases(
    exports: Iterable[Export], target: Target, goal: Destination, presence: Mapping[str, Presence]
) -> Iterable[tuple[Case, list[Part]]]:
    """Return a case with a unique name for every export, and the parts that flattening a prompt has lost."""
    taken = set(goal.assistants)
    for export in exports:
        flat, parts = prompts.flattened(export) if export.kind == "prompt" else (export, [])
        fallback = unique_name(text_of(flat.value.get("id")), (), export.kind)
        name = unique_name(text_of(flat.value.get("name")), taken, fallback)
        taken.add(name)
        yield Case(flat, target, name, presence, goal.variables), parts


def migrate_export(case: Case, parts: Sequence[Part] = ()) -> Migrated:
    """Map one object; `parts` are the results of earlier steps."""
    valid = validated(case, [*parts, *parts_of(case)])
    return Migrated(
        export=case.export,
        address=f"assistant/{case.name}",
        draft=None if valid.findings else draft_of(case, valid),
        entries=valid.entries,
        threads=_threads_advice(case),
        runs=_runs_advice(case),
        findings=valid.findings,
    )


def _read(files: Sequence[Path]) -> tuple[list[Export], list[Problem]]:
    """Return the objects of all files; of an object that was exported twice, the first."""
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
                message = f"{id_} differs from its other export at {first.place}, which was migrated"
                problems.append(Problem("exported-twice", message, export.place, severity="warning"))
    return exports, problems


def without_migrated(exports: Iterable[Export], goal: Destination) -> tuple[list[Export], list[Problem]]:
    """Return the exports that have no manifest yet, and a warning for each of the others."""
    new: list[Export] = []
    problems: list[Problem] = []
    for export in exports:
        name = goal.migrated.get(text_of(export.value.get("id")))
        if name is None:
            new.append(export)
        else:
            message = f"{export.value['id']} was already migrated to assistant/{name}"
            hint = "To migrate it again, remove the manifest and the files that it includes."
            problems.append(Problem("migrated-before", message, export.place, hint, severity="warning"))
    return new, problems


def _presence(
    exports: Iterable[Export], goal: Destination, environ: Mapping[str, str], flag: str | None
) -> tuple[Mapping[str, Presence], Sequence[Problem]]:
    """Return the presence of the ids in `exports`, and warnings if the API cannot be queried."""
    ids = {id_ for export in exports for id_ in ids_in(export.value)}
    endpoint = choose(goal.project, flag, environ)
    used = (goal.project.root / DATA).is_file() if is_embedded(endpoint) else bool(environ.get("OPENAI_API_KEY"))
    if not (ids and used):
        return {}, ()

    async def run() -> Mapping[str, Presence]:
        async with open_connection(goal.project, endpoint) as connection:
            return await look_up(connection, ids)

    try:
        return run_async(run()), ()
    except LiveError as error:
        return {}, [replace(problem, severity="warning") for problem in error.problems]


def _no_manifest(one: Migrated) -> Problem:
    why = "; ".join(finding.message for finding in one.findings)
    named = one.kind == "prompt" and not one.export.value.get("instructions")
    return Problem(
        "no-manifest",
        f"no valid manifest can be written for {one.id or one.address}: {why}",
        one.export.place,
        _ONLY_NAMED if named else _INCOMPLETE,
    )


def _threads_advice(case: Case) -> str:
    """Return how the application replaces the threads of an export."""
    if case.target == "agents":
        return "start one session of the agent for each thread; pass the old messages in its first `input`"
    if case.export.kind == "prompt":
        return "prompts have none; to keep items between responses, use a conversation"
    if case.export.url:
        convert = f"reconciler migrate threads --live {case.export.url} THREAD_ID"
        return f"convert each thread with `{convert}`, and create a conversation from its line"
    return "create one conversation for each thread: conversations.create(items=…), with the saved messages"


def _runs_advice(case: Case) -> str:
    """Return how the application replaces the runs of an export."""
    if case.target == "agents":
        called = "; when the session requires action, send the results of the functions" if _has_functions(case) else ""
        return f"send `input` to the session and read its events{called}"
    called = "; answer each function_call with a function_call_output" if _has_functions(case) else ""
    first = f'responses.create(**bundle.request("assistant/{case.name}"), input=…'
    return f"{first})" if case.export.kind == "prompt" else f"{first}, conversation=…){called}"


def _has_functions(case: Case) -> bool:
    return any(mapping_of(tool).get("type") == "function" for tool in list_of(case.export.value.get("tools")))

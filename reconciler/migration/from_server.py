"""`migrate --live`: write manifests from the assistants of a server, with copies of their files."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from reconciler.live.source_objects import SourceStore
from reconciler.migration.destination import destination
from reconciler.migration.downloads import Downloads
from reconciler.migration.drafting import draft_of, validated
from reconciler.migration.migrate import cases, migrate_export, result_of, without_migrated
from reconciler.migration.model import Case, Export, Migrated, Migration, Target, text_of
from reconciler.migration.server import Server, read_assistants, read_resources
from reconciler.migration.stores import store_name, store_parts
from reconciler.project.connection import open_source, run_async
from reconciler.resources.kinds import vector_store
from reconciler.resources.problems import Problem


def migrate_live(
    url: str, words: Sequence[str], target: Target, *, into: Path, environ: Mapping[str, str], dry_run: bool = False
) -> Migration:
    """Write manifests for the assistants of the server at `url` that `words` (ids and names) select, or for all; for
    the vector stores that they use; and copies of their files.

    Raises ReconcilerError and writes nothing if a file exists, or if the server cannot be read.
    """
    goal = destination(into, environ)
    with TemporaryDirectory() as folder:
        downloads = Downloads(goal.project.root, Path(folder))

        async def read() -> tuple[list[Export], Server, list[Problem]]:
            async with open_source(url, environ) as connection:
                exports, problems = await read_assistants(connection, url, words)
                new, done = without_migrated(exports, goal)
                server = await read_resources(connection, new, downloads, goal.migrated_stores)
                return new, server, [*problems, *done]

        new, server, problems = run_async(read())
        taken = set(goal.stores)
        stores = {id_: store_name(text_of(store.body.get("name")), taken) for id_, store in server.stores.items()}
        known = Case(
            Export("vector_store", {}, None, url),
            target,
            "",
            variables=goal.variables,
            stores={**goal.migrated_stores, **stores},
            files=server.files,
            unread=server.unread,
        )
        migrated = [_migrated_store(known, stores[id_], store) for id_, store in server.stores.items()]
        migrated += [
            migrate_export(replace(known, export=case.export, name=case.name), parts)
            for case, parts in cases(new, target, goal, {})
        ]
        result = replace(result_of(target, migrated, problems), files=tuple(server.files.values()))
        if dry_run or not result.drafts:
            return result
        return replace(result, written=goal.write(result.drafts, target, downloads.contents))


def _migrated_store(known: Case, name: str, store: SourceStore) -> Migrated:
    export = replace(known.export, value=store.body)
    case = replace(known, export=export, name=name, kind=vector_store.KIND)
    valid = validated(case, list(store_parts(case, store)))
    draft = None if valid.findings else draft_of(case, valid)
    return Migrated(export, f"{case.kind.prefix}/{name}", draft, valid.entries, "", "", valid.findings)

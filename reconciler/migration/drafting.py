"""A settled export as a manifest."""

from collections.abc import Iterator

from reconciler.manifests.drafts import Draft, literal, with_files
from reconciler.migration.checking import Settled, positions
from reconciler.migration.model import Case, text_of
from reconciler.migration.prompts import substituted
from reconciler.resources.display import day
from reconciler.resources.kinds.assistant import KIND


def drafted(case: Case, settled: Settled) -> Draft:
    spec = literal(settled.spec)
    if isinstance(spec.get("instructions"), str):
        spec["instructions"] = substituted(case, spec["instructions"])
    apart, included = with_files(case.name, spec)
    notes = {keys: part.remark for keys, part in positions(settled.parts) if part.remark}
    comment = "\n".join([*_origin(case), *(part.comment for part in settled.parts if part.comment)])
    return Draft(KIND.name, case.name, apart, comment, notes, included)


def _origin(case: Case) -> Iterator[str]:
    value = case.export.value
    made = day(value.get("created_at"))
    since = f", made on {made}" if made else ""
    id_ = text_of(value.get("id")) or "without an id"
    yield f"Migrated from {case.export.kind} {id_}{since} ({case.export.place.file}:{case.export.place.line})."
    name = text_of(value.get("name"))
    if name and name != case.name:
        yield f"Name: {name}"

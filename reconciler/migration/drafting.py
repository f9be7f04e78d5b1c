"""The manifest of an export: its parts, without the values that validation rejects."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from pydantic import ValidationError

from reconciler.manifests.drafts import Draft, literal, with_files
from reconciler.manifests.validation_errors import explain
from reconciler.migration.model import LISTS, Case, Entry, Part, ServerFile, text_of
from reconciler.migration.prompts import substituted
from reconciler.resources.address import Address
from reconciler.resources.base import Lifecycle, LocalFile, Path, Resource, Scope
from reconciler.resources.display import day
from reconciler.resources.problems import Finding, Place
from reconciler.resources.values import ABSENT, ADDRESS_KEY, JSON, path_text, put
from reconciler.resources.variables import PREFIX

MOST_CHARACTERS: Final = 1_000_000
"""Maximum length of a text: at most 4 MiB in UTF-8, the limit for included files."""
_RESERVED: Final = frozenset({"$file", "$env", ADDRESS_KEY})
_WHOLE: Final = frozenset({"missing-field", "duplicate-tool", "unknown-type", "reserved-key", "secret"})
"""Findings that remove a part completely, whichever value they report."""
_PLACE: Final = Place("")


class _Files:
    """A project with the files that were downloaded from a server. Exports reference files by id."""

    def __init__(self, files: Iterable[ServerFile]) -> None:
        self._files = {file.path: file.local for file in files if file.local}

    def glob(self, _pattern: str) -> list[str]:
        return []

    def read(self, path: str) -> LocalFile | Finding:
        return self._files.get(path) or Finding((), "missing-file", f"{path} is not a file id")

    def text(self, path: str) -> str | Finding:
        return Finding((), "missing-file", f"{path} is not a file id")


@dataclass(frozen=True)
class ValidParts:
    """Parts that form a valid manifest, or the findings that prevent it."""

    parts: tuple[Part, ...]
    spec: dict[str, JSON]
    entries: tuple[Entry, ...]
    """Entries of the parts, with the final indices of tools."""
    findings: tuple[Finding, ...] = ()


def validated(case: Case, parts: Sequence[Part]) -> ValidParts:
    """Remove invalid values one by one until the remaining manifest is valid."""
    while True:
        spec = assembled(case, parts)
        findings = [finding for finding in _findings(case, spec) if finding.severity == "error"]
        blamed = {index: finding for finding in reversed(findings) for index in _owners(parts, finding.path[1:])}
        if not blamed:
            return ValidParts(tuple(parts), spec, tuple(entries(parts)), tuple(findings))
        parts = [_without(part, blamed[at]) if at in blamed else part for at, part in enumerate(parts)]


def entries(parts: Sequence[Part]) -> Iterator[Entry]:
    """Yield the entry of each part, with the final index of a tool."""
    places = iter([_place(keys) for keys, _ in positions(parts)])
    for part in parts:
        entry = part.entry if part.value is ABSENT else replace(part.entry, to=next(places))
        if part.trimmed:
            notes = [entry.note, *(f"removed: {why}" for why in part.trimmed)]
            entry = replace(entry, outcome="changed", note="; ".join(filter(None, notes)))
        yield entry


def _place(keys: tuple[str, ...]) -> str:
    return f"{keys[0]}[{keys[1]}]" if keys[:1] in LISTS and len(keys) > 1 else path_text(keys)


def positions(parts: Sequence[Part]) -> Iterator[tuple[tuple[str, ...], Part]]:
    """Return each part that has a value, with the keys of the value in `spec`; the index of an item is text."""
    items: Counter[tuple[str, ...]] = Counter()
    for part in parts:
        if part.value is ABSENT:
            continue
        if part.keys in LISTS:
            yield (*part.keys, str(items[part.keys])), part
            items[part.keys] += 1
        else:
            yield part.keys, part


def assembled(case: Case, parts: Sequence[Part]) -> dict[str, JSON]:
    """Return the spec that consists of the values of the parts."""
    models = case.kind.models
    spec: dict[str, JSON] = {"target": case.target} if case.target in models else {}
    for keys, part in sorted(positions(parts), key=lambda placed: len(placed[0])):
        if part.keys in LISTS:
            spec.setdefault(part.keys[0], []).append(part.value)
        else:
            spec = put(spec, keys, part.value)
    order = list(models.get(case.target, next(iter(models.values()))).model_fields)
    return dict(sorted(spec.items(), key=lambda item: order.index(item[0])))


def _findings(case: Case, spec: dict[str, JSON]) -> list[Finding]:
    unwritable = list(_unwritable(spec, ("spec",)))
    if unwritable:
        return unwritable
    models = case.kind.models
    model = models.get(case.target, next(iter(models.values())))
    try:
        made = model.model_validate(spec)
    except ValidationError as error:
        return explain(error, model, spec, ("spec",))
    address = Address(case.kind.prefix, case.name)
    resource = Resource(case.kind, address, made, {}, Lifecycle(), _PLACE, lambda _path: _PLACE)
    return list(case.kind.check(resource, Scope(files=_Files(case.files.values()))))


def _unwritable(value: JSON, path: Path) -> Iterator[Finding]:
    """Return findings for reserved keys, and for texts that are longer than an included file may be."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key in _RESERVED or PREFIX in key:
                yield Finding((*path, key), "reserved-key", f"`{key}` is a reserved key in manifests")
            yield from _unwritable(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _unwritable(item, (*path, index))
    elif isinstance(value, str) and len(value) > MOST_CHARACTERS:
        yield Finding(
            path, "too-large", f"the text has {len(value):,} characters; at most {MOST_CHARACTERS:,} are supported"
        )


def _owners(parts: Sequence[Part], path: Path) -> list[int]:
    """Return the indices of the parts at or above `path`; without any, of those below it."""
    steps = tuple(map(str, path))
    indices = [index for index, part in enumerate(parts) if part.value is not ABSENT]
    places = {index: keys for index, (keys, _) in zip(indices, positions(parts), strict=True)}
    above = [index for index, keys in places.items() if steps[: len(keys)] == keys]
    below = [index for index, keys in places.items() if steps and keys[: len(steps)] == steps]
    return above or below


def _without(part: Part, finding: Finding) -> Part:
    """Return `part` without the value that `finding` reports; without any value if nothing valid remains."""
    inner = finding.path[1 + len(part.keys) + (part.keys in LISTS) :]
    where = path_text([str(step) for step in inner])
    why = f"{where}: {finding.message}" if where and finding.code != "reserved-key" else finding.message
    if inner and finding.code not in _WHOLE:
        return replace(part, value=_removed(part.value, inner), trimmed=(*part.trimmed, why))
    note = part.trimmed[0] if part.trimmed else why
    return Part(Entry(part.entry.field, "lost", note=note, hint=finding.hint))


def _removed(value: JSON, path: Path) -> JSON:
    """Return a copy of `value` without the value at `path`, or without its deepest existing parent."""
    step, rest = path[0], path[1:]
    if isinstance(value, dict) and step in value:
        inner = {step: _removed(value[step], rest)} if rest and isinstance(value[step], dict | list) else {}
        return {key: item for key, item in value.items() if key != step} | inner
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        inside = [_removed(value[step], rest)] if rest and isinstance(value[step], dict | list) else []
        return [*value[:step], *inside, *value[step + 1 :]]
    return value


def draft_of(case: Case, valid: ValidParts) -> Draft:
    """Return the manifest of valid parts, with its comments and included files."""
    spec = literal(valid.spec)
    if isinstance(spec.get("instructions"), str):
        spec["instructions"] = substituted(case, spec["instructions"])
    apart, included = with_files(case.name, spec)
    notes = {keys: part.remark for keys, part in positions(valid.parts) if part.remark}
    comment = "\n".join([*_origin(case), *(part.comment for part in valid.parts if part.comment)])
    return Draft(case.kind.name, case.name, apart, comment, notes, included)


def _origin(case: Case) -> Iterator[str]:
    value = case.export.value
    created = day(value.get("created_at"))
    since = f", created on {created}" if created else ""
    id_ = text_of(value.get("id")) or "without an id"
    yield f"Migrated from {case.export.label} {id_}{since} ({case.export.source})."
    name = text_of(value.get("name"))
    if name and name != case.name and case.export.kind != "vector_store":
        yield f"Name: {name}"

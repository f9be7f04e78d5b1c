"""Files of a vector store: their selection by a manifest, their checks, and their live form."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import PurePosixPath
from posixpath import normpath
from typing import Final, NamedTuple, Protocol, TypeVar

from reconciler.resources.address import FILE, Address
from reconciler.resources.base import LocalFile, ProjectFiles
from reconciler.resources.kinds.file import file_address, is_file_id
from reconciler.resources.metadata import USER_ATTRIBUTES, too_many_pairs
from reconciler.resources.name_lists import few
from reconciler.resources.problems import Finding, Severity
from reconciler.resources.resource_type import Lane, Members
from reconciler.resources.values import JSON, Fields, is_reference, reference

# fmt: off
SUPPORTED: Final = frozenset({
    ".c", ".cpp", ".cs", ".css", ".doc", ".docx", ".go", ".html", ".java", ".js", ".json", ".md", ".pdf", ".php",
    ".pptx", ".py", ".rb", ".sh", ".tex", ".ts", ".txt",
})
# fmt: on
"""Extensions that file search supports (guide "File search", supported files)."""
_BINARY: Final = frozenset({".doc", ".docx", ".pdf", ".pptx"})
LARGEST: Final = 512 * 1024 * 1024
"""Largest size of an upload in bytes (API reference, "Upload file")."""
_MOST_TEXT: Final = 20_000_000
"""Bytes of text that have about 5 million tokens (guide "File search", limitations), at four bytes each."""
MEMBERS: Final = Members(
    field="files",
    kind=FILE,
    noun="file",
    reference="file",
    fixed=frozenset({"sha256", "chunking_strategy"}),
    batch=2000,
)
"""Batches have at most 2,000 files (API reference, "Create vector store file batch")."""
WRITES: Final = Lane("store", 300, "writes to vector store")
"""Rate limit of the API reference, vector store files."""
_MAGIC: Final = frozenset("*?[")
_SHOWN: Final = 3


class Entry(Protocol):
    """The fields of an entry of `files` that select files."""

    @property
    def path(self) -> str: ...
    @property
    def attributes(self) -> Mapping[str, JSON] | None: ...


E = TypeVar("E", bound=Entry)


def _is_plain(file: LocalFile) -> bool:
    return PurePosixPath(file.path).suffix.lower() in SUPPORTED - _BINARY


class Rule(NamedTuple):
    code: str
    broken_by: Callable[[LocalFile], bool]
    message: str
    hint: str
    severity: Severity = "error"


_RULES: Final = (
    Rule("empty-file", lambda file: file.bytes == 0, "empty", "The API refuses empty uploads."),
    Rule(
        "file-too-large",
        lambda file: file.bytes > LARGEST,
        "larger than 512 MB",
        "Split it; the API accepts at most 512 MB.",
    ),
    Rule(
        "unsupported-file",
        lambda file: PurePosixPath(file.path).suffix.lower() not in SUPPORTED,
        "of a type that file search does not support",
        f"Supported are {' '.join(sorted(SUPPORTED))}.",
    ),
    Rule(
        "too-many-tokens",
        lambda file: _MOST_TEXT < file.bytes <= LARGEST and _is_plain(file),
        "larger than 20 MB of text, and file search accepts at most 5 million tokens in a file",
        "Split it.",
        "warning",
    ),
    Rule(
        "upper-case-extension",
        lambda file: (end := PurePosixPath(file.path).suffix) not in SUPPORTED and end.lower() in SUPPORTED,
        "refused by file search, because the extension is not in lower case",
        "Rename the file: `report.pdf` instead of `report.PDF`.",
        "warning",
    ),
    Rule(
        "not-utf8",
        lambda file: not file.is_text and _is_plain(file),
        "not UTF-8 text, and file search refuses text in other encodings than UTF-8 and UTF-16",
        "Convert it, for example with `iconv -f LATIN1 -t UTF-8`.",
        "warning",
    ),
)
"""Sources: API reference, "Upload file"; guide "File search", supported files and their encodings; errors that users
report for extensions in upper case."""


def held(entries: Sequence[E], files: ProjectFiles) -> Iterator[tuple[str, E, int]]:
    """Yield each file that the entries select, by path or literal id, with the entry that applies to it and its
    position.
    """
    return _held(entries, [_matches(entry.path, files) for entry in entries])


def _held(entries: Sequence[E], matches: Sequence[Sequence[str]]) -> Iterator[tuple[str, E, int]]:
    last = {path: index for index, paths in enumerate(matches) for path in paths}
    for path in sorted(last):
        yield path, entries[last[path]], last[path]


def _matches(path: str, files: ProjectFiles) -> Sequence[str]:
    """Return the paths that an entry selects; for a literal id, the id itself."""
    return files.glob(path) if _MAGIC & set(path) else [normpath(path)]


def check(
    entries: Sequence[E], shared: Mapping[str, JSON] | None, files: ProjectFiles, settings: Callable[[E], JSON]
) -> Iterator[Finding]:
    """Yield the violations of these entries. `shared` are the attributes that every file gets."""
    matches = [_matches(entry.path, files) for entry in entries]
    for index, entry in enumerate(entries):
        if not matches[index]:
            message = f"no file matches {entry.path!r}"
            hint = "Globs are relative to the project folder; `**` matches any number of folders."
            yield Finding(_at(index), "empty-glob", message, hint)
        yield from _check_attributes(index, entry, shared or {})
    readable: list[tuple[LocalFile, E, int]] = []
    for path, entry, index in _held(entries, matches):
        if is_file_id(path):
            continue
        match files.read(path):
            case Finding() as finding:
                yield replace(finding, path=_at(index))
            case LocalFile() as file:
                readable.append((file, entry, index))
    yield from _check_content((file, index) for file, _, index in readable)
    yield from _check_names(readable, settings)


def _at(index: int, *inside: str) -> tuple[str | int, ...]:
    return ("spec", "files", index, *inside)


def _check_attributes(index: int, entry: Entry, shared: Mapping[str, JSON]) -> Iterator[Finding]:
    count = len({*shared, *(entry.attributes or {})})
    if count > USER_ATTRIBUTES:
        message = f"the attributes and those of the store have {too_many_pairs(count, USER_ATTRIBUTES)}"
        yield Finding(_at(index, "attributes"), "too-many-pairs", message)


def _check_content(readable: Iterable[tuple[LocalFile, int]]) -> Iterator[Finding]:
    """Yield one finding for each entry and rule, with the files of the entry that violate the rule."""
    found = list(readable)
    for rule in _RULES:
        broken = sorted((index, file.path) for file, index in found if rule.broken_by(file))
        for index, group in groupby(broken, key=lambda pair: pair[0]):
            paths = [path for _, path in group]
            be = "is" if len(paths) == 1 else "are"
            message = f"{few(paths, _SHOWN)} {be} {rule.message}"
            yield Finding(_at(index), rule.code, message, rule.hint, rule.severity)


def _check_names(readable: Sequence[tuple[LocalFile, E, int]], settings: Callable[[E], JSON]) -> Iterator[Finding]:
    by_name: dict[str, list[tuple[LocalFile, E, int]]] = {}
    for item in readable:
        by_name.setdefault(PurePosixPath(item[0].path).name, []).append(item)
    for name, group in sorted(by_name.items()):
        paths = [file.path for file, _, _ in group]
        if len({file.sha256 for file, _, _ in group}) > 1:
            listed = few(paths, _SHOWN)
            message = f"{listed} differ but have the same name {name}, and search results cite only the name"
            yield Finding(_at(group[-1][2]), "duplicate-filename", message, severity="warning")
        yield from _check_twins(group, settings)


def _check_twins(group: Sequence[tuple[LocalFile, E, int]], settings: Callable[[E], JSON]) -> Iterator[Finding]:
    first: dict[str, tuple[LocalFile, E]] = {}
    for file, entry, index in group:
        duplicate, its = first.setdefault(file.sha256, (file, entry))
        if settings(its) != settings(entry):
            message = f"{duplicate.path} and {file.path} have the same name and content, so the store has one file"
            hint = "Give both the same `attributes` and `chunking_strategy`, or remove one of the two."
            yield Finding(_at(index), "one-file-two-settings", message, hint)


def localise(live: Fields, addresses_of: Callable[[str], Sequence[str]], expected: Fields) -> Fields:
    """Return `live` with `files` by path instead of by id, and with only the expected settings of each expected file.
    Files that a manifest names by a literal id keep it.

    If two live files have one path (new content is attached, the old content not yet detached), the file with the
    expected content gets the path. The other file, and unknown files, keep their ids.
    """
    if "files" not in live:
        return live
    wanted: Mapping[str, Mapping[str, JSON]] = expected.get("files") or {}
    files: dict[str, JSON] = {}
    for path, file_id, found in _by_path(live["files"], addresses_of, wanted):
        if path is None or path in files:
            files.setdefault(file_id, {"file": file_id, **found})
        else:
            files[path] = _as_expected(path, found, wanted.get(path, {}))
    return {**live, "files": files}


def as_listed(fields: Fields, id_of: Callable[[Address], str | None]) -> Fields:
    """Return `fields` with the files by id, as the API lists them: the inverse of `localise`. Files without an id keep
    their path.
    """
    found: dict[str, JSON] = {}
    for path, entry in MEMBERS.of(fields).items():
        target = MEMBERS.target(entry)
        id_ = id_of(target) if target else None
        found[id_ or path] = {key: entry[key] for key in entry if key != MEMBERS.reference} if id_ else entry
    return {**fields, "files": found} if isinstance(fields.get("files"), Mapping) else fields


def renamed(fields: Fields, named: Callable[[Address], Address]) -> Fields:
    """Return `fields` with the files under other addresses, which change the key and the reference of an entry."""
    files = {}
    for path, entry in (fields.get("files") or {}).items():
        if is_reference(entry.get("file")):
            now = named(file_address(path))
            files[now.name] = {**entry, "file": reference(now)}
        else:
            files[path] = entry
    return {**fields, "files": files} if "files" in fields else fields


def _by_path(
    files: Mapping[str, Mapping[str, JSON]],
    addresses_of: Callable[[str], Sequence[str]],
    wanted: Mapping[str, Mapping[str, JSON]],
) -> list[tuple[str | None, str, Mapping[str, JSON]]]:
    """Return each live file with each of its paths, those with the expected content first."""
    found = [
        (path, file_id, file)
        for file_id, file in files.items()
        for path in _names_of(file_id, addresses_of(file_id), wanted) or (None,)
    ]
    return sorted(found, key=lambda item: item[2].get("sha256") != wanted.get(item[0] or "", {}).get("sha256"))


def _names_of(file_id: str, addresses: Sequence[str], wanted: Mapping[str, JSON]) -> list[str]:
    """Return the wanted names of a file among its id and its paths; if there are none, its first path."""
    prefix = f"{FILE}/"
    paths = [address.removeprefix(prefix) for address in addresses if address.startswith(prefix)]
    return [name for name in (file_id, *paths) if name in wanted] or paths[:1]


def to_manifest(
    files: Mapping[str, Mapping[str, JSON]], usual: JSON, called: Callable[[str], str]
) -> tuple[dict[str, JSON], dict[tuple[str, ...], str], list[str]]:
    """Return the fields of a manifest for these live files, by literal id and sorted by name; their names as notes;
    and a message for each omission.

    The `usual` chunking is left out. Settings that all files have in common are set for the store.
    """
    ordered = sorted(files, key=lambda id_: (called(id_), id_))
    settings = {id_: _settings(files[id_], usual) for id_ in ordered}
    common = _in_common(list(settings.values()))
    entries = [_entry(id_, {key: item for key, item in settings[id_].items() if key not in common}) for id_ in ordered]
    notes = {
        ("files", str(index), *(() if isinstance(entry, str) else ("path",))): called(id_)
        for index, (id_, entry) in enumerate(zip(ordered, entries, strict=True))
    }
    losses = [
        f"the chunking of {called(id_)} ({id_}) is unknown, because the API no longer returns it"
        for id_ in ordered
        if (files[id_].get("chunking_strategy") or usual)["type"] != "static"
    ]
    return ({"files": entries} if entries else {}) | common, notes, losses


def _settings(file: Mapping[str, JSON], usual: JSON) -> dict[str, JSON]:
    chunking, attributes = file.get("chunking_strategy"), file.get("attributes")
    settings = {"attributes": attributes} if attributes else {}
    if chunking and chunking["type"] == "static" and chunking != usual:
        settings["chunking_strategy"] = chunking
    return settings


def _in_common(settings: Sequence[Mapping[str, JSON]]) -> dict[str, JSON]:
    first = settings[0] if settings else {}
    return {key: value for key, value in first.items() if all(key in one and one[key] == value for one in settings)}


def _entry(id_: str, settings: Mapping[str, JSON]) -> JSON:
    return {"path": id_, **settings} if settings else id_


def named(name: str, content: Mapping[str, JSON]) -> dict[str, JSON]:
    """Return the values that identify the file of a path or a literal id. The content of a literal id is unknown."""
    return {"file": name} if is_file_id(name) else {"file": reference(file_address(name)), **content}


def _as_expected(path: str, found: Mapping[str, JSON], expected: Mapping[str, JSON]) -> dict[str, JSON]:
    file = named(path, {name: found[name] for name in ("sha256",) if name in found})
    if "attributes" in expected:
        live = found.get("attributes") or {}
        file["attributes"] = {key: live[key] for key in expected["attributes"] if key in live}
    if "chunking_strategy" in expected and "chunking_strategy" in found:
        file["chunking_strategy"] = found["chunking_strategy"]
    return file

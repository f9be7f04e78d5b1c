"""`fmt`: manifests in the canonical layout."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Final, Literal, NotRequired

from typing_extensions import TypedDict

from reconciler.files.changes import FileChange, write_files
from reconciler.files.search import project_around
from reconciler.manifests import find_project
from reconciler.manifests.folder import MAX_MANIFEST, UnreadableError, read_text, repository_of
from reconciler.manifests.formatting import format_documents
from reconciler.manifests.markdown import documents_of
from reconciler.manifests.tree import walk
from reconciler.project.edits import Edit
from reconciler.resources.problems import Place, Problem, ProblemDocument, SeverityCounts, problems_json

FORMAT: Final = "reconciler/format/v1"


@dataclass(frozen=True)
class Formatting:
    """The manifests that are not in the canonical layout, and those that cannot be read."""

    edits: tuple[Edit, ...]
    """Paths are relative to the repository; without one, to the project folder."""
    unchanged: int
    """Number of files that are in the canonical layout."""
    problems: tuple[Problem, ...]


def fmt(start: Path, paths: Sequence[Path] = (), *, write: bool) -> Formatting:
    """Format the manifests of the project, or the given files and the manifests in the given folders.

    Nothing else is read: neither the project nor the values have to be valid. With `write`, files are replaced, those
    of one project all or none.
    """
    files = {file.resolve(): file for file in _files(start, paths)}.values()
    found = [(_shown(file), file, _read(file)) for file in files]
    problems = [text for _, _, text in found if isinstance(text, Problem)]
    edits: list[tuple[Path, Edit]] = []
    unchanged = 0
    for shown, file, text in found:
        if isinstance(text, Problem):
            continue
        documents = documents_of(text, shown)
        problems += (problem for document in documents for problem in document.problems)
        new = format_documents(documents) if documents else text  # none: Markdown that is not a manifest
        if new != text:
            edits.append((file, Edit(shown, text, new)))
        else:
            unchanged += 1
    if write:
        _write(edits)
    return Formatting(tuple(edit for _, edit in edits), unchanged, tuple(problems))


def _files(start: Path, paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths or (find_project(start),):
        if path.is_dir():
            tree = walk(path)
            yield from (path / name for name in tree.manifests() if tree.is_manifest(name))
        else:
            yield path


def _shown(file: Path) -> str:
    """Return the path of a file for messages."""
    file = file.absolute()
    repository = repository_of(project_around(file.parent) or file.parent)
    return file.relative_to(repository).as_posix() if file.is_relative_to(repository) else file.as_posix()


def _read(file: Path) -> str | Problem:
    """Return the text of a file with its byte order mark and its line ends."""
    try:
        read_text(file, MAX_MANIFEST)
    except UnreadableError as error:
        shown = _shown(file)
        return Problem(error.code, f"{shown} {error.message}", Place(shown), error.hint)
    return file.read_bytes().decode()


def _write(edits: Iterable[tuple[Path, Edit]]) -> None:
    """Replace files by renames, one project after the other."""
    by_root = ((project_around(file.parent) or file.parent.resolve(), file, edit) for file, edit in edits)
    for root, group in groupby(sorted(by_root, key=lambda one: (one[0], one[1])), key=lambda one: one[0]):
        write_files(root, (_change(root, file, edit) for _, file, edit in group))


def _change(root: Path, file: Path, edit: Edit) -> FileChange:
    path = file.resolve().relative_to(root).as_posix() if file.resolve().is_relative_to(root) else str(file.absolute())
    return FileChange(path, (edit.before or "").encode(), (edit.after or "").encode())


class FormattedFileDocument(TypedDict):
    """A file that is not in the canonical layout."""

    file: str
    """Its path, relative to the repository."""
    after: NotRequired[str]
    """Its text in the canonical layout; left out if the file was written."""


class FormatSummary(TypedDict):
    """The number of files."""

    changed: int
    """Files that are, or were, not in the canonical layout."""
    unchanged: int
    """Files in the canonical layout."""


class FormatDocument(TypedDict):
    """The manifests that were formatted: printed by `fmt`."""

    format: Literal["reconciler/format/v1"]
    written: bool
    """False with `--check` and `--diff`."""
    summary: FormatSummary
    """The number of files that were read."""
    files: list[FormattedFileDocument]
    """The files that are, or were, not in the canonical layout."""
    severities: SeverityCounts
    """The number of problems by severity."""
    problems: list[ProblemDocument]


def format_json(formatting: Formatting, *, written: bool) -> FormatDocument:
    """Return the JSON document that `fmt -o json` prints."""
    problems = problems_json(formatting.problems)
    return {
        "format": FORMAT,
        "written": written,
        "summary": {"changed": len(formatting.edits), "unchanged": formatting.unchanged},
        "files": [_file_json(edit, written) for edit in formatting.edits],
        "severities": problems["summary"],
        "problems": problems["problems"],
    }


def _file_json(edit: Edit, written: bool) -> FormattedFileDocument:
    return {"file": edit.path} if written else {"file": edit.path, "after": edit.after or ""}

"""Writing of drafts to files: one file for each manifest, in a folder for each kind, and the files that they include.

The first line of a manifest names the JSON Schema for editors: `# yaml-language-server: $schema=PATH`. The schema is a
file of the project, because editors work offline and the installed version may differ from any published schema. Its
folder is hidden, so that globs of vector stores and the search for manifests do not find it.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from reconciler.files.changes import FileChange, write_files
from reconciler.files.search import PROJECT_FILE
from reconciler.manifests.drafts import Draft
from reconciler.manifests.emitting import comment, emit
from reconciler.manifests.folder import UnreadableError, locate, repository_of
from reconciler.resources.front_matter import API_VERSION
from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.resources.registry import kinds

PROJECT: Final = "Project"
SCHEMA_FILE: Final = ".schemas/manifest.schema.json"
"""Relative to the project folder, or to a folder above it that several projects share."""


def write_drafts(
    folder: Path,
    drafts: Iterable[Draft],
    *,
    project: Draft | None = None,
    schema: bytes | None = None,
    files: Mapping[str, Path] = MappingProxyType({}),
) -> list[Path]:
    """Write manifests and the files that they include to the project folder `folder`; return the paths relative to it.

    Files are not overwritten: if one of them exists, ReconcilerError is raised and nothing is written. `project` is
    written as `project.yaml`, after the other files. Manifests name the JSON Schema in the project or above it; if
    there is none, `schema` is written. `files` are copied, by path relative to the project folder.
    """
    manifests = [*([project] if project else ()), *drafts]
    contents: dict[str, bytes | Path] = {**merged(manifests), **files}
    there = [path for path in contents if _target(folder, path).exists() or (folder / path).is_symlink()]
    if there:
        hint = "Nothing was written. Move the file, or choose another folder with `--into DIR`."
        raise ReconcilerError(*(Problem("exists", f"{folder / path} already exists", hint=hint) for path in there))
    known = schema_around(folder)
    if known is None and schema is not None:
        known = folder / SCHEMA_FILE
        contents[SCHEMA_FILE] = schema
    if known is not None:
        for one in manifests:
            path = path_of(one)
            contents[path] = modeline(folder / path, known).encode() + files_of(one)[path]
    last = {path_of(one) for one in manifests}
    order = sorted(contents, key=lambda path: (path in last, path == PROJECT_FILE))
    write_files(folder, (FileChange(path, None, contents[path]) for path in order))
    return [Path(path) for path in contents]


def merged(drafts: Iterable[Draft]) -> dict[str, bytes]:
    """Return all files of the drafts, by path; raises ValueError if two drafts have different contents for a path."""
    contents: dict[str, bytes] = {}
    for draft in drafts:
        for path, content in files_of(draft).items():
            if contents.setdefault(path, content) != content:
                raise ValueError(f"two drafts have different contents for {path}")
    return contents


def files_of(draft: Draft) -> dict[str, bytes]:
    """Return the manifest and the files that it includes, by path relative to the project folder.

    A newline is added to included texts, which is removed when they are read. Bytes are not changed.
    """
    included = {
        path: content if isinstance(content, bytes) else f"{content}\n".encode()
        for path, content in draft.included.items()
    }
    return {path_of(draft): manifest_text(draft).encode(), **included}


def path_of(draft: Draft) -> str:
    """Return the path of the manifest: `assistants/NAME.yaml`, `stores/NAME.yaml`, `project.yaml`."""
    if draft.kind == PROJECT:
        return PROJECT_FILE
    folder = kinds()[draft.kind].folder or f"{draft.kind.lower()}s"
    return f"{folder}/{draft.name}.yaml"


def manifest_text(draft: Draft) -> str:
    """Return the YAML document of a draft."""
    head = f"apiVersion: {API_VERSION}\nkind: {draft.kind}\nmetadata:\n"
    spec = f"spec:\n{emit(draft.spec, draft.notes, indent=2)}" if draft.spec else ""
    return comment(draft.comment) + head + emit({"name": draft.name}, indent=2) + spec


def _target(folder: Path, path: str) -> Path:
    try:
        return locate(folder, path)
    except UnreadableError as error:
        raise ReconcilerError(Problem(error.code, f"{folder / path} {error.message}", hint=error.hint)) from error


def schema_around(folder: Path) -> Path | None:
    """Return the closest schema file, in `folder` or above it within the Git repository; None if there is none."""
    folder, repository = folder.absolute(), repository_of(folder)
    for at in (folder, *folder.parents):
        if (at / SCHEMA_FILE).is_file():
            return at / SCHEMA_FILE
        if at == repository:
            break
    return None


def modeline(manifest: Path, schema: Path) -> str:
    """Return the first line of a manifest, with a newline. The path in it is relative to the folder of the manifest."""
    path = Path(os.path.relpath(schema.absolute(), manifest.absolute().parent)).as_posix()
    return f"# yaml-language-server: $schema={path}\n"

"""Drafts as files: one manifest a file, in a folder of its kind, with the files that it includes."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from reconciler.manifests.drafts import Draft
from reconciler.manifests.emitting import comment, emit
from reconciler.manifests.envelope import API_VERSION
from reconciler.manifests.modeline import SCHEMA_FILE, modeline, schema_around
from reconciler.manifests.reading import UnreadableError, locate
from reconciler.manifests.tree import PROJECT_FILE
from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.resources.registry import kinds

PROJECT: Final = "Project"


def write_drafts(
    folder: Path, drafts: Iterable[Draft], *, project: Draft | None = None, schema: bytes | None = None
) -> list[Path]:
    """Write manifests and what they include into the project folder `folder`; gives the files made, relative to it.

    Nothing is ever overwritten: ReconcilerError, and nothing written, where one of the files is there already. With
    `project`, that is written as `project.yaml`. Manifests name the JSON Schema that is in the project or above it;
    where there is none, `schema` is written.
    """
    manifests = [*([project] if project else ()), *drafts]
    contents = merged(manifests)
    targets = {path: _target(folder, path) for path in contents}
    there = [path for path, target in targets.items() if target.exists() or (folder / path).is_symlink()]
    if there:
        raise ReconcilerError(*(_exists(folder / path) for path in there))
    known = schema_around(folder)
    if known is None and schema is not None:
        known = folder / SCHEMA_FILE
        targets[SCHEMA_FILE], contents[SCHEMA_FILE] = known, schema
    if known is not None:
        for path in map(path_of, manifests):
            contents[path] = modeline(folder / path, known).encode() + contents[path]
    for path, target in targets.items():
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            file.write(contents[path])
    return [Path(path) for path in contents]


def merged(drafts: Iterable[Draft]) -> dict[str, bytes]:
    """Every file of the drafts, by path; ValueError where two of them disagree about one."""
    contents: dict[str, bytes] = {}
    for draft in drafts:
        for path, content in files_of(draft).items():
            if contents.setdefault(path, content) != content:
                raise ValueError(f"two drafts want {path} to be different")
    return contents


def files_of(draft: Draft) -> dict[str, bytes]:
    """The manifest and what it includes, by path relative to the project folder.

    An included text gets one newline at its end, which reading drops again; bytes stay as they are.
    """
    included = {
        path: content if isinstance(content, bytes) else f"{content}\n".encode()
        for path, content in draft.included.items()
    }
    return {path_of(draft): manifest_text(draft).encode(), **included}


def path_of(draft: Draft) -> str:
    """Where the manifest goes: `assistants/NAME.yaml`, `stores/NAME.yaml`, `project.yaml`."""
    if draft.kind == PROJECT:
        return PROJECT_FILE
    folder = kinds()[draft.kind].folder or f"{draft.kind.lower()}s"
    return f"{folder}/{draft.name}.yaml"


def manifest_text(draft: Draft) -> str:
    """The YAML document of a draft."""
    head = f"apiVersion: {API_VERSION}\nkind: {draft.kind}\nmetadata:\n"
    spec = f"spec:\n{emit(draft.spec, draft.notes, indent=2)}" if draft.spec else ""
    return comment(draft.comment) + head + emit({"name": draft.name}, indent=2) + spec


def _target(folder: Path, path: str) -> Path:
    try:
        return locate(folder, path)
    except UnreadableError as error:
        raise ReconcilerError(Problem(error.code, f"{folder / path} {error.message}", hint=error.hint)) from error


def _exists(path: Path) -> Problem:
    hint = "Move it away, or choose another folder with --into. Nothing was written."
    return Problem("exists", f"{path} is there already", hint=hint)

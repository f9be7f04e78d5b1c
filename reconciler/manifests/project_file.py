"""The project of a folder without its manifests, for commands that read only what was applied."""

import os
from pathlib import Path

from reconciler.files.search import PROJECT_FILE
from reconciler.manifests.folder import MAX_MANIFEST, UnreadableError, locate, read_text, repository_of
from reconciler.manifests.parsing import parse
from reconciler.manifests.project import Project, open_project


def read_project(folder: Path, *, env: str | None) -> Project | None:
    """Return the project of `folder` in the environment `env`, which is required if there are several.

    Reads `project.yaml` and no other file. None if it has errors, which `load` reports together with all others.
    """
    root = folder.absolute()
    top = repository_of(root)
    prefix = Path(os.path.relpath(root, top)).as_posix()
    shown = "" if prefix == "." else f"{prefix}/"
    try:
        text = read_text(locate(root, PROJECT_FILE), MAX_MANIFEST)
    except UnreadableError:
        return None
    documents = list(parse(text, shown + PROJECT_FILE))
    opened = open_project(documents, env, root, top, shown)
    problems = (*opened.problems, *(problem for document in documents for problem in document.problems))
    return None if any(problem.severity == "error" for problem in problems) else opened.project

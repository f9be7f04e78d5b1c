"""The project of a folder without its manifests, for commands that read only what was applied."""

import os
from pathlib import Path

from reconciler.files.search import PROJECT_FILE
from reconciler.manifests.folder import MAX_MANIFEST, UnreadableError, locate, read_text, repository_of
from reconciler.manifests.limits import Allowance
from reconciler.manifests.parsing import parse
from reconciler.manifests.project import Project, open_project
from reconciler.resources.problems import Place, Problem, ReconcilerError


def read_project(folder: Path, *, env: str | None) -> Project:
    """Return the project of `folder` in the environment `env`, which is required if there are several.

    Reads `project.yaml` and no other file. Raises ReconcilerError with the problems that `load` reports of that file.
    """
    root = folder.absolute()
    top = repository_of(root)
    prefix = Path(os.path.relpath(root, top)).as_posix()
    shown = "" if prefix == "." else f"{prefix}/"
    file = shown + PROJECT_FILE
    try:
        text = read_text(locate(root, PROJECT_FILE), MAX_MANIFEST)
    except UnreadableError as error:
        raise ReconcilerError(Problem(error.code, f"{file} {error.message}", Place(file), error.hint)) from error
    documents = [document for document in parse(text, file, Allowance()) if not document.empty]
    opened = open_project(documents, env, root, top, shown)
    problems = [*opened.problems, *(problem for document in documents for problem in document.problems)]
    if any(problem.severity == "error" for problem in problems):
        from reconciler.manifests.loading import in_order  # which imports the kinds

        raise ReconcilerError(*in_order(problems))
    return opened.project

"""The one document of kind Project: found, checked, and seen as one environment sees it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from reconciler.manifests.envelope import name_in, open_envelope
from reconciler.manifests.explain import explain
from reconciler.manifests.parsing import Document
from reconciler.manifests.positions import Positions
from reconciler.manifests.project import Project, ProjectSpec, choose_environment
from reconciler.manifests.tree import PROJECT_FILE
from reconciler.resources.address import Identity, is_name
from reconciler.resources.problems import Finding, Place, Problem

KIND: Final = "Project"
_UNNAMED: Final = "unnamed"
"""Stands for the name of a project that has none: there is a problem beside it."""


def is_project(document: Document) -> bool:
    return isinstance(document.value, dict) and document.value.get("kind") == KIND


def open_project(
    documents: Sequence[Document], env: str | None, root: Path, repository: Path, shown: str
) -> tuple[Project, list[Problem]]:
    """The project that these documents of kind Project describe, and what is wrong with it.

    There is always one, so that manifests can be checked further: where it cannot be read, with nothing set.
    """
    home = shown + PROJECT_FILE
    document = next((found for found in documents if found.file == home), None)
    problems = [
        Problem("duplicate-project", f"another project; this one's is in {home}", other.place, "keep one")
        for other in documents
        if other is not document
    ]
    if document is None:
        hint = "it starts with `apiVersion: reconciler/v1` and `kind: Project`"
        problems.append(Problem("no-project", f"{PROJECT_FILE} has no document of kind Project", Place(home), hint))
        return Project(root, repository, Identity(_UNNAMED), ProjectSpec(), Place(home)), problems
    spec, findings = _spec(document.value)
    environment, finding = choose_environment(spec, env)
    findings += [finding] if finding else []
    positions = Positions(document)
    problems += document.problems
    problems += (positions.problem(found) for found in findings)
    name = name_in(document.value)
    identity = Identity(name if isinstance(name, str) and is_name(name) else _UNNAMED, environment)
    return Project(root, repository, identity, spec, document.place), problems


def _spec(value: Any) -> tuple[ProjectSpec, list[Finding]]:
    _, findings = open_envelope(value, name_in(value), {KIND})
    spec = value.get("spec", {})
    if not isinstance(spec, dict):
        return ProjectSpec(), findings
    try:
        return ProjectSpec.model_validate(spec), findings
    except ValidationError as error:
        return ProjectSpec(), findings + explain(error, ProjectSpec, spec, ("spec",))

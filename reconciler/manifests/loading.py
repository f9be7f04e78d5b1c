"""A project folder as typed resources, with everything that is wrong with it."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from reconciler.manifests.expansion import Expander
from reconciler.manifests.files import Files
from reconciler.manifests.included import Sources
from reconciler.manifests.linking import Dangling, dangling, unique
from reconciler.manifests.misplaced import PathHints
from reconciler.manifests.moving import left_behind, moves, with_former_releases
from reconciler.manifests.opening import is_project, open_project
from reconciler.manifests.parsing import Document, parse
from reconciler.manifests.project import Project
from reconciler.manifests.reading import MAX_MANIFEST, UnreadableError, locate, read_text
from reconciler.manifests.tree import Tree, repository_of, walk
from reconciler.manifests.validation import Validated, validate
from reconciler.manifests.variables import Variables
from reconciler.resources.base import ProjectFiles, Resource, Scope
from reconciler.resources.kind import Kind
from reconciler.resources.problems import Place, Problem
from reconciler.resources.registry import kinds as registered_kinds, upload_types


@dataclass(frozen=True)
class Loaded:
    """The manifests of a project as one environment sees them. With errors, some resources may be missing."""

    project: Project
    resources: tuple[Resource, ...]
    """Sorted by address."""
    dangling: tuple[Dangling, ...]
    """Empty where a document cannot be read as far as its name: it may define anything, and is a problem itself."""
    problems: tuple[Problem, ...]
    """Errors and warnings by place; those of `dangling` are not among them."""
    files: ProjectFiles
    scope: Scope
    """What kinds have to know to say what a resource asks for."""


def load(
    folder: Path, *, env: str | None, kinds: Mapping[str, Kind] | None = None, edited: Mapping[str, str] | None = None
) -> Loaded:
    """The manifests in `folder`, for the environment `env` (needed only where there are several). Whatever the files
    contain, this returns: problems are collected, and what can be read in spite of them is checked further.

    `edited` are texts of manifests and included files, by path, that are read as if they had been written already.
    """
    root = folder.absolute()
    repository = repository_of(root)
    prefix = Path(os.path.relpath(root, repository)).as_posix()
    shown = "" if prefix == "." else f"{prefix}/"
    tree = walk(root)
    edited = edited or {}
    documents, problems = _documents(tree, shown, edited)
    opened = open_project(documents, env, root, repository, shown)
    project = opened.project
    hints = PathHints(tree)
    expander = Expander(Sources(root, shown, edited), Variables(project.variables), hint=hints)
    target = project.spec.defaults.target
    known = registered_kinds() if kinds is None else kinds
    validated = [validate(one, expander, known, target) for one in documents if not is_project(one)]
    found, twice = unique(result.resource for result in validated if result.resource)
    resources = with_former_releases(found)
    ordered = tuple(resources[address] for address in sorted(resources))
    scope, held, findings = _check(ordered, _scope(project, Files(tree, hints)))
    used = {shown + path for path in held.union(*(result.includes for result in validated))}
    moved, misplaced = moves(resources)
    defined = {address for result in validated if (address := result.address(known))}
    hidden = any(result.unreadable and not result.address(known) for result in validated)
    problems += [*opened.problems, *twice, *findings, *misplaced, *left_behind(resources, moved)]
    problems += (one for one in _of_manifests(validated, used) if one.code not in opened.following)
    return Loaded(
        project=project,
        resources=ordered,
        dangling=()
        if hidden
        else tuple(sorted(dangling(resources, defined | moved.keys()), key=lambda one: one.place)),
        problems=tuple(sorted(dict.fromkeys(problems), key=_order)),
        files=scope.files,
        scope=scope,
    )


def _documents(tree: Tree, shown: str, edited: Mapping[str, str]) -> tuple[list[Document], list[Problem]]:
    """All YAML documents of the folder, of empty ones only one that is all its file has; and what cannot be read."""
    documents: list[Document] = []
    problems = [_fault(fault.code, fault.path, shown, fault.message, fault.hint) for fault in tree.faults]
    for path in tree.manifests():
        try:
            text = edited[path] if path in edited else read_text(locate(tree.root, path), MAX_MANIFEST)
        except UnreadableError as error:
            problems.append(_fault(error.code, path, shown, error.message, error.hint))
        else:
            parsed = list(parse(text, shown + path))
            documents += [document for document in parsed if not document.empty] or parsed[:1]
    return documents, problems


def _fault(code: str, path: str, shown: str, message: str, hint: str) -> Problem:
    file = shown + path
    return Problem(code, f"{file or '.'} {message}", Place(file or "."), hint)


def _scope(project: Project, files: ProjectFiles) -> Scope:
    return Scope(
        files=files,
        default_target=project.spec.defaults.target,
        environment=project.identity.environment,
        environments=tuple(project.spec.environments),
        today=datetime.now(UTC).date(),
    )


def _check(resources: Sequence[Resource], scope: Scope) -> tuple[Scope, set[str], list[Problem]]:
    """The scope of all resources, the files that objects are made of, and what breaks the rules of their kinds.

    Stores come first: a file that a store holds is another upload than one that none holds.
    """
    stores = [resource for resource in resources if resource.kind.attaches]
    problems: list[Problem] = []
    attached: set[str] = set()
    held: set[str] = set()
    for store in stores:
        found = _checked(store, scope)
        problems += found
        if not any(problem.severity == "error" for problem in found):
            wanted = list(store.kind.desired(store, scope))
            attached.update(one.address.name for one in wanted if one.type in upload_types())
            held.update(part.path for one in wanted for part in one.parts)
    scope = replace(scope, attached=frozenset(attached))
    for resource in resources:
        if not resource.kind.attaches:
            problems += _checked(resource, scope)
    return scope, held | attached, problems


def _checked(resource: Resource, scope: Scope) -> list[Problem]:
    return [
        Problem(finding.code, finding.message, resource.where(finding.path), finding.hint, finding.severity)
        for finding in resource.kind.check(resource, scope)
    ]


def _of_manifests(validated: Iterable[Validated], used: set[str]) -> Iterator[Problem]:
    """Problems of documents.

    What has neither `apiVersion` nor `kind` is no manifest where its file is used otherwise, by `$file` or as a file of
    a store. It has to be YAML all the same, so that a broken manifest is never taken for it.
    """
    for result in validated:
        document = result.positions.document
        value = document.value
        manifest = isinstance(value, dict) and ("apiVersion" in value or "kind" in value)
        yield from result.problems if manifest or document.file not in used else document.problems


def _order(problem: Problem) -> tuple[Place, str, str]:
    return problem.place or Place("", 0, 0), problem.code, problem.message

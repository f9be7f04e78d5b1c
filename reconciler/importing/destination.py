"""The project that receives imported manifests: its names, its earlier imports, and the check of new manifests."""

import json
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.files.changes import Names
from reconciler.files.search import PROJECT_FILE, project_around
from reconciler.importing.live_inventory import ProjectContext
from reconciler.importing.model import imported_from
from reconciler.manifests import load
from reconciler.manifests.drafts import Draft, unique_name
from reconciler.manifests.folder import undo_interrupted
from reconciler.manifests.schema import schema_file
from reconciler.manifests.writing import PROJECT, files_of, write_drafts
from reconciler.project.loading import load_project
from reconciler.resources.address import Address
from reconciler.resources.problems import Problem, ReconcilerError


@dataclass
class Destination:
    """A project folder, or a folder that becomes a project."""

    root: Path
    is_new: bool
    taken: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Names in use, by prefix of the kind."""
    imported: Mapping[str, Address] = field(default_factory=dict)
    """Manifests of earlier imports, by the id of the live object."""
    _names: Names = field(default_factory=Names)

    def has(self, address: Address) -> bool:
        return address.name in self.taken[address.kind]

    def named(self, prefix: str, text: str, fallback: str, draft: Callable[[str], Draft]) -> Draft:
        """Return the draft with the first name derived from `text` that no manifest and no file uses."""
        tried = {*self.taken[prefix]}
        while True:
            name = unique_name(text, tried, fallback)
            tried.add(name)
            made = draft(name)
            if not self.in_the_way(made):
                self.taken[prefix].add(name)
                return made

    def in_the_way(self, draft: Draft) -> Path | None:
        """Return an existing file that the draft would overwrite; None for a draft that `valid` refuses."""
        if not _is_text(draft):
            return None
        return next(filter(None, (self._names.taken(self.root / path) for path in files_of(draft))), None)

    def write(self, drafts: Sequence[Draft], comment: str) -> tuple[Path, ...]:
        """Write the drafts, and a `project.yaml` if there is none. Without drafts, nothing is written."""
        if not drafts:
            return ()
        name = unique_name(self.root.resolve().name, (), "project")
        project = Draft(PROJECT, name, {}, comment) if self.is_new else None
        return tuple(write_drafts(self.root, drafts, project=project, schema=schema_file() if project else None))


def destination(start: Path, into: Path | None, here: ProjectContext) -> Destination:
    """Return `into`, the current project, or `start` as the destination.

    Raises ReconcilerError for a folder inside another project, because paths in manifests start at the project folder.
    """
    root = (into or (here.project.root if here.workspace else start)).absolute()
    undo_interrupted(root)
    if not (root / PROJECT_FILE).is_file():
        _check_alone(root)
        return Destination(root, is_new=True)
    loaded = load_project(root, here.environ, env=None)
    origins = imported_from(loaded.resources, loaded.project.repository)
    found = Destination(root, is_new=False, imported={id_: address for address, id_ in origins.items()})
    for resource in loaded.resources:
        found.taken[resource.address.kind].add(resource.address.name)
    return found


def _check_alone(root: Path) -> None:
    other = project_around(root)
    if other is not None:
        message = f"{root} is not a project, and overlaps with the project in {other}"
        raise ReconcilerError(
            Problem("inside-project", message, hint=f"To import into the existing project, pass --into {other}")
        )


def valid(drafts: Iterable[Draft]) -> tuple[list[Draft], list[Problem]]:
    """Return the valid drafts, and the problems of the others."""
    problems: list[Problem] = []
    writable = []
    for draft in drafts:
        if _is_text(draft):
            writable.append(draft)
        else:
            problems.append(
                _refused(draft, Problem("not-utf-8", "it contains a lone surrogate, which is not valid Unicode"))
            )
    wrong = _loaded(writable)
    good = [draft for draft in writable if _key(draft) not in wrong]
    bad = (draft for draft in writable if _key(draft) in wrong)
    return good, [*problems, *(_refused(draft, one) for draft in bad for one in wrong[_key(draft)])]


def _is_text(draft: Draft) -> bool:
    try:
        json.dumps([draft.spec, draft.comment, *draft.notes.values()], ensure_ascii=False).encode()
        files_of(draft)
    except UnicodeEncodeError:
        return False
    return True


def _loaded(drafts: Sequence[Draft]) -> dict[tuple[str, str], list[Problem]]:
    """Load the drafts from a temporary folder, and return the errors by draft."""
    owners = {path: _key(draft) for draft in drafts for path in files_of(draft)}
    wrong: dict[tuple[str, str], list[Problem]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        write_drafts(root, drafts, project=Draft(PROJECT, "check", {}))
        loaded = load(root, env=None)
        for problem, path in _errors(loaded.problems, loaded.project.repository, root):
            wrong[owners[path]].append(problem)
    return wrong


def _errors(problems: Iterable[Problem], repository: Path, root: Path) -> Iterator[tuple[Problem, str]]:
    for problem in problems:
        if problem.severity == "error" and problem.place:
            yield problem, (repository / problem.place.file).relative_to(root).as_posix()


def _key(draft: Draft) -> tuple[str, str]:
    return draft.kind, draft.name


def _refused(draft: Draft, problem: Problem) -> Problem:
    message = f"{draft.kind} {draft.name} was not written: {problem.message}"
    return Problem(problem.code, message, hint=problem.hint)

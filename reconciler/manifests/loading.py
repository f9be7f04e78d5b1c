"""Loading of a project folder as typed resources, with all problems in it."""

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.files.search import PROJECT_FILE
from reconciler.git.worktree import Entry, worktree
from reconciler.manifests.cache.file_hashes import FileHashes
from reconciler.manifests.checking import check
from reconciler.manifests.checkout import add_absent, add_absent_markdown, converted
from reconciler.manifests.envelope import name_in
from reconciler.manifests.expansion import Expander
from reconciler.manifests.files import Files, PathHints
from reconciler.manifests.folder import MAX_MANIFEST, UnreadableError, locate, on_disk, read_text, repository_of
from reconciler.manifests.hidden import hidden_manifests
from reconciler.manifests.includes import Sources
from reconciler.manifests.known_objects import KnownObjects
from reconciler.manifests.limits import Allowance
from reconciler.manifests.markdown import documents_of
from reconciler.manifests.parsing import Document, parse
from reconciler.manifests.plain import PlainManifests
from reconciler.manifests.project import Opened, Project, is_project, open_project
from reconciler.manifests.reading import read_documents, unreadable
from reconciler.manifests.references import Dangling, Unread, dangling, unique
from reconciler.manifests.renames import left_behind, moves, with_former_releases
from reconciler.manifests.tree import HIDDEN, ODD_EXTENSION, Tree, UnreadableEntry, is_manifest_name, walk
from reconciler.manifests.validation import Validated
from reconciler.manifests.variables import Variables
from reconciler.resources.address import Address
from reconciler.resources.assistants.server_secrets import without_keys
from reconciler.resources.base import Desired, ProjectFiles, Resource, Scope
from reconciler.resources.kind import Kind, may_be_manifest
from reconciler.resources.name_lists import similar
from reconciler.resources.problems import Place, Problem, ReconcilerError
from reconciler.resources.registry import kinds as registered_kinds, upload_kinds

if TYPE_CHECKING:
    from reconciler.manifests.cache.manifests import ManifestCache


@dataclass(frozen=True)
class Loaded:
    """The manifests of a project for one environment. If there are errors, resources may be missing."""

    project: Project
    resources: tuple[Resource, ...]
    """Sorted by address."""
    dangling: tuple[Dangling, ...]
    """Without references that a document with errors may define: the document is a problem itself."""
    problems: tuple[Problem, ...]
    """Errors and warnings by place, without those of `dangling`."""
    files: ProjectFiles
    scope: Scope
    """Context from which a kind computes the desired objects of a resource."""
    of_checkout: tuple[Problem, ...] = ()
    """Warnings, also in `problems`, about entries that were not read, and about line ends that the checkout changed."""
    unseen: tuple[Problem, ...] = ()
    """Warnings about folders that were left out, also in `of_checkout`, and about Markdown files without a content.
    They may be or contain manifests, so a plan that removes objects is an error."""
    not_read: tuple[tuple[str, Problem], ...] = ()
    """Addresses that files probably define, with the reason why these are not read as manifests. A plan that removes
    one of these objects is an error."""
    used: frozenset[str] = frozenset()
    """Paths of the files that manifests include or refer to, relative to the project folder."""
    objects: Mapping[Address, KnownObjects] = field(default_factory=dict)
    """Desired objects of manifests that the cache has, or that were made when the manifest was validated."""

    def desired_of(self, resource: Resource) -> list[Desired]:
        """Return the desired objects of one of the manifests, or of a changed copy of it."""
        cached = self._cached(resource)
        found = cached.read() if cached else None
        return list(resource.kind.desired(resource, self.scope)) if found is None else found

    def types_of(self, resource: Resource) -> Collection[str]:
        """Return the types of the desired objects of a manifest, which are not read from the cache for it."""
        cached = self._cached(resource)
        return cached.types if cached else {one.type for one in self.desired_of(resource)}

    def _cached(self, resource: Resource) -> KnownObjects | None:
        found = self.objects.get(resource.address)
        return found if found and found.of is resource else None

    def read_files(self) -> frozenset[str]:
        """Return the paths of the manifests and of the files that they include, refer to or upload, relative to the
        project folder. Files of releases need not exist.
        """
        shown = self.project.shown(PROJECT_FILE).removesuffix(PROJECT_FILE)
        manifests = {resource.place.file.removeprefix(shown) for resource in self.resources}
        targets = (reference.target for resource in self.resources for reference in resource.references)
        uploads = {target.name for target in targets if target.kind in upload_kinds()}
        return self.used | manifests | uploads | {PROJECT_FILE}


def load(
    folder: Path,
    *,
    env: str | None,
    kinds: Mapping[str, Kind] | None = None,
    edited: Mapping[str, str] | None = None,
    removed: bool = False,
    cache: Path | None = None,
) -> Loaded:
    """Load the manifests in `folder` for the environment `env`, which is required if there are several.

    Problems are collected, not raised, and documents without errors are still checked. `edited` has texts of manifests
    and included files, by path, that are used instead of the files; a manifest among them may be new. With `removed`,
    `env` may be an environment that the project does not have any longer, and that has no variables. `cache` is the
    folder of the cache, which changes nothing but the time. Commands load with `project.loading`, which finds it.
    """
    root = folder.absolute()
    top = repository_of(root)
    prefix = Path(os.path.relpath(root, top)).as_posix()
    shown = "" if prefix == "." else f"{prefix}/"
    tree = walk(root)
    tree.skipped += hidden_manifests(tree)
    index, unknown = _index(root, tree)
    edited = edited or {}
    allowance = Allowance()
    known = registered_kinds() if kinds is None else kinds
    cache = cache if kinds is None else None

    def project_in(documents: Sequence[Document]) -> Opened:
        return open_project(documents, env, root, top, shown, removed=removed)

    hints = PathHints(tree)
    home = _home(root, shown, edited, project_in)
    cached = _opened_cache(cache, shown, edited, home)
    expander = Expander(Sources(root, shown, cached.texts if cached else edited), Variables({}), allowance, hint=hints)
    files = Files(tree, hints, FileHashes.below(root, cache) if cache else None)
    plain = PlainManifests.of(home.project, expander, known, None if cached else _scope(home.project, files))
    found = read_documents(tree, shown, edited, allowance, known, plain.add, *([cached.documents] if cached else []))
    documents, problems = found.documents, [*found.problems]
    if cached and cached.is_torn:
        return load(folder, env=env, edited=edited, removed=removed)
    opened = project_in([one for one in documents if plain.result(one) is None])
    if (project := opened.project) != home.project:  # the file was changed in the meantime
        plain = PlainManifests.of(project, expander, known)
    validated = [
        (cached and cached.result(one)) or plain.result(one) or plain.validated(one)
        for one in documents
        if plain.result(one) or not is_project(one)
    ]
    if cached and not cached.add(documents, validated, plain.expander):
        return load(folder, env=env, edited=edited, removed=removed)
    defined, twice = unique(result.resource for result in validated if result.resource)
    resources = with_former_releases(defined)
    ordered = tuple(resources[address] for address in sorted(resources))
    scope, held, findings = check(ordered, _scope(project, files), cached, plain.objects)
    used_files = frozenset({*held}.union(*(result.includes for result in validated)))
    used = {shown + path for path in used_files}
    almost = [one for one in found.near_misses if one.problem.place and one.problem.place.file not in used]
    problems += (one.problem for one in almost if one.problem.severity == "error")
    problems += _used_as_files(validated, ordered, held, shown)
    moved, misplaced = moves(resources)
    unread = {one for result in validated if not _is_data(result, used) for one in result.unread(known)}
    unread |= {Unread(None, None) for problem in problems if problem.severity == "error"}
    problems += [*opened.problems, *twice, *findings, *misplaced, *left_behind(resources, moved)]
    problems += (one for one in _of_manifests(validated, used) if one.code not in opened.following)
    unseen = tuple(_unseen(tree, shown))
    warnings = (one.problem for one in almost if one.problem.severity == "warning")
    of_checkout = (
        *(*unknown, *unseen, *_skipped(tree, shown, used, {one.file for one in documents if one.body})),
        *(*warnings, *_converted(files, index, shown)),
    )
    problems += of_checkout
    partial = [one.partial for one in validated if one.partial and not _is_data(one, used)]
    in_skipped = list(_defined_in_skipped(tree, shown, known, used))
    skipped = {defined: f"{one.place.file} defines it: {one.hint}" for defined, one in in_skipped if one.place}
    objects = cached.complete(ordered, scope, files) if cached else plain.objects
    return Loaded(
        project=project,
        resources=ordered,
        dangling=tuple(sorted(dangling(resources, moved, unread, skipped, partial), key=lambda one: one.place)),
        problems=in_order(problems),
        files=scope.files,
        scope=scope,
        of_checkout=of_checkout,
        not_read=(
            *((f"{defined.kind}/{defined.name}", one) for defined, one in in_skipped),
            *((address, one.problem) for one in almost for address in sorted(one.addresses)),
        ),
        unseen=(*unseen, *(_warning(entry, shown) for entry in tree.unknown if shown + entry.path not in used)),
        used=used_files,
        objects=objects,
    )


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return each problem once, by place, and without keys and tokens."""
    nowhere = Place("", 0, 0)
    found = dict.fromkeys(map(_public, problems))
    return tuple(sorted(found, key=lambda one: (one.place or nowhere, one.code, one.message)))


@dataclass(frozen=True)
class _Home:
    """`project.yaml`, which is read before the manifests."""

    text: str | None
    """None if it cannot be read."""
    project: Project
    """A project without a name in this case."""


def _home(
    root: Path, shown: str, edited: Mapping[str, str], project_in: Callable[[Sequence[Document]], Opened]
) -> _Home:
    try:
        text = edited[PROJECT_FILE] if PROJECT_FILE in edited else read_text(locate(root, PROJECT_FILE), MAX_MANIFEST)
    except UnreadableError:
        return _Home(None, project_in(()).project)
    return _Home(text, project_in(documents_of(text, shown + PROJECT_FILE)).project)


def _opened_cache(cache: Path | None, shown: str, edited: Mapping[str, str], home: _Home) -> "ManifestCache | None":
    """Return the cache of the project; None without a folder, and if `project.yaml` cannot be read."""
    if cache is None or home.text is None:
        return None
    from reconciler.manifests.cache.manifests import ManifestCache  # a run without a cache, as in CI, needs none of it

    return ManifestCache.open(cache, home.project, home.text, shown, registered_kinds(), edited)


def _public(problem: Problem) -> Problem:
    """Return a problem without keys and tokens in its text, which repeats values of manifests and included files."""
    message, hint = without_keys(problem.message), without_keys(problem.hint)
    return (
        problem if (message, hint) == (problem.message, problem.hint) else replace(problem, message=message, hint=hint)
    )


def _index(root: Path, tree: Tree) -> tuple[Sequence[Entry], tuple[Problem, ...]]:
    """Add what the checkout left out to `tree`. Return the index of Git, which is empty without Git, and a warning if
    it cannot be read.
    """
    git = worktree(root)
    try:
        index = git.index() if git else ()
        add_absent(tree, index)
        if git:
            add_absent_markdown(tree, index, git.contents)
    except ReconcilerError as error:
        return (), tuple(replace(problem, severity="warning") for problem in error.problems)
    return index, ()


def _converted(files: Files, index: Iterable[Entry], shown: str) -> Iterator[Problem]:
    """Yield a warning for each file that Git has with other line ends."""
    for path in converted(files.with_crlf, index) if files.with_crlf else ():
        message = "has the line ends of Windows, and other ones in Git: checkouts on other systems upload other bytes"
        hint = "add `* text=auto eol=lf` to .gitattributes, and check the file out again"
        yield _warning(UnreadableEntry(path, "line-endings", message, hint), shown)


def _unseen(tree: Tree, shown: str) -> Iterator[Problem]:
    """Yield a warning for each folder that the checkout left out, which may contain manifests."""
    for entry in tree.absent.values():
        if entry.folder:
            yield _warning(entry, shown)


def _skipped(tree: Tree, shown: str, used: Collection[str], markdown: Collection[str]) -> Iterator[Problem]:
    """Yield a warning for each entry that is not read, except for those that manifests use by their paths."""
    for entry in tree.skipped:
        file = shown + entry.path
        if not any(path.startswith(f"{file}/") for path in used) if entry.folder else file not in used:
            yield _warning(entry, shown)

    def is_read(path: str) -> bool:
        return is_manifest_name(path) or shown + path in used or shown + path in markdown

    read = {path.casefold(): path for path in tree.files if is_read(path)}
    for path in tree.files:
        other = read.get(path.casefold(), path)
        if other != path and is_read(path):
            message = f"differs from {other} only in case; macOS and Windows check out only one of both"
            yield _warning(UnreadableEntry(path, "same-name", message, "rename one of the two with `git mv`"), shown)


def _defined_in_skipped(
    tree: Tree, shown: str, kinds: Mapping[str, Kind], used: Collection[str]
) -> Iterator[tuple[Unread, Problem]]:
    """Yield each object that is defined in a file that is not read because of its name, with the warning."""
    for entry in tree.skipped:
        if entry.folder or entry.code not in {ODD_EXTENSION, HIDDEN} or shown + entry.path in used:
            continue
        try:
            file = tree.root / on_disk(tree.root, entry.path) if entry.code == HIDDEN else locate(tree.root, entry.path)
            documents = parse(read_text(file, MAX_MANIFEST), shown + entry.path)
        except UnreadableError:
            continue
        for value in (document.value for document in documents):
            name = name_in(value)
            for kind in similar(str(value.get("kind")), kinds) if isinstance(name, str) else ():
                yield Unread(kinds[kind].prefix, name), _warning(entry, shown)


def _warning(entry: UnreadableEntry, shown: str) -> Problem:
    return replace(unreadable(entry, shown), severity="warning")


def _used_as_files(
    validated: Iterable[Validated], resources: Iterable[Resource], held: Mapping[str, Address], shown: str
) -> Iterator[Problem]:
    """Yield an error for each manifest in Markdown that another manifest uses as a file."""
    markdown = [one.positions.document for one in validated if one.positions.document.body]
    if not markdown:
        return
    users = {shown + path: str(address) for path, address in held.items()}
    for resource in resources:
        targets = (one.target for one in resource.references)
        users |= {shown + target.name: str(resource.address) for target in targets if target.kind in upload_kinds()}
    for one in validated:
        users |= {shown + path: str(one.positions.document.place) for path in one.includes}
    for document in markdown:
        if document.file in users:
            message = f"this file is a manifest, and {users[document.file]} also uses it as a file"
            hint = "move one of the two to another folder, or change the pattern or the path that selects the file"
            yield Problem("manifest-as-file", message, document.place, hint)


def _scope(project: Project, files: ProjectFiles) -> Scope:
    return Scope(
        files=files,
        default_target=project.spec.defaults.target,
        environment=project.identity.environment,
        environments=tuple(project.spec.environments),
        today=datetime.now(UTC).date(),
    )


def _of_manifests(validated: Iterable[Validated], used: set[str]) -> Iterator[Problem]:
    """Yield the problems of documents.

    A document without `apiVersion` and `kind`, or with the `apiVersion` of other software, is not a manifest if its
    file is used by `$file` or as a file of a store or a skill. It must still be valid YAML: a broken manifest must not
    be mistaken for such a file.
    """
    for result in validated:
        yield from result.positions.document.problems if _is_data(result, used) else result.problems


def _is_data(result: Validated, used: set[str]) -> bool:
    """Return True for a document of a file that is used as data."""
    document = result.positions.document
    return document.file in used and not may_be_manifest(document.value)

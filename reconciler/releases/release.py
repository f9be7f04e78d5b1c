"""`release`: write the working version of a chatbot as an immutable manifest. Works on the working tree only."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from reconciler.files.changes import FileChange
from reconciler.git.worktree import Worktree, worktree
from reconciler.manifests import find_project
from reconciler.project.all_environments import AllEnvironments, load_all_environments
from reconciler.project.destroyed import check_publishable
from reconciler.project.edits import Edit, write
from reconciler.releases.comparison import Comparison, compare_versions
from reconciler.releases.diff import of_release
from reconciler.releases.document import FOLDER, check_faithful, manifest_of, path_of, read_back
from reconciler.releases.model import Move, Released
from reconciler.releases.pointer import chosen, set_published
from reconciler.releases.replacements import replaced_since
from reconciler.releases.snapshot import RequiredFile, Snapshot, snapshot
from reconciler.resources.address import Address, release_address, release_number
from reconciler.resources.base import Resource
from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.resources.releases.content import Content, content_digest, lacking

VENDORED: Final = f"{FOLDER}/files"
"""Folder with copies of files that are not in Git, by hash."""
_ATTRIBUTES: Final = "# Files that releases contain, by hash. Git must not convert them.\n* -text -filter -diff\n"


def release(
    start: Path,
    environ: Mapping[str, str],
    chatbot: str,
    *,
    message: str = "",
    vendor: bool = False,
    publish: bool = False,
    allow_unchanged: bool = False,
    env: str | None = None,
) -> Released:
    """Release a chatbot of the project at or above `start`; with `publish`, also publish it in `env` or everywhere.

    Raises ReconcilerError and writes nothing if the manifests have errors, if nothing has changed since the latest
    release, unless `allow_unchanged` is set, or if files are not in Git, unless `vendor` copies them.
    """
    project = load_all_environments(find_project(start), environ)
    working = working_content(project, chatbot, vendor=vendor)
    before = _newest(project, chatbot)
    replaced: tuple[str, ...] = ()
    if before and before.spec.digest == content_digest(working.content):
        workspaces = project.opened(environ, project.environments or (None,))
        replaced = tuple(map(str, replaced_since(workspaces, working.snapshot.chatbot.address, before.address)))
        if not replaced and not allow_unchanged:
            raise ReconcilerError(_unchanged(before, working.snapshot))
    made, written = next_release(project, working, message)
    edits = [written]
    moves: tuple[Move, ...] = ()
    if publish:
        environments = chosen(project, env or environ.get("RECONCILER_ENV") or None)
        moves, edit = set_published(project, working.snapshot.chatbot, made, environments)
        check_publishable(project.opened(environ, (move.environment for move in moves)))
        edits.append(edit)
    write(project.root, edits, working.vendored(project.root))
    changes = _changes(before, made, project) if before else None
    return Released(
        made,
        written.path,
        changes,
        tuple(working.missing),
        moves,
        tuple(edit.path for edit in edits[1:]),
        project.warnings(),
        replaced,
    )


@dataclass(frozen=True)
class WorkingContent:
    """The content that the next release of a chatbot would have."""

    snapshot: Snapshot
    content: Content
    git: Worktree | None
    loose: Mapping[str, RequiredFile]
    """Required files that Git does not have, by path."""
    missing: Mapping[str, RequiredFile]
    """Those of them that are not in the folder of copies either."""

    def vendored(self, root: Path) -> Iterator[FileChange]:
        """Yield the copies to write."""
        return _vendor(root, self.loose)


def working_content(project: AllEnvironments, chatbot: str, *, vendor: bool = False) -> WorkingContent:
    """Return the content of the working version; raises ReconcilerError if files are not in Git and not vendored."""
    taken = snapshot(project, Address("chatbot", chatbot))
    git = worktree(project.root)
    blobs = git.blobs({path: asked.file.place for path, asked in taken.files.items()}) if git else {}
    loose = {path: asked for path, asked in taken.files.items() if path not in blobs}
    missing = {path: asked for path, asked in loose.items() if not _vendored(project.root, asked).exists()}
    if missing and not vendor:
        raise ReconcilerError(*_not_in_git(missing, git))
    return WorkingContent(taken, taken.content(blobs), git, loose, missing)


def next_release(project: AllEnvironments, working: WorkingContent, message: str = "") -> tuple[Resource, Edit]:
    """Return the release of a content under the next number, and the edit that writes it."""
    chatbot = working.snapshot.chatbot
    made = release_address(chatbot.address.name, _next_number(project, chatbot.address.name, working.git))
    text = manifest_of(made, working.content, message.strip())
    found = read_back(text, project)
    check_faithful(found, chatbot, project)
    return found, Edit(path_of(made), None, text)


def _newest(project: AllEnvironments, chatbot: str) -> Resource | None:
    kept = [found for found in project.releases_of(chatbot).values() if not found.spec.archived]
    return kept[-1] if kept else None


def _unchanged(before: Resource, taken: Snapshot) -> Problem:
    """Return the problem of a release with the content of the newest one."""
    name, number = taken.chatbot.address.name, release_number(before.address)
    published = taken.chatbot.spec.published
    hint = f"To publish it: reconciler publish {name} {number}"
    if number in (published.values() if isinstance(published, dict) else [published]):
        again = f"reconciler release {name} --publish --allow-unchanged"
        hint = f"It is published already. If a plan says that it is archived, release it again: `{again}`"
    return Problem("nothing-to-release", f"no changes since {before.address}", taken.chatbot.place, hint)


def _changes(before: Resource, after: Resource, project: AllEnvironments) -> Comparison | None:
    """Compare two releases in the first environment for which both have variables."""
    for loaded in project.loads:
        environment = loaded.project.identity.environment
        if not any(lacking(side.spec.content, environment) for side in (before, after)):
            return compare_versions(of_release(before, loaded), of_release(after, loaded), environment)
    return None


def _next_number(project: AllEnvironments, chatbot: str, git: Worktree | None) -> int:
    """Return the highest number of any release plus one, including archived and deleted ones and other branches."""
    names = project.names_of(chatbot) if git else ()
    used = {*project.releases_of(chatbot)}.union(*(git.releases(name) for name in names) if git else ())
    return max(used, default=0) + 1


def _not_in_git(loose: Mapping[str, RequiredFile], git: Worktree | None) -> Iterator[Problem]:
    vendor = f"--vendor, which copies it to {VENDORED}/"
    for path, asked in sorted(loose.items()):
        message = f"{path} cannot be restored from Git: "
        if git is None:
            message += "the project is not in a Git repository"
            hint = f"Create a repository with `git init`, or release with {vendor}."
        else:
            message += "it is not tracked, or stored with other content (LFS, a filter, line endings)"
            hint = f"Run `git add {path}`, or release with {vendor}."
        yield Problem("file-not-in-git", message, asked.place, hint)


def _vendored(root: Path, asked: RequiredFile) -> Path:
    return root / VENDORED / asked.file.sha256


def _vendor(root: Path, loose: Mapping[str, RequiredFile]) -> Iterator[FileChange]:
    """Yield copies of these files, and a file that prevents Git from converting them."""
    attributes = f"{VENDORED}/.gitattributes"
    if loose and not (root / attributes).exists():
        yield FileChange(attributes, None, _ATTRIBUTES.encode())
    for asked in {asked.file.sha256: asked for asked in loose.values()}.values():
        if not _vendored(root, asked).exists():
            content = (root / asked.file.place).read_bytes()
            yield FileChange(f"{VENDORED}/{asked.file.sha256}", None, content)

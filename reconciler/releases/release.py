"""`release`: the working chatbot as an immutable manifest. Reads and writes the working tree only."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from reconciler.manifests import find_project
from reconciler.project.all_environments import AllEnvironments, load_all_environments
from reconciler.project.edits import Edit, write, write_bytes
from reconciler.releases.comparison import Comparison, compare_versions
from reconciler.releases.document import FOLDER, check_faithful, manifest_of, path_of, read_back
from reconciler.releases.git import Repository, repository
from reconciler.releases.pointer import Move, published
from reconciler.releases.snapshot import Asked, Snapshot, snapshot
from reconciler.releases.versions import names, versions
from reconciler.releases.versions_to_compare import of_release
from reconciler.resources.address import Address, release_address, release_number
from reconciler.resources.base import Resource
from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.resources.releases.content import ChatbotVersionSpec, Content, content_digest, lacking

VENDORED: Final = f"{FOLDER}/files"
"""Where the bytes lie that Git does not keep, by hash."""
_AS_THEY_ARE: Final = "# Bytes that releases need, by hash: Git keeps them as they are.\n* -text -filter -diff\n"


@dataclass(frozen=True)
class Released:
    """A release that was written."""

    release: Resource
    path: str
    """Of its manifest, relative to the project folder."""
    changes: Comparison | None = None
    """Since the newest release before it; None where there is none that it could be compared with."""
    vendored: tuple[str, ...] = ()
    """Files whose bytes were copied, by path."""
    moves: tuple[Move, ...] = ()
    """What is published now instead of what."""
    edited: tuple[str, ...] = ()
    """Manifests that were changed besides."""


def release(
    start: Path,
    environ: Mapping[str, str],
    chatbot: str,
    *,
    message: str = "",
    vendor: bool = False,
    publish: bool = False,
    env: str | None = None,
) -> Released:
    """Release a chatbot of the project at or above `start`; with `publish`, in `env` or everywhere.

    ReconcilerError, and nothing is written, where the manifests have errors, where nothing has changed since the newest
    release, and for files that Git does not keep, unless `vendor` copies their bytes.
    """
    project = load_all_environments(find_project(start))
    taken = snapshot(project, Address("chatbot", chatbot))
    git = repository(project.project)
    blobs = git.blobs(list(taken.files)) if git else {}
    loose = {path: asked for path, asked in taken.files.items() if path not in blobs}
    missing = {path: asked for path, asked in loose.items() if not _vendored(project.root, asked).exists()}
    if missing and not vendor:
        raise ReconcilerError(*_not_kept(missing, git))
    content = taken.content(blobs)
    before = _newest(project, chatbot)
    _check_changed(content, before, taken)
    made = release_address(chatbot, _next_number(project, chatbot, git))
    text = manifest_of(made, content, message.strip())
    found = read_back(text, project)
    check_faithful(found, taken.chatbot, project)
    edits = [Edit(path_of(made), None, text)]
    moves: tuple[Move, ...] = ()
    if publish:
        moves, edit = published(project, taken.chatbot, found, env or environ.get("RECONCILER_ENV") or None)
        edits.append(edit)
    _vendor(project.root, loose)
    write(project.root, edits)
    changes = _changes(before, found, project) if before else None
    return Released(found, path_of(made), changes, tuple(missing), moves, tuple(edit.path for edit in edits[1:]))


def _newest(project: AllEnvironments, chatbot: str) -> Resource | None:
    kept = [found for found in versions(project, chatbot).values() if not found.spec.archived]
    return kept[-1] if kept else None


def _check_changed(content: Content, before: Resource | None, taken: Snapshot) -> None:
    spec: ChatbotVersionSpec | None = before.spec if before else None
    if before and spec and spec.digest == content_digest(content):
        message = f"nothing has changed since {before.address}"
        hint = f"To publish that one: reconciler publish {taken.chatbot.address.name} {release_number(before.address)}"
        raise ReconcilerError(Problem("nothing-to-release", message, taken.chatbot.place, hint))


def _changes(before: Resource, after: Resource, project: AllEnvironments) -> Comparison | None:
    """As the first environment sees it that both have the values of."""
    for loaded in project.loads:
        environment = loaded.project.identity.environment
        if not any(lacking(side.spec.content, environment) for side in (before, after)):
            return compare_versions(of_release(before, loaded), of_release(after, loaded), environment)
    return None


def _next_number(project: AllEnvironments, chatbot: str, git: Repository | None) -> int:
    """One more than any release has had, be it archived, deleted, or on another branch: numbers are used once."""
    used = {*versions(project, chatbot)}.union(*(git.releases(name) for name in names(project, chatbot)) if git else ())
    return max(used, default=0) + 1


def _not_kept(loose: Mapping[str, Asked], git: Repository | None) -> Iterator[Problem]:
    vendor = f"--vendor, which copies its bytes into {VENDORED}/"
    for path, asked in sorted(loose.items()):
        message = f"{path} could not be restored from Git, as a release has to be: "
        if git is None:
            message += "the project is in no Git repository"
            hint = f"Put the project into Git, or release with {vendor}."
        else:
            message += "Git does not track it, or not these very bytes (LFS, a filter, line ends)"
            hint = f"`git add` it, or release with {vendor}."
        yield Problem("file-not-in-git", message, asked.place, hint)


def _vendored(root: Path, asked: Asked) -> Path:
    return root / VENDORED / asked.file.sha256


def _vendor(root: Path, loose: Mapping[str, Asked]) -> None:
    """Copy the bytes of these files, and keep Git from converting them."""
    for path, asked in loose.items():
        target = _vendored(root, asked)
        if not target.exists():
            write_bytes(target, (root / path).read_bytes())
    attributes = root / VENDORED / ".gitattributes"
    if loose and not attributes.exists():
        write_bytes(attributes, _AS_THEY_ARE.encode())

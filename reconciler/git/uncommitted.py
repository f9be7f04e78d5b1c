"""Texts of the working tree that no commit has: they must not be lost."""

from collections.abc import Mapping
from pathlib import Path

from reconciler.git.command import GitError
from reconciler.git.worktree import worktree


def uncommitted(project: Path) -> dict[str, str] | None:
    """Return `Worktree.uncommitted` of a project folder; None without a repository that Git can read."""
    tree = worktree(project)
    try:
        return tree.uncommitted() if tree else None
    except GitError:  # such as a repository of another user
        return None


def keep(project: Path, texts: Mapping[str, str]) -> dict[str, str]:
    """Store the texts that are about to be removed from these files and that the last commit does not have as blobs.

    Return their ids by path. Without a repository, nothing is stored.
    """
    tree, committed = worktree(project), uncommitted(project) if texts else None
    lost = {path: text for path, text in texts.items() if committed and text.strip() not in committed.get(path, text)}
    return {path: tree.store(text) for path, text in lost.items()} if tree else {}

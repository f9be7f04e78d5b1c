"""Commits as people see them."""

from typing import Final

DIRTY: Final = "-dirty"
"""Behind a commit from which a file that Git tracks differs, as `git describe --dirty` writes it."""


def short(commit: str) -> str:
    """Twelve characters, and whether it is all."""
    return commit[:12] + (DIRTY if commit.endswith(DIRTY) else "")

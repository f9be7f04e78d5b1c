"""Fixtures of the end-to-end tests: a project, commands on it, and a folder for PATH."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.preloaded import preloaded
from tests.support.cli import applied, cli, project, starter

__all__ = ["applied", "cli", "project", "starter"]


@pytest.fixture(scope="session")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder for PATH, with `reconciler` in it."""
    with preloaded(tmp_path_factory.mktemp("commands") / "bin") as folder:
        yield folder

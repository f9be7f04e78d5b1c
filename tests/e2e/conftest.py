"""What whole stories share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.preloaded import preloaded


@pytest.fixture(scope="session")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder for PATH, with `reconciler` in it."""
    with preloaded(tmp_path_factory.mktemp("commands") / "bin") as folder:
        yield folder

import shutil
from pathlib import Path

import pytest

from tests.support import desk as desks


@pytest.fixture(scope="session")
def committed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("desk")
    desks.desk(folder)
    return folder


@pytest.fixture
def desk(committed: Path, tmp_path: Path) -> desks.Desk:
    """A help desk in a repository of its own."""
    folder = tmp_path / "desk"
    shutil.copytree(committed, folder)
    return desks.Desk(folder)

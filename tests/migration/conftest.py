import shutil
from pathlib import Path

import pytest

from tests.support.assistants_desk import assistants_desk
from tests.support.desk import Desk


@pytest.fixture(scope="session")
def published_desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("assistants-desk")
    assistants_desk(folder)
    return folder


@pytest.fixture
def desk(published_desk: Path, tmp_path: Path) -> Desk:
    """A project on target `assistants` in a repository of its own."""
    folder = tmp_path / "desk"
    shutil.copytree(published_desk, folder)
    return Desk(folder)

from pathlib import Path

import pytest

from tests.support.assistants_desk import assistants_desk
from tests.support.desk import Desk


@pytest.fixture(scope="session")
def published_desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return assistants_desk(tmp_path_factory.mktemp("assistants-desk"))


@pytest.fixture
def desk(published_desk: Desk, tmp_path: Path) -> Desk:
    """A project on target `assistants` in a repository of its own."""
    return published_desk.copy(tmp_path / "desk")

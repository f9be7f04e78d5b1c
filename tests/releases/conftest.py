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
def desk(committed: Path, tmp_path: Path, request: pytest.FixtureRequest) -> desks.Desk:
    """A help desk in a repository of its own. `triage` has the target of the parameter, `responses` without one."""
    folder = tmp_path / "desk"
    shutil.copytree(committed, folder)
    made = desks.Desk(folder)
    if getattr(request, "param", "responses") == "assistants":
        made.write("assistants/triage.yaml", desks.AT_A_SERVER)
        made.commit()
    return made

from pathlib import Path

import pytest

from tests.support import desk as desks


@pytest.fixture(scope="session")
def committed(tmp_path_factory: pytest.TempPathFactory) -> desks.Desk:
    return desks.desk(tmp_path_factory.mktemp("desk"))


@pytest.fixture
def desk(committed: desks.Desk, tmp_path: Path, request: pytest.FixtureRequest) -> desks.Desk:
    """A help desk in a repository of its own. `triage` has the target of the parameter, `responses` without one."""
    made = committed.copy(tmp_path / "desk")
    if getattr(request, "param", "responses") == "assistants":
        made.write("assistants/triage.yaml", desks.AT_A_SERVER)
        made.commit()
    return made

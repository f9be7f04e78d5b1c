"""Tests of an apply whose lock is taken by another run."""

from pathlib import Path
from typing import Self

import pytest

from reconciler.applying.model import Outcome
from reconciler.operations.run import applied
from reconciler.resources.address import Identity
from reconciler.resources.problems import ReconcilerError
from reconciler.state.backend import Backend
from reconciler.state.local import LocalStore
from reconciler.state.lock import this_process
from tests.support.world import Quiet


class Superseded(Quiet):
    """A run that takes over the lock and the journal after `number` changes, and ends."""

    def __init__(self, project: Path, number: int) -> None:
        self.backend = Backend(LocalStore(project / ".reconciler"), Identity("acme"))
        self.left = number

    def __enter__(self) -> Self:
        if not self.left:
            self.take_over()
        return self

    def __exit__(self, *error: object) -> None: ...

    def note(self, text: str) -> None: ...

    def finished(self, outcome: Outcome) -> None:
        self.left -= 1
        if not self.left:
            self.take_over()

    def take_over(self) -> None:
        self.backend.unlock()
        with self.backend.lock(this_process({})) as lease:
            self.backend.begin(self.backend.read(), (), lease).close("complete")


@pytest.mark.parametrize(
    ("number", "exit_code", "codes"),
    [(0, 5, ["state-moved"]), (4, 4, ["lease-lost", "partly-applied"])],
)
def test_a_run_that_lost_its_lock_stops_writing(project, number, exit_code, codes):
    """Before the first write the plan is stale; after it, the plan is partially applied."""
    with pytest.raises(ReconcilerError) as caught:
        applied(
            project,
            {"RECONCILER_ENDPOINT": "embedded"},
            None,
            None,
            "revert",
            (),
            saved=None,
            confirm=lambda plan: True,
            listen=lambda steps: Superseded(project, number),
            resume="",
        )
    assert [problem.code for problem in caught.value.problems] == codes
    assert caught.value.exit_code == exit_code

"""Tests of commands that write files and are killed before each of their operations: the same command completes them,
and nothing else stays.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.crash import writes
from tests.crash.writes import COMMANDS, EMBEDDED, files_of, is_complete, left_in
from tests.support.processes import Killed, run

MOST: Final = 160
"""More operations than any of the commands has."""
SAMPLE: Final = {
    *(("import-live", 0.5), ("import-request", 0.6), ("migrate", 0.5), ("release", 0.5), ("archive", 0.5)),
    *(("init", 0.6), ("pull", 0.4), ("schema", 0.5), ("plan", 0.9)),
}
"""Commands of the default run, and the part of the operations after which they are killed."""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("writes")
    run(EMBEDDED, writes.make, folder)
    return folder


def copied(template: Path, folder: Path) -> Path:
    shutil.copytree(template, folder)
    return folder


class Whole:
    """What the commands write if they are not killed. Each runs once."""

    def __init__(self, template: Path, folder: Path) -> None:
        self._template, self._folder = template, folder
        self._found: dict[str, tuple[writes.Ran, writes.Files]] = {}

    def of(self, name: str) -> tuple[writes.Ran, writes.Files]:
        if name not in self._found:
            folder = copied(self._template, self._folder / name)
            ran = run(EMBEDDED, writes.running, folder, COMMANDS[name], 0)
            assert left_in(folder) == []
            self._found[name] = ran, files_of(folder)
        return self._found[name]


@pytest.fixture(scope="module")
def whole(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    return Whole(template, tmp_path_factory.mktemp("whole"))


@pytest.mark.parametrize(("name", "part"), sorted(SAMPLE), ids=str)
def test_killed_in_the_middle_the_same_command_completes(template, whole: Whole, tmp_path, name, part):
    operations = whole.of(name)[0].operations
    _kill_and_repeat(template, whole, tmp_path / "again", name, round(len(operations) * part))


@pytest.mark.long
@pytest.mark.parametrize("name", COMMANDS)
def test_killed_anywhere_the_same_command_completes(template, whole: Whole, tmp_path, name):
    operations = whole.of(name)[0].operations
    assert len(operations) < MOST
    for kill in range(1, len(operations) + 1):
        _kill_and_repeat(template, whole, tmp_path / str(kill), name, kill)


def _kill_and_repeat(template: Path, whole: Whole, folder: Path, name: str, kill: int) -> None:
    ran, wanted = whole.of(name)
    copied(template, folder)
    with pytest.raises(Killed):
        run(EMBEDDED, writes.running, folder, COMMANDS[name], kill)
    place = f"killed before {ran.operations[kill - 1]} {kill}"
    if not is_complete(folder, wanted):
        assert run(EMBEDDED, writes.running, folder, COMMANDS[name], 0).code == ran.code, place
    assert files_of(folder) == wanted, place
    assert left_in(folder) == [], place


OTHERS: Final = ("release", "archive", "import-into-a-project", "pull")


def _renames(operations: tuple[str, ...]) -> Iterator[int]:
    yield from (at + 1 for at, name in enumerate(operations) if name in ("link", "replace", "unlink"))


@pytest.mark.parametrize("name", [OTHERS[0], *(pytest.param(one, marks=pytest.mark.long) for one in OTHERS[1:])])
def test_killed_anywhere_a_plan_reads_all_or_nothing(template, whole: Whole, tmp_path, name):
    """A plan after the kill also restores the files, so that nothing is planned from half of a command."""
    ran, wanted = whole.of(name)
    before = files_of(template)
    places = list(_renames(ran.operations))
    for kill in places if len(places) < MOST and name != OTHERS[0] else places[len(places) // 2 :: 4]:
        folder = copied(template, tmp_path / str(kill))
        with pytest.raises(Killed):
            run(EMBEDDED, writes.running, folder, COMMANDS[name], kill)
        run(EMBEDDED, writes.running, folder, "plan -C acme", 0)
        assert files_of(folder) in (before, wanted), f"killed before {ran.operations[kill - 1]} {kill}"
        assert left_in(folder) == []

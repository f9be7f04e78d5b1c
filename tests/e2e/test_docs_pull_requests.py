"""Run `docs/pull-requests.md`: the commands that write the files for CI."""

import subprocess
from pathlib import Path

from tests.e2e.pages import as_it_runs

PAGE = Path(__file__).parents[2] / "docs" / "pull-requests.md"


def make_repository(folder: Path) -> None:
    subprocess.run(["git", "init", "-q", "-b", "main", str(folder)], check=True, timeout=60)


def followed(scratch: Path) -> str:
    """Return the page with the outputs of its commands, run in a new repository."""
    return as_it_runs(PAGE, scratch, {"the repository": make_repository})


def test_page_outputs_equal_command_outputs(tmp_path: Path):
    assert followed(tmp_path) == PAGE.read_text(encoding="utf-8")


def test_page_writes_the_files_of_both_systems(tmp_path: Path):
    followed(tmp_path)
    assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.y*ml")) == [
        ".github/workflows/reconciler-apply.yml",
        ".github/workflows/reconciler-drift.yml",
        ".github/workflows/reconciler-plan.yml",
        ".github/workflows/reconciler-rollback.yml",
        ".gitlab-ci.yml",
        ".gitlab/reconciler.yml",
        "bots/project.yaml",
    ]

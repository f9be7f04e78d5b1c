"""Measure Reconciler beside Terraform, octoDNS and an earlier version of itself, and print the ratios and their bars.

    python -m benchmarks [--runs RUNS] [--before COMMIT] [AGENTS ...]

The programs run in turns. The embedded API is a process of its own and is not counted. Terraform is measured if it is
on the PATH, octoDNS if it can be installed, and the earlier version if its commit is in this repository.
"""

import subprocess
import tempfile
from pathlib import Path
from typing import Final

import click

from benchmarks import octodns, report
from benchmarks.session import Session, applied
from tests.support import processes

_REPOSITORY: Final = Path(__file__).parents[1]
_SIZES: Final = (1_000, 10_000)
_SLOPE_SIZES: Final = (300, 1_000, 3_000, 10_000)


@click.command()
@click.argument("sizes", metavar="[AGENTS]...", type=int, nargs=-1)
@click.option("--runs", default=3, help="Measure each step RUNS times, and print the medians.", show_default=True)
@click.option("--before", default="893cbbb", help="Compare with this commit.", show_default=True)
def main(sizes: tuple[int, ...], runs: int, before: str) -> None:
    """Measure the steps with projects of AGENTS agents (1,000 and 10,000)."""
    processes.start()
    with tempfile.TemporaryDirectory() as folder:
        earlier = _checkout(before, Path(folder, "before"))
        command = octodns.install(Path(folder, "octodns"))
        for size in sizes or _SIZES:
            session = Session(Path(folder, str(size)), size, runs, earlier)
            report.print_steps(size, session.measured())
            if command:
                report.print_octodns(octodns.measured(command, Path(folder, f"zone-{size}"), size, runs))
        if not sizes:
            report.print_slope([(size, applied(Path(folder, f"slope-{size}"), size)) for size in _SLOPE_SIZES])


def _checkout(commit: str, folder: Path) -> Path | None:
    """Check out `commit` to `folder`; returns None if this clone does not have it."""
    git = ["git", "-C", str(_REPOSITORY)]
    archive = subprocess.run([*git, "archive", commit], check=False, capture_output=True)
    if archive.returncode:
        click.echo(f"Not compared with {commit}, which this clone does not have: run `git fetch --unshallow`.")
        return None
    folder.mkdir()
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive.stdout, check=True)
    return folder


if __name__ == "__main__":
    main()

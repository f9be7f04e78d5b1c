"""CPU time and peak memory of one command, and ratios of pairs of runs."""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_STARTER: Final = """
import json, os, sys
_, status, used = os.wait4(os.spawnvp(os.P_NOWAIT, sys.argv[2], sys.argv[2:]), 0)
with open(sys.argv[1], "w") as file:
    json.dump([os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime, used.ru_maxrss], file)
"""
"""Starts a command from a small process: the peak memory of a process includes that of the one that started it."""


@dataclass(frozen=True, slots=True)
class Cost:
    cpu: float
    """Seconds, of the command and the processes that it waits for."""
    memory: float
    """Peak of the resident memory in MiB."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """Medians of the ratios of runs that were made in turns, so that other load of the machine meets both."""

    cpu: float
    memory: float


@dataclass(frozen=True, slots=True)
class Command:
    arguments: Sequence[str]
    folder: Path
    environ: Mapping[str, str]

    def run(self) -> Cost:
        """Run the command; raises SystemExit with its output if it fails."""
        log, used = (self.folder.parent / f"{self.folder.name}.{end}" for end in ("log", "json"))
        with log.open("wb") as output:
            subprocess.run(
                [sys.executable, "-I", "-S", "-c", _STARTER, str(used), *self.arguments],
                cwd=self.folder,
                env={**os.environ, **self.environ},
                stdout=output,
                stderr=subprocess.STDOUT,
                check=True,
            )
        code, cpu, kibibytes = json.loads(used.read_bytes())
        if code:
            raise SystemExit(f"{' '.join(self.arguments)} ended with {code}:\n{log.read_text()[-2000:]}")
        return Cost(cpu, kibibytes / 1024)


def median(costs: Sequence[Cost]) -> Cost:
    return Cost(statistics.median(one.cpu for one in costs), statistics.median(one.memory for one in costs))


def ratio(ours: Sequence[Cost], theirs: Sequence[Cost]) -> Ratio:
    """Return the median ratio of runs with the same index."""
    pairs = list(zip(ours, theirs, strict=True))
    return Ratio(
        statistics.median(our.cpu / their.cpu for our, their in pairs),
        statistics.median(our.memory / their.memory for our, their in pairs),
    )

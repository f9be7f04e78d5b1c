"""The steps of one size, measured in turns with the program that each is compared with."""

import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks import manifests, terraform
from benchmarks.bars import APPLIED, APPLY, CHANGED, NEW, ONE, Step
from benchmarks.measuring import Command, Cost
from tests.support.processes import api

_START: Final = "import sys; from reconciler.cli.main import main; sys.exit(main())"
_HERE: Final = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Measured:
    step: Step
    ours: list[Cost]
    theirs: list[Cost]


@dataclass(frozen=True, slots=True)
class Program:
    """One version of Reconciler with a project of its own, whose objects are in an API of its own."""

    source: Path
    project: Path
    url: str

    def command(self, arguments: Sequence[str], cache: Path | None = None) -> Command:
        """Return a command with the cache of manifests in `cache`, or without one."""
        environ = {
            "PYTHONPATH": str(self.source),
            "OPENAI_BASE_URL": self.url,
            "OPENAI_API_KEY": "sk-measured",
            **({"RECONCILER_CACHE_DIR": str(cache)} if cache else {"RECONCILER_NO_CACHE": "1"}),
        }
        return Command([sys.executable, "-c", _START, *arguments], self.project, environ)


class Session:
    """The measurement of one size in `folder`, with the earlier version in `before`, if there is one."""

    def __init__(self, folder: Path, agents: int, runs: int, before: Path | None) -> None:
        self._folder = folder
        self._agents = agents
        self._runs = runs
        self._before = before
        self._terraform = shutil.which("terraform")
        self._resources = folder / "terraform"

    def measured(self) -> Iterator[Measured]:
        """Yield each step whose other program is present."""
        if self._terraform:
            terraform.write(self._resources, self._agents)
            Command([self._terraform, "init", "-no-color"], self._resources, {}).run()
        with ExitStack() as stack:
            ours = self._program(stack, _HERE, "ours", self._agents)
            before = self._program(stack, self._before, "before", self._agents) if self._before else None
            yield from self._steps(NEW, ours, before)
            if before:
                yield Measured(APPLY, [ours.command(APPLY.ours).run()], [before.command(APPLY.ours).run()])
            else:
                ours.command(APPLY.ours).run()
            if self._terraform:
                terraform.write_state(self._resources, self._agents)
            yield from self._steps(APPLIED, ours, before)
            self._edit(ours, before)
            yield from self._steps(CHANGED, ours, before)
            if before and self._before and self._agents <= 1_000:
                small = self._program(stack, _HERE, "one", 1), self._program(stack, self._before, "one-before", 1)
                yield from self._steps((ONE,), *small)

    def _program(self, stack: ExitStack, source: Path, name: str, agents: int) -> Program:
        project = self._folder / "projects" / name
        manifests.write(project, agents)
        return Program(source, project, stack.enter_context(api()))

    def _edit(self, ours: Program, before: Program | None) -> None:
        share = max(self._agents // 100, 1)
        for program in filter(None, (ours, before)):
            manifests.change(program.project, self._agents, share)
        if self._terraform:
            terraform.change(self._resources, self._agents, share)

    def _steps(self, steps: Sequence[Step], ours: Program, before: Program | None) -> Iterator[Measured]:
        for step in steps:
            theirs = self._other(step, before)
            if not theirs:
                continue
            cache = self._folder / "cache" if step.cached else None
            command = ours.command(step.ours, cache)
            if cache:
                command.run()
            pairs = [(command.run(), theirs.run()) for _ in range(self._runs)]
            yield Measured(step, [our for our, _ in pairs], [their for _, their in pairs])

    def _other(self, step: Step, before: Program | None) -> Command | None:
        if step.other == "Terraform":
            return Command([self._terraform, *step.theirs], self._resources, {}) if self._terraform else None
        return before.command(step.ours) if before else None


def applied(folder: Path, agents: int) -> Cost:
    """Return the cost of an apply that creates everything."""
    manifests.write(folder / "project", agents)
    with api() as url:
        return Program(_HERE, folder / "project", url).command(APPLY.ours).run()

"""The printed table: each step, the ratio to the other program, and whether it is within its bar."""

import math
from collections.abc import Iterable, Sequence

from benchmarks.bars import SLOPE, Bar
from benchmarks.measuring import Cost, median, ratio
from benchmarks.session import Measured


def print_steps(agents: int, steps: Iterable[Measured]) -> None:
    """Print each step as soon as it is measured."""
    print(f"{agents:,} agents, {agents // 10:,} vector stores, {agents // 5:,} files: CPU seconds / peak MiB")
    print(f"{'step':28}{'Reconciler':>16}{'compared with':>28}{'CPU':>8}{'memory':>8}  bar")
    for one in steps:
        found = ratio(one.ours, one.theirs)
        other = f"{one.step.other} {_cost(median(one.theirs))}"
        bar = one.step.bars.get(agents) or one.step.bars.get(1)
        verdict = _verdict(bar, found.cpu, found.memory) if bar else "-"
        line = f"{one.step.name:28}{_cost(median(one.ours)):>16}{other:>28}{found.cpu:>8.3f}{found.memory:>8.3f}"
        print(f"{line}  {verdict}", flush=True)


def print_octodns(costs: Sequence[tuple[str, Cost]]) -> None:
    for name, cost in costs:
        print(f"{name:44}{'octoDNS ' + _cost(cost):>28}")
    print()


def print_slope(costs: Sequence[tuple[int, Cost]]) -> None:
    """Print the growth of the CPU of an apply from the smallest to the largest size."""
    (few, little), (many, much) = costs[0], costs[-1]
    slope = math.log(much.cpu / little.cpu) / math.log(many / few)
    sizes = ", ".join(f"{size:,}: {cost.cpu:.1f} s" for size, cost in costs)
    print(f"apply, all objects are new: {sizes}; slope {slope:.2f}, {_within(slope, SLOPE)}")


def _cost(cost: Cost) -> str:
    return f"{cost.cpu:.2f} / {cost.memory:.0f}"


def _verdict(bar: Bar, cpu: float, memory: float) -> str:
    verdict = f"CPU {_within(cpu, bar.cpu)}"
    return f"{verdict}, memory {_within(memory, bar.memory)}" if bar.memory else verdict


def _within(value: float, bar: float) -> str:
    return f"≤ {bar} reached" if value <= bar else f"≤ {bar} missed by {value / bar - 1:.0%}"

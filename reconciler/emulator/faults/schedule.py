"""Which fault hits which request: counts what matches, and draws chances from a seed."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from random import Random
from typing import Any

from reconciler.emulator.faults.spec import Fault, Which, parse, read_which


@dataclass
class _Armed:
    fault: Fault
    which: Which
    matched: int = 0
    hit: int = 0

    def strikes(self, random: Random) -> bool:
        self.matched += 1
        struck = self.which.holds(self.matched, random)
        self.hit += struck
        return struck


class Schedule:
    """The faults of one embedded API; may be replaced while it runs."""

    def __init__(self, spec: str = "") -> None:
        """Raises SpecError."""
        self.set(*parse(spec))

    def set(self, faults: tuple[Fault, ...], seed: int = 0) -> None:
        """Replace all faults, and count from the beginning."""
        self._armed = [_Armed(fault, read_which(fault.which)) for fault in faults]
        self._random = Random(seed)  # noqa: S311 - repeatable on purpose

    def strike(self, method: str, path: str) -> Mapping[str, str]:
        """What goes wrong with this request: values by the names of faults. Counts the request."""
        matching = [armed for armed in self._armed if armed.fault.matches(method, path)]
        return {armed.fault.name: armed.fault.argument for armed in matching if armed.strikes(self._random)}

    def report(self) -> list[dict[str, Any]]:
        """Each fault, how many requests matched, and how many of them it hit."""
        return [{**asdict(armed.fault), "matched": armed.matched, "hit": armed.hit} for armed in self._armed]

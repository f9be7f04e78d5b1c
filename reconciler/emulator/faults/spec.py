"""Faults as people write them: `drop-after:POST:/v1/agents:2,429=3:POST:*:1-3,seed=7`.

    FAULT[=VALUE][:METHOD[:PATH[:WHICH]]]

`METHOD` and `PATH` may be `*`; in a path, `*` stands for one part: `/v1/vector_stores/*/files`. `WHICH` of the requests
that match is a number, a range `1-3` or `4-`, a chance `10%`, or `*`: all. What is left out is `*`; `seed=N` is what
chances are drawn from.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from random import Random
from types import MappingProxyType
from typing import Any, Final, Literal, TypeAlias

Unit: TypeAlias = Literal["", "status", "seconds", "field"]


@dataclass(frozen=True)
class Kind:
    """What a fault does, and what its value is."""

    does: str
    unit: Unit = ""
    value: str = ""
    """Where none is given."""


KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "error-before": Kind("The request is not executed; the response is an error.", "status", "503"),
        "error-after": Kind("The request is executed; the response is an error.", "status", "500"),
        "drop-before": Kind("The request is not executed; the connection is closed."),
        "drop-after": Kind("The request is executed; the connection is closed without a response."),
        "slow": Kind("The request is executed; the response is delayed.", "seconds", "1"),
        "malformed": Kind("The request is executed; the response is truncated."),
        "429": Kind("The request is not executed; rate limit error, with Retry-After if a value is given.", "seconds"),
        "quota": Kind("The request is not executed; quota error."),
        "stale": Kind("The request is executed; reads return the previous data for a while.", "seconds", "5"),
        "ingest-fail": Kind("Files that the request attaches fail to index."),
        "ingest-hang": Kind("Files that the request attaches are never indexed completely."),
        "repeat-cursor": Kind("A list ignores its cursor and reports more items."),
        "second-writer": Kind(
            "Another client changes the agent or vector store of the request after it.", "field", "name"
        ),
    }
)


class SpecError(ValueError):
    """Faults that nobody understands; says which and why."""


@dataclass(frozen=True)
class Which:
    """Of the requests that match, in their order: from `first` to `last` (None: no end), each with a chance."""

    first: int = 1
    last: int | None = None
    chance: float = 1.0

    def holds(self, number: int, random: Random) -> bool:
        within = self.first <= number and (self.last is None or number <= self.last)
        return within and (self.chance == 1.0 or random.random() < self.chance)


@dataclass(frozen=True)
class Fault:
    """One fault, and which requests it hits."""

    name: str
    value: str = ""
    method: str = "*"
    path: str = "*"
    which: str = "*"

    def __post_init__(self) -> None:
        """Raises SpecError."""
        if self.name not in KINDS:
            raise SpecError(f"there is no fault '{self.name}'; there are {', '.join(KINDS)}")
        if self.method not in ("*", "GET", "POST", "DELETE"):
            raise SpecError(f"{self.name}: '{self.method}' is no method; write GET, POST, DELETE or *")
        if self.path != "*" and not self.path.startswith("/v1/"):
            raise SpecError(f"{self.name}: the path '{self.path}' does not begin with /v1/")
        _checked_value(self)
        read_which(self.which)

    @property
    def argument(self) -> str:
        """The value, or what stands for it."""
        return self.value or KINDS[self.name].value

    def matches(self, method: str, path: str) -> bool:
        return self.method in ("*", method) and (self.path == "*" or _fits(path, self.path))


def parse(text: str) -> tuple[tuple[Fault, ...], int]:
    """The faults of a SPEC, and its seed (0 where it names none). Raises SpecError."""
    faults, seed = [], 0
    for item in filter(None, (part.strip() for part in text.split(","))):
        name, _, value = item.partition("=")
        if name == "seed":
            seed = _number(value, "seed")
        else:
            faults.append(_fault(item))
    return tuple(faults), seed


def from_json(body: Any) -> tuple[tuple[Fault, ...], int]:
    """The same as JSON: `{"faults": [{"name": "429", "value": "3", "method": "POST"}], "seed": 7}`, with the members of
    `Fault`; `faults` may also be a SPEC. Raises SpecError.
    """
    if not isinstance(body, dict) or body.keys() - {"faults", "seed"}:
        raise SpecError('expected {"faults": […], "seed": 0}')
    given, seed = body.get("faults", []), body.get("seed", 0)
    if isinstance(given, str):
        return parse(given)
    try:
        return tuple(Fault(**{name: str(value) for name, value in item.items()}) for item in given), int(seed)
    except (TypeError, AttributeError) as error:
        raise SpecError(f"a fault is an object with name, value, method, path and which: {error}") from error


def table() -> str:
    """The faults, a line each."""
    rows = [(name + (f"={kind.unit.upper()}" if kind.unit else ""), kind) for name, kind in KINDS.items()]
    width = max(len(name) for name, _ in rows)
    return "\n".join(
        f"{name:{width}}  {kind.does}" + (f" Default {kind.value}." if kind.value else "") for name, kind in rows
    )


def read_which(text: str) -> Which:
    if text == "*":
        return Which()
    if found := re.fullmatch(r"(\d+(?:\.\d+)?)%", text):
        return Which(chance=float(found[1]) / 100)
    if found := re.fullmatch(r"([1-9]\d*)(-?)(\d*)", text):
        first, to, last = found.groups()
        return Which(int(first), int(last or first) if last or not to else None)
    raise SpecError(f"'{text}' says not which requests; write 2, 1-3, 4-, 10% or *")


def _fault(item: str) -> Fault:
    what, *where = item.split(":")
    if len(where) > 3:
        raise SpecError(f"'{item}' has too many parts; write FAULT[=VALUE][:METHOD[:PATH[:WHICH]]]")
    name, _, value = what.partition("=")
    return Fault(name, value, *where)


def _checked_value(fault: Fault) -> None:
    unit = KINDS[fault.name].unit
    if not fault.value:
        return
    if not unit:
        raise SpecError(f"{fault.name} takes no value")
    if unit == "status" and not 400 <= _number(fault.value, fault.name) <= 599:
        raise SpecError(f"{fault.name}: {fault.value} is no status of an error")
    if unit == "seconds" and not re.fullmatch(r"\d+(\.\d+)?", fault.value):
        raise SpecError(f"{fault.name}: '{fault.value}' is no number of seconds")


def _number(text: str, what: str) -> int:
    if not re.fullmatch(r"\d{1,9}", text):
        raise SpecError(f"{what}: '{text}' is no number")
    return int(text)


def _fits(path: str, pattern: str) -> bool:
    parts, patterns = path.split("/"), pattern.split("/")
    return len(parts) == len(patterns) and all(map(fnmatchcase, parts, patterns))

"""The specification of faults, `drop-after:POST:/v1/agents:2,429=3:POST:*:1-3,seed=7`, and their schedule.

    FAULT[=VALUE][:METHOD[:PATH[:WHICH]]]

`METHOD` and `PATH` may be `*`; in a path, `*` matches one part: `/v1/vector_stores/*/files`. A path with `*` at the end
of a name matches everything that begins so: `/v1/agents*`. `WHICH` selects matching requests: a number, a range `1-3`
or `4-`, a chance `10%`, or `*` for all. Omitted parts are `*`. `seed=N` seeds the random numbers for chances.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from random import Random
from types import MappingProxyType
from typing import Any, Final, Literal, TypeAlias

Unit: TypeAlias = Literal["", "status", "seconds", "field"]


@dataclass(frozen=True)
class FaultType:
    """The effect of a fault, and the unit and default of its value."""

    effect: str
    unit: Unit = ""
    default: str = ""


FAULTS: Final[Mapping[str, FaultType]] = MappingProxyType(
    {
        "error-before": FaultType("The request is not executed; the response is an error.", "status", "503"),
        "error-after": FaultType("The request is executed; the response is an error.", "status", "500"),
        "drop-before": FaultType("The request is not executed; the connection is closed."),
        "drop-after": FaultType("The request is executed; the connection is closed without a response."),
        "slow": FaultType("The request is executed; the response is delayed.", "seconds", "1"),
        "malformed": FaultType("The request is executed; the response is truncated."),
        "429": FaultType(
            "The request is not executed; rate limit error, with Retry-After if a value is given.", "seconds"
        ),
        "401": FaultType("The request is not executed; the key lacks the scope of the resource."),
        "403": FaultType("The request is not executed; the key lacks the scope of the resource."),
        "404": FaultType("The request is not executed; the server does not have the path."),
        "405": FaultType("The request is not executed; the path does not have the method."),
        "501": FaultType("The request is not executed; the server does not implement it."),
        "gateway": FaultType("The request is not executed; a gateway answers with an HTML page.", "status", "404"),
        "quota": FaultType("The request is not executed; quota error."),
        "stale": FaultType("The request is executed; reads return the previous data for a while.", "seconds", "5"),
        "ingest-fail": FaultType("Files that the request attaches fail to index."),
        "ingest-hang": FaultType("Files that the request attaches are never indexed completely."),
        "ingest-none": FaultType("Files that the request attaches are ignored; their batch is complete and empty."),
        "repeat-cursor": FaultType("A list ignores its cursor and reports more items."),
        "second-writer": FaultType(
            "Another client changes the agent, assistant or vector store of the request.", "field", "name"
        ),
    }
)


class SpecError(ValueError):
    """An invalid specification of faults."""


@dataclass(frozen=True)
class RequestRange:
    """The range of matching requests that a fault hits, from `first` to `last` (None: no end), each with a chance."""

    first: int = 1
    last: int | None = None
    chance: float = 1.0

    def holds(self, number: int, random: Random) -> bool:
        within = self.first <= number and (self.last is None or number <= self.last)
        return within and (self.chance == 1.0 or random.random() < self.chance)


@dataclass(frozen=True)
class Fault:
    """A fault and the requests that it hits."""

    name: str
    value: str = ""
    method: str = "*"
    path: str = "*"
    which: str = "*"

    def __post_init__(self) -> None:
        """Check the values; raises SpecError."""
        if self.name not in FAULTS:
            raise SpecError(f"unknown fault '{self.name}'; valid faults: {', '.join(FAULTS)}")
        if self.method not in ("*", "GET", "POST", "DELETE"):
            raise SpecError(f"{self.name}: '{self.method}' is not a valid method; use GET, POST, DELETE or *")
        if self.path != "*" and not self.path.startswith("/v1/"):
            raise SpecError(f"{self.name}: the path '{self.path}' does not begin with /v1/")
        _checked_value(self)
        read_which(self.which)

    @property
    def argument(self) -> str:
        """The value, or the default of the fault."""
        return self.value or FAULTS[self.name].default

    def matches(self, method: str, path: str) -> bool:
        return self.method in ("*", method) and (self.path == "*" or _fits(path, self.path))


def parse(text: str) -> tuple[tuple[Fault, ...], int]:
    """Parse a SPEC into its faults and its seed (0 by default). Raises SpecError."""
    faults, seed = [], 0
    for item in filter(None, (part.strip() for part in text.split(","))):
        name, _, value = item.partition("=")
        if name == "seed":
            seed = _number(value, "seed")
        else:
            faults.append(_fault(item))
    return tuple(faults), seed


def from_json(body: Any) -> tuple[tuple[Fault, ...], int]:
    """Parse the JSON form: `{"faults": [{"name": "429", "value": "3", "method": "POST"}], "seed": 7}`.

    Each fault has the members of `Fault`; `faults` may also be a SPEC. Raises SpecError.
    """
    if not isinstance(body, dict) or body.keys() - {"faults", "seed"}:
        raise SpecError('expected {"faults": […], "seed": 0}')
    given, seed = body.get("faults", []), body.get("seed", 0)
    if isinstance(given, str):
        return parse(given)
    try:
        return tuple(Fault(**{name: str(value) for name, value in item.items()}) for item in given), int(seed)
    except (TypeError, AttributeError) as error:
        raise SpecError(f"a fault must be an object with name, value, method, path and which: {error}") from error


def table() -> str:
    """Return a table of the faults, one a line."""
    rows = [(name + (f"={type_.unit.upper()}" if type_.unit else ""), type_) for name, type_ in FAULTS.items()]
    width = max(len(name) for name, _ in rows)
    return "\n".join(
        f"{name:{width}}  {type_.effect}" + (f" Default {type_.default}." if type_.default else "")
        for name, type_ in rows
    )


def read_which(text: str) -> RequestRange:
    """Parse the part WHICH of a SPEC; raises SpecError."""
    if text == "*":
        return RequestRange()
    if found := re.fullmatch(r"(\d+(?:\.\d+)?)%", text):
        return RequestRange(chance=float(found[1]) / 100)
    if found := re.fullmatch(r"([1-9]\d*)(-?)(\d*)", text):
        first, to, last = found.groups()
        return RequestRange(int(first), int(last or first) if last or not to else None)
    raise SpecError(f"'{text}' does not select requests; use 2, 1-3, 4-, 10% or *")


def _fault(item: str) -> Fault:
    what, *where = item.split(":")
    if len(where) > 3:
        raise SpecError(f"'{item}' has too many parts; use FAULT[=VALUE][:METHOD[:PATH[:WHICH]]]")
    name, _, value = what.partition("=")
    return Fault(name, value, *where)


def _checked_value(fault: Fault) -> None:
    unit = FAULTS[fault.name].unit
    if not fault.value:
        return
    if not unit:
        raise SpecError(f"{fault.name} does not take a value")
    if unit == "status" and not 400 <= _number(fault.value, fault.name) <= 599:
        raise SpecError(f"{fault.name}: {fault.value} is not an error status; use 400 to 599")
    if unit == "seconds" and not re.fullmatch(r"\d+(\.\d+)?", fault.value):
        raise SpecError(f"{fault.name}: '{fault.value}' is not a number of seconds")


def _number(text: str, what: str) -> int:
    if not re.fullmatch(r"\d{1,9}", text):
        raise SpecError(f"{what}: '{text}' is not a number")
    return int(text)


def _fits(path: str, pattern: str) -> bool:
    if pattern.endswith("*") and not pattern.endswith("/*"):
        return fnmatchcase(path, pattern)
    parts, patterns = path.split("/"), pattern.split("/")
    return len(parts) == len(patterns) and all(map(fnmatchcase, parts, patterns))


@dataclass
class _Armed:
    fault: Fault
    requests: RequestRange
    matched: int = 0
    hit: int = 0

    def strikes(self, random: Random) -> bool:
        self.matched += 1
        struck = self.requests.holds(self.matched, random)
        self.hit += struck
        return struck


class Schedule:
    """The faults of one emulator, with counters. They may be replaced while it runs."""

    def __init__(self, spec: str = "") -> None:
        """Parse `spec`; raises SpecError."""
        self.set(*parse(spec))

    def set(self, faults: tuple[Fault, ...], seed: int = 0) -> None:
        """Replace all faults and reset the counters."""
        self._armed = [_Armed(fault, read_which(fault.which)) for fault in faults]
        self._random = Random(seed)  # noqa: S311 - repeatable on purpose

    def strike(self, method: str, path: str) -> Mapping[str, str]:
        """Count a request and return the faults that hit it: their values by name."""
        matching = [armed for armed in self._armed if armed.fault.matches(method, path)]
        return {armed.fault.name: armed.fault.argument for armed in matching if armed.strikes(self._random)}

    def report(self) -> list[dict[str, Any]]:
        """Return each fault with the number of matching requests and of hits."""
        return [{**asdict(armed.fault), "matched": armed.matched, "hit": armed.hit} for armed in self._armed]

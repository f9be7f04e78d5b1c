"""The cost of one object, in counts, which are the same on every machine: calls, hashes, opened files, written bytes.

The difference between two sizes is the cost of the further objects. It must be the same among few and among many, and
not above a limit, which is a tenth above what was measured. Requests have a bound of their own: `test_request_bound`.
"""

from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass, fields
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pytest

from reconciler.operations.validate import validate
from reconciler.releases.export import export
from reconciler.resources.address import Address
from tests.support.counting import calls, in_one_thread, opened, written
from tests.support.world import World, as_yaml, manifest, world

FEW, SOME, MANY = 20, 40, 80
STORE_OF: Final = 10
"""Agents for which there is one vector store, with two files."""


@dataclass(frozen=True)
class Costs:
    calls: float
    hashes: float
    opened: float
    """Files that were opened, for reading and writing."""
    written: float
    """Bytes of documents of the state."""


LIMITS: Final[Mapping[str, Costs]] = {
    "validate": Costs(calls=428, hashes=0.22, opened=1.87, written=0),
    "validate, cached": Costs(calls=201, hashes=3.3, opened=2.09, written=0),
    "plan of new objects": Costs(calls=1_340, hashes=2.75, opened=3.3, written=0),
    "apply of new objects": Costs(calls=3_640, hashes=16.2, opened=11.3, written=1_960),
    "plan without changes": Costs(calls=1_440, hashes=5.3, opened=4.29, written=0),
    "export of one": Costs(calls=0, hashes=0, opened=0, written=0),
}
"""The most that one more agent costs, with a tenth of a store and its two files. An apply plans first."""


def write(made: World, size: int) -> None:
    """Write a project with so many agents, one in each file."""
    made.wants(manifest("Assistant", "reply", {"target": "responses", "model": "gpt-6-luna"}))
    for number in range(size):
        spec = {"target": "agents", "model": "gpt-6-luna", "instructions": f"Answer as {number}."}
        made.file(f"agents/{number}.yaml", as_yaml([manifest("Assistant", f"a{number}", spec)]))
    for number in range(size // STORE_OF):
        for name in ("x", "y"):
            made.file(f"kb/{number}/{name}.md", f"{number} {name}")
        store = manifest("VectorStore", f"s{number}", {"files": [f"kb/{number}/*"]})
        made.file(f"stores/{number}.yaml", as_yaml([store]))


def costs_of(root: Path, command: Callable[[], object]) -> Costs:
    with opened(root) as files, written() as data, calls() as called:
        command()
    hashes = sum(number for name, number in called.items() if name in ("openssl_sha256", "sha256"))
    return Costs(called.total(), hashes, files.total(), data.total())


@cache
def measured(size: int) -> Mapping[str, Costs]:
    """Return the costs of each command in a project with so many agents."""
    with TemporaryDirectory() as folder, TemporaryDirectory() as cache_folder, world(Path(folder) / "acme") as made:
        in_one_thread(made.runner.get_loop())
        write(made, size)
        cached = {**made.environ, "RECONCILER_CACHE_DIR": cache_folder}
        validate(made.root, cached)
        commands: Mapping[str, Callable[[], object]] = {
            "validate": lambda: validate(made.root, made.environ),
            "validate, cached": lambda: validate(made.root, cached),
            "plan of new objects": made.plan,
            "apply of new objects": made.apply,
            "plan without changes": made.plan,
            "export of one": lambda: export(made.root, made.environ, Address.parse("assistant/reply"), env=None),
        }
        return {name: costs_of(made.root, command) for name, command in commands.items()}


def each(name: str, fewer: int, more: int) -> Costs:
    """Return what each further object costs."""
    measured(STORE_OF)  # what is computed once in a process
    pairs = zip(astuple(measured(fewer)[name]), astuple(measured(more)[name]), strict=True)
    return Costs(*((after - before) / (more - fewer) for before, after in pairs))


@pytest.mark.parametrize("name", LIMITS)
def test_an_object_costs_the_same_among_few_and_among_many(name):
    few, many = each(name, FEW, SOME), each(name, SOME, MANY)
    for field in fields(Costs):
        assert getattr(many, field.name) <= 1.03 * getattr(few, field.name) + 0.1, field.name


@pytest.mark.parametrize("name", LIMITS)
def test_an_object_costs_no_more_than_the_limit(name):
    cost = each(name, SOME, MANY)
    for field in fields(Costs):
        assert getattr(cost, field.name) <= getattr(LIMITS[name], field.name), field.name

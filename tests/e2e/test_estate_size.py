"""An estate of the size that teams have: inventory and import walk lists, and do nothing else."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from reconciler.importing.destination import destination
from reconciler.importing.inventory import take_inventory
from reconciler.importing.live_inventory import project_context
from reconciler.importing.live_objects import import_objects
from reconciler.importing.selection import selection
from reconciler.manifests import load
from tests.support.world import World, world


@contextmanager
def estate(root: Path, *, agents: int, stores: int, files: int) -> Iterator[World]:
    """Everything made by hand; the files are spread evenly over the stores."""
    with world(root) as made:

        async def make() -> None:
            sdk = made.sdk
            for number in range(agents):
                await sdk.beta.agents.create(model="gpt-6-luna", name=f"bot {number}", instructions=f"Answer {number}.")
            for number in range(stores):
                store = await sdk.vector_stores.create(name=f"store {number}")
                held = [
                    await sdk.files.create(file=(f"{number}-{at}.md", b"text"), purpose="assistants")
                    for at in range(files // stores)
                ]
                await sdk.vector_stores.file_batches.create(store.id, file_ids=[file.id for file in held])

        made.by_hand(make())
        yield made


EMPTY = (
    "GET /v1/agents/automations",
    "GET /v1/agents/environments/templates",
    "GET /v1/skills",
    "GET /v1/vaults",
)
"""The first pages of lists without objects."""


def check(made: World, *, agents: int, stores: int, files: int) -> None:
    """The requests of an inventory and of an import, and what they find."""
    here = project_context(made.root, made.environ, env=None, endpoint=None)
    walks = {
        "GET /v1/agents": -(-agents // 100),
        "GET /v1/files": 1,
        "GET /v1/vector_stores": -(-stores // 100),
        "GET /v1/vector_stores/{id}/files": stores * -(-(files // stores) // 100),
        **dict.fromkeys(EMPTY, 1),
    }
    told: list[str] = []
    made.requests()
    inventory = made.run(take_inventory(here, made.connection, by=None, on_progress=told.append))
    assert made.requests() == walks
    found = {one.what: one.objects for one in inventory.types if one.objects}
    assert found == {"agent": agents, "file": files, "vector_store": stores}
    assert any(line.startswith("contents: ") for line in told)
    target = destination(made.root, None, here)
    done = made.run(import_objects(here, made.connection, target, selection((), None), told.append))
    assert made.requests() == walks
    assert (len(done.origins), done.problems, done.skipped) == (agents + stores, (), ())
    loaded = load(made.root, env=None)
    errors = [problem for problem in loaded.problems if problem.severity == "error"]
    assert (len(loaded.resources), errors) == (agents + stores, [])


def test_lists_are_walked_once(tmp_path):
    size = {"agents": 101, "stores": 3, "files": 303}
    with estate(tmp_path, **size) as made:
        check(made, **size)


@pytest.mark.long
def test_so_are_those_of_a_large_estate(tmp_path):
    size = {"agents": 1000, "stores": 100, "files": 5000}
    with estate(tmp_path, **size) as made:
        check(made, **size)

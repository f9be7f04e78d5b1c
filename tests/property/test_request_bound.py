"""A plan without changes sends the fewest reads, and an apply the fewest writes, that both sides allow."""

import random
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any, Final

import pytest

from reconciler.live import pages
from reconciler.resources.store_files import MEMBERS
from tests.support.request_bound import desired, live, reads, sent, writes
from tests.support.world import PROJECT, World, manifest, world

PAGE: Final = 3
"""The size of a page, so that few objects have several."""
FILES: Final = tuple(f"kb/f{number}.md" for number in range(8))
PAIRS_OF_ONE: Final = 10
"""Pairs of desired and live for which one project is used."""


def change(made: World, dice: random.Random) -> None:
    """Change a manifest, a file or what is live."""
    kind = dice.choice(["agent", "agent", "store", "file", "drop", "foreign"])
    if kind == "agent":
        spec = {"target": "agents", "model": "gpt-6-luna", "instructions": dice.choice(["Sort.", "File.", "Ask."])}
        made.wants(manifest("Assistant", f"a{dice.randrange(8)}", spec))
    elif kind == "store":
        files = sorted(dice.sample(FILES, dice.randrange(len(FILES))))
        metadata = {"team": dice.choice("xy")}
        made.wants(manifest("VectorStore", f"s{dice.randrange(3)}", {"files": files, "metadata": metadata}))
    elif kind == "file":
        path = dice.choice(FILES)
        made.file(path, f"{path} {dice.random()}")
    elif kind == "drop" and len(made.documents) > 1:
        made.drops(dice.choice(list(made.documents)[1:]))
    elif kind == "foreign":
        made.by_hand(foreign(made, dice))


async def foreign(made: World, dice: random.Random) -> Any:
    """Create an object that is not managed, or change a managed agent."""
    agents = [one async for one in made.sdk.beta.agents.list()]
    if agents and dice.random() < 0.5:
        return await made.sdk.beta.agents.update(dice.choice(agents).id, instructions="Changed by another person.")
    if dice.random() < 0.5:
        return await made.sdk.beta.agents.create(model="gpt-6-luna", instructions="Theirs.")
    return await made.sdk.vector_stores.create(name="theirs")


def compare(made: World) -> tuple[int, int]:
    """Apply, and plan again; return the numbers of requests that were sent and of those that the bound has."""
    fewest = writes(desired(made), live(made), MEMBERS.batch)
    made.requests()
    made.apply()
    written = sent(made.requests(), "POST", "DELETE")
    assert written == fewest
    enough = reads(desired(made), live(made), PAGE)
    assert made.plan().work == ()
    asked = sent(made.requests(), "GET", "POST", "DELETE")
    assert asked == enough
    return (written + asked).total(), (fewest + enough).total()


def ratio(pairs: int, seed: int) -> float:
    """Return the ratio of what is sent to the bound, over random pairs of desired and live."""
    dice, totals = random.Random(seed), Counter[str]()
    for _ in range(pairs // PAIRS_OF_ONE):
        with tempfile.TemporaryDirectory() as folder, world(Path(folder)) as made:
            made.wants({**PROJECT, "spec": {**PROJECT["spec"], "safety": {"max_deletes": 1000}}})
            for path in FILES:
                made.file(path, path)
            for _ in range(PAIRS_OF_ONE):
                for _ in range(dice.randrange(1, 8)):
                    change(made, dice)
                done, fewest = compare(made)
                totals.update(done=done, fewest=fewest)
    return totals["done"] / totals["fewest"]


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    for one in (pages.walk, pages.walk_as):
        monkeypatch.setattr(one, "__kwdefaults__", {**(one.__kwdefaults__ or {}), "limit": PAGE})


def test_no_request_is_more_than_the_bound() -> None:
    assert ratio(40, seed=1) == 1.0


@pytest.mark.long
def test_no_request_is_more_than_the_bound_over_1000_pairs() -> None:
    assert ratio(1_000, seed=2) == 1.0

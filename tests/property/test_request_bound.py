"""A plan without changes sends the fewest reads, and an apply the fewest writes, that both sides allow."""

import random
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from reconciler.applying import reference_recheck
from reconciler.emulator.fault_spec import parse
from reconciler.live import pages
from reconciler.releases.release import release
from reconciler.resources.store_files import MEMBERS
from tests.support import estate_bound
from tests.support.automations import automation
from tests.support.credentials import SECRETS, agent, credential
from tests.support.estate_bound import FIXED, Bound
from tests.support.request_bound import desired, live, reads, reads_again, reads_for_changes, sent, writes
from tests.support.templates import SKILL, SKILL_MD
from tests.support.world import PROJECT, Clock, Document, World, manifest, told, world

PAGE: Final = 3
"""The size of a page, so that few objects have several."""
SINGLE: Final = ("GET /v1/agents/*", "GET /v1/vector_stores/*")
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
    """Plan, apply, and plan again; return the numbers of requests that were sent and of those that the bound has."""
    wanted, found = desired(made), live(made)
    first = reads(wanted, found, PAGE) + reads_for_changes(wanted, found)
    fewest = writes(wanted, found, MEMBERS.batch)
    made.requests()
    observed = made.observed()
    looked = sent(made.requests(), "GET", "POST", "DELETE")
    assert looked == first
    assert made.carry_out(observed).complete
    applied = made.requests()
    written = sent(applied, "POST", "DELETE")
    assert written == fewest
    again = reads_again(wanted, found)
    assert {name: sent(applied, "GET")[name] for name in SINGLE} == {name: again[name] for name in SINGLE}
    enough = reads(desired(made), live(made), PAGE)
    assert made.plan().work == ()
    asked = sent(made.requests(), "GET", "POST", "DELETE")
    assert asked == enough
    return (looked + written + asked).total(), (first + fewest + enough).total()


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


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    for one in (pages.walk, pages.walk_as):
        monkeypatch.setattr(one, "__kwdefaults__", {**(one.__kwdefaults__ or {}), "limit": PAGE})


@pytest.mark.usefixtures("small_pages")
def test_no_request_is_more_than_the_bound() -> None:
    assert ratio(40, seed=1) == 1.0


@pytest.mark.long
@pytest.mark.usefixtures("small_pages")
def test_no_request_is_more_than_the_bound_over_1000_pairs() -> None:
    assert ratio(1_000, seed=2) == 1.0


# All kinds


def documents(made: World, dice: random.Random, published: Mapping[str, int]) -> list[Document]:
    """Return manifests of some objects of every kind. What they refer to is among them."""
    model: dict[str, Any] = {"model": "gpt-6-luna", "instructions": dice.choice(["Sort.", "File."])}
    found = [manifest("Assistant", "reply", {**model, "target": "responses"}), manifest("Pipeline", "flow", FLOW)]
    found.append(manifest("Chatbot", "bot", {"pipeline": "flow", **published}))
    metadata = {"metadata": {"team": dice.choice("xy")}}

    def some(*some: Document) -> bool:
        is_chosen = dice.random() < 0.7
        found.extend(some if is_chosen else ())
        return is_chosen

    if some(manifest("Vault", "crm", metadata)) and some(credential(metadata={"team": dice.choice("xy")})):
        tool = agent()["spec"]["tools"]
        some(manifest("Assistant", "caller", {**model, "target": "agents", "tools": tool}))
    if some(manifest("Assistant", "digest", {**model, "target": "agents"})):
        some(automation(metadata={"team": dice.choice("xy")}))
    if some(manifest("Skill", "meeting-notes", SKILL["spec"])):
        made.file("skills/notes/SKILL.md", f"{SKILL_MD}{dice.choice('abc')}\n")
    some(manifest("Assistant", "old", {**model, "target": "assistants"}))
    file = {"type": "file_id", "file_id": dice.choice(FIXED), "path": "/workspace/data.csv"}
    network = {"access": "disabled"}
    python = [f"pandas=={dice.randrange(3)}"]
    some(manifest("EnvironmentTemplate", "desk", {"network": network, "packages": {"python": python}, "files": [file]}))
    files = sorted(dice.sample(FILES, dice.randrange(4)))
    some(manifest("VectorStore", "handbook", {"files": files, **metadata}))
    some(manifest("VectorStore", "prices", {"files": sorted(dice.sample(FILES, dice.randrange(2)))}))
    return found


def released(made: World) -> int:
    """Release the chatbot, and return the number of the release."""
    made_release = release(made.root, made.environ, "bot", allow_unchanged=True)
    return int(Path(made_release.path).stem.removeprefix("v"))


FLOW: Final = {
    "nodes": {"a": {"type": "assistant", "assistant": "reply"}},
    "edges": [{"from": "start", "to": "a"}, {"from": "a", "to": "end"}],
}


def is_model_written(made: World, before: Mapping[str, Document]) -> bool:
    """Return True if an assistant differs from the applied one, or another release is to be published."""
    changed = (one for key, one in made.documents.items() if one != before.get(key))
    return any(one["kind"] == "Assistant" or "published" in one["spec"] for one in changed)


async def of_others(made: World) -> None:
    """Create a store with a file, a vault and an agent that are not managed."""
    file = await made.sdk.files.create(file=("theirs.md", b"Theirs."), purpose="assistants")
    await made.sdk.vector_stores.create(name="theirs", file_ids=[file.id])
    await made.sdk.beta.agents.create(model="gpt-6-luna", name="theirs")
    await made.connection.replace("vaults", body={"name": "theirs"})


def compare_all(made: World, before: Mapping[str, Document], *, is_released: bool) -> tuple[Counter[str], Counter[str]]:
    """Plan, apply, and plan again; return the requests that were sent, and those of the bound."""
    wanted = estate_bound.desired(made)
    found = estate_bound.live(made, KNOWN)
    bound = Bound(wanted, found, is_released or is_model_written(made, before))
    made.requests()
    observed = made.observed()
    assert observed.planned.plan.refusals == ()
    planned = sent(made.requests(), "GET", "POST", "DELETE")
    assert planned == bound.plan(), "\n".join(told(observed.planned.plan.work))
    made.carry_out(observed)
    applied = sent(made.requests(), "GET", "POST", "DELETE")
    assert applied == bound.apply(), "\n".join(told(observed.planned.plan.work))
    after = Bound(wanted, estate_bound.live(made, KNOWN), writes_models=False)
    assert made.plan().work == ()
    asked = sent(made.requests(), "GET", "POST", "DELETE")
    assert asked == after.plan()
    return planned + applied + asked, bound.plan() + bound.apply() + after.plan()


KNOWN: Final = frozenset(
    {
        *(("agents", name) for name in ("caller", "digest")),
        *(("assistants", "old"), ("automations", "nightly"), ("credentials", "crm-token"), ("skills", "meeting-notes")),
        *(("stores", "handbook"), ("stores", "prices"), ("templates", "desk"), ("vaults", "crm")),
    }
)


def ratio_of_all(pairs: int, seed: int) -> float:
    dice, totals = random.Random(seed), Counter[str]()
    for _ in range(pairs // PAIRS_OF_ONE):
        with tempfile.TemporaryDirectory() as folder, world(Path(folder), assistants=True) as made:
            made.environ = {**made.environ, **SECRETS}
            project = {**PROJECT, "spec": {**PROJECT["spec"], "safety": {"max_deletes": 1000}}}
            made.wants(project)
            for path in (*FILES, *FIXED):
                made.file(path, path)
            published: dict[str, int] = {}
            for pair in range(PAIRS_OF_ONE):
                before = dict(made.documents)
                made.documents.clear()
                made.wants(project, *documents(made, dice, published))
                is_released = pair % 4 == 1
                if is_released:
                    made.by_hand(of_others(made))
                    published = {"published": released(made)}
                for path in dice.sample(FILES, 1):
                    made.file(path, f"{path} {dice.random()}")
                done, fewest = compare_all(made, before, is_released=is_released)
                totals.update(done=done.total(), fewest=fewest.total())
    return totals["done"] / totals["fewest"]


def test_no_request_about_any_kind_is_more_than_the_bound(monkeypatch) -> None:
    monkeypatch.setattr(reference_recheck, "FRESH", 3600.0)
    assert ratio_of_all(20, seed=3) == 1.0


@pytest.mark.long
def test_no_request_about_any_kind_is_more_than_the_bound_over_1000_pairs(monkeypatch) -> None:
    monkeypatch.setattr(reference_recheck, "FRESH", 3600.0)
    assert ratio_of_all(1_000, seed=4) == 1.0


class LateList(Clock):
    """A clock that stands still until a list was read twice. Until then, the API returns what a `stale` fault hides."""

    requests: Sequence[tuple[str, str]] = ()

    def __call__(self) -> float:
        return self.seconds + (10 if self.requests.count(("GET", "/v1/agents/environments/templates")) > 1 else 0)


def test_of_all_lists_only_one_that_still_shows_a_removed_reference_is_read_again(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(reference_recheck, "FRESH", 3600.0)
    monkeypatch.setattr(reference_recheck, "LOOKS", (0.0, 0.5))
    clock = LateList()
    with world(tmp_path, assistants=True, now=clock) as made:
        for path in FIXED:
            made.file(path, path)

        def wants(file: str) -> None:
            files = [{"type": "file_id", "file_id": file, "path": "/workspace/data.csv"}]
            spec = {"network": {"access": "disabled"}, "packages": {"python": ["pandas"]}, "files": files}
            made.wants(manifest("EnvironmentTemplate", "desk", spec))

        wants(FIXED[0])
        made.apply()
        wants(FIXED[1])
        bound = Bound(estate_bound.desired(made), estate_bound.live(made, KNOWN), writes_models=False)
        observed = made.observed()
        made.requests()
        made.app.state.faults.set(*parse("stale=5:POST:/v1/agents/environments/templates/*"))
        clock.requests = made.app.state.requests
        assert made.carry_out(observed).complete
        applied = sent(made.requests(), "GET", "POST", "DELETE")
        assert applied - bound.apply() == Counter({"GET /v1/agents/environments/templates": 1})
        assert made.plan().work == ()

"""Inject every fault into every kind of request and check the outcome that docs/faults.md documents."""

import time
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

import pytest

from reconciler.importing.inventory import take_inventory
from reconciler.importing.live_inventory import project_context
from tests.support.troubled import PATIENCE, WANTED, Troubled, after, before, copied, store, troubled
from tests.support.world import PROJECT

DOCS = Path(__file__).parents[2] / "docs" / "faults.md"
NOTHING = "\N{EN DASH}"
LATER = 2 * 3600.0
"""Seconds after which what hangs is given up."""


def table(title: str) -> list[list[str]]:
    """Return the rows of the table below a heading, without the delimiter row."""
    lines = iter(DOCS.read_text().splitlines())
    for line in lines:
        if line == f"## {title}":
            break
    rows = takewhile(lambda line: not line.startswith("##"), lines)
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows if row.startswith("|")]
    return [cells[0], *cells[2:]]


REQUESTS = {name: request.strip("`").replace(" ", ":") for name, request in table("Requests")[1:]}


def cells(title: str, which: str) -> Iterator[object]:
    """Yield one test for each cell; the default run includes one cell of every row."""
    (_, *faults), *rows = table(title)
    for row, (request, *outcomes) in enumerate(rows):
        meant = [(fault, outcome) for fault, outcome in zip(faults, outcomes, strict=True) if outcome != NOTHING]
        for column, (fault, outcome) in enumerate(meant):
            # Two objects are read before they are written: one is changed, the other deleted.
            hits = "1-2" if request.startswith("read") and which == "1" else which
            spec = f"{fault.strip('`')}:{REQUESTS[request]}:{hits}"
            sampled = column == row % len(meant) and "ingest-hang" not in fault
            marks = [] if sampled else [pytest.mark.long]
            yield pytest.param(spec, outcome.strip("`"), marks=marks, id=f"{fault.strip('`')}-{request}")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with work to do, and its API."""
    root = tmp_path_factory.mktemp("faults") / "template"
    with troubled(root) as world:
        before(world)
        after(world)
    return root


@pytest.fixture
def world(template: Path, tmp_path: Path) -> Iterator[Troubled]:
    with troubled(copied(template, tmp_path / "acme")) as made:
        yield made


def assert_done(world: Troubled) -> None:
    """Exactly the wanted objects are there, and nothing is left to say."""
    world.suffers("")
    world.settle()
    assert world.live() == WANTED
    plan = world.plan()
    assert (plan.changes, plan.drift, plan.refusals) == ((), (), ())


def assert_outcome(world: Troubled, faults: str, outcome: str, monkeypatch: pytest.MonkeyPatch) -> None:
    world.suffers(faults.replace("slow:", f"slow={PATIENCE * 2}:"))
    codes = world.attempt()
    assert world.hits()
    world.suffers("")
    world.settle()
    assert codes == (set() if outcome in {"succeeds", "drift"} else {outcome})
    if outcome == "drift":
        assert world.plan().drift
    if outcome == "still-indexing":
        monkeypatch.setattr(time, "time", lambda: world.clock() + LATER)
    if outcome != "succeeds":
        assert world.attempt() == set()
    assert_done(world)


def test_without_faults(world):
    assert world.attempt() == set()
    request_of = world.requests()
    assert len(request_of) == len(REQUESTS)
    assert_done(world)


@pytest.mark.parametrize(("faults", "outcome"), list(cells("Single faults", "1")))
def test_single_fault_has_documented_outcome(world, monkeypatch, faults, outcome):
    assert_outcome(world, faults, outcome, monkeypatch)


@pytest.mark.parametrize(("faults", "outcome"), list(cells("Persistent faults", "*")))
def test_persistent_fault_has_documented_outcome(world, monkeypatch, faults, outcome):
    assert_outcome(world, faults, outcome, monkeypatch)


CREATES = ["/v1/agents", "/v1/vector_stores", "/v1/files"]


class TestLostAnswersAndLateLists:
    @pytest.mark.parametrize("path", CREATES)
    def test_what_lists_show_late_is_waited_for(self, world, path):
        world.suffers(f"drop-after:POST:{path}:1,stale=5:POST:{path}:1")
        assert world.attempt() == set()
        assert_done(world)

    @pytest.mark.parametrize("path", CREATES[:2])
    def test_what_they_show_too_late_is_made_twice_and_the_second_is_removed_by_the_next_run(self, world, path):
        world.suffers(f"drop-after:POST:{path}:1,stale=60:POST:{path}:1")
        world.attempt()
        world.settle(60)
        world.attempt()
        assert_done(world)

    def test_an_upload_that_they_show_too_late_stays_and_is_listed(self, world):
        world.suffers("drop-after:POST:/v1/files:1,stale=60:POST:/v1/files:1")
        world.attempt()
        world.settle(60)
        world.attempt()
        (twice,) = (name for name, count in world.live()["uploads"] if count == 2)
        here = project_context(world.root, world.environ, env=None, endpoint=None)
        listed = world.run(take_inventory(here, world.connection, by=None, on_progress=lambda _text: None)).items
        assert sorted(one.unused for one in listed if one.name == twice) == [False, True]


def test_uploads_that_only_their_content_tells_apart_are_not_mixed_up(tmp_path):
    """The API tells of an upload its name and its size, and nothing of its bytes."""
    with troubled(tmp_path / "acme") as world:
        texts = [f"Page {number}." for number in range(6)]
        for number, text in enumerate(texts):
            world.file(f"kb/{number}/page.md", text)
        world.wants(PROJECT, store("kb", "kb/**/*.md", lang="en"))
        world.suffers("drop-after:POST:/v1/files")
        assert world.attempt() == set()
        contents = world.contents()
        assert [contents[world.id_of(f"file/kb/{number}/page.md")] for number in range(6)] == texts


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 40))])
def test_everything_at_random_converges(world, seed):
    faults = ["error-before", "error-after", "drop-before", "drop-after", "malformed", "429=1"]
    world.suffers(",".join([f"seed={seed}", *(f"{name}:*:*:8%" for name in faults), "stale=2:POST:*:10%"]))
    for _ in range(10):
        if not world.attempt():
            break
        world.settle()
    assert_done(world)

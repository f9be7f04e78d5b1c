"""The write requests that a plan counts are those that its apply sends, by method."""

import random
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

from reconciler.emulator.fault_spec import parse
from reconciler.operations.apply import apply_plan
from reconciler.operations.plan import Observed, adoption_plan, make_plan
from reconciler.planning.model import ACTIONS, OnDrift
from reconciler.project.workspace import open_workspace
from reconciler.releases.archive import archive
from reconciler.releases.release import release
from reconciler.resources.address import Address
from reconciler.resources.problems import ReconcilerError
from tests.support.world import PROJECT, Document, Quiet, World, manifest, world

PATHS: Final = ("kb/a.md", "kb/b.md", "kb/c.md", "kb/old/a.md", "more/a.md", "more/d.md")
TEXTS: Final = ("one", "two", "three")
"""So few that files with one name often have one content, and then share an upload."""
CHUNKING: Final = (
    {"type": "auto"},
    {"type": "static", "static": {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 0}},
)
ON_DRIFT: Final[tuple[OnDrift, ...]] = ("revert", "revert", "keep")
APPLIES: Final = 12


@dataclass
class Estate:
    """A project that is edited at random, and what its applies sent."""

    world: World
    random: random.Random
    releases: int = 0
    seen: Counter[str] = field(default_factory=Counter)
    """Numbers of edits that an apply followed, of actions in applied plans, and of applies."""

    def wants(self, kind: str, name: str, spec: Mapping[str, Any], **more: Any) -> None:
        self.world.wants(manifest(kind, name, spec, **more))

    def names(self, kind: str) -> list[str]:
        return [key.partition("/")[2] for key in self.world.documents if key.startswith(f"{kind}/")]

    def document(self, kind: str) -> Document | None:
        names = self.names(kind)
        return self.world.documents[f"{kind}/{self.random.choice(names)}"] if names else None

    def chance(self) -> bool:
        return self.random.random() < 0.5


def begin(estate: Estate) -> None:
    project = {**PROJECT, "spec": {"safety": {"max_deletes": 1000}, "outlets": [{"directory": "published"}]}}
    estate.world.wants(project)
    for path in PATHS:
        estate.world.file(path, estate.random.choice(TEXTS))
    estate.wants("VectorStore", "s", {"files": ["kb/**/*.md"]})
    estate.wants("VectorStore", "t", {"files": ["kb/*.md", "more/*.md"], "attributes": {"lang": "en"}})
    search = {"type": "file_search", "vector_store_ids": ["s"]}
    estate.wants("Assistant", "r", {"target": "responses", "model": "gpt-6-luna", "tools": [search]})
    estate.wants("Assistant", "g", {"target": "agents", "model": "gpt-6-luna", "instructions": "Sort."})
    estate.wants("Chatbot", "bot", {"assistant": "r"})


def write_file(estate: Estate) -> None:
    estate.world.file(estate.random.choice(PATHS), estate.random.choice(TEXTS))


def rename_file(estate: Estate) -> None:
    there = [path for path in PATHS if (estate.world.root / path).exists()]
    old, new = estate.random.choice(there), estate.random.choice(PATHS)
    content = (estate.world.root / old).read_bytes()
    remove(estate, old)
    estate.world.file(new, content)


def remove_file(estate: Estate) -> None:
    remove(estate, estate.random.choice(PATHS))


def remove(estate: Estate, path: str) -> None:
    """Remove a file, unless it is the last one of its folder, which a glob must match."""
    file = estate.world.root / path
    if file.exists() and len(list(file.parent.glob("*.md"))) > 1:
        file.unlink()


def edit_store(estate: Estate) -> None:
    document = estate.document("VectorStore")
    if document is None:
        estate.wants("VectorStore", "s", {"files": ["kb/**/*.md"]})
        return
    spec = dict(document["spec"])
    match estate.random.randrange(6):
        case 0:
            spec["attributes"] = {"lang": estate.random.choice(["en", "de"])}
        case 1:
            spec["chunking_strategy"] = estate.random.choice(CHUNKING)
        case 2:
            spec["prune"] = estate.chance()
        case 3:
            spec["metadata"] = {"team": estate.random.choice(["x", "y"])}
        case 4:
            spec["files"] = estate.random.choice([["kb/*.md"], ["more/*.md"], ["kb/**/*.md", "more/d.md"], []])
        case _:
            spec["expires_after"] = {"anchor": "last_active_at", "days": estate.random.randrange(1, 9)}
    estate.world.wants({**document, "spec": spec})


def edit_assistant(estate: Estate) -> None:
    document = estate.document("Assistant")
    if document is None:
        return
    spec = {**document["spec"], "instructions": estate.random.choice(["Sort.", "File.", "Ask."])}
    if estate.random.random() < 0.2 and "tools" not in spec:
        spec["target"] = estate.random.choice(["agents", "responses"])
    estate.world.wants({**document, "spec": spec})


def add_object(estate: Estate) -> None:
    kind = estate.random.choice(["Assistant", "VectorStore"])
    name = f"n{estate.random.randrange(3)}"
    agent = {"target": estate.random.choice(["agents", "responses"]), "model": "gpt-6-luna", "instructions": "New."}
    estate.wants(kind, name, agent if kind == "Assistant" else {"files": ["more/*.md"]})


def drop_object(estate: Estate) -> None:
    """Remove the manifest of an object that no other manifest names."""
    kind = estate.random.choice(["Assistant", "VectorStore"])
    free = [name for name in estate.names(kind) if name not in ("r", "s")]
    if free:
        estate.world.drops(f"{kind}/{estate.random.choice(free)}")


def set_lifecycle(estate: Estate) -> None:
    document = estate.document(estate.random.choice(["Assistant", "VectorStore"]))
    if document:
        kept = {key: value for key, value in document.get("lifecycle", {}).items() if key == "moved_from"}
        estate.world.wants({**document, "lifecycle": {**kept, "keep_on_delete": estate.chance()}})


def rename_object(estate: Estate) -> None:
    kind = estate.random.choice(["Assistant", "VectorStore"])
    free = [name for name in estate.names(kind) if name not in ("r", "s")]
    if not free:
        return
    name = estate.random.choice(free)
    document = estate.world.documents[f"{kind}/{name}"]
    estate.world.drops(f"{kind}/{name}")
    new = f"x{estate.random.randrange(100)}"
    lifecycle = {**document.get("lifecycle", {}), "moved_from": name}
    estate.wants(kind, new, document["spec"], lifecycle=lifecycle)


def release_bot(estate: Estate) -> None:
    released = release(estate.world.root, estate.world.environ, "bot", vendor=True)
    estate.releases = int(Path(released.path).stem.removeprefix("v"))
    if estate.chance():
        estate.wants("Chatbot", "bot", {"assistant": "r", "published": estate.releases})


def archive_release(estate: Estate) -> None:
    number = estate.random.randrange(1, estate.releases + 1)
    archive(estate.world.root, {}, Address.parse(f"release/bot@{number}"))


def change_live(estate: Estate) -> None:
    """Change what is live, without Reconciler."""

    async def change() -> None:
        sdk = estate.world.sdk
        stores = [store async for store in sdk.vector_stores.list()]
        agents = [agent async for agent in sdk.beta.agents.list()]
        if stores and estate.chance():
            store = estate.random.choice(stores)
            held = [file.id async for file in sdk.vector_stores.files.list(store.id)]
            if held and estate.chance():
                await sdk.vector_stores.files.delete(estate.random.choice(held), vector_store_id=store.id)
            else:
                file = await sdk.files.create(file=("foreign.md", b"text"), purpose="assistants")
                await sdk.vector_stores.files.create(store.id, file_id=file.id)
        elif agents:
            agent = estate.random.choice(agents)
            if estate.chance():
                await sdk.beta.agents.delete(agent.id)
            else:
                await sdk.beta.agents.update(agent.id, instructions="Changed by another person.")

    estate.world.by_hand(change())


def fail(estate: Estate) -> None:
    """Apply while OpenAI refuses some requests or fails to index files."""
    batches = "POST:/v1/vector_stores/*/file_batches"
    detaches = "DELETE:/v1/vector_stores/*/files/*"
    faults = [f"ingest-fail:{batches}:*", f"error-before=400:{batches}:1", f"error-before=400:{detaches}:2"]
    write_file(estate)
    estate.world.app.state.faults.set(*parse(estate.random.choice(faults)))
    workspace, connection = open_workspace(estate.world.root, estate.world.environ), estate.world.connection

    async def attempt() -> None:
        observed = await make_plan(workspace, connection, on_drift="keep")
        if not observed.planned.plan.refusals:
            await apply_plan(workspace, connection, observed, Quiet(), resume="again")

    estate.world.run(attempt())
    estate.world.app.state.faults.set(*parse(""))


def hold_elsewhere(estate: Estate) -> None:
    """Attach one of the uploads to the store of another person."""

    async def attach() -> None:
        sdk = estate.world.sdk
        store = await sdk.vector_stores.create(name="theirs")
        files = [file.id async for file in sdk.files.list()]
        await sdk.vector_stores.files.create(store.id, file_id=estate.random.choice(sorted(files)))

    estate.world.by_hand(attach())


def adopt_object(estate: Estate) -> None:
    """Create an object without Reconciler, and adopt it with a manifest that differs."""
    kind, name = estate.random.choice(["Assistant", "VectorStore"]), f"y{estate.random.randrange(1000)}"

    async def make() -> str:
        sdk = estate.world.sdk
        if kind == "Assistant":
            return (await sdk.beta.agents.create(model="gpt-6-luna", instructions="Theirs.")).id
        file = await sdk.files.create(file=("theirs.md", b"text"), purpose="assistants")
        store = await sdk.vector_stores.create(name=name)
        await sdk.vector_stores.files.create(store.id, file_id=file.id)
        return store.id

    id_ = estate.world.by_hand(make())
    agent = {"target": "agents", "model": "gpt-6-luna", "instructions": "Ours."}
    estate.wants(kind, name, agent if kind == "Assistant" else {"files": ["more/*.md"]})
    address = Address("assistant" if kind == "Assistant" else "vectorstore", name)
    apply(estate, "keep", {address: id_})


def name_literally(estate: Estate) -> None:
    """Name a file in a store by its live id."""
    document = estate.document("VectorStore")
    if document:

        async def make() -> str:
            file = await estate.world.sdk.files.create(file=("literal.md", b"text"), purpose="assistants")
            return file.id

        entries = [*document["spec"].get("files", []), estate.world.by_hand(make())]
        estate.world.wants({**document, "spec": {**document["spec"], "files": entries}})


EDITS: Final[tuple[Callable[[Estate], None], ...]] = (
    *(write_file, write_file, rename_file, remove_file, remove_file, edit_store, edit_store, edit_assistant),
    *(add_object, drop_object, set_lifecycle, rename_object, release_bot, archive_release, change_live),
    *(adopt_object, name_literally, fail, fail, hold_elsewhere),
)


def apply(estate: Estate, on_drift: OnDrift, adopt: Mapping[Address, str] | None = None) -> bool:
    """Plan, compare and apply; return False if the plan is refused."""
    workspace, connection = open_workspace(estate.world.root, estate.world.environ), estate.world.connection

    async def observe() -> Observed:
        observed = await make_plan(workspace, connection, on_drift=on_drift)
        return await adoption_plan(workspace, observed, adopt) if adopt else observed

    observed = estate.world.run(observe())
    plan = observed.planned.plan
    if plan.refusals:
        return False
    estate.world.requests()
    result = estate.world.run(apply_plan(workspace, connection, observed, Quiet(), resume="again"))
    assert result.complete, [outcome.problem for outcome in result.outcomes if outcome.problem]
    sent = Counter(request.partition(" ")[0] for request in estate.world.requests().elements())
    sent.pop("GET", None)
    assert plan.requests == sent, [
        (change.action, change.address, [item.path for item in change.fields], change.reasons) for change in plan.work
    ]
    estate.seen.update(change.action for change in plan.work)
    return True


def run(seed: int) -> Counter[str]:
    """Edit a project at random, and apply it after every few edits. Return what the applies were about."""
    with tempfile.TemporaryDirectory() as folder, world(Path(folder)) as made:
        estate = Estate(made, random.Random(seed))
        begin(estate)
        assert apply(estate, "revert")
        for _ in range(APPLIES):
            edits = [estate.random.choice(EDITS) for _ in range(estate.random.randrange(1, 4))]
            for edit in edits:
                with suppress(ReconcilerError, ValueError):  # impossible at present, such as a second equal release
                    edit(estate)
            with suppress(ReconcilerError):  # the manifests are not valid: another edit corrects them
                if apply(estate, estate.random.choice(ON_DRIFT)):
                    estate.seen.update(edit.__name__ for edit in edits)
                    estate.seen["applies"] += 1
        return estate.seen


@pytest.mark.parametrize("seed", range(2))
def test_planned_counts_equal_sent_counts(seed: int) -> None:
    assert run(seed)["applies"] > APPLIES / 2


@pytest.mark.long
def test_planned_counts_equal_sent_counts_after_every_edit_and_for_every_action() -> None:
    seen = sum(map(run, range(2, 60)), Counter[str]())
    assert {edit.__name__ for edit in EDITS} | set(ACTIONS) <= {name for name, number in seen.items() if number >= 10}

"""A released version never changes under its users, whatever is edited, released, published, changed by hand, applied.

What a version has to be is read from its manifest as plain YAML, by none of the project's code, and looked for at the
API with the SDK and in what applications load.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from ruamel.yaml import YAML

from reconciler.bundles import Bundle, BundleError, load
from reconciler.planning.model import Plan, drift_class
from reconciler.releases.publish import publish
from reconciler.releases.release import release
from reconciler.resources.problems import ReconcilerError
from tests.support.world import BUNDLES, PROJECT, Document, World, manifest, world

IDENTITY = "acme"
BOT = "support"
TEXTS = st.sampled_from(["Be brief.", "Be kind.", "Ask back."])
PATHS = ("kb/hours.md", "kb/rates.md")
CARELESS = {**PROJECT, "spec": {**PROJECT["spec"], "safety": {"max_deletes": 100, "max_archives": 100}}}
FROZEN = re.compile(r"@(\w+\.)?[0-9]+$")
"""Ends the address of what a release has made."""
UNDONE = {"tampered", "missing", "expired"}


def triage(instructions: str) -> Document:
    return manifest("Assistant", "triage", {"target": "agents", "model": "gpt-6-luna", "instructions": instructions})


def writer(instructions: str) -> Document:
    search = {"type": "file_search", "vector_store_ids": ["handbook"]}
    spec = {"target": "responses", "model": "gpt-6-luna", "instructions": instructions, "tools": [search]}
    return manifest("Assistant", "writer", spec)


def flow(*assistants: str) -> Document:
    nodes = {f"n{index}": {"type": "assistant", "assistant": name} for index, name in enumerate(assistants)}
    way = ["start", *nodes, "end"]
    edges = [{"from": one, "to": other} for one, other in pairwise(way)]
    return manifest("Pipeline", "flow", {"nodes": nodes, "edges": edges})


EDITS = st.one_of(
    TEXTS.map(triage),
    TEXTS.map(writer),
    st.tuples(st.sampled_from(PATHS), TEXTS),
    st.sampled_from([("triage",), ("writer",), ("writer", "triage")]).map(lambda nodes: flow(*nodes)),
)


class Releases(RuleBasedStateMachine):
    """One chatbot with a pipeline, an agent, a request, a vector store and its files."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        folder = Path(self.stack.enter_context(TemporaryDirectory()))
        self.world: World = self.stack.enter_context(world(folder / "project"))
        self.manifests: dict[int, bytes] = {}
        """What `release` wrote, by number."""
        self.archived: set[int] = set()
        self.applied: set[int] = set()
        """Versions that the last apply had to see to."""

    def teardown(self) -> None:
        self.stack.close()

    @initialize()
    def begin(self) -> None:
        self.world.documents.clear()
        for path in PATHS:
            self.world.file(path, f"# {path}\n")
        store = manifest("VectorStore", "handbook", {"files": ["kb/*.md"]})
        bot = manifest("Chatbot", BOT, {"pipeline": "flow"})
        self.world.wants(CARELESS, triage("Be brief."), writer("Be brief."), store, flow("triage", "writer"), bot)
        self.release()
        self.apply()

    # Edits.

    @rule(edit=EDITS)
    def edit(self, edit: Document | tuple[str, str]) -> None:
        if isinstance(edit, tuple):
            self.world.file(*edit)
        else:
            self.world.wants(edit)

    # Releases.

    @rule()
    def release(self) -> None:
        try:
            made = release(self.world.root, {}, BOT, vendor=True)
        except ReconcilerError as error:
            if [problem.code for problem in error.problems] != ["nothing-to-release"]:
                raise
        else:
            self.manifests[len(self.manifests) + 1] = (self.world.root / made.path).read_bytes()

    @precondition(lambda self: self.kept)
    @rule(data=st.data())
    def publish(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(self.kept))
        publish(self.world.root, {}, BOT, number)
        self.world.wants(manifest("Chatbot", BOT, {"pipeline": "flow", "published": number}))

    @precondition(lambda self: self.unpublished)
    @rule(data=st.data())
    def archive(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(self.unpublished))
        self.archived.add(number)
        path = self.path_of(number)
        path.write_text(path.read_text().replace("\nspec:\n", "\nspec:\n  archived: true\n"))

    # Hands at the API, and in the first outlet.

    @precondition(lambda self: self.applied)
    @rule(data=st.data(), text=TEXTS, hand=st.sampled_from(["change", "delete"]))
    def on_a_frozen_agent(self, data: st.DataObject, text: str, hand: str) -> None:
        agents = self.world.sdk.beta.agents
        if agent := self.draw(data, self.frozen(agents)):
            new = f"{text} By hand."
            self.world.by_hand(agents.update(agent, instructions=new) if hand == "change" else agents.delete(agent))

    @precondition(lambda self: self.applied)
    @rule(data=st.data(), hand=st.sampled_from(["rename", "delete", "detach a file", "delete a file"]))
    def on_a_frozen_store(self, data: st.DataObject, hand: str) -> None:
        stores = self.world.sdk.vector_stores
        store = self.draw(data, self.frozen(stores))
        file = self.draw(data, sorted(self.files_in(store))) if store else None
        if store and hand == "rename":
            self.world.by_hand(stores.update(store, name="By hand"))
        elif store and hand == "delete":
            self.world.by_hand(stores.delete(store))
        elif store and file:
            self.world.by_hand(stores.files.delete(file, vector_store_id=store))
            if hand == "delete a file":
                self.world.by_hand(self.world.sdk.files.delete(file))

    @precondition(lambda self: self.applied)
    @rule(data=st.data(), damage=st.sampled_from([b"{}", None]))
    def on_what_applications_load(self, data: st.DataObject, damage: bytes | None) -> None:
        """Of what releases have made only: a release of a working assistant that was changed by hand is refused."""
        documents = sorted((self.world.root / BUNDLES / IDENTITY).rglob("*.json"))
        frozen = [path for path in documents if FROZEN.search(json.loads(path.read_bytes()).get("address", ""))]
        if frozen:
            document = data.draw(st.sampled_from(frozen))
            document.unlink() if damage is None else document.write_bytes(damage)

    # Applies, and what holds after them.

    @rule()
    def apply(self) -> None:
        self.world.apply()
        self.applied = set(self.kept)
        assert self.differing() == set()
        assert self.published_is_ready()
        assert not self.world.plan().work

    @rule()
    def apply_and_keep_what_was_done_by_hand(self) -> None:
        plan = self.world.plan("keep")
        if plan.refusals:
            assert {refusal.rule for refusal in plan.refusals} == {"conflict"}
            return
        self.world.apply("keep")
        self.applied = set(self.kept)
        assert self.differing() <= told_of(self.world.plan("keep"))

    # What is there.

    @property
    def kept(self) -> list[int]:
        return [number for number in self.manifests if number not in self.archived]

    @property
    def unpublished(self) -> list[int]:
        return [number for number in self.kept if number != self.published]

    @property
    def published(self) -> int | None:
        number: int | None = self.world.documents[f"Chatbot/{BOT}"]["spec"].get("published")
        return number

    def path_of(self, number: int) -> Path:
        return self.world.root / "releases" / BOT / f"v{number}.yaml"

    def draw(self, data: st.DataObject, ids: list[str]) -> str | None:
        return data.draw(st.sampled_from(ids)) if ids else None

    def frozen(self, resource: Any) -> list[str]:
        """Ids of copies."""
        found = self.world.by_hand(resource.list(limit=100)._get_page()).data
        by_address = {item.metadata["reconciler-address"]: item.id for item in found}
        return [id_ for address, id_ in sorted(by_address.items()) if "@" in address]

    def files_in(self, store: str) -> dict[str, str]:
        """The sha256 of each."""
        found = self.world.by_hand(self.world.sdk.vector_stores.files.list(store, limit=100)._get_page())
        return {file.id: str((file.attributes or {})["reconciler-sha256"]) for file in found.data}

    def loaded(self, address: str) -> Bundle | None:
        """None where there is none, or no whole one."""
        try:
            bundle = load(self.world.root / BUNDLES, IDENTITY, address)
        except BundleError:
            return None
        return None if bundle.stale else bundle

    def differing(self) -> set[str]:
        """Copies that are not what the manifest of their version says."""
        assert all(self.path_of(number).read_bytes() == self.manifests[number] for number in self.kept)
        return {address for number in self.kept for address in self.differing_in(number)}

    def differing_in(self, number: int) -> Iterator[str]:
        content = YAML(typ="safe", pure=True).load(self.manifests[number])["spec"]["content"]
        bundle = self.loaded(f"chatbot/{BOT}@{number}")
        if bundle is None:
            yield f"release/{BOT}@{number}"
            return
        suffix = f"@{BOT}.{number}"
        for address, spec in content["objects"].items():
            if address.startswith("pipeline/"):
                nodes = bundle.pipeline(address + suffix)["nodes"].values()
                assert [node["assistant"] for node in nodes] == [
                    f"assistant/{node['assistant']}{suffix}" for node in spec["nodes"].values()
                ]
            elif spec.get("target") == "agents":
                if self.agent(bundle.agent_id(address + suffix)) != (spec["model"], spec["instructions"]):
                    yield address + suffix
            elif spec.get("target") == "responses":
                request = bundle.request(address + suffix)
                assert (request["model"], request["instructions"]) == (spec["model"], spec["instructions"])
                (store,) = request["tools"][0]["vector_store_ids"]
                (name,) = (name for name, id_ in bundle.pointer.ids.items() if id_ == store)
                if not self.is_whole(store, content["files"]):
                    yield name

    def agent(self, id_: str) -> tuple[str, str | None] | None:
        found = self.world.by_hand(self.world.sdk.beta.agents.list(limit=100)._get_page()).data
        return next(((agent.model, agent.instructions) for agent in found if agent.id == id_), None)

    def is_whole(self, id_: str, files: Mapping[str, Mapping[str, str]]) -> bool:
        """Whether a store is there, under its name, with exactly these files."""
        stores = self.world.by_hand(self.world.sdk.vector_stores.list(limit=100)._get_page()).data
        found = [store.name for store in stores if store.id == id_]
        kept = sorted(file["sha256"] for file in files.values())
        return found == ["handbook"] and sorted(self.files_in(id_).values()) == kept

    def published_is_ready(self) -> bool:
        """Applications get exactly the published version, and what it names is live: `differing` has looked."""
        if self.published is None:
            return True
        served, version = self.loaded(f"chatbot/{BOT}"), self.loaded(f"chatbot/{BOT}@{self.published}")
        assert served
        assert version
        return (served.pointer.blob, served.pointer.ids) == (version.pointer.blob, version.pointer.ids)


def told_of(plan: Plan) -> set[str]:
    """What the plan says was changed by hand, of what releases have made."""
    return {change.address for change in plan.drift if drift_class(change) in UNDONE}


def test_a_version_of_which_something_stays_deleted_is_not_published():
    """Applications would be sent to what is not there."""
    estate = Releases()
    estate.begin()
    (agent,) = estate.frozen(estate.world.sdk.beta.agents)
    estate.world.by_hand(estate.world.sdk.beta.agents.delete(agent))
    publish(estate.world.root, {}, BOT, 1)
    refused = estate.world.plan("keep").refusals
    estate.teardown()
    assert [(refusal.rule, refusal.address) for refusal in refused] == [("conflict", f"chatbot/{BOT}")]


def machine(examples: int, steps: int) -> None:
    run_state_machine_as_test(
        Releases,
        settings=settings(max_examples=examples, stateful_step_count=steps, deadline=None, derandomize=True),
    )


def test_a_released_version_stays_what_its_manifest_says():
    machine(examples=6, steps=12)


@pytest.mark.long
def test_a_released_version_stays_what_its_manifest_says_at_length():
    machine(examples=40, steps=25)

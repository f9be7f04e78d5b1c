"""Any history of renames, edits and releases: an apply sends what its plan says, leaves nothing to do, loses nothing.

A rename is of an assistant, a store, a folder or the chatbot. The manifest names the former name, all of them, or, some
time after the rename, none. The state is moved to the new name of a store, or lost and rebuilt, and so are the bundles
beside it. In the end, what a published release holds is not deleted.
"""

import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from reconciler.bundles.bundle import load
from reconciler.operations.state_edits import move
from reconciler.planning.model import Plan
from reconciler.releases.release import release
from reconciler.resources.address import Address
from tests.property.projects import new_world
from tests.support.world import BUNDLES, World, is_silent_but_for_names, manifest, told

FEW = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
MANY = settings(FEW, max_examples=150)

Part = Literal["assistant", "store", "chatbot"]
NAMES = ("a", "b", "c", "d", "e")
FOLDERS = ("kb", "docs", "kb/old")


@dataclass(frozen=True)
class Rename:
    part: Part
    everything: bool
    """Whether `moved_from` names all the names that it had, or the last one only."""


@dataclass(frozen=True)
class Move:
    """The folder of knowledge gets another name; with an edit of one of its files at once."""

    folder: str
    edited: bool


Event = Rename | Move | Literal["edit", "release", "publish", "forget names", "by id", "state mv", "rebuild", "bundles"]
LOSSES: Final[tuple[Event, ...]] = ("state mv", "rebuild", "bundles")
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(Rename, st.sampled_from(["assistant", "store", "chatbot"]), st.booleans()),
    st.builds(Move, st.sampled_from(FOLDERS), st.booleans()),
    st.sampled_from(["edit", "release", "publish", "forget names", "by id"]),
    st.sampled_from(LOSSES),
)


@dataclass
class Named:
    """The names that one object has had, the present one last."""

    names: list[str] = field(default_factory=lambda: ["a"])
    moved_from: list[str] = field(default_factory=list)

    @property
    def now(self) -> str:
        return self.names[-1]

    def rename(self, *, everything: bool) -> None:
        former = self.names[::-1]
        self.names.append(NAMES[len(self.names) % len(NAMES)] + "x" * (len(self.names) // len(NAMES)))
        self.moved_from = former if everything else former[:1]

    @property
    def lifecycle(self) -> dict[str, Any]:
        return {"lifecycle": {"moved_from": self.moved_from}} if self.moved_from else {}


@dataclass
class History:
    """A chatbot with one assistant that searches one store, and what becomes of it."""

    world: World
    target: str
    live: bool = False
    """Whether releases use the store itself instead of a copy."""
    parts: dict[Part, Named] = field(
        default_factory=lambda: {"assistant": Named(), "store": Named(), "chatbot": Named()}
    )
    folder: str = "kb"
    texts: dict[str, str] = field(default_factory=lambda: {"one.md": "one", "two.md": "two", "sub/one.md": "one"})
    edits: int = 0
    published: int = 0
    literal: str = ""
    """The id of the store, once the manifest names it so."""
    released: int = 0

    def write(self) -> None:
        store, assistant, chatbot = (self.parts[part] for part in ("store", "assistant", "chatbot"))
        for folder in FOLDERS:
            for path in self.texts:
                (self.world.root / folder / path).unlink(missing_ok=True)
        for path, text in self.texts.items():
            self.world.file(f"{self.folder}/{path}", text)
        project = next(iter(self.world.documents.values()))
        self.world.documents.clear()
        self.world.wants(
            project,
            manifest("VectorStore", store.now, self.store(), **store.lifecycle),
            manifest("Assistant", assistant.now, self.spec(), **assistant.lifecycle),
            manifest("Chatbot", chatbot.now, self.bot(), **chatbot.lifecycle),
        )

    def spec(self) -> dict[str, Any]:
        instructions = f"Help. {self.edits}"
        if self.target == "agents":
            return {"target": "agents", "model": "gpt-6.1-sol", "instructions": instructions}
        tools = [{"type": "file_search", "vector_store_ids": [self.literal or self.parts["store"].now]}]
        return {"target": "responses", "model": "gpt-6.1-sol", "instructions": instructions, "tools": tools}

    def store(self) -> dict[str, Any]:
        more = {"releases": "live"} if self.live else {}
        return {"name": "kb", "files": [f"{self.folder}/**/*.md"], **more}

    def bot(self) -> dict[str, Any]:
        return {"assistant": self.parts["assistant"].now, **({"published": self.published} if self.published else {})}

    def happens(self, event: Event) -> None:
        if isinstance(event, Rename):
            everything = event.everything or (event.part == "chatbot" and bool(self.released))
            self.parts[event.part].rename(everything=everything)
        elif isinstance(event, Move):
            self.folder = event.folder
            if event.edited:
                self.texts["one.md"] += "!"
        elif event == "edit":
            self.edits += 1
        elif event == "publish":
            self.published = max(1, self.published - 1) if self.released else 0
        elif event == "forget names":
            self.forget_names()
        elif event in LOSSES:
            self.is_lost(event)
        elif event == "by id":
            name = f"vectorstore/{self.parts['store'].now}"
            self.literal = "" if self.literal or self.target != "responses" else self.world.id_of(name)
        else:
            self.edits += 1
            self.write()
            release(self.world.root, self.world.environ, self.parts["chatbot"].now, vendor=True)
            self.released += 1
            self.published = self.released

    def is_lost(self, event: Event) -> None:
        """Lose what is known of a rename: the label of the store has its former name, the state is rebuilt, or the
        bundles beside the state are published anew.
        """
        if event == "state mv":
            self.move_store()
        elif event == "rebuild":
            self.world.lose_state()
            self.world.rebuild()
        else:
            shutil.rmtree(self.world.root / BUNDLES)

    def move_store(self) -> None:
        """Rename the store, and its entry in the state instead of a declaration in the manifest."""
        store, declared = self.parts["store"], self.parts["store"].moved_from
        former = Address("vectorstore", store.now)
        store.rename(everything=False)
        store.moved_from = declared
        move(self.world.root, self.world.environ, former, Address("vectorstore", store.now), env=None)

    def forget_names(self) -> None:
        """Those of the chatbot stay as long as it has releases under them: its manifest gives their numbers."""
        for part, named in self.parts.items():
            if part != "chatbot" or not self.released:
                named.moved_from = []

    def apply(self) -> Plan:
        plan = self.world.plan()
        assert plan.refusals == ()
        self.world.requests()
        self.world.apply()
        sent = Counter(request.partition(" ")[0] for request in self.world.requests().elements())
        del sent["GET"]
        assert sent == plan.requests, told(plan.changes)
        again = self.world.plan()
        assert is_silent_but_for_names(again), (told(again.changes), told(again.drift), again.warnings)
        return plan

    def check_held(self) -> None:
        """Assert that the store is not deleted while the published release uses it."""
        if not (self.live and self.target == "responses" and self.published):
            return
        del self.world.documents[f"VectorStore/{self.parts['store'].now}"]
        name = self.parts["assistant"].now
        spec = {key: value for key, value in self.spec().items() if key != "tools"}
        self.world.wants(manifest("Assistant", name, spec, **self.parts["assistant"].lifecycle))
        refused = [(refusal.rule, refusal.address) for refusal in self.world.plan().refusals]
        assert ("referenced", f"vectorstore/{self.parts['store'].now}") in refused

    def seen_by_users(self) -> Any:
        if not self.published:
            return None
        found = load(self.world.root / BUNDLES, "acme", f"chatbot/{self.parts['chatbot'].now}")
        return found.content, dict(found.pointer.ids)


def check(target: str, events: Sequence[Event], live: bool) -> None:
    with new_world() as world:
        history = History(world, target, live)
        history.write()
        history.apply()
        for event in events:
            before, published = history.seen_by_users(), history.published
            history.happens(event)
            history.write()
            plan = history.apply()
            gone = [change.address for change in plan.work if change.action in {"archive", "delete"}]
            assert gone == [], told(plan.changes)
            renamed_only = isinstance(event, Move) and not event.edited
            assert not renamed_only or plan.requests == {}, told(plan.changes)
            assert "knowledge-removed" not in [risk.rule for risk in plan.risks]
            if published == history.published:
                assert history.seen_by_users() == before
        history.check_held()


@FEW
@given(st.sampled_from(["agents", "responses"]), st.lists(EVENTS, min_size=1, max_size=6), st.booleans())
def test_renames_lose_nothing(target: str, events: Sequence[Event], live: bool):
    check(target, events, live)


@pytest.mark.long
@MANY
@given(st.sampled_from(["agents", "responses"]), st.lists(EVENTS, min_size=2, max_size=9), st.booleans())
def test_renames_lose_nothing_at_length(target: str, events: Sequence[Event], live: bool):
    check(target, events, live)

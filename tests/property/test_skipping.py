"""Objects that are as an apply left them are not compared again, and no plan shows that.

Every plan of this folder is made with and without the digests (`conftest.py`). Here, manifests and live objects are
edited in any order, objects are renamed, and entries of the state are as an older version wrote them.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from reconciler.operations.state_edits import move
from reconciler.planning.model import OnDrift
from reconciler.project.workspace import open_workspace
from reconciler.resources.address import Address
from reconciler.resources.kinds.file import file_address
from reconciler.resources.problems import ReconcilerError
from reconciler.state.lock import this_process
from tests.property.projects import new_world
from tests.support.world import World, manifest

FEW: Final = settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
MANY: Final = settings(FEW, max_examples=120)
AGENTS: Final = ("a", "b", "c", "d")

Side = Literal["manifest", "live"]
Event = tuple[Literal["edit", "rename", "drop", "old entry", "touch", "file", "unlabel", "delete", "move"], Side, int]
EVENTS: Final[st.SearchStrategy[Event]] = st.tuples(
    st.sampled_from(["edit", "edit", "rename", "drop", "old entry", "touch", "file", "unlabel", "delete", "move"]),
    st.sampled_from(["manifest", "live"]),
    st.integers(0, len(AGENTS) - 1),
)
MODES: Final[st.SearchStrategy[OnDrift]] = st.sampled_from(["revert", "keep"])


@dataclass
class Estate:
    """Four agents, of which one uses a credential, a store with two files, and a literal id."""

    world: World
    edits: int = 0

    def __post_init__(self) -> None:
        self.names = list(AGENTS)
        for path in ("kb/a.md", "kb/b.md"):
            self.world.file(path, f"# {path}\n")
        self.world.wants(
            manifest("Project", "acme", {"defaults": {"target": "agents"}}),
            manifest("VectorStore", "kb", {"files": ["kb/*.md"]}),
            manifest("Vault", "crm", {}),
            *(self.agent(number) for number in range(len(AGENTS))),
        )
        self.world.apply()

    def agent(self, number: int, **lifecycle: Any) -> dict[str, Any]:
        tool = {
            "type": "function",
            "name": "find_order",
            "description": "Finds an order.",
            "parameters": {"type": "object", "properties": {}},
        }
        spec = {"model": "gpt-6-luna", "instructions": f"{number}, {self.edits}", "tools": [tool]}
        return manifest("Assistant", self.names[number], spec, **({"lifecycle": lifecycle} if lifecycle else {}))

    def live(self, number: int) -> str | None:
        state = open_workspace(self.world.root, self.world.environ).backend.read().state
        entry = state.objects.get(Address("assistant", self.names[number]))
        return entry.id if entry else None

    def happens(self, event: Event) -> None:
        what, side, number = event
        self.edits += 1
        key, id_ = f"Assistant/{self.names[number]}", self.live(number)
        agents = self.world.sdk.beta.agents
        if what == "file" and side == "manifest":
            self.world.file("kb/a.md", f"# {self.edits}\n")
        elif what == "move":
            self.move("kb/a.md", "kb/z.md") if side == "manifest" else self.move("kb/b.md", "kb/y.md")
        elif what == "old entry":
            self.forget_digests(self.names[number] if side == "manifest" else None)
        elif what == "rename" and key in self.world.documents:
            former, self.names[number] = self.names[number], f"{AGENTS[number]}{self.edits}"
            del self.world.documents[key]
            self.world.wants(self.agent(number, moved_from=former))
        elif what == "drop" and key in self.world.documents:
            self.world.drops(key)
        elif what == "edit" and side == "manifest":
            self.world.wants(self.agent(number))
        elif id_ is not None and what == "delete":
            self.world.by_hand(self._quietly(agents.delete(id_)))
        elif id_ is not None and what in ("edit", "touch"):
            changed = {"instructions": f"By hand {self.edits}"} if what == "edit" else {"metadata": {"note": "x"}}
            self.world.by_hand(self._quietly(agents.update(id_, **changed)))
        elif id_ is not None and what == "unlabel":
            labels = ("project", "address", "spec", "protected")
            pairs = {f"reconciler-{name}": None for name in labels}
            self.world.by_hand(self._quietly(self.world.connection.replace("agents", id_, body={"metadata": pairs})))

    def move(self, former: str, path: str) -> None:
        """Move the entry of a file, to which the store refers, to another path."""
        with suppress(ReconcilerError):  # it was moved before
            move(self.world.root, self.world.environ, file_address(former), file_address(path), env=None)

    async def _quietly(self, work: Any) -> None:
        try:
            await work
        except Exception:  # noqa: BLE001 - of an object that was deleted before
            return

    def forget_digests(self, name: str | None) -> None:
        """Rewrite the state as a version would that does not record digests: of one entry, or of all."""
        workspace = open_workspace(self.world.root, self.world.environ)
        with workspace.backend.lock(this_process({})) as lease:
            base = workspace.backend.read()
            objects = {
                address: replace(one, verified=None) if name in (None, address.name) else one
                for address, one in base.state.objects.items()
            }
            workspace.backend.rewrite(base, replace(base, state=replace(base.state, objects=objects)), lease, "older")


def check(events: Sequence[Event], modes: Sequence[OnDrift]) -> None:
    with new_world() as world:
        estate = Estate(world)
        for event, mode in zip(events, modes, strict=False):
            estate.happens(event)
            world.plan("refuse")
            if not world.plan(mode).refusals:
                world.apply(mode)
        world.plan()


def test_store_is_compared_again_if_the_entry_of_a_file_was_moved():
    with new_world() as world:
        estate = Estate(world)
        estate.move("kb/a.md", "kb/z.md")
        changes = {change.address: change for change in world.plan().changes}
        assert {*changes} == {"file/kb/a.md", "vectorstore/kb"}
        assert [one.path for one in changes["vectorstore/kb"].fields] == ['files["kb/a.md"].file']


@FEW
@given(st.lists(EVENTS, min_size=2, max_size=6), st.lists(MODES, min_size=6, max_size=6))
def test_plan_is_the_same_without_digests(events: Sequence[Event], modes: Sequence[OnDrift]):
    check(events, modes)


@pytest.mark.long
@MANY
@given(st.lists(EVENTS, min_size=3, max_size=10), st.lists(MODES, min_size=10, max_size=10))
def test_plan_is_the_same_without_digests_at_length(events: Sequence[Event], modes: Sequence[OnDrift]):
    check(events, modes)

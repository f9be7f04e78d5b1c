"""State is lost at any moment of any history: nothing is made twice, what was changed by hand is not undone unseen, and
no clone that a person made of a labelled object is changed or deleted.

What is live is looked for with the SDK: objects by our labels, uploads by name and size, and what a hand has done by
the ids that it did it to.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from reconciler.resources.labels import ADDRESS
from tests.property.projects import Project, new_world, projects
from tests.support.clones import clone_agent, clone_store, unlabel_agent, unlabel_store
from tests.support.world import STATE, World, told

FEW = settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
MANY = settings(FEW, max_examples=80)
BY_HAND = "Changed by hand."

Event = Project | str
histories = st.lists(
    projects(to_be_edited=True)
    | st.sampled_from(["edit", "detach", "lose", "lose and rebuild"])
    | st.sampled_from(["clone agent", "clone store", "unlabel"]),
    min_size=1,
    max_size=6,
)


@dataclass
class Past:
    """A world, and what hands have done in it that no apply was told to undo."""

    world: World
    ours: set[str] = field(default_factory=set)
    """Assistants whose instructions a manifest set when it was applied: where none does, they are nobody's to keep."""
    edited: set[tuple[str, str]] = field(default_factory=set)
    """Agents, each with its address."""
    detached: set[tuple[str, str]] = field(default_factory=set)
    """Files, each with the store that held it."""
    loose: bool = False
    """Whether a file was ever detached: maybe no store holds its upload, and only state tells whose it is."""
    proven: bool = True
    """Whether it is known of every upload that it is ours."""
    clones: dict[str, str] = field(default_factory=dict)
    """The names of the clones by id: each has the label of its original until it is unlabelled."""
    labelled: dict[str, str] = field(default_factory=dict)
    """The addresses on the labels of clones, by id."""
    is_lost: bool = False
    """Whether the state was lost, and not rebuilt yet: then nothing is planned for what is live."""

    def happens(self, event: Event) -> None:
        if isinstance(event, Project):
            event.write(self.world)
            self.apply()
        elif event == "edit":
            self.world.by_hand(self._edit())
        elif event == "detach":
            self.world.by_hand(self._detach())
        elif event.startswith("clone"):
            self.world.by_hand(self._clone(stores=event == "clone store"))
        elif event == "unlabel":
            self.unlabel()
        else:
            self._lose(rebuilt=event == "lose and rebuild")

    def apply(self) -> None:
        """With `keep`: where a manifest wants something else than a hand, it is refused, and nothing done. Files that
        the plan tells to attach are no hand's any more.
        """
        if self.is_lost:
            self._check_refused()
            self.rebuild()
        plan = self.world.plan("keep")
        refused = {refusal.address for refusal in plan.refusals if refusal.rule == "duplicate"}
        assert refused == set(self.labelled.values())
        assert not [change for change in plan.work if change.id in self.clones]
        self.world.by_hand(self._check_clones())
        if not plan.refusals:
            told = {change.id for change in plan.changes if any(item.keys[0] == "files" for item in change.fields)}
            self.detached = {(store, file) for store, file in self.detached if store not in told}
            self.world.apply("keep")
            self.ours = {name.lower() for name, made in self.world.documents.items() if "instructions" in made["spec"]}
            self.edited = {(agent, address) for agent, address in self.edited if address in self.ours}
            self.check()

    def check(self) -> None:
        self.world.by_hand(self._check())

    def _lose(self, *, rebuilt: bool) -> None:
        if (self.world.root / STATE).exists():
            self.world.lose_state()
        self.proven = self.proven and rebuilt and not self.loose
        self.is_lost = True
        if rebuilt:
            self.rebuild()

    def rebuild(self) -> None:
        made = self.world.rebuild()
        assert {str(address) for address in made.ambiguous} == set(self.labelled.values())
        self.is_lost = False

    def _check_refused(self) -> None:
        """Check that a plan without the state changes no object that it may not know: all of them are refused."""
        plan = self.world.plan("keep")
        causes = {refusal.cause.code for refusal in plan.refusals}
        listed = {one["id"] for refusal in plan.refusals for one in refusal.cause.args.get("objects", ())}
        changed = {change.id for change in plan.work if change.id}
        live = {one.id for one in self.world.observed().planned.inputs.live if one.labels}
        assert listed == live
        assert not changed & live
        assert causes == ({"other-lineage"} if live or self.world.observed().planned.inputs.pointers else set())

    async def _edit(self) -> None:
        async for agent in self.world.sdk.beta.agents.list():
            await self.world.sdk.beta.agents.update(agent.id, instructions=BY_HAND)
            address = (agent.metadata or {}).get(ADDRESS, "")
            if address in self.ours:
                self.edited.add((agent.id, address))
            return

    async def _clone(self, *, stores: bool) -> None:
        """Clone the first labelled object, as a person does who passes its metadata on."""
        sdk = self.world.sdk
        pages: Any = sdk.vector_stores.list() if stores else sdk.beta.agents.list()
        async for one in pages:
            address = (one.metadata or {}).get(ADDRESS)
            if address and one.id not in self.clones:
                made = await (clone_store(sdk, one.id, file_ids=[]) if stores else clone_agent(sdk, one.id))
                self.labelled[made] = address
                self.clones[made] = one.name
                return

    def unlabel(self) -> None:
        for id_ in self.labelled:
            work = unlabel_store if id_.startswith("vs_") else unlabel_agent
            self.world.by_hand(work(self.world.sdk, id_))
        self.labelled = {}

    async def _check_clones(self) -> None:
        sdk = self.world.sdk
        live = {one.id: one.name async for one in sdk.beta.agents.list()}
        live |= {one.id: one.name async for one in sdk.vector_stores.list()}
        assert {id_: live.get(id_, "deleted") for id_ in self.clones} == self.clones

    async def _detach(self) -> None:
        stores = self.world.sdk.vector_stores
        async for store in stores.list():
            async for file in stores.files.list(store.id):
                await stores.files.delete(file.id, vector_store_id=store.id)
                self.detached.add((store.id, file.id))
                self.loose = True
                return

    async def _check(self) -> None:
        sdk = self.world.sdk
        agents = {agent.id: agent async for agent in sdk.beta.agents.list()}
        stores = {store.id: store async for store in sdk.vector_stores.list()}
        pairs = [*(agent.metadata for agent in agents.values()), *(store.metadata for store in stores.values())]
        labels = Counter((metadata or {}).get(ADDRESS) for metadata in pairs)
        del labels[None]
        assert set(labels.values()) <= {1}, labels
        if self.proven:
            uploads = Counter([(file.filename, file.bytes) async for file in sdk.files.list()])
            assert set(uploads.values()) <= {1}, uploads
        for agent, _ in self.edited:
            assert agent not in agents or agents[agent].instructions == BY_HAND
        for store, file in self.detached:
            if store in stores:
                assert file not in [held.id async for held in sdk.vector_stores.files.list(store)]


def check(first: Project, history: Sequence[Event]) -> None:
    with new_world() as world:
        past = Past(world)
        for event in (first, *history, "unlabel", "lose and rebuild"):
            past.happens(event)
        past.apply()
        if not world.plan().refusals:
            world.apply()  # `revert`
            plan = world.plan()
            assert (told(plan.changes), told(plan.drift)) == ([], [])


@FEW
@given(projects(to_be_edited=True), histories)
def test_state_lost_at_any_moment(first, history):
    check(first, history)


@pytest.mark.long
@MANY
@given(projects(to_be_edited=True), histories)
def test_state_lost_at_any_moment_at_length(first, history):
    check(first, history)

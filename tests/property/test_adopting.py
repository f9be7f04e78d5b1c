"""Taking over changes nothing but labels, whatever is live, and leaves nothing to do."""

from collections.abc import Sequence
from itertools import chain
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings, strategies as st

from reconciler.manifests.drafts import literal
from reconciler.operations.adopt import planned_adoption
from reconciler.operations.apply import apply_plan
from reconciler.planning.adoption import AdoptionMatch
from reconciler.project.workspace import open_workspace
from reconciler.resources.address import Address
from reconciler.resources.labels import KEYS
from reconciler.resources.metadata import has_room
from tests.property.live_objects import AGENTS, LIVE_STORES, TEXTS, bring_all, made_by_hand
from tests.property.projects import new_world
from tests.support.world import Document, Quiet, World, manifest, told

FEW = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
MANY = settings(FEW, max_examples=400)
FULL = st.integers(11, 16).map(lambda pairs: {"metadata": {f"key {number}": "x" for number in range(pairs)}})
LIVE = (
    st.lists(st.builds(lambda spec, full: spec | full, AGENTS, st.just({}) | FULL), max_size=3),
    st.lists(st.builds(lambda spec, full: spec | full, LIVE_STORES, st.just({}) | FULL), max_size=3),
    st.booleans(),
)


def adopt(world: World, **wanted: str | None) -> AdoptionMatch:
    """Take over what `wanted` means, by names of assistants, or everything."""
    workspace = open_workspace(world.root, world.environ)
    asked = {Address("assistant", name): id_ for name, id_ in wanted.items()}

    async def run() -> AdoptionMatch:
        observed, pairing = await planned_adoption(workspace, world.connection, asked)
        assert {change.action for change in observed.planned.plan.work} <= {"adopt"}
        assert not observed.planned.plan.refusals
        result = await apply_plan(workspace, world.connection, observed, Quiet(), resume="")
        assert result.complete, result
        return pairing

    return world.run(run())


def live(world: World) -> list[Document]:
    """Everything at the API as it answers, without the time of the last change."""

    async def read() -> list[Document]:
        stores = [store async for store in world.sdk.vector_stores.list()]
        held = [[file async for file in world.sdk.vector_stores.files.list(store.id)] for store in stores]
        agents = [agent async for agent in world.sdk.beta.agents.list()]
        files = [file async for file in world.sdk.files.list()]
        return [item.to_dict() for item in chain(agents, stores, files, *held)]

    return [{**item, "updated_at": None, "last_active_at": None} for item in world.by_hand(read())]


def unlabelled(items: Sequence[Document]) -> list[Document]:
    def without(pairs: Any) -> Document:
        return {key: value for key, value in (pairs or {}).items() if key not in KEYS}

    return [{**item, "metadata": without(item.get("metadata"))} for item in items]


def check_adoption(agents: list[Document], stores: list[Document], twice: bool) -> None:
    """`twice` doubles everything: equal objects with equal names."""
    times = 1 + twice
    with new_world() as world:
        made_by_hand(world, agents * times, stores * times)
        before = live(world)
        assert not bring_all(world).problems
        pairing = adopt(world)
        assert not pairing.problems
        assert len(pairing.ids) == times * (len(agents) + len(stores))
        assert unlabelled(live(world)) == unlabelled(before)
        plan = world.plan()
        assert not plan.changes, told(plan.changes)
        assert not plan.drift, told(plan.drift)
        assert not plan.refusals
        assert len([notice for notice in plan.warnings if notice.code == "no-label-room"]) == times * sum(
            not has_room(item.get("metadata")) for item in (*agents, *stores)
        )


def check_differences(name: str, now: Document, then: Document) -> None:
    """What a manifest says otherwise than what was taken over is the manifest's edit.

    Pairs that the manifest does not name stay, so that together they have to leave room for labels.
    """
    assume(has_room({**(now.get("metadata") or {}), **(then.get("metadata") or {})}))
    with new_world() as world:
        made_by_hand(world, [{**now, "name": name}], [])
        (agent,) = live(world)
        world.wants(manifest("Assistant", "triage", literal({**then, "name": name, "target": "agents"})))
        adopt(world, triage=agent["id"])
        plan = world.plan()
        assert not plan.drift, told(plan.drift)
        assert {item.origin for change in plan.changes for item in change.fields} <= {"manifest"}
        world.apply()
        after = world.plan()
        assert not after.work, told(after.work)


@FEW
@given(*LIVE)
def test_after_import_and_adopt_the_plan_is_empty(agents, stores, twice):
    check_adoption(agents, stores, twice)


@pytest.mark.long
@MANY
@given(*LIVE)
def test_after_import_and_adopt_the_plan_is_empty_at_length(agents, stores, twice):
    check_adoption(agents, stores, twice)


@FEW
@given(TEXTS.filter(str.strip), AGENTS, AGENTS)
def test_what_differs_is_the_manifests_edit(name, now, then):
    check_differences(name, now, then)


@pytest.mark.long
@MANY
@given(TEXTS.filter(str.strip), AGENTS, AGENTS)
def test_what_differs_is_the_manifests_edit_at_length(name, now, then):
    check_differences(name, now, then)

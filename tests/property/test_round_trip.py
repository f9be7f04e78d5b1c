"""From live to manifests and back: nothing is lost, nothing is made up.

Whatever is live, its import validates, and once it is labelled nothing is left to write. Whatever manifests made, an
import makes manifests that ask for the same, up to layout, the bytes of files, and the effort that a model chooses by
itself.
"""

import shutil
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from reconciler.importing.model import Imported
from reconciler.manifests import load
from reconciler.manifests.drafts import literal
from reconciler.project.workspace import open_workspace
from reconciler.resources.address import Address
from reconciler.resources.base import Desired, Labels
from reconciler.resources.kinds.assistant import AGENT
from reconciler.resources.kinds.vector_store import AUTO
from reconciler.resources.labels import spec_hashes, to_metadata
from tests.property.live_objects import AGENTS, LIVE_STORES, bring_all, made_by_hand
from tests.property.projects import BASIC_STORES, FILES, NAMES, new_world
from tests.support.world import PROJECT, Document, World, manifest, told

FEW = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
MANY = settings(FEW, max_examples=400)
OWN_STORES = BASIC_STORES.map(lambda spec: {key: value for key, value in spec.items() if key != "prune"})

LINEAGE = "0123456789abcdef"


def label(world: World, done: Imported) -> None:
    """Make what was imported ours, as `adopt` does: by labels alone, with the lineage of a state without entries."""
    world.restore(LINEAGE)
    wanted = open_workspace(world.root, world.environ).desired

    async def write() -> None:
        for origin in done.origins:
            hashes = spec_hashes(_labelled(wanted[Address.parse(origin.address)]))
            labels = to_metadata(Labels("acme", origin.address, hashes, lineage=LINEAGE))
            if origin.type == "agent":
                agent = await world.sdk.beta.agents.retrieve(origin.id)
                await world.sdk.beta.agents.update(origin.id, metadata={**agent.metadata, **labels})
            else:
                store = await world.sdk.vector_stores.retrieve(origin.id)
                await world.sdk.vector_stores.update(origin.id, metadata={**(store.metadata or {}), **labels})

    world.by_hand(write())


def _labelled(desired: Desired) -> Document:
    return {name: value for name, value in desired.fields.items() if name != "files"}


def check_import_of_anything(agents: list[Document], stores: list[Document]) -> None:
    with new_world() as world:
        made_by_hand(world, agents, stores)
        done = bring_all(world)
        assert done.problems == ()
        assert len(done.origins) == len(agents) + len(stores)
        assert not [problem for problem in load(world.root, env=None).problems if problem.severity == "error"]
        label(world, done)
        plan = world.plan()
        assert {change.action for change in plan.changes} <= {"publish"}, told(plan.changes)
        assert not plan.drift, told(plan.drift)
        assert not plan.refusals


def check_round_trip(agents: Mapping[str, Document], stores: Mapping[str, Document]) -> None:
    with new_world() as world:
        for path, content in FILES.items():
            world.file(path, content)
        world.wants(
            PROJECT,
            *(manifest("Assistant", name, literal({**spec, "target": "agents"})) for name, spec in agents.items()),
            *(manifest("VectorStore", name, spec) for name, spec in stores.items()),
        )
        world.apply()
        before = asked_for(world)
        (world.root / "manifests.yaml").unlink()
        shutil.rmtree(world.root / ".reconciler", ignore_errors=True)
        done = bring_all(world)
        assert done.problems == ()
        assert asked_for(world, before) == before


def asked_for(world: World, before: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What the manifests ask for, by address, with every default said."""
    desired = open_workspace(world.root, world.environ).desired
    names = {file.id: file.filename for file in world.by_hand(world.sdk.files.list()._get_page()).data}
    found: dict[str, Any] = {}
    for address, one in desired.items():
        if one.type == "agent":
            found[str(address)] = {
                **AGENT.defaults,
                **one.fields,
                "reasoning": _chosen(one, (before or {}).get(str(address))),
            }
        elif one.type == "vector_store":
            whole = {"metadata": {}, "expires_after": None, **one.fields}
            found[str(address)] = {**whole, "files": Counter(_held(one.fields.get("files") or {}, names))}
    return found


def _chosen(agent: Desired, before: Mapping[str, Any] | None) -> Document:
    """Reasoning without nulls, and without an effort that nobody had asked for."""
    chosen = {key: value for key, value in (agent.fields.get("reasoning") or {}).items() if value is not None}
    if before is not None and "effort" not in before["reasoning"]:
        chosen.pop("effort", None)
    return chosen


def _held(files: Mapping[str, Document], names: Mapping[str, str]) -> Iterable[str]:
    """Each upload once, by name: equal bytes under one name are one upload."""
    contents = {(PurePosixPath(path).name, entry.get("sha256", path)): (path, entry) for path, entry in files.items()}
    for path, entry in contents.values():
        name = names.get(path, PurePosixPath(path).name)
        chunking = entry.get("chunking_strategy", {"type": "static", "static": AUTO})
        yield repr((name, sorted((entry.get("attributes") or {}).items()), chunking))


LIVE = (st.lists(AGENTS, max_size=4), st.lists(LIVE_STORES, max_size=3))
OWN = (
    st.dictionaries(st.sampled_from(NAMES), AGENTS, max_size=3),
    st.dictionaries(st.sampled_from(["handbook", "faq"]), OWN_STORES, max_size=2),
)


@FEW
@given(*LIVE)
def test_whatever_is_live_is_imported_and_once_labelled_nothing_is_left_to_write(agents, stores):
    check_import_of_anything(agents, stores)


@pytest.mark.long
@MANY
@given(*LIVE)
def test_whatever_is_live_is_imported_at_length(agents, stores):
    check_import_of_anything(agents, stores)


@FEW
@given(*OWN)
def test_what_manifests_made_is_imported_as_the_same_manifests(agents, stores):
    check_round_trip(agents, stores)


@pytest.mark.long
@MANY
@given(*OWN)
def test_what_manifests_made_is_imported_as_the_same_at_length(agents, stores):
    check_round_trip(agents, stores)

"""Strategies for live objects, and functions that create them outside Reconciler and import them."""

from collections.abc import Iterable

from hypothesis import strategies as st

from reconciler.importing.destination import destination
from reconciler.importing.live_inventory import project_context
from reconciler.importing.live_objects import import_objects
from reconciler.importing.model import Imported
from reconciler.importing.selection import selection
from reconciler.resources.assistants.agents import AgentsSpec
from reconciler.resources.kinds.assistant import AGENT
from tests.property.projects import ATTRIBUTES, CHUNKING, METADATA
from tests.support.specs import TEXT, specs
from tests.support.world import Document, World

TEXTS = TEXT | st.sampled_from(["Support Bot", "${var.x} $file", "{$file: x}", "\ufeffx", "a\r\nb\n\n", " \n", "no"])

AGENTS = st.builds(
    lambda spec, more: {**spec, **more},
    specs(AgentsSpec),
    st.fixed_dictionaries({}, optional={"name": st.none() | TEXTS, "instructions": TEXTS, "metadata": METADATA}),
)
HELD = st.fixed_dictionaries(
    {"name": st.sampled_from(["a.md", "b.txt", "odd\nname.md", "refused.xyz"])},
    optional={"attributes": ATTRIBUTES, "chunking_strategy": CHUNKING},
)
LIVE_STORES = st.fixed_dictionaries(
    {"files": st.lists(HELD, max_size=4)},
    optional={
        "name": TEXTS,
        "metadata": METADATA,
        "expires_after": st.builds(lambda days: {"anchor": "last_active_at", "days": days}, st.integers(1, 365)),
    },
)


def bring_all(world: World) -> Imported:
    here = project_context(world.root, world.environ, env=None, endpoint=None)
    target = destination(world.root, None, here)
    return world.run(import_objects(here, world.connection, target, selection((), None), lambda _: None))


def request_of(spec: Document) -> Document:
    """An agent's spec as the body that makes it."""
    fields = {name: AGENT.canonical(name, value) for name, value in spec.items() if name not in ("target", "extra")}
    return {name: value for name, value in AGENT.render(fields).items() if value is not None}


def made_by_hand(world: World, agents: Iterable[Document], stores: Iterable[Document]) -> None:
    async def make() -> None:
        for spec in agents:
            await world.connection.client.beta.agents.create(**request_of(spec))
        for given_ in stores:
            store = await world.sdk.vector_stores.create(**{k: v for k, v in given_.items() if k != "files"})
            for held in given_["files"]:
                file = await world.sdk.files.create(file=(held["name"], b"text"), purpose="assistants")
                more = {key: value for key, value in held.items() if key != "name"}
                await world.sdk.vector_stores.files.create(store.id, file_id=file.id, **more)

    world.by_hand(make())

"""A secret that only a live object has, because somebody set it by hand, is in no file of Reconciler: neither its text
nor its digest. Such an object has no digests, and is compared in every plan.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from reconciler.project.workspace import open_workspace
from reconciler.resources.address import Address
from reconciler.resources.base import Verified
from tests.property.projects import new_world
from tests.support.world import World, manifest

FEW: Final = settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
AGENT, STORE, VAULT = Address("assistant", "a"), Address("vectorstore", "kb"), Address("vault", "crm")

SECRETS: Final = st.one_of(
    st.from_regex(r"(sk-live|xoxb|ghp|key)[-_][0-9a-f]{6,24}", fullmatch=True),
    st.from_regex(r"[0-9]{6,8}", fullmatch=True),
    st.from_regex(r"[a-z]{12,20}", fullmatch=True),
)
PLACES: Final = ("metadata", "key", "store", "file", "number", "vault")
OF: Final = {"metadata": AGENT, "key": AGENT, "store": STORE, "file": STORE, "number": STORE, "vault": VAULT}


def wants(world: World, text: str) -> None:
    world.file("kb/a.md", "# A\n")
    world.wants(
        manifest("Project", "acme", {"defaults": {"target": "agents"}}),
        manifest("Assistant", "a", {"model": "gpt-6-luna", "instructions": text, "metadata": {"tier": "gold"}}),
        manifest("VectorStore", "kb", {"name": text, "files": ["kb/a.md"]}),
        manifest("Vault", "crm", {"name": text}),
    )


def verified(world: World, address: Address) -> Verified | None:
    return open_workspace(world.root, world.environ).backend.read().state.objects[address].verified


async def put(world: World, place: str, secret: str, id_: str) -> None:
    """Set a secret where no manifest sets anything."""
    connection = world.connection
    pair: Mapping[str, Any] = {secret: "x"} if place == "key" else {"crm_token": secret}
    if place in ("file", "number"):
        held = (await connection.page("vector_stores", id_, "files"))["data"][0]
        value = int.from_bytes(secret.encode()[:6]) if place == "number" else secret
        attributes = {**held["attributes"], "key": value}
        await connection.replace("vector_stores", id_, "files", held["id"], body={"attributes": attributes})
    else:
        path = {AGENT: "agents", STORE: "vector_stores", VAULT: "vaults"}[OF[place]]
        body = await connection.read(path, id_)
        assert body
        await connection.replace(path, id_, body={"metadata": {**body["metadata"], **pair}})


def forms(secret: str) -> list[bytes]:
    """Return the secret and its digests, also as a JSON text."""
    texts = (secret, f'"{secret}"', f'["{secret}"]')
    return [secret.encode(), *(hashlib.sha256(text.encode()).hexdigest()[:32].encode() for text in texts)]


@FEW
@given(st.lists(st.sampled_from(PLACES), min_size=1, max_size=3, unique=True), SECRETS)
def test_secret_of_a_live_object_is_not_stored(places: list[str], secret: str):
    with new_world() as world:
        wants(world, "one")
        world.apply()
        assert verified(world, AGENT)
        assert verified(world, STORE)
        assert verified(world, VAULT)
        for place in places:
            world.by_hand(put(world, place, secret, world.id_of(str(OF[place]))))
        wants(world, "two")
        assert world.apply().complete
        assert {address for address in (AGENT, STORE, VAULT) if not verified(world, address)} == {
            OF[place] for place in places
        }
        kept = b"".join(world.memory().values())
        assert not [form for form in forms(secret) if form in kept]


@pytest.mark.parametrize("text", ["sk-live-4f3c2b1a9988", "4711"])
def test_secret_that_the_manifest_sets_later_is_no_live_secret(text: str):
    with new_world() as world:
        wants(world, "one")
        world.apply()
        agent = manifest("Assistant", "a", {"model": "gpt-6-luna", "metadata": {"crm_token": text}})
        world.by_hand(put(world, "metadata", text, world.id_of(str(AGENT))))
        world.wants(agent)
        world.apply()
        assert verified(world, AGENT)

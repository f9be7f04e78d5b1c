"""A published chatbot on the Assistants API that is switched to the Responses API, rolled back and switched back."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.bundles.bundle import load
from reconciler.migration.cutover import cutover
from reconciler.releases.archive import archive
from reconciler.releases.publish import publish
from reconciler.releases.release import release
from reconciler.resources.address import Address
from tests.support.world import BUNDLES, World, is_silent, manifest, world

PROJECT = {"kind": "Project", "metadata": {"name": "acme"}, "spec": {"defaults": {"target": "assistants"}}}
pytestmark = pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")
OLD = ("assistant/triage", "assistant/triage@support.1", "assistant/closer")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[World]:
    """Two chatbots; `support` has a published release, and both share an assistant."""
    with world(tmp_path, assistants=True) as made:
        made.wants(
            PROJECT,
            manifest("Assistant", "triage", {"model": "gpt-6-luna", "instructions": "Ask.", "temperature": 0.2}),
            manifest("Assistant", "closer", {"model": "gpt-6-luna", "name": "Closer"}),
            manifest(
                "Pipeline",
                "flow",
                {
                    "nodes": {
                        "first": {"type": "assistant", "assistant": "triage"},
                        "last": {"type": "assistant", "assistant": "closer"},
                    },
                    "edges": [
                        {"from": "start", "to": "first"},
                        {"from": "first", "to": "last"},
                        {"from": "last", "to": "end"},
                    ],
                },
            ),
            manifest("Chatbot", "support", {"pipeline": "flow"}),
            manifest("Chatbot", "night", {"assistant": "closer"}),
        )
        release(made.root, made.environ, "support", publish=True)
        made.apply()
        assert is_silent(made.plan())
        yield made


def ids(shop: World) -> dict[str, str]:
    return {address: shop.id_of(address) for address in OLD}


def writes(shop: World) -> Counter[str]:
    """Return the requests to the API since the last call that are not reads."""
    return Counter({name: number for name, number in shop.requests().items() if not name.startswith("GET")})


def test_the_plan_of_a_switch_changes_one_chatbot_and_deletes_nothing(shop: World) -> None:
    cutover(shop.root, shop.environ, "support", "responses")
    assert {(one.action, str(one.address)) for one in shop.plan().changes} == {
        ("create", "assistant/triage-responses"),
        ("create", "assistant/closer-responses"),
        ("create", "assistant/triage-responses@support.2"),
        ("create", "assistant/closer-responses@support.2"),
        ("update", "pipeline/flow"),
        ("create", "pipeline/flow@support.2"),
        ("release", "release/support@2"),
        ("publish", "chatbot/support"),
        ("update", "chatbot/support"),
    }
    assert shop.plan().refusals == ()


def test_a_rollback_is_one_pointer_and_writes_nothing_to_the_server(shop: World) -> None:
    before = ids(shop)
    cutover(shop.root, shop.environ, "support", "responses")
    shop.apply()
    assert is_silent(shop.plan())
    bundle = load(shop.root / BUNDLES, "acme", "chatbot/support")
    assert bundle.request("assistant/triage-responses")["temperature"] == 0.2
    publish(shop.root, shop.environ, "support", 1)
    assert [str(one.address) for one in shop.plan().changes] == ["chatbot/support"]
    writes(shop)
    shop.apply()
    assert writes(shop) == Counter()
    assert load(shop.root / BUNDLES, "acme", "chatbot/support").release == 1
    assert ids(shop) == before


def test_the_way_back_is_applied_without_a_write_to_the_server(shop: World) -> None:
    before = ids(shop)
    cutover(shop.root, shop.environ, "support", "responses")
    shop.apply()
    cutover(shop.root, shop.environ, "support", "assistants")
    writes(shop)
    shop.apply()
    assert writes(shop) == Counter()
    assert is_silent(shop.plan())
    assert ids(shop) == before


def test_the_old_assistant_is_archived_when_the_switch_is_final(shop: World) -> None:
    cutover(shop.root, shop.environ, "support", "responses")
    shop.apply()
    old = ids(shop)
    done = archive(shop.root, {}, Address.parse("assistant/triage"))
    assert (done.removed, done.marked, done.refusals) == (("assistant/triage",), ("release/support@1",), ())
    shop.apply()
    live = shop.ids(shop.connection.client.beta.assistants.list())
    assert not {old["assistant/triage"], old["assistant/triage@support.1"]} & live
    assert old["assistant/closer"] in live

"""Lists that do not show yet what was made a moment ago."""

import pytest

from reconciler.live.kinds.agent import Agents
from reconciler.live.kinds.file import Files
from reconciler.live.kinds.vector_store import VectorStores
from tests.e2e.troubled import agent, store
from tests.support.world import PROJECT, is_silent, world


async def nothing(_self, _identity, _known):
    return []


@pytest.mark.parametrize("late", [Agents, VectorStores, Files])
def test_what_state_knows_is_asked_for_by_its_id_and_not_made_again(tmp_path, monkeypatch, late):
    with world(tmp_path) as made:
        made.file("kb/a.md", "Bills.")
        made.wants(PROJECT, agent("clerk", "File it."), store("kb", "kb/*.md", lang="en"))
        made.apply()
        monkeypatch.setattr(late, "list", nothing)
        assert is_silent(made.plan())


def test_what_is_gone_by_its_id_too_is_made_again(tmp_path):
    with world(tmp_path) as made:
        made.wants(PROJECT, agent("clerk", "File it."))
        made.apply()
        made.by_hand(made.sdk.beta.agents.delete(made.id_of("assistant/clerk")))
        [change] = made.plan().drift
        assert (change.action, change.address) == ("create", "assistant/clerk")

"""Lists that do not show yet what was made a moment ago."""

import pytest

from reconciler.live.kinds.file import Files
from reconciler.live.kinds.vector_store import VectorStores
from reconciler.live.labelled import Labelled
from tests.support.clones import clone_agent
from tests.support.troubled import agent, store, troubled
from tests.support.world import PROJECT, is_silent, world


async def nothing(_self, _identity, _known):
    return []


@pytest.mark.parametrize("late", [Labelled, VectorStores, Files])
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


class Killed(BaseException):
    """The end of a process, right after a response."""


class TestACreateOfAKilledRunThatListsShowTooLate:
    """The next run creates a second object. The run after it deletes the first, which is older."""

    @pytest.fixture
    def late(self, tmp_path, monkeypatch):
        with troubled(tmp_path / "acme") as made:
            made.wants(PROJECT, agent("clerk", "File it."))
            made.suffers("stale=60:POST:/v1/agents:1")
            create = Labelled.create

            async def create_and_die(self, request):
                await create(self, request)
                raise Killed

            with monkeypatch.context() as patched:
                patched.setattr(Labelled, "create", create_and_die)
                with pytest.raises(Killed):
                    made.attempt()
            made.settle()
            assert made.attempt() == set()
            made.settle(60)
            yield made

    def agents(self, made):
        async def look():
            return [one.id async for one in made.sdk.beta.agents.list()]

        return made.by_hand(look())

    def test_the_first_is_deleted(self, late):
        known = late.id_of("assistant/clerk")
        assert len(self.agents(late)) == 2
        assert late.attempt() == set()
        assert self.agents(late) == [known]
        assert is_silent(late.plan())

    def test_a_clone_of_the_second_is_not(self, late):
        known, before = late.id_of("assistant/clerk"), self.agents(late)
        clone = late.by_hand(clone_agent(late.sdk, known))
        assert late.attempt() == {"refused: duplicate"}
        assert set(self.agents(late)) == {*before, clone}

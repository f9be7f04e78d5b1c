"""The record of the releases that a chatbot published, as it follows from the entries of the chatbot."""

from typing import Final

import pytest

from reconciler.resources.address import Address, Identity
from reconciler.resources.base import Applied
from reconciler.resources.values import reference
from reconciler.state.codec import decode_state, encode_state
from reconciler.state.model import AppliedPlan, Completed, Outcome, Snapshot, State
from reconciler.state.publications import KEPT, interrupted_rollback
from reconciler.state.segments import RunBegun, RunProgress, replay

BOT: Final = Address.parse("chatbot/support")
DESK: Final = Address.parse("chatbot/desk")


def publishing(number: int | None, address: Address = BOT) -> Applied:
    release = reference(Address.parse(f"release/support@{number}")) if number else None
    return Applied(str(address), "chatbot", {"published": release})


def after(*numbers: int | None) -> Snapshot:
    """Return the state after these releases were published, one after the other."""
    progress = (RunProgress("run", (Completed(BOT, publishing(number)),)) for number in numbers)
    return replay(Snapshot(State(Identity("acme"))), [RunBegun("run"), *progress])


def recorded(snapshot: Snapshot, address: Address = BOT) -> tuple[list[int], list[int]]:
    entry = snapshot.state.objects[address]
    before, back = ([int(one.rpartition("@")[2]) for one in x] for x in (entry.published_before, entry.rolled_back))
    return before, back


@pytest.mark.parametrize(
    ("published", "before", "rolled_back"),
    [
        ([1], [], []),
        ([1, 2], [1], []),
        ([1, 2, 2], [1], []),
        ([1, 2, 3], [1, 2], []),
        ([1, 2, 3, 2], [1], [3]),
        ([1, 2, 3, 2, 1], [], [3, 2]),
        ([1, 2, 3, 2, 3], [1, 2], []),
        ([1, 2, 3, 2, 4], [1, 2], [3]),
        ([1, 2, None], [1, 2], []),
        ([1, 2, None, 2], [1], []),
        ([1, 2, None, 1], [], [2]),
        ([None, 1], [], []),
    ],
)
def test_the_record_follows_from_what_was_published(
    published: list[int | None], before: list[int], rolled_back: list[int]
):
    assert recorded(after(*published)) == (before, rolled_back)


def test_the_record_is_kept_in_the_state_document():
    written = after(1, 2, 3, 2)
    read = decode_state(encode_state(written), Identity("acme"), "state.json", "1")
    assert recorded(read) == ([1], [3])


def test_a_state_without_the_record_is_read():
    data = encode_state(after(1, 2, 1))
    data = data.replace(b', "rolled_back": ["release/support@2"], "rolled_back_by": "run"', b"")
    assert b"rolled_back" not in data
    assert recorded(decode_state(data, Identity("acme"), "state.json", "1")) == ([], [])


def test_a_renamed_chatbot_keeps_the_record():
    renamed = RunProgress("run", (Completed(DESK, publishing(2, DESK), BOT),))
    assert recorded(replay(after(1, 2), [RunBegun("run"), renamed]), DESK) == ([1], [])


def test_the_record_is_limited():
    before, _ = recorded(after(*range(1, KEPT + 20)))
    assert before == list(range(19, KEPT + 19))


def test_a_rollback_of_the_last_run_is_interrupted_until_the_run_is_complete():
    def state(outcome: Outcome, *numbers: int) -> State:
        plan = AppliedPlan("sha256:0", "run", 1.0, "ada@desk", outcome=outcome)
        return replay(after(*numbers), [RunProgress("run", plan=plan)]).state

    def interrupted(of: State) -> str | None:
        return str(found) if (found := interrupted_rollback(of, of.objects[BOT])) else None

    assert interrupted(state("unfinished", 1, 2, 3, 2)) == "release/support@2"
    assert interrupted(state("partial", 1, 2, 1)) == "release/support@1"
    assert interrupted(state("complete", 1, 2, 1)) is None
    assert interrupted(state("unfinished", 1, 2, 1, 3)) is None
    assert interrupted(state("unfinished", 1, 2)) is None


def test_other_objects_have_no_record():
    agent = Address.parse("assistant/clerk")
    done = RunProgress("run", (Completed(agent, Applied("agent_1", "agent", {"model": "gpt-6-luna"})),))
    assert recorded(replay(after(1), [RunBegun("run"), done]), agent) == ([], [])

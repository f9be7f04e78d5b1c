"""The replay of what releases hold: by live id, through replacements and renames."""

from typing import Final

from reconciler.resources.address import Address, Identity
from reconciler.resources.base import Applied
from reconciler.state.model import Completed, Snapshot, State
from reconciler.state.segments import RunBegun, RunProgress, Segment, StateReplaced, replay

RELEASE: Final = Address.parse("release/bot@1")
CLERK: Final = Address.parse("assistant/clerk")
FILER: Final = Address.parse("assistant/filer")


def snapshot(clerk: Applied, **holds: str) -> Snapshot:
    release = Applied(str(RELEASE), "release", {}, holds={name.replace("_", "/"): id_ for name, id_ in holds.items()})
    return Snapshot(State(Identity("acme"), objects={RELEASE: release, CLERK: clerk}))


def agent(id_: str) -> Applied:
    return Applied(id_, "agent", {})


def request(address: Address) -> Applied:
    return Applied(str(address), "request", {})


def held(before: Snapshot, *segments: Segment) -> dict[str, str]:
    return dict(replay(before, segments).state.objects[RELEASE].holds)


def progress(*completed: Completed) -> RunProgress:
    return RunProgress("run", completed)


BEGUN: Final = RunBegun("run")


def test_a_replaced_object_is_held_under_its_new_id():
    before = snapshot(agent("a1"), assistant_clerk="a1", vectorstore_kb="v1")
    after = held(before, BEGUN, progress(Completed(CLERK, agent("a2"))), progress(Completed(CLERK, agent("a3"))))
    assert after == {"assistant/clerk": "a3", "vectorstore/kb": "v1"}


def test_a_renamed_agent_keeps_its_id():
    before = snapshot(agent("a1"), assistant_clerk="a1")
    assert held(before, BEGUN, progress(Completed(FILER, agent("a1"), CLERK))) == {"assistant/clerk": "a1"}


def test_a_renamed_document_is_held_under_its_new_address():
    before = snapshot(request(CLERK), assistant_clerk=str(CLERK))
    there = Completed(FILER, request(FILER), CLERK)
    assert held(before, BEGUN, progress(there)) == {"assistant/clerk": "assistant/filer"}
    back = Completed(CLERK, request(CLERK), FILER)
    assert held(before, BEGUN, progress(there), progress(back)) == {"assistant/clerk": "assistant/clerk"}


def test_an_agent_that_becomes_a_document_and_is_renamed_is_followed():
    before = snapshot(agent("a1"), assistant_clerk="a1")
    changed, renamed = Completed(CLERK, request(CLERK)), Completed(FILER, request(FILER), CLERK)
    assert held(before, BEGUN, progress(changed, renamed)) == {"assistant/clerk": "assistant/filer"}


def test_a_release_that_is_recorded_in_between_is_followed_too():
    before = snapshot(agent("a1"))
    release = Applied(str(RELEASE), "release", {}, holds={"assistant/clerk": "a2"})
    first, recorded = Completed(CLERK, agent("a2")), Completed(RELEASE, release)
    second = Completed(CLERK, agent("a3"))
    assert held(before, BEGUN, progress(first, recorded, second)) == {"assistant/clerk": "a3"}


def test_a_deleted_object_stays_recorded():
    before = snapshot(agent("a1"), assistant_clerk="a1")
    assert held(before, BEGUN, progress(Completed(CLERK, None))) == {"assistant/clerk": "a1"}


def test_the_begin_of_a_run_records_what_an_entry_lacks():
    begun = RunBegun("run", holds={RELEASE: {"assistant/clerk": "a1"}, Address.parse("release/x@1"): {"a/b": "c"}})
    assert held(snapshot(agent("a1")), begun) == {"assistant/clerk": "a1"}
    assert held(snapshot(agent("a1")), begun, progress(Completed(CLERK, agent("a2")))) == {"assistant/clerk": "a2"}


def test_a_replaced_state_has_its_own_record():
    before = snapshot(agent("a1"), assistant_clerk="a1")
    state = snapshot(agent("a9"), assistant_clerk="a9").state
    after = held(before, StateReplaced("push", state), RunBegun("run"), progress(Completed(CLERK, agent("a2"))))
    assert after == {"assistant/clerk": "a2"}

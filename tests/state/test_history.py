"""The history of applies."""

from functools import partial

import pytest

from reconciler.resources.address import Address, Identity
from reconciler.resources.base import Applied
from reconciler.state import journal, lock, snapshots
from reconciler.state.history import RECORD, counts, history, note, summary
from reconciler.state.lock import Holder
from reconciler.state.model import AppliedPlan, Completed, NotWritten
from tests.state.stores import MemoryStore, NotingStore

ACME = Identity("acme", "production")
TRIAGE, OLD = Address("assistant", "triage"), Address("assistant", "old")
PLAN = AppliedPlan("sha256:1", "run-1", 100.0, "ann@laptop", run_url="https://ci.example/7", commit="0123456789abcdef")


def done(address: Address, id_: str | None, former: Address | None = None) -> Completed:
    return Completed(address, Applied(id_, "agent", {}) if id_ else None, former)


def test_summary_counts_changes():
    assert summary([done(TRIAGE, "a")], set()) == "1 created"
    assert summary([done(TRIAGE, "a"), done(OLD, None)], {TRIAGE, OLD}) == "1 updated, 1 removed"
    assert summary([done(TRIAGE, "a", OLD)], {OLD}) == "1 updated"
    assert summary([done(TRIAGE, "a"), done(TRIAGE, "b")], set()) == "1 created"
    assert summary([], {OLD}) == "nothing done"
    taken: dict[Address, NotWritten] = {TRIAGE: "adopted", OLD: "recorded"}
    assert summary([done(TRIAGE, "a"), done(OLD, "b")], {OLD}, not_written=taken) == "1 adopted, 1 recorded"
    assert summary([done(OLD, None)], {OLD}, not_written=taken) == "1 removed"


def test_summary_names_what_chatbots_publish():
    text = summary([done(TRIAGE, "a")], {TRIAGE}, published=["support@2", "shop none"])
    assert text == "1 updated; publishes support@2, shop none"
    assert counts(text) == {"created": 0, "updated": 1, "removed": 0}


def test_counts_have_what_was_adopted_or_recorded_where_it_was_counted():
    assert counts("48 adopted, 1 updated") == {"created": 0, "adopted": 48, "updated": 1, "removed": 0}
    assert counts("2 recorded") == {"created": 0, "updated": 0, "recorded": 2, "removed": 0}


def test_note_has_a_subject_line_and_a_record():
    assert note(ACME, "apply acme/production: 1 created", None) == "apply acme/production: 1 created"
    odd = AppliedPlan("sha256:1", "run-1", 100.0, "ann\nReconciler-Apply: {}", run_url="https://ci\n\nexample")
    title, empty, record = note(ACME, "apply", odd).splitlines()
    assert (title, empty) == ("apply (https://ci example)", "")
    assert record.startswith(RECORD)
    assert history(NotingStore(note(ACME, "apply", odd)), ACME) == [odd]


def test_history_uses_the_last_note_of_each_run_of_the_identity():
    ended = AppliedPlan(
        "sha256:1", "run-1", 100.0, "ann@laptop", finished=160.0, outcome="complete", summary="1 created"
    )
    killed = AppliedPlan("sha256:2", "run-0", 50.0, "bob@laptop")
    began = AppliedPlan("sha256:1", "run-1", 100.0, "ann@laptop")
    plans = (ACME, ended), (ACME, began), (Identity("acme"), PLAN), (ACME, killed)
    store = NotingStore("lock acme", *(note(identity, "apply", plan) for identity, plan in plans))
    assert history(store, ACME) == [ended, killed]


def test_history_without_notes_is_the_plans_in_state():
    store = MemoryStore()
    for at, name in ((100.0, "ann"), (1000.0, "bob")):
        lease = lock.acquire(store, ACME, Holder(name, "laptop", name, 1), partial(float, at))
        plan = AppliedPlan(f"sha256:{name}", lease.token, at, name)
        run = journal.begin(store, lease, snapshots.read(store, ACME), [], plan=plan)
        run.record(done(TRIAGE, "a"))
        run.close("complete")
    assert [(plan.holder, plan.summary) for plan in history(store, ACME)] == [
        ("bob", "1 updated"),
        ("ann", "1 created"),
    ]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("4 created", (4, 0, 0)),
        ("12 created, 3 updated, 1 removed", (12, 3, 1)),
        ("1 updated, 1 removed", (0, 1, 1)),
        ("nothing done", (0, 0, 0)),
    ],
)
def test_counts_of_a_summary_are_those_that_it_was_made_of(text: str, numbers: tuple[int, int, int]):
    assert counts(text) == dict(zip(("created", "updated", "removed"), numbers, strict=True))


@pytest.mark.parametrize("text", ["", "3", "created", "3 created and more", "some created"])
def test_counts_of_what_is_no_summary_are_none(text: str):
    assert counts(text) is None

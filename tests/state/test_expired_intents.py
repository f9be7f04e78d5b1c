"""Intents of killed runs are given up once nothing can come of them any more."""

from reconciler.resources.address import Address, Identity
from reconciler.state.expired_intents import LONGEST_REQUEST, settled
from reconciler.state.model import AppliedPlan, Intent, Snapshot, State

TRIAGE = Address("assistant", "triage")


def after(*began: float, intended: float = 1000.0) -> Snapshot:
    """Runs that began at these times, and an intent of that time."""
    plans = {f"sha256:{at}": AppliedPlan(f"sha256:{at}", f"run-{at}", at, "ann") for at in began}
    return Snapshot(State(Identity("acme"), plans=plans), (Intent(TRIAGE, "agent", {}, intended),))


def test_while_no_other_run_began_the_killed_one_may_still_be_sending():
    assert settled(after(1000.0), 1000.0 + 100 * LONGEST_REQUEST) == frozenset()


def test_what_it_sent_last_may_come_to_something_for_a_while():
    assert settled(after(1000.0, 2000.0), 2000.0 + LONGEST_REQUEST - 1) == frozenset()
    assert settled(after(1000.0, 2000.0), 2000.0 + LONGEST_REQUEST + 1) == {TRIAGE}


def test_an_address_with_a_younger_intent_too_waits_for_that():
    snapshot = after(1000.0, 2000.0)
    younger = Snapshot(snapshot.state, (*snapshot.pending, Intent(TRIAGE, "agent", {"n": 2}, 2500.0)))
    assert settled(younger, 9999.0) == frozenset()

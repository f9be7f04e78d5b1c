"""Expiry of the intents of killed runs."""

from reconciler.resources.address import Address, Identity
from reconciler.state.model import LONGEST_REQUEST, AppliedPlan, Intent, Snapshot, State

TRIAGE = Address("assistant", "triage")


def after(*began: float, intended: float = 1000.0) -> Snapshot:
    """Runs that began at these times, and an intent of that time."""
    plans = {f"sha256:{at}": AppliedPlan(f"sha256:{at}", f"run-{at}", at, "ann") for at in began}
    return Snapshot(State(Identity("acme"), plans=plans), (Intent(TRIAGE, "agent", {}, intended),))


def test_expired_intents_is_empty_until_another_run_begins():
    assert after(1000.0).expired_intents(1000.0 + 100 * LONGEST_REQUEST) == frozenset()


def test_expired_intents_waits_for_the_longest_request_after_another_run_begins():
    assert after(1000.0, 2000.0).expired_intents(2000.0 + LONGEST_REQUEST - 1) == frozenset()
    assert after(1000.0, 2000.0).expired_intents(2000.0 + LONGEST_REQUEST + 1) == {TRIAGE}


def test_expired_intents_leaves_out_an_address_with_a_younger_intent():
    snapshot = after(1000.0, 2000.0)
    younger = Snapshot(snapshot.state, (*snapshot.pending, Intent(TRIAGE, "agent", {"n": 2}, 2500.0)))
    assert younger.expired_intents(9999.0) == frozenset()

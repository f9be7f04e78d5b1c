"""When what a killed run announced, and nobody found, is given up."""

from typing import Final

from reconciler.resources.address import Address
from reconciler.state.model import Snapshot

LONGEST_REQUEST: Final = 600.0
"""Seconds after which a request that was sent has come to something, seen in the lists: the longest that one is waited
for (the SDK's own default)."""


def settled(snapshot: Snapshot, now: float) -> frozenset[Address]:
    """Addresses of which every intent is of a run that has surely sent its last request long ago: another run began
    after it, as only one that has the lock does, and has been going or over for `LONGEST_REQUEST` seconds.
    """
    since = max(
        (plan.started for plan in snapshot.state.plans.values() if plan.started < now - LONGEST_REQUEST), default=0.0
    )
    young = {intent.address for intent in snapshot.pending if intent.started >= since}
    return frozenset(intent.address for intent in snapshot.pending) - young

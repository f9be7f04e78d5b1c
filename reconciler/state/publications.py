"""The releases that a chatbot published, one after the other, as the state records them.

The record follows from the entries of the chatbot, so that an interrupted run needs nothing of its own to complete it:

| published | `published_before` | `rolled_back` |
|-----------|--------------------|---------------|
| 1         |                    |               |
| 2         | 1                  |               |
| 3         | 1, 2               |               |
| 2 again   | 1                  | 3             |
| 3 again   | 1, 2               |               |
| none      | 1, 2, 3            |               |

A release that was rolled back is therefore never the one that "was published before".
"""

from dataclasses import replace
from typing import Final

from reconciler.resources.address import Address
from reconciler.resources.base import Applied
from reconciler.resources.registry import resource_types
from reconciler.resources.values import references_in
from reconciler.state.model import Completed, State

KEPT: Final = 50
"""The number of releases that are recorded of each chatbot."""


def published_in(applied: Applied) -> Address | None:
    """Return the release that an entry publishes; None if it publishes none."""
    resource_type = resource_types().get(applied.type)
    named = [applied.fields.get(name) for name in sorted(resource_type.pointers)] if resource_type else []
    return next(map(Address.parse, references_in(named)), None)


def publication_text(completed: Completed, known: Applied | None) -> str:
    """Return the release that a change made its chatbot publish, such as `support@2`, or `support none`; empty if the
    change did not move the pointer.
    """
    if completed.applied is None:
        return ""
    was, now = published_in(known) if known else None, published_in(completed.applied)
    if was == now:
        return ""
    return now.name if now else f"{completed.address.name} none"


def with_publications(applied: Applied, known: Applied | None, run: str) -> Applied:
    """Return a new entry, which a run has written, with the record of what was published; `known` is the entry that it
    replaces.
    """
    resource_type = resource_types().get(applied.type)
    if resource_type is None or not resource_type.pointers:
        return applied
    if known is None or known.type != applied.type:
        return replace(applied, published_before=(), rolled_back=(), rolled_back_by="")
    was, now = (str(one) if one else None for one in map(published_in, (known, applied)))
    before, back, by = known.published_before, known.rolled_back, known.rolled_back_by
    if was != now:
        before, by = (*before, was) if was is not None else before, ""
        if now in before:
            at = before.index(now)
            back, before, by = (*back, before[-1]), before[:at], run if before[-1] != now else ""
        back = tuple(one for one in dict.fromkeys(back) if one != now)
    return replace(applied, published_before=before[-KEPT:], rolled_back=back[-KEPT:], rolled_back_by=by)


def interrupted_rollback(state: State, applied: Applied) -> Address | None:
    """Return the release that the last run, which is not complete, published instead of a later one; otherwise None."""
    latest = next(reversed([*state.plans.values()]), None)
    if latest is None or latest.outcome == "complete" or latest.run != applied.rolled_back_by:
        return None
    return published_in(applied)

"""Who applied what, and when: from the notes of a store that keeps them all, else from what state remembers."""

import json
from collections.abc import Iterable, Iterator, Set as AbstractSet
from dataclasses import asdict
from typing import Final, Protocol, runtime_checkable

from reconciler.resources.address import Address, Identity
from reconciler.resources.display import short
from reconciler.state.codec import decode_plan
from reconciler.state.documents import line, shaped
from reconciler.state.log import read
from reconciler.state.model import AppliedPlan, Completed
from reconciler.state.store import Store

RECORD: Final = "Reconciler-Apply: "
"""Begins the line of a note that says it all as JSON."""


@runtime_checkable
class NotedStore(Store, Protocol):
    """A store that keeps the notes of its writes."""

    def messages(self, having: str) -> list[str]:
        """The notes with a line that starts with `having`, the latest first."""
        ...


def history(store: Store, identity: Identity) -> list[AppliedPlan]:
    """Every apply that is known, the latest first. An apply is known from its first write on."""
    if not isinstance(store, NotedStore):
        return list(read(store, identity).state.plans.values())[::-1]
    runs: dict[str, AppliedPlan] = {}
    for plan in _noted(store, identity):
        runs.setdefault(plan.run, plan)  # the note of its end comes before that of its beginning
    return sorted(runs.values(), key=lambda plan: plan.started, reverse=True)


def note(identity: Identity, subject: str, plan: AppliedPlan | None) -> str:
    """What is written down with a step of a run: a line for people, and the record of its plan."""
    where = [plan.run_url, f"commit {short(plan.commit)}" if plan.commit else ""] if plan else []
    described = ", ".join(filter(None, where))
    title = " ".join(f"{subject} {f'({described})' if described else ''}".split())
    return with_records(identity, title, [plan] if plan else [])


def with_records(identity: Identity, title: str, plans: Iterable[AppliedPlan]) -> str:
    """A note that tells of these plans, the latest first."""
    records = "\n".join(f"{RECORD}{line({'identity': str(identity), **asdict(plan)})}" for plan in plans)
    return f"{title}\n\n{records}" if records else title


def summary(completed: Iterable[Completed], known: AbstractSet[Address]) -> str:
    """What was done to which state knew `known` before: `3 created, 1 updated, 2 removed`."""
    ended = {item.address: item for item in completed}
    removed = sum(item.applied is None for item in ended.values())
    updated = sum(item.applied is not None and bool(known & _names(item)) for item in ended.values())
    counts = {"created": len(ended) - removed - updated, "updated": updated, "removed": removed}
    return ", ".join(f"{count} {what}" for what, count in counts.items() if count) or "nothing done"


def _names(completed: Completed) -> set[Address]:
    return {completed.address, *([completed.instead_of] if completed.instead_of else [])}


def _noted(store: NotedStore, identity: Identity) -> Iterator[AppliedPlan]:
    for message in store.messages(RECORD):
        for text in (part.removeprefix(RECORD) for part in message.split("\n") if part.startswith(RECORD)):
            with shaped(store.location):
                record = json.loads(text)
                if record["identity"] == str(identity):
                    yield decode_plan(record)

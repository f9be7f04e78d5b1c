"""The history of applies: from the notes of a store that keeps them all, otherwise from the plans in the state."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set as AbstractSet
from dataclasses import asdict
from typing import Final, Protocol, runtime_checkable

from reconciler.resources.address import Address, Identity
from reconciler.resources.display import short
from reconciler.resources.name_lists import few
from reconciler.state.documents import format_errors, line
from reconciler.state.model import AppliedPlan, Completed, NotWritten
from reconciler.state.records import plan_of
from reconciler.state.snapshots import read
from reconciler.state.store import Store

RECORD: Final = "Reconciler-Apply: "
"""Prefix of the line in a note that holds an applied plan as JSON."""

_WORDS: Final = ("created", "adopted", "updated", "recorded", "removed")
_ALWAYS: Final = frozenset({"created", "updated", "removed"})
"""The counts of every summary. Earlier versions counted what was adopted or recorded among them."""
_NOTHING: Final = "nothing done"
_PUBLISHED: Final = "; publishes "
_COUNT: Final = re.compile(rf"(\d+) ({'|'.join(_WORDS)})")
_SUMMARY: Final = re.compile(rf"{_COUNT.pattern}(, {_COUNT.pattern})*")


@runtime_checkable
class NotedStore(Store, Protocol):
    """A store that keeps the note of each write, as Git keeps commit messages."""

    def messages(self, having: str) -> list[str]:
        """Return the notes that have a line starting with `having`, newest first."""
        ...


def history(store: Store, identity: Identity) -> list[AppliedPlan]:
    """Return every recorded apply, newest first, including those that have not ended."""
    if not isinstance(store, NotedStore):
        return list(read(store, identity).state.plans.values())[::-1]
    runs: dict[str, AppliedPlan] = {}
    for plan in _noted(store, identity):
        runs.setdefault(plan.run, plan)  # the note of its end precedes the note of its beginning
    return sorted(runs.values(), key=lambda plan: plan.started, reverse=True)


def note(identity: Identity, subject: str, plan: AppliedPlan | None) -> str:
    """Return the note of one write of a run: a subject line, and the record of its plan."""
    where = [plan.run_url, f"commit {short(plan.commit)}" if plan.commit else ""] if plan else []
    described = ", ".join(filter(None, where))
    title = " ".join(f"{subject} {f'({described})' if described else ''}".split())
    return with_records(identity, title, [plan] if plan else [])


def with_records(identity: Identity, title: str, plans: Iterable[AppliedPlan]) -> str:
    """Return a note with the records of `plans`, newest first."""
    records = "\n".join(f"{RECORD}{line({'identity': str(identity), **asdict(plan)})}" for plan in plans)
    return f"{title}\n\n{records}" if records else title


def summary(
    completed: Iterable[Completed],
    known: AbstractSet[Address],
    *,
    has_settings: bool = False,
    not_written: Mapping[Address, NotWritten] | None = None,
    published: Sequence[str] = (),
) -> str:
    """Count the changes: `3 created, 1 updated, 2 removed`. `known` holds the addresses that the state had before;
    `has_settings` adds an update of the settings of the project, and `not_written` has what was adopted or recorded.
    `published` names what chatbots publish now: `1 updated; publishes support@2`.
    """
    ended = {item.address: item for item in completed}
    found = Counter(_word(item, known, not_written or {}) for item in ended.values())
    found["updated"] += has_settings
    counted = ", ".join(f"{found[word]} {word}" for word in _WORDS if found[word]) or _NOTHING
    return f"{counted}{_PUBLISHED}{few(published)}" if published else counted


def _word(item: Completed, known: AbstractSet[Address], not_written: Mapping[Address, NotWritten]) -> str:
    if item.applied is None:
        return "removed"
    is_known = not known.isdisjoint((item.address, item.instead_of))
    return not_written.get(item.address) or ("updated" if is_known else "created")


def counts(text: str) -> dict[str, int] | None:
    """Return the counts in a `summary`, which is how state keeps them; None where it keeps none. `adopted` and
    `recorded` are only there if they are counted.
    """
    text = text.partition(_PUBLISHED)[0]
    if text != _NOTHING and not _SUMMARY.fullmatch(text):
        return None
    found = {word: int(number) for number, word in _COUNT.findall(text)}
    return {word: found.get(word, 0) for word in _WORDS if word in _ALWAYS or word in found}


def _noted(store: NotedStore, identity: Identity) -> Iterator[AppliedPlan]:
    for message in store.messages(RECORD):
        for text in (part.removeprefix(RECORD) for part in message.split("\n") if part.startswith(RECORD)):
            with format_errors(store.location):
                record = json.loads(text)
                if record["identity"] == str(identity):
                    yield plan_of(record)

"""The status of every object as a table."""

from collections.abc import Iterator, Sized
from typing import Final

from reconciler.planning.model import Change, drift_class
from reconciler.project.status import ObjectStatus, Status
from reconciler.reports.style import Style, count, first_few, wrap
from reconciler.reports.text.tables import table
from reconciler.reports.wording import reason_texts
from reconciler.resources.json_documents import timestamp
from reconciler.state.model import AppliedPlan

_MOST_FIELDS: Final = 3


def status_text(status: Status, *, style: Style) -> str:
    """Return the last apply and the lock, then one line per object."""
    lines = wrap(f"{status.identity} at {status.endpoint}; {_last_apply(status.last_apply)}", style.width, hang="  ")
    if status.lock:
        holder = status.lock.holder
        lines += wrap(f"locked by {holder.name}@{holder.host}", style.width, hang="  ")
    rows = [(one.address, "; ".join(_notes(one)), one.id or "-") for one in status.objects]
    return "\n".join([*lines, "", table(rows, ("ADDRESS", "STATUS", "ID"), style=style)])


def _last_apply(last: AppliedPlan | None) -> str:
    if last is None:
        return "never applied"
    return f"last apply {timestamp(last.finished or last.started)} by {last.holder} ({last.outcome})"


def _notes(one: ObjectStatus) -> Iterator[str]:
    if one.in_sync:
        yield "in sync"
    yield from (f"to {change.action}" for change in one.changes if not change.only_records)
    yield from map(_drifted, one.drift)
    yield from (f"drift: {count(len(files), noun)}" for noun, files in _files(one) if files)
    yield from _used(one)
    yield from (f"refused: {refusal.rule}" for refusal in one.refusals)
    if one.published:
        yield f"{one.published} is published"


def _files(one: ObjectStatus) -> Iterator[tuple[str, Sized]]:
    yield "failing file", one.failing
    yield "foreign file", one.foreign


def _used(one: ObjectStatus) -> Iterator[str]:
    """Yield the drift of what an assistant uses, which is not in its own row."""
    if one.sync is None:
        return
    holders = [change.address for change in one.sync.differs if change.address != one.address]
    holders += [file.store for file in one.sync.failing] + [file.store or "" for file in one.sync.foreign]
    used = dict.fromkeys(filter(None, holders))
    if used:
        yield f"drift in {' '.join(first_few(tuple(used), _MOST_FIELDS))}"


def _drifted(change: Change) -> str:
    if change.is_consequence:
        return f"to {change.action}: {', '.join(reason_texts(change))}"
    paths = ", ".join(item.path for item in change.fields[:_MOST_FIELDS])
    shows_fields = change.action == "update" and drift_class(change) != "missing"
    return f"drift: {paths if shows_fields else next(iter(reason_texts(change)), change.action)}"

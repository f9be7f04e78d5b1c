"""The status of objects as all reports show it: a row for each, and assistants with every difference."""

from collections.abc import Iterator, Sized
from dataclasses import dataclass
from typing import Final

from reconciler.planning.model import Change, drift_class
from reconciler.project.status import ObjectStatus, Status
from reconciler.reports.style import count, first_few
from reconciler.reports.views.assistants import DIFFERS, IN_SYNC, NOT_APPLIED, AssistantView
from reconciler.reports.wording import reason_texts
from reconciler.resources.address import Identity
from reconciler.resources.json_documents import timestamp
from reconciler.resources.problems import env_option

PENDING: Final = "pending"
REFUSED: Final = "refused"
PAUSED: Final = "paused"
NEVER_APPLIED: Final = "never applied"
WORDS: Final = (IN_SYNC, DIFFERS, PENDING, NOT_APPLIED, REFUSED, PAUSED, NEVER_APPLIED)
"""Every word for the status of an object, and of an identity without an apply."""
_MOST_FIELDS: Final = 3
_EXPIRED: Final = ", whose run has ended or not renewed the lock: the next run takes it over"


@dataclass(frozen=True, slots=True)
class RowView:
    """One object."""

    address: str
    text: str
    """Its status, and the release that is published."""
    id: str
    in_sync: bool
    word: str = IN_SYNC
    """The status in one or two words, for a badge."""


@dataclass(frozen=True)
class StatusView:
    """The status of an identity with all its texts, not escaped."""

    identity: str
    endpoint: str
    last_apply: str
    locked_by: str
    """Empty if no run holds the lock."""
    rows: tuple[RowView, ...]
    is_chosen: bool
    """True if addresses were asked for: then assistants are shown with every difference, not as a row."""
    listed: tuple[RowView, ...]
    """The rows of all objects, or of those that were asked for and are not assistants."""
    assistants: tuple[AssistantView, ...]
    in_sync: bool
    pullable: tuple[str, ...]
    """Addresses of the assistants, and of what they use, whose live values can be copied into the manifests."""
    contested: tuple[str, ...]
    """Those with a value that was changed in the manifest, too."""
    destroyed: str
    """The message about a destroyed environment, and the commands that continue; empty for others."""
    revertible: tuple[str, ...]
    """Assistants of which `apply` reverts some differences."""


def status_view(status: Status) -> StatusView:
    refusals = {one.address: one.refusals for one in status.objects}
    assistants = tuple(AssistantView(one, refusals.get(one.address, ())) for one in status.assistants)
    lock = status.lock
    rows = tuple(
        RowView(one.address, "; ".join(_notes(one)), one.id or "-", one.in_sync, _word(one)) for one in status.objects
    )
    asked = status.chosen - {one.address for one in assistants}
    return StatusView(
        identity=status.identity,
        endpoint=status.endpoint,
        last_apply=_last_apply(status),
        locked_by=f"{lock.holder.name}@{lock.holder.host}{_EXPIRED if status.is_expired else ''}" if lock else "",
        rows=rows,
        is_chosen=bool(status.chosen),
        listed=tuple(one for one in rows if one.address in asked) if status.chosen else rows,
        assistants=assistants,
        in_sync=all(one.in_sync for one in status.objects),
        pullable=tuple(dict.fromkeys(address for one in assistants for address in one.pullable)),
        contested=tuple(dict.fromkeys(address for one in assistants for address in one.contested)),
        destroyed=f"{status.destroyed.message}. {status.destroyed.hint}" if status.destroyed else "",
        revertible=tuple(one.address for one in assistants if one.is_revertible),
    )


def _last_apply(status: Status) -> str:
    last = status.last_apply
    if last is None:
        return NEVER_APPLIED
    has_ended = status.lock is None or status.is_expired
    again = f"reconciler apply{env_option(Identity.parse(status.identity).environment)}"
    resumed = f"; `{again}` resumes it" if last.outcome == "unfinished" and has_ended and not status.destroyed else ""
    return f"last apply {timestamp(last.finished or last.started)} by {last.holder} ({last.outcome}{resumed})"


def _notes(one: ObjectStatus) -> Iterator[str]:
    if one.in_sync:
        yield IN_SYNC
    yield from (f"to {change.action}" for change in one.changes if not change.only_records)
    yield from map(_drifted, one.drift)
    yield from (f"drift: {count(len(files), noun)}" for noun, files in _files(one) if files)
    yield from _used(one)
    yield from (f"refused: {refusal.rule}" for refusal in one.refusals)
    if one.paused:
        yield PAUSED
    if one.published:
        yield f"{one.published} is published"


def _word(one: ObjectStatus) -> str:
    if one.in_sync:
        return IN_SYNC
    if one.refusals:
        return REFUSED
    if one.drift or one.failing or one.foreign or (one.id and one.sync and not one.sync.in_sync):
        return DIFFERS
    return PENDING if one.id else NOT_APPLIED


def _files(one: ObjectStatus) -> Iterator[tuple[str, Sized]]:
    yield "failing file", one.failing
    yield "foreign file", one.foreign


def _used(one: ObjectStatus) -> Iterator[str]:
    """Yield the drift of what an assistant uses, which is not in its own row."""
    if one.sync is None:
        return
    holders = [change.address for change in one.sync.differs if change.address != one.address]
    holders += [file.store for file in one.sync.failing] + [file.store or "" for file in one.sync.foreign]
    attached = {"", *(store.store for store in one.sync.stores if store.side == "foreign")}
    used = dict.fromkeys(holder for holder in holders if holder not in attached)
    if used:
        yield f"drift in {' '.join(first_few(tuple(used), _MOST_FIELDS))}"


def _drifted(change: Change) -> str:
    if change.is_consequence:
        return f"to {change.action}: {', '.join(reason_texts(change))}"
    paths = ", ".join(item.path for item in change.fields[:_MOST_FIELDS])
    shows_fields = change.action == "update" and drift_class(change) != "missing"
    return f"drift: {paths if shows_fields else next(iter(reason_texts(change)), change.action)}"

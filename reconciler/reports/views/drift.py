"""A drift report as all reports show it: the summary, the drifted objects, failing files, models and assistants."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from reconciler.planning.drift import Drifted, DriftReport, RetiringModel
from reconciler.planning.model import Change
from reconciler.planning.reasons import Reason, ReasonCode
from reconciler.planning.sync_status import SyncStatus
from reconciler.planning.writers import Seen, Writer
from reconciler.reports.style import count
from reconciler.reports.views.assistants import NOT_APPLIED, AssistantView, named_file
from reconciler.reports.views.changes import ChangeView, drift_views
from reconciler.reports.views.fields import desired_first
from reconciler.reports.views.plan import Remarks, remarks
from reconciler.reports.wording import remedies_text
from reconciler.resources.address import Identity
from reconciler.resources.name_lists import few
from reconciler.resources.problems import env_option

NEVER_APPLIED: Final = "Never applied"
DRIFT_NOTE: Final = "Differences are shown as manifest -> live."
FAILING: Final = "Failing files"
FAILING_NOTE: Final = "Searches do not find these files. Apply attaches them again; or change or remove them."
FOREIGN: Final = "Foreign files"
FOREIGN_NOTE: Final = (
    "No manifest names these files, and searches find them. `pull` adds their ids to the manifest; with `prune: true` "
    "in the manifest of the store, `apply` detaches them."
)
RETIRING: Final = "Retiring models"
ASSISTANTS: Final = "Assistants"
_WRITERS: Final[dict[Writer, ReasonCode]] = {"outside": "written-outside", "unknown-run": "written-by-unknown-run"}
_NOUNS: Final = {"failing": "failing file", "retiring": "retiring model", "foreign": "foreign file"}


@dataclass(frozen=True, slots=True)
class FailingView:
    """Files of one store that fail for one reason."""

    store: str
    reason: str
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ForeignView:
    """Files of one store that no manifest names, each with its file name and id."""

    store: str
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RetiringView:
    """A model that OpenAI shuts down or has shut down, with a sentence without a full stop."""

    model: str
    is_gone: bool
    text: str
    used_by: tuple[str, ...]


@dataclass(frozen=True)
class DriftView:
    """A drift report with all its texts, not escaped."""

    identity: str
    created_at: str
    word: str
    text: str
    """The summary, without a full stop."""
    clean: bool
    in_sync: bool
    never_applied: bool
    drift: tuple[ChangeView, ...]
    drift_count: int
    failing: tuple[FailingView, ...]
    failing_count: int
    foreign: tuple[ForeignView, ...]
    foreign_count: int
    retiring: tuple[RetiringView, ...]
    out_of_sync: tuple[AssistantView, ...]
    in_sync_assistants: tuple[AssistantView, ...]
    in_sync_text: str
    """One sentence with the number of assistants in sync; empty without any."""
    not_applied_text: str
    """The number of assistants of the manifests that are not at OpenAI yet, and the remedy if apply refuses to create
    them; empty without any, and before the first apply."""
    remarks: Remarks
    can_pull: bool
    """True if some of the drift can be pulled into the manifests."""
    keep_note: str
    """One sentence about edits of manifests that pulling discards, so that it needs `--force`; empty without any."""
    can_revert: bool
    """True if `apply` reverts some of the drift."""
    revert_word: str
    """The effect of the command: `Apply`, `Repair it` or `Revert it`."""
    pending: str
    """One sentence with the number of edits that reverting also applies; empty without any."""


def drift_view(report: DriftReport) -> DriftView:
    absent = [one for one in report.assistants if AssistantView(one).word == NOT_APPLIED]
    missing = {one.address for one in absent}
    present = [one for one in report.assistants if one.in_sync and one.address not in missing]
    others = [one for one in report.assistants if not one.in_sync and one.is_applied]
    waiting = report.pending if not report.unapplied else 0
    pending = f"It also applies {count(waiting, 'pending edit')} of the manifests." if waiting else ""
    return DriftView(
        identity=report.plan.identity,
        created_at=report.plan.created_at,
        word=_word(report),
        text=_text(report),
        clean=report.clean,
        in_sync=report.in_sync,
        never_applied=report.unapplied > 0,
        drift=drift_views([_with_writers(item) for item in report.drifted], order=desired_first),
        drift_count=len(report.drifted),
        failing=_failing(report),
        failing_count=len(report.failing),
        foreign=_foreign(report),
        foreign_count=len(report.foreign),
        retiring=tuple(map(_retiring, report.retiring)),
        out_of_sync=tuple(map(AssistantView, others)),
        in_sync_assistants=tuple(map(AssistantView, present)),
        in_sync_text=_in_sync_text(report, present),
        not_applied_text=_not_applied_text(report, absent),
        remarks=remarks(report.plan),
        can_pull=report.is_pullable,
        keep_note=force_note(report.contested) if report.is_pullable else "",
        can_revert=report.is_revertible or report.unapplied > 0,
        revert_word=_revert_word(report),
        pending=pending,
    )


def force_note(contested: Sequence[str]) -> str:
    """Return what pulling discards at these addresses, whose values were changed on both sides; empty without any."""
    if not contested:
        return ""
    return f"`--force` replaces what was also edited in the manifest of {few(contested)}: decide before you run it."


def counts_text(counts: Mapping[str, int]) -> str:
    """Return `2 modified, 1 failing file` for a summary, without `unchanged` and counts that are zero."""
    shown = ((word, number) for word, number in counts.items() if number and word != "unchanged")
    return ", ".join(count(number, _NOUNS[word]) if word in _NOUNS else f"{number} {word}" for word, number in shown)


def _word(report: DriftReport) -> str:
    if report.unapplied:
        return NEVER_APPLIED
    if _is_destroyed(report):
        return "Destroyed"
    return "In sync" if report.in_sync else "Drift"


def _is_destroyed(report: DriftReport) -> bool:
    return any(notice.code == "destroyed" for notice in report.plan.warnings)


def _revert_word(report: DriftReport) -> str:
    if report.unapplied:
        return "Apply"
    return "Repair it" if report.is_only_lost else "Revert it"


def _text(report: DriftReport) -> str:
    if report.unapplied:
        return f"{count(report.unapplied, 'object')} in the manifests, none in the state, none live"
    if _is_destroyed(report):
        return "nothing is managed"
    found = counts_text(report.summary)
    if report.in_sync:
        return "no drift" + (f", but {found}" if found else "")
    return f"{found}, {report.plan.unchanged} unchanged"


def _with_writers(item: Drifted) -> Change:
    """Return a drifted object with the time and the author of the change among its reasons."""
    return replace(item.change, reasons=(*item.change.reasons, *seen_reasons(item.seen, item.change)))


def seen_reasons(seen: Seen, change: Change) -> Iterator[Reason]:
    """Return the time of the change and its author, with the names of the fields unless it is all of them."""
    if seen.changed_at is not None:
        yield Reason("last-changed", {"at": seen.changed_at})
    names = {item.keys[0] for item in change.fields}
    for writer, code in _WRITERS.items():
        known = [name for name, by in seen.by if by == writer]
        if known:
            yield Reason(code, {"fields": [] if names <= {*known} else known})


def _failing(report: DriftReport) -> tuple[FailingView, ...]:
    """Return the failing files by store and reason."""
    found: dict[tuple[str, str], list[str]] = {}
    for file in report.failing:
        found.setdefault((file.store, file.reason), []).append(file.file)
    return tuple(FailingView(store, reason, tuple(files)) for (store, reason), files in found.items())


def _foreign(report: DriftReport) -> tuple[ForeignView, ...]:
    found: dict[str, list[str]] = {}
    for file in report.foreign:
        found.setdefault(file.store, []).append(named_file(file.file, file.name))
    return tuple(ForeignView(store, tuple(files)) for store, files in found.items())


def _retiring(model: RetiringModel) -> RetiringView:
    text = f"OpenAI has shut it down, on {model.on}" if model.is_gone else f"OpenAI shuts it down on {model.on}"
    return RetiringView(model.model, model.is_gone, text, model.used_by)


def _in_sync_text(report: DriftReport, found: Sequence[SyncStatus]) -> str:
    if report.unapplied or not found:
        return ""
    pending = sum(one.is_pending for one in found)
    also = f", {pending} of them with pending edits" if pending else ""
    return f"{count(len(found), 'assistant')} in sync{also}."


def _not_applied_text(report: DriftReport, absent: Sequence[SyncStatus]) -> str:
    if report.unapplied or not absent:
        return ""
    names = {one.address for one in absent}
    refused = [one for one in report.plan.refusals if one.address in names]
    remedies = dict.fromkeys(remedies_text(one.remedies) for one in refused)
    text = f"{count(len(absent), 'assistant')} not applied"
    if not refused:
        return f"{text}."
    env = env_option(Identity.parse(report.plan.identity).environment)
    which = "it" if len(absent) == 1 else "them" if len(refused) == len(absent) else f"{len(refused)} of them"
    remedy = next(iter(remedies)) if len(remedies) == 1 else f"`reconciler plan{env}` shows the reasons."
    return f"{text}, and apply refuses to create {which}. {remedy}".rstrip()

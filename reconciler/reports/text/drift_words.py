"""What all reports of drift say in words: how much there is, who and when, what fails, what ends, what differs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from reconciler.planning.drift import Drifted, DriftReport, RetiringModel, Standing
from reconciler.planning.drift_class import GONE, drift_class
from reconciler.planning.model import Change
from reconciler.planning.reasons import Reason, ReasonCode
from reconciler.planning.writers import Seen, Writer
from reconciler.reports.style import count
from reconciler.reports.text.fields import desired_first, field_label, split_files
from reconciler.reports.text.values import brief, whole
from reconciler.resources.resource_type import CONTENT
from reconciler.resources.values import ABSENT, JSON, Absent

HINT_FAILING: Final = "No search finds them. Undoing drift attaches them again; or change them, or take them out."
_WRITERS: Final[dict[Writer, ReasonCode]] = {"outside": "written-outside", "unknown-run": "written-by-unknown-run"}
_NOUNS: Final = {"failing": "failing file", "retiring": "retiring model", "foreign": "foreign file"}
_ROOM: Final = 40
_MOST_LINES: Final = 8


def counts_text(counts: Mapping[str, int]) -> str:
    """`2 modified, 1 failing file`, of a summary: without `unchanged`, and without what there is none of."""
    shown = ((word, number) for word, number in counts.items() if number and word != "unchanged")
    return ", ".join(count(number, _NOUNS[word]) if word in _NOUNS else f"{number} {word}" for word, number in shown)


def sentence(report: DriftReport) -> str:
    """What the report comes to, after its verdict."""
    found = counts_text(report.summary)
    if report.in_sync:
        return "nothing was changed by hand" + (f", but {found}" if found else "")
    return f"{found}, {report.plan.unchanged} unchanged"


def shown_changes(report: DriftReport) -> list[Change]:
    """Everything that drifted, each with the time and the author of the change among its reasons."""
    return [_shown(item) for item in report.drifted]


def _shown(item: Drifted) -> Change:
    return replace(item.change, reasons=(*item.change.reasons, *seen_reasons(item.seen, item.change)))


def seen_reasons(seen: Seen, change: Change) -> Iterator[Reason]:
    """When, and who: of the fields that it is known of, by name unless that is all of them."""
    if seen.changed_at is not None:
        yield Reason("last-changed", {"at": seen.changed_at})
    names = {item.keys[0] for item in change.fields}
    for writer, code in _WRITERS.items():
        known = [name for name, by in seen.by if by == writer]
        if known:
            yield Reason(code, {"fields": [] if names <= {*known} else known})


@dataclass(frozen=True, slots=True)
class Failures:
    """Files of one store that fail for one reason."""

    store: str
    reason: str
    files: tuple[str, ...]


def failures(report: DriftReport) -> list[Failures]:
    """The failing files by store and reason."""
    found: dict[tuple[str, str], list[str]] = {}
    for file in report.failing:
        found.setdefault((file.store, file.reason), []).append(file.file)
    return [Failures(store, reason, tuple(files)) for (store, reason), files in found.items()]


def ending(model: RetiringModel) -> str:
    """What happens to a model, and when."""
    return f"OpenAI has shut it down, on {model.on}" if model.is_gone else f"OpenAI shuts it down on {model.on}"


def out_of_sync(report: DriftReport) -> list[Standing]:
    return [one for one in report.assistants if not one.in_sync]


def in_sync(report: DriftReport) -> list[Standing]:
    return [one for one in report.assistants if one.in_sync]


def in_sync_text(report: DriftReport) -> str:
    """How many assistants are in sync, as a sentence; empty where there is none."""
    found = in_sync(report)
    pending = sum(one.is_pending for one in found)
    also = f", {pending} of them with edits that are not applied yet" if pending else ""
    return f"{count(len(found), 'assistant')} in sync{also}." if found else ""


def standing_lines(one: Standing) -> list[str]:
    """What differs of an assistant and of what it uses, a line each: what manifests say, then what is live."""
    lines = [line for change in one.differs for line in _differing(one, change)]
    lines += [f"{file.store} {file.file}: could not be indexed" for file in one.failing]
    more = len(lines) - _MOST_LINES
    return lines if more <= 1 else [*lines[:_MOST_LINES], f"… {more} more"]


def _differing(one: Standing, change: Change) -> Iterator[str]:
    whose = "" if change.address == one.address else f"{change.address} "
    word = drift_class(change)
    if word in GONE or not change.fields:
        yield f"{whose}{word}"
        return
    single, files = split_files(tuple(map(desired_first, change.fields)))
    for item in single:
        yield f"{whose}{field_label(item)}: {_side(item.before)} -> {_side(item.after)}"
    if files:
        yield f"{whose}files: {count(len({item.keys[1] for item in files}), 'file')} differ"


def _side(value: JSON | Absent) -> str:
    """A file of a store by its content, anything else as far as there is room."""
    if isinstance(value, dict) and isinstance(value.get(CONTENT), str):
        return whole(value[CONTENT])
    return "nothing" if value is ABSENT else brief(value, _ROOM)

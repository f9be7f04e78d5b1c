"""Changes as all reports show them: sign, word, title, decision, fields and notes. Many uploads of one folder are one
row.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from reconciler.planning.changes import ADDRESS
from reconciler.planning.model import DESTROYS, GONE, Action, Change, Decision, DriftClass, drift_class, is_repaired
from reconciler.reports.views.fields import FOLD_ABOVE, Order, ShownField, live_first, was
from reconciler.reports.views.values import bytes_text
from reconciler.reports.wording import deleted_text, reason_texts, risk_note
from reconciler.resources.registry import upload_kinds
from reconciler.resources.values import ABSENT

Tone: TypeAlias = Literal["new", "changed", "gone", "refused", "drift", "untouched", "foreign"]
Standing: TypeAlias = Action | Literal["refused", "drifted", "untouched", "unmanaged"]
"""The effect of a plan on an object; `untouched` is an object that only depends on one that the plan changes, and
`unmanaged`, in graphs, one that this identity does not manage.
"""
SIGNS: Final[Mapping[Standing, str]] = {
    "create": "+",
    "update": "~",
    "replace": "±",
    "delete": "-",
    "archive": "-",
    "adopt": ">",
    "forget": ">",
    "release": "+",
    "publish": "^",
    "refused": "✕",
    "drifted": "!",
    "untouched": "",
    "unmanaged": "",
}
TONES: Final[Mapping[Standing, Tone]] = {
    "create": "new",
    "release": "new",
    "update": "changed",
    "replace": "changed",
    "adopt": "changed",
    "publish": "changed",
    "forget": "gone",
    "delete": "gone",
    "archive": "gone",
    "refused": "refused",
    "drifted": "drift",
    "untouched": "untouched",
    "unmanaged": "foreign",
}
RECORD: Final = "record"
"""The word for an `adopt` that only records an object that is live as the manifest says."""
_DRIFT_SIGNS: Final[dict[DriftClass, str]] = {
    "modified": "~",
    "missing": "-",
    "expired": "-",
    "dangling": "!",
    "tampered": "!",
    "labels": "~",
}
_DECISIONS: Final[dict[Decision | None, str]] = {"revert": "reverted", "keep": "kept", None: "undecided"}
REPAIRED: Final = "repaired"


@dataclass(frozen=True)
class ChangeView:
    """One row of a report, with the text below it."""

    sign: str
    word: str
    tone: Tone
    title: str
    """The address, or the number of files; not escaped."""
    where: str = ""
    """File and line of the manifest."""
    deleted: str = ""
    """The live object that is deleted, by id and name."""
    decision: str = ""
    """The effect of apply on a change made outside Reconciler; empty if the heading of the list states it."""
    fields: tuple[ShownField, ...] = ()
    is_summary: bool = False
    """True if the object is created or deleted, so that its fields are summed up and not compared."""
    notes: tuple[str, ...] = ()
    risks: tuple[str, ...] = ()
    lower_risks: tuple[str, ...] = ()
    """Those below `high`."""
    files: tuple[str, ...] = ()
    """The paths of the uploads that this row stands for, each with the upload that is deleted."""
    is_listed: bool = False
    """True if all `files` are listed, regardless of their number."""


def change_views(changes: Sequence[Change]) -> tuple[ChangeView, ...]:
    """Return the changes that apply makes: live values, then desired ones."""
    return _views(changes, _change)


def drift_views(
    changes: Sequence[Change], *, decide: bool = False, order: Order = live_first
) -> tuple[ChangeView, ...]:
    """Return the changes made outside Reconciler, values in this `order`; with `decide`, each with its decision."""
    return _views(changes, lambda change: _drift(change, order, decide=decide))


def _views(changes: Sequence[Change], view: Callable[[Change], ChangeView]) -> tuple[ChangeView, ...]:
    return tuple(view(group[0]) if len(group) == 1 else _files(group, view(group[0])) for group in _groups(changes))


def _change(change: Change) -> ChangeView:
    return ChangeView(
        SIGNS[change.action],
        RECORD if change.only_records else change.action,
        TONES[change.action],
        _title(change),
        where=_where(change),
        deleted=deleted_text(change),
        fields=_shown_fields(change, live_first),
        is_summary=change.action in ("create", "release", *DESTROYS),
        notes=tuple(reason_texts(change)),
        risks=tuple(map(risk_note, change.risks)),
        lower_risks=tuple(risk_note(risk) for risk in change.risks if risk.level != "high"),
    )


def _drift(change: Change, order: Order, *, decide: bool) -> ChangeView:
    word = drift_class(change)
    follows: Action | None = ("update" if change.fields else "publish") if change.is_consequence else None
    if word in GONE and change.decision == "revert" and order is live_first:
        sign = SIGNS[change.action]  # as apply shows it: a minus reads as a delete
    else:
        sign = SIGNS[follows] if follows else _DRIFT_SIGNS[word]
    return ChangeView(
        sign,
        follows or word,
        "drift",
        _title(change),
        where=_where(change),
        deleted=deleted_text(change) if change.decision == "revert" else "",
        decision=_decision(change) if decide else "",
        fields=() if word in GONE else _shown_fields(change, order),
        notes=tuple(reason_texts(change)),
        risks=tuple(map(risk_note, change.risks)),
        lower_risks=tuple(risk_note(risk) for risk in change.risks if risk.level != "high"),
    )


def _decision(change: Change) -> str:
    return REPAIRED if is_repaired(change) and change.decision == "revert" else _DECISIONS[change.decision]


def _files(group: Sequence[Change], first: ChangeView) -> ChangeView:
    """Return one row for a group of uploads, which have one action and one decision."""
    paths = [_title(change).partition("/")[2] for change in group]
    files = tuple(
        f"{path}: {deleted_text(one)}" if one.deleted else path for path, one in zip(paths, group, strict=True)
    )
    folder, sizes = _top_folder(paths[0]), [_bytes(change) for change in group]
    title = f"{len(group)} files" + (f" under {folder}" if folder else "")
    if None not in sizes:
        title += f" ({bytes_text(sum(filter(None, sizes)))})"
    is_listed = any(change.deleted for change in group)
    return ChangeView(
        first.sign, first.word, first.tone, title, decision=first.decision, files=files, is_listed=is_listed
    )


def _groups(changes: Sequence[Change]) -> list[Sequence[Change]]:
    """Return each change by itself, but more than eight files of one folder together, at the place of the first."""
    keys = [_key(change) for change in changes]
    sizes = Counter(keys)
    found: dict[object, list[Change]] = {}
    for index, (key, change) in enumerate(zip(keys, changes, strict=True)):
        found.setdefault(key if key and sizes[key] > FOLD_ABOVE else index, []).append(change)
    return list(found.values())


def _key(change: Change) -> tuple[str | None, ...] | None:
    """Return action, decision and top folder of a file; None for a change that is shown by itself."""
    kind, _, path = change.address.partition("/")
    if kind not in upload_kinds() or change.risks:
        return None
    return change.action, change.decision, _top_folder(path)


def _title(change: Change) -> str:
    """Return the address, and the former one of a file whose path changed."""
    former = next((str(item.live) for item in change.fields if item.keys == ADDRESS), "")
    kind, _, path = former.partition("/")
    return was(change.address, path) if kind in upload_kinds() else change.address


def _where(change: Change) -> str:
    return f"{change.source.file}:{change.source.line}" if change.source else ""


def _shown_fields(change: Change, order: Order) -> tuple[ShownField, ...]:
    """Return the fields without the digest of a bundle, and without an address that the title shows."""
    shown = (item for item in change.fields if item.keys != ("bundle",))
    return tuple(order(item) for item in shown if item.keys != ADDRESS or _title(change) == change.address)


def _top_folder(path: str) -> str:
    folder, slash, _ = path.partition("/")
    return folder + slash if slash else ""


def _bytes(change: Change) -> int | None:
    sizes = [item.desired if item.live is ABSENT else item.live for item in change.fields if item.keys == ("bytes",)]
    return sizes[0] if sizes and type(sizes[0]) is int else None

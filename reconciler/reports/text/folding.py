"""Many uploads of one folder are one thing to a reader."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from reconciler.planning.changes import ADDRESS
from reconciler.planning.model import Change
from reconciler.reports.style import plain
from reconciler.reports.text.values import bytes_text
from reconciler.resources.registry import upload_kinds
from reconciler.resources.values import ABSENT

FOLD_ABOVE: Final = 8


def groups(changes: Sequence[Change]) -> list[Sequence[Change]]:
    """Each change by itself, but more than eight files of one folder together, where the first of them stands."""
    keys = [_key(change) for change in changes]
    sizes = Counter(keys)
    found: dict[object, list[Change]] = {}
    for index, (key, change) in enumerate(zip(keys, changes, strict=True)):
        found.setdefault(key if key and sizes[key] > FOLD_ABOVE else index, []).append(change)
    return list(found.values())


def files_text(group: Sequence[Change]) -> str:
    """`27 files under kb/ (1.2 MB)`"""
    folder, sizes = _top_folder(paths(group)[0]), [_bytes(change) for change in group]
    text = f"{len(group)} files" + (f" under {plain(folder)}" if folder else "")
    return text + (f" ({bytes_text(sum(filter(None, sizes)))})" if None not in sizes else "")


def paths(group: Sequence[Change]) -> list[str]:
    """The paths of files, each with the one that it had before."""
    return [title(change).partition("/")[2] for change in group]


def title(change: Change) -> str:
    """What a change is about: its address, and of a file that has another path now, the former one."""
    former = next((str(item.live) for item in change.fields if item.keys == ADDRESS), "")
    kind, _, path = former.partition("/")
    return was(change.address, path) if kind in upload_kinds() else change.address


def was(name: str, former: str) -> str:
    """`docs/one.md (was kb/one.md)`"""
    return f"{name} (was {former})"


def _key(change: Change) -> tuple[str | None, ...] | None:
    """Action, decision and top folder of a file; None for what must be seen by itself."""
    kind, _, path = change.address.partition("/")
    if kind not in upload_kinds() or change.risks:
        return None
    return change.action, change.decision, _top_folder(path)


def _top_folder(path: str) -> str:
    folder, slash, _ = path.partition("/")
    return folder + slash if slash else ""


def _bytes(change: Change) -> int | None:
    before_after = [
        item.desired if item.live is ABSENT else item.live for item in change.fields if item.keys == ("bytes",)
    ]
    return before_after[0] if before_after and type(before_after[0]) is int else None

"""What was done by hand to a live object, in one word."""

from typing import Final, Literal, TypeAlias, get_args

from reconciler.planning.model import Change
from reconciler.resources.labels import KEYS
from reconciler.resources.registry import upload_kinds

DriftClass: TypeAlias = Literal["modified", "missing", "expired", "tampered", "labels"]
DRIFT_CLASSES: Final[tuple[DriftClass, ...]] = get_args(DriftClass)
GONE: Final = frozenset[DriftClass]({"missing", "expired"})
"""Classes of what has no live fields."""


def drift_class(change: Change) -> DriftClass:
    """`missing` and `expired`: gone; `tampered`: a frozen copy differs; `labels`: only ownership labels do."""
    if change.action == "create":
        return "missing"
    if change.action == "replace" and any(reason.code == "expired" for reason in change.reasons):
        return "expired"
    if change.action == "adopt" or (change.fields and all(set(item.keys) & KEYS for item in change.fields)):
        return "labels"
    return "tampered" if _is_frozen(change.address) else "modified"


def _is_frozen(address: str) -> bool:
    """A copy made for a release has `@` in its name; so may the path of a file."""
    kind, _, name = address.partition("/")
    return kind not in upload_kinds() and "@" in name

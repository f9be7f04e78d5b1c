"""What a change of a vector store risks."""

from collections.abc import Iterator, Mapping

from reconciler.resources.risks import Hazard
from reconciler.resources.values import JSON, Fields


def risks(before: Fields, after: Fields) -> Iterator[Hazard]:
    """Of the same top-level fields on both sides."""
    yield from _detached(before.get("files") or {}, after.get("files") or {})
    was, is_ = _days(before), _days(after)
    if is_ is not None and (was is None or is_ < was):
        yield Hazard("expiry-shortened", {"before": was, "after": is_})


def _detached(before: Mapping[str, JSON], after: Mapping[str, JSON]) -> Iterator[Hazard]:
    """Files whose content leaves the store; one that only gets another name stays."""
    kept = {entry.get("sha256") for entry in after.values()} - {None}
    gone = sorted(path for path in before.keys() - after.keys() if before[path].get("sha256") not in kept)
    if gone:
        yield Hazard("knowledge-removed", {"change": "files", "names": gone, "of": len(before)})


def _days(fields: Fields) -> int | None:
    days: int | None = (fields.get("expires_after") or {}).get("days")
    return days

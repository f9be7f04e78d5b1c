"""Metadata of a live object: ours and everybody else's pairs, kept apart on reading and merged on writing."""

from collections.abc import Callable, Mapping
from typing import Final

from reconciler.live.client import Object
from reconciler.live.errors import LiveError
from reconciler.resources import labels as ownership
from reconciler.resources.base import Labels
from reconciler.resources.metadata import PAIRS
from reconciler.resources.problems import Problem

CLOCK_SLACK: Final = 120.0
"""Seconds that our clock, set right by the answers, and OpenAI's may still differ."""


def without_labels(body: Object) -> dict[str, str]:
    return {key: value for key, value in (body.get("metadata") or {}).items() if key not in ownership.KEYS}


def merged(live: Mapping[str, str], wanted: Mapping[str, str | None], labels: Labels, address: str) -> dict[str, str]:
    """All pairs to write: the live ones, which the API would drop otherwise, under `wanted`, under our labels.

    A key wanted as None is removed. Raises `LiveError` where that makes more pairs than the API keeps.
    """
    pairs = {**live, **wanted, **ownership.to_metadata(labels)}
    kept = {key: value for key, value in pairs.items() if value is not None}
    if len(kept) > PAIRS:
        own = ", ".join(sorted(kept.keys() - ownership.KEYS))
        message = f"{address}: {len(kept)} pairs of metadata, {PAIRS} at most, and four are ours; the others are {own}"
        raise LiveError(
            Problem("too-many-pairs", message, hint="Remove some from the manifest or from the live object.")
        )
    return kept


def carries(body: Object, labels: Labels) -> bool:
    """Whether the object is labelled as the one that `labels` are for."""
    found = ownership.from_metadata(body.get("metadata"))
    return found is not None and (found.identity, found.address) == (labels.identity, labels.address)


def older_than(since: float, ahead: float) -> Callable[[Object], bool]:
    """Whether an object was certainly made before our Unix time `since`; our clock is `ahead` seconds fast."""
    earliest = since - ahead - CLOCK_SLACK
    return lambda body: bool(body.get("created_at", since) < earliest)

"""Outlets beside the built-in one: the differences between their documents and what was written there.

An outlet is not a source of desired values. A document that was never written, or that an earlier run wrote, is written
by the next apply as part of the changes of the project. A document that is not as it was written is drift.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from reconciler.planning.inputs import PlanInputs
from reconciler.planning.match import Matched
from reconciler.planning.published import Copy, CopyState
from reconciler.planning.reasons import Notice
from reconciler.planning.release_retention import release_of
from reconciler.resources.address import Address


@dataclass(frozen=True, slots=True)
class OutletDocument:
    """One document in one outlet, as read."""

    hash: str | None
    """The hash of the pointer; None if it does not exist or is not a pointer."""
    blob: str | None = None
    """The digest in the pointer."""
    ids: frozenset[str] = frozenset()
    """The live ids in the pointer."""
    is_there: bool = True
    """False if the pointer does not exist."""
    has_blob: bool = True
    """False if the pointer exists and its blob does not."""
    is_intact: bool = True
    """False if the pointer or the blob cannot be read, or the blob does not match its digest."""


NOTHING = OutletDocument(None, is_there=False)


def copy_of(
    name: Address, outlet: str, found: OutletDocument, expected: str, written: Mapping[str, Mapping[str, str]] | None
) -> Copy | None:
    """Return the copy of the pointer `name` in `outlet` if it differs from the hash `expected`.

    `written` has the hashes of the pointers written to each outlet; None for a state that does not record them.
    """
    if found.hash == expected and found.is_intact and found.has_blob:
        return None
    then = (written or {}).get(outlet, {}).get(str(name))
    return Copy(outlet, _state(found, then, known=written is not None), found.blob, found.ids)


def _state(found: OutletDocument, then: str | None, *, known: bool) -> CopyState:
    if not found.is_there:
        return "unwritten" if then is None else "missing"
    if then is None:
        return "unwritten" if known else "tampered"
    if found.hash != then:
        return "tampered"
    if not found.has_blob:
        return "missing"
    return "outdated" if found.is_intact else "tampered"


def removed(written: Mapping[str, Mapping[str, str]] | None, present: Iterable[str]) -> dict[str, frozenset[Address]]:
    """Return the outlets of the last run that are not `present`, each with the pointers written there."""
    gone = (written or {}).keys() - set(present)
    return {outlet: frozenset(map(Address.parse, (written or {})[outlet])) for outlet in sorted(gone)}


def only_in_outlets(inputs: PlanInputs, matched: Matched) -> Iterator[Notice]:
    """Yield a warning for each outlet that has documents of this state which no manifest publishes."""
    names: dict[str, list[str]] = defaultdict(list)
    for stray in inputs.strays:
        if stray.copy.outlet in inputs.foreign_pointers.get(stray.address, {}):
            continue
        now = matched.now(stray.address)
        if now not in inputs.desired or (stray.is_released and release_of(inputs, now) is None):
            names[stray.copy.outlet].append(str(stray.name))
    yield from (
        Notice("only-in-outlet", {"outlet": outlet, "names": sorted(names[outlet])}) for outlet in sorted(names)
    )

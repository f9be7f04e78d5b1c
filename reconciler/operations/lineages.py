"""The lineage that `state rebuild` takes over: the one on the labels of the live objects."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from reconciler.resources.address import Address, Identity
from reconciler.resources.base import Live
from reconciler.resources.labelled import labelled_address
from reconciler.resources.name_lists import few
from reconciler.resources.problems import Problem, ReconcilerError, command_text
from reconciler.resources.registry import resource_types
from reconciler.state.model import Snapshot

Lineages: TypeAlias = Mapping[str, Sequence[Live]]
"""The live objects of one identity by the lineage on their label, in order of their addresses."""

_SHOWN: Final = 20


@dataclass(frozen=True)
class ChosenLineage:
    """The lineage of a rebuilt state."""

    lineage: str | None
    """None if no label has a lineage: the first apply gives the state a new one."""
    objects: Sequence[Live] = ()
    """The objects that have the lineage."""
    unproven: Sequence[Live] = ()
    """See `unproven`."""
    is_new: bool = False
    """True if the state had another lineage or none, and the lineage was not named: a person has to confirm it."""


def lineages(live: Iterable[Live], identity: Identity) -> Lineages:
    """Return the objects with `identity` and a lineage on their label."""
    found: dict[str, list[Live]] = defaultdict(list)
    for one in live:
        if labelled_address(one, resource_types(), identity) and one.labels and one.labels.lineage:
            found[one.labels.lineage].append(one)
    return {lineage: sorted(found[lineage], key=_order) for lineage in sorted(found)}


def unproven(
    live: Iterable[Live],
    identity: Identity,
    present: Snapshot,
    *,
    published: Collection[str],
    manifests: Collection[Address],
) -> Sequence[Live]:
    """Return the objects with `identity` on a label without a lineage for which nothing but the label says that they
    are those of this project: neither the `present` state, which is to be replaced, nor a bundle with a `published` id.
    A manifest with the same address counts if there are bundles, which another repository would not have.
    """
    known = {*published, *(applied.id for applied in present.state.objects.values())}
    proven = {*(intent.address for intent in present.pending), *(manifests if published else ())}
    found = [
        one
        for one in live
        if (address := labelled_address(one, resource_types(), identity)) and address not in proven
        if one.id not in known and one.labels and one.labels.lineage is None
    ]
    return sorted(found, key=_order)


def choose(found: Lineages, present: str | None, named: str | None, environment: str | None = None) -> ChosenLineage:
    """Return the lineage to take over: the `named` one, or else the only one that was `found`. `present` is the lineage
    of the state to replace.

    Raises ReconcilerError if several were found and none is named, or if the named one was not found.
    """
    if named is not None and named not in (*found, present):
        hint = f"Lineages of live objects: {'; '.join(map(_described, found.items())) or 'none'}."
        raise ReconcilerError(Problem("unknown-lineage", f"no live object has the lineage {named}", hint=hint))
    if named is not None:
        return ChosenLineage(named, found.get(named, ()))
    if len(found) > 1:
        message = f"live objects of {len(found)} states were found: {'; '.join(map(_described, found.items()))}"
        rebuild = command_text(environment, "state", "rebuild", "--lineage", "ID")
        hint = f"Nothing was written. Name the one to take over: {rebuild}. The objects of the others stay as they are."
        raise ReconcilerError(Problem("several-lineages", message, hint=hint))
    for lineage, objects in found.items():
        return ChosenLineage(lineage, objects, is_new=lineage != present)
    return ChosenLineage(present)


def _described(item: tuple[str, Sequence[Live]]) -> str:
    lineage, objects = item
    names = [f"{one.id} ({one.name})" if one.name else one.id for one in objects]
    return f"{lineage} has {few(names, _SHOWN)}"


def _order(live: Live) -> tuple[str, str]:
    return live.labels.address if live.labels else "", live.id

"""Uploads that stay live although their file was edited or removed.

Uploads are identified by content, so an old one can stay beside a new one. An upload that something still holds after
the plan stays, and the state keeps it under an address of its own (`file/hours.pdf@file-123`), until a later plan finds
that nothing holds it.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from reconciler.planning.changes import ByOrigin
from reconciler.planning.graph import Edge
from reconciler.planning.holders import direct, holders as find_holders
from reconciler.planning.inputs import PlanInputs
from reconciler.planning.match import Matched
from reconciler.planning.model import INVALIDATES_ID, RELEASES_OWNERSHIP, STILL_HELD, Change, decision_of
from reconciler.planning.reasons import Args, Reason
from reconciler.planning.uploads import is_leftover, leftover_address
from reconciler.resources.address import Address
from reconciler.resources.base import Unlisted


def with_held(inputs: PlanInputs, matched: Matched, pairs: Sequence[ByOrigin]) -> tuple[ByOrigin, ...]:
    """Return the changes, so that no upload is deleted that something holds after them.

    A replacement gets `STILL_HELD` as a reason, and a removal becomes a `forget` with that reason, once: the state has
    the upload afterwards, and later plans have no change until nothing holds it.
    """
    work = [change for pair in pairs for change in _work(inputs, pair)]
    ended = {change.id: Address.parse(change.address) for change in work if _ends_upload(inputs, matched, change)}
    held: dict[str, Sequence[Edge]] = dict(_not_looked_at(inputs, matched, work))
    held |= find_holders(inputs, matched, {id_: address for id_, address in ended.items() if id_}, work)
    if not held:
        return tuple(pairs)
    kept = kept_elsewhere(matched, work, held)
    staying = {id_: held[id_] for id_ in held.keys() - kept}
    renewed = (replace(pair, ours=pair.ours and _renewed(inputs, matched, pair.ours, held)) for pair in pairs)
    return tuple(_with_held(inputs, matched, pair, staying) for pair in renewed)


def _renewed(inputs: PlanInputs, matched: Matched, change: Change, held: Mapping[str, Sequence[Edge]]) -> Change:
    """Return a change that sends the secrets again, with the replaced objects that are still held as reasons: they do
    not get the secrets.
    """
    address = Address.parse(change.address)
    wanted = inputs.desired.get(address) if change.action == "update" and matched.succeeded else None
    renewed_by = inputs.resource_types[wanted.type].renewed_by if wanted else ""
    if not renewed_by or all(item.keys[0] != renewed_by for item in change.fields):
        return change
    former = sorted(matched.live[one].id for one, successor in matched.succeeded.items() if successor == address)
    reasons = (
        Reason("former-secret", _holding(inputs, matched, replace(change, id=id_), held[id_]))
        for id_ in former
        if id_ in held
    )
    return replace(change, reasons=(*change.reasons, *reasons))


def _not_looked_at(inputs: PlanInputs, matched: Matched, work: Iterable[Change]) -> Iterator[tuple[str, tuple[()]]]:
    """Yield the replaced uploads, and those replaced earlier, that objects which could not be listed may hold.

    A removed file is not among them: the guard refuses its delete, and names what could not be listed.
    """
    for change in work:
        hidden = _ends_upload(inputs, matched, change) and _not_listed(inputs, matched, change)
        if change.id and hidden and (change.action == "replace" or _is_known_leftover(inputs, matched, change)):
            yield change.id, ()


def _work(inputs: PlanInputs, pair: ByOrigin) -> Iterator[Change]:
    if pair.ours:
        yield pair.ours
    if pair.drift and decision_of(pair.drift, inputs.on_drift) == "revert":
        yield pair.drift


def _ends_upload(inputs: PlanInputs, matched: Matched, change: Change) -> bool:
    """Return True if a change deletes an upload, or an object that may outlive its replacement, after that."""
    address = Address.parse(change.address)
    live = matched.live.get(address) if change.action in INVALIDATES_ID else None
    if live is None or live.id != change.id:
        return False
    is_replaced = change.action == "replace" or is_leftover(address, live.id)
    return inputs.is_upload(live.type) or (is_replaced and inputs.resource_types[live.type].outlives)


def kept_elsewhere(matched: Matched, work: Iterable[Change], ids: Iterable[str]) -> set[str]:
    """Return the uploads that another address keeps: the state has them there."""
    gone: dict[str, set[str]] = defaultdict(set)
    for change in work:
        if change.id and change.action in INVALIDATES_ID | RELEASES_OWNERSHIP:
            gone[change.id].add(change.address)
    return {id_ for id_ in ids if {str(one) for one in matched.addresses.get(id_, ())} - gone[id_]}


def _with_held(inputs: PlanInputs, matched: Matched, pair: ByOrigin, held: Mapping[str, Sequence[Edge]]) -> ByOrigin:
    ours, drift = (
        _staying(inputs, matched, change, held[change.id])
        if change and change.id and change.id in held and _ends_upload(inputs, matched, change)
        else change
        for change in (pair.ours, pair.drift)
    )
    return ByOrigin(ours, drift)


def _staying(inputs: PlanInputs, matched: Matched, change: Change, edges: Sequence[Edge]) -> Change | None:
    """Return the change that leaves the upload live; None if the state has it as such already."""
    reason = Reason(STILL_HELD, _holding(inputs, matched, change, edges))
    if change.action == "replace":
        return replace(change, reasons=(*change.reasons, reason))
    if _is_known_leftover(inputs, matched, change):
        return None
    return Change(change.address, "forget", id=change.id, reasons=(reason,))


def _holding(inputs: PlanInputs, matched: Matched, change: Change, edges: Sequence[Edge]) -> Args:
    """Return what holds the object with the id of a change, or what could not be listed."""
    holders = dict.fromkeys(str(edge.source) for edge in direct(matched, edges))
    args: dict[str, Any] = {"id": change.id, "holders": list(holders)}
    live = matched.live[Address.parse(change.address)]
    if not inputs.is_upload(live.type):
        args["type"] = live.type
    if not holders:
        failed = _not_listed(inputs, matched, change)
        args["requests"] = sorted({one.request for one in failed})
        args["scopes"] = sorted({one.scope for one in failed if one.scope})
    return args


def _is_known_leftover(inputs: PlanInputs, matched: Matched, change: Change) -> bool:
    """Return True if the state has the upload as one that stayed live."""
    address = Address.parse(change.address)
    return address in inputs.applied and address == leftover_address(inputs, matched.live[address])


def _not_listed(inputs: PlanInputs, matched: Matched, change: Change) -> list[Unlisted]:
    """Return the objects that could not be listed and that may refer to the live object of a change."""
    live = matched.live[Address.parse(change.address)]
    return [one for one in inputs.unlisted if not one.is_absent and live.type in one.refers]

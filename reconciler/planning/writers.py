"""Who wrote what is live, as far as the labels on it say. Never a guess: what nobody can tell is left out."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from reconciler.planning.build import Planned
from reconciler.planning.field_diff import owned
from reconciler.planning.model import Change, FieldChange
from reconciler.resources.address import Address
from reconciler.resources.labels import field_hash
from reconciler.resources.values import ABSENT, JSON, Absent, get, same

Writer: TypeAlias = Literal["unknown-run", "outside"]
"""Of a live value. `unknown-run`: the label on the object vouches for it, so that a run of Reconciler wrote it, but one
that this state does not know. `outside`: the label vouches for another value, so that this one came past Reconciler."""


@dataclass(frozen=True, slots=True)
class Seen:
    """When an object was changed and by whom, as far as can be known."""

    changed_at: float | None = None
    """Unix time at which anything of the object last changed (`updated_at`, which only agents have)."""
    by: tuple[tuple[str, Writer], ...] = ()
    """Who wrote the live value, by top-level field, for those of which the label says it."""


def seen(planned: Planned, change: Change) -> Seen:
    """What is known of a difference; nothing of an object that is not there any more."""
    address = Address.parse(change.address)
    live = planned.matched.live.get(address)
    if live is None or live.id != change.id:
        return Seen()
    names = sorted({item.keys[0] for item in change.fields})
    writers = ((name, _writer(planned, address, name)) for name in names)
    return Seen(live.detail.get("updated_at"), tuple((name, writer) for name, writer in writers if writer is not None))


def rewritten(planned: Planned) -> Iterator[Change]:
    """What manifests say as this state applied it, and what a run that this state does not know has written since.

    To the plan these are edits of the manifests, which is what they would be if the manifests were older than that run.
    """
    for change in planned.plan.changes:
        if change.action in {"update", "replace"}:
            address = Address.parse(change.address)
            fields = tuple(item for item in change.fields if _is_rewritten(planned, address, item))
            if fields:
                yield replace(change, fields=fields)


def _is_rewritten(planned: Planned, address: Address, item: FieldChange) -> bool:
    applied = planned.inputs.applied.get(address)
    name = item.keys[0]
    if applied is None or name not in applied.fields:
        return False
    is_as_applied = _same(get(dict(applied.fields), item.keys), item.desired)
    return is_as_applied and _writer(planned, address, name) == "unknown-run"


def _writer(planned: Planned, address: Address, name: str) -> Writer | None:
    """What the label's hash of a field says about its live value: it is written in the same request as the field.

    Where only some keys are ours, the hash is of those that a manifest had: unless that was this one, nobody knows
    which, and nothing follows from another hash.
    """
    live = planned.matched.live[address]
    hashed = live.labels.spec.get(name) if live.labels else None
    if hashed is None:
        return None
    resource_type = planned.inputs.resource_types[live.type]
    desired, applied = planned.inputs.desired.get(address), planned.inputs.applied.get(address)
    wanted = desired.fields.get(name, ABSENT) if desired else ABSENT
    then = applied.fields.get(name, ABSENT) if applied else ABSENT
    found = live.fields.get(name, ABSENT)
    if _is_of(hashed, found) or _is_of(hashed, owned(resource_type, name, wanted, then, found)):
        return "unknown-run"
    if name in resource_type.owned_by_key and not (_is_of(hashed, wanted) or _is_of(hashed, then)):
        return None
    return "outside"


def _is_of(hashed: str, value: JSON | Absent) -> bool:
    return value is not ABSENT and field_hash(value) == hashed


def _same(left: JSON | Absent, right: JSON | Absent) -> bool:
    """Equality of values of which either may be absent."""
    return left is right or same(left, right)

"""The origin of live values, as far as labels prove it. Unproven values are left out."""

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
"""The writer of a live value. `unknown-run`: the label has the hash of this value, so that a run of Reconciler wrote
it, but one that this state does not have. `outside`: the label has another hash.
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """The time and the origin of a change, as far as they are known."""

    changed_at: float | None = None
    """Unix time at which anything of the object last changed (`updated_at`, which only agents have)."""
    by: tuple[tuple[str, Writer], ...] = ()
    """The writer of the live value by top-level field, if the label proves it."""


def seen(planned: Planned, change: Change) -> Seen:
    """Return the time and the origin of a difference; empty for an object that does not exist."""
    address = Address.parse(change.address)
    live = planned.matched.live.get(address)
    if live is None or live.id != change.id:
        return Seen()
    names = sorted({item.keys[0] for item in change.fields})
    writers = ((name, _writer(planned, address, name)) for name in names)
    return Seen(live.detail.get("updated_at"), tuple((name, writer) for name, writer in writers if writer is not None))


def rewritten(planned: Planned) -> Iterator[Change]:
    """Yield values that this state applied and that a run that it does not have has overwritten since.

    The plan shows them as edits of the manifests, which they would be if the manifests were older than that run.
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
    """Return the writer of a live value from the hash on the label, which is written in the same request as the field.

    For a field that is managed by key, the hash covers the keys of one manifest: if that was another manifest, the keys
    are not known, and another hash proves nothing.
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
    """Return True if both values are equal or both are absent."""
    return left is right or same(left, right)

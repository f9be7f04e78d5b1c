"""Frozen copies, which releases of Reconciler make on a server: they are migrated on request only."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from reconciler.migration.model import Export, mapping_of
from reconciler.resources.address import Address, parsed
from reconciler.resources.kinds.assistant import KIND
from reconciler.resources.labels import from_metadata
from reconciler.resources.name_lists import few
from reconciler.resources.problems import Problem
from reconciler.resources.values import JSON

_SHOWN: Final = 10


def copy_address(value: Mapping[str, JSON]) -> Address | None:
    """Return the address of a frozen copy, such as `assistant/triage@support.3`; None for other assistants."""
    _, address = _owned(value)
    return address if address and address.is_frozen else None


def copies_left_out(copies: Sequence[Mapping[str, JSON]], hint: str) -> list[Problem]:
    """Return a warning that names the copies that are not migrated, if there are any."""
    if not copies:
        return []
    listed = few([f"{value.get('id')} ({copy_address(value)})" for value in copies], _SHOWN)
    message = f"frozen copies of releases are left out: {listed}"
    hint = f"Releases of the new project make copies of their own. {hint}"
    return [Problem("frozen-copy", message, hint=hint, severity="warning")]


def without_copies(exports: Iterable[Export]) -> tuple[list[Export], list[Problem]]:
    """Return the exports without the copies of assistants that are exported, too; and a warning that names them."""
    kept: list[Export] = []
    copies: list[Mapping[str, JSON]] = []
    given = list(exports)
    known = {_owned(export.value) for export in given}
    for export in given:
        owner, address = _owned(export.value)
        if address and address.is_frozen and (owner, address.family) in known:
            copies.append(export.value)
        else:
            kept.append(export)
    return kept, copies_left_out(copies, "To migrate one of these, pass a file without the assistant that it copies.")


def _owned(value: Mapping[str, JSON]) -> tuple[str, Address | None]:
    """Return the owner and the address in the labels of an assistant; no address if it has no valid labels."""
    metadata: Any = mapping_of(value.get("metadata"))
    labels = from_metadata(metadata)
    address = parsed(labels.address) if labels else None
    return (labels.identity, address) if labels and address and address.kind == KIND.prefix else ("", None)

"""The table of kinds in `docs/manifests.md`, from what the kinds and their resource types declare."""

from typing import Final

from reconciler.resources.kind import Kind
from reconciler.resources.references import prefixes_in
from reconciler.resources.registry import kinds, resource_types, upload_kinds
from reconciler.resources.resource_type import OwnedBy, ResourceType

HEAD: Final = """\
| kind | address | live objects | owned by | refers to | in a release |
|---|---|---|---|---|---|
"""
_OWNED_BY: Final[dict[OwnedBy, str]] = {
    "labels": "labels",
    "content": "content",
    "state": "state",
    "document": "outlets",
}
_FROZEN: Final = {"": "none", "release": "one copy for each release", "content": "one copy for each content"}


def table() -> str:
    """Return a table of the kinds, sorted by name."""
    return HEAD + "".join(f"{_row(kind)}\n" for _, kind in sorted(kinds().items()))


def _row(kind: Kind) -> str:
    types = [one for one in resource_types().values() if one.address_kind == kind.prefix]
    cells = (
        f"[`{kind.name}`](#{kind.name.lower()})",
        f"`{kind.prefix}/…`",
        ", ".join(one.type.replace("_", " ") for one in types),
        ", ".join(dict.fromkeys(_OWNED_BY[one.identity] for one in types)),
        ", ".join(_targets(kind, types)),
        _FROZEN[kind.frozen],
    )
    return f"| {' | '.join(cell or 'none' for cell in cells)} |"


def _targets(kind: Kind, types: list[ResourceType]) -> list[str]:
    prefixes = prefixes_in(tuple(kind.models.values())) | {one.members.kind for one in types if one.members}
    named = {known.prefix: known.name for known in kinds().values()} | dict.fromkeys(upload_kinds(), "files")
    return sorted(named[prefix] for prefix in prefixes if prefix in named)

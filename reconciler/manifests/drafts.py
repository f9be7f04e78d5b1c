"""Manifests that are about to be written: what `import` and `migrate` make of things that exist."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.resources.values import JSON


@dataclass(frozen=True)
class Draft:
    """One manifest, before it is a file."""

    kind: str
    name: str
    spec: Mapping[str, JSON]
    """As a manifest writes it: references by name, `{"$file": PATH}` where a text or a schema is a file of its own."""
    comment: str = ""
    """Where it came from; stands above the document."""
    notes: Mapping[tuple[str, ...], str] = field(default_factory=dict)
    """Comments behind values, by the way to the value inside `spec`."""
    included: Mapping[str, str | bytes] = field(default_factory=dict)
    """Contents of the files that `spec` includes or names, by path relative to the project folder."""

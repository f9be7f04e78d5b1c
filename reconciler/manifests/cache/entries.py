"""The entry of one file: the values that every run needs of its manifests, and their objects."""

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from reconciler.manifests.cache import codec
from reconciler.manifests.cache.codec import MALFORMED, of_type
from reconciler.manifests.cache.segments import Entry, New
from reconciler.manifests.cache.watching import sha256
from reconciler.manifests.includes import Sources
from reconciler.manifests.validation import Validated
from reconciler.resources.base import Desired, Resource
from reconciler.resources.registry import resource_types
from reconciler.resources.resource_type import SecretError, check_secrets
from reconciler.resources.values import JSON

COST, CHECKED, UPLOADS, OBJECTS = range(10, 14)
"""Indices of the last values of a manifest in the head of an entry. Three of them are null if they are not cached."""
VALUES: Final = 14
_encode: Final = json.JSONEncoder(separators=(",", ":")).encode


@dataclass
class CachedFile:
    """The manifests of one file, from the cache or for it."""

    key: str
    heads: list[list[JSON]]
    entry: Entry | None = None
    objects: dict[int, str] = field(default_factory=dict)
    """New objects of the manifests, as texts in JSON, by number."""
    is_changed: bool = False

    def read_objects(self) -> list[JSON]:
        """Return the objects of each manifest as JSON; null for those that are not cached."""
        body = self.entry.body() if self.entry else None
        with suppress(*MALFORMED):
            found = of_type(json.loads(body), list) if body is not None else []
            if len(found) == len(self.heads):
                return found
        return [None] * len(self.heads)


def head_of(resource: Resource, result: Validated, sources: Sources) -> list[JSON]:
    document = result.positions.document
    inserted = len(document.source) + result.size if document.dollars else 0
    return [
        resource.kind.name,
        resource.address.name,
        dict(resource.labels),
        codec.lifecycle_json(resource.lifecycle),
        document.place.line,
        document.place.column,
        document.body is not None,
        [codec.reference_json(one) for one in resource.references],
        {path: sha256(sources.read[path].text) for path in sorted(result.includes)},
        [codec.problem_json(one) for one in result.problems],
        [2 * result.size, result.nodes, inserted] if result.size or inserted else [],
        None,
        None,
        None,
    ]


def set_value(file: CachedFile, number: int, index: int, value: JSON) -> None:
    if file.heads[number][index] != value:
        file.heads[number][index] = value
        file.is_changed = True


@cache
def types_of(*types: str) -> frozenset[str]:
    """Return the types as a set, which all manifests with these types share."""
    return frozenset(types)


def objects_of(file: CachedFile, number: int) -> list[Desired] | None:
    with suppress(*MALFORMED):
        found = file.read_objects()[number]
        return None if found is None else [codec.desired_of(one) for one in found]
    return None


def exact(objects: Iterable[Desired]) -> str | None:
    """Return objects as a text in JSON; None if they have a secret, or if reading the text gives other values."""
    try:
        for one in objects:
            check_secrets(resource_types()[one.type], one.fields, one.unreadable, one.write_only)
        made = [codec.desired_json(one) for one in objects]
        text = _encode(made)
        return text if json.loads(text) == made else None
    except (SecretError, ValueError, TypeError, RecursionError):
        return None


def new_entry(file: CachedFile) -> New:
    numbers = range(len(file.heads))
    known = [] if len(file.objects) == len(numbers) else file.read_objects()
    texts = (file.objects.pop(number, "") or _encode(known[number]) for number in numbers)
    return New(file.key, file.heads, f"[{','.join(texts)}]".encode())

"""Ownership labels: four keys in the metadata of a live object.

The lineage of the state follows the value of `PROTECTED`: that value is short, while the length of `SPEC` depends on
the number of fields, and the API limits both the number of pairs and the length of a value.
"""

import re
import secrets
import sys
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

from reconciler.resources.base import Labels
from reconciler.resources.values import JSON, Fields, digest

PROJECT: Final = "reconciler-project"
ADDRESS: Final = "reconciler-address"
SPEC: Final = "reconciler-spec"
PROTECTED: Final = "reconciler-protected"
KEYS: Final = frozenset({PROJECT, ADDRESS, SPEC, PROTECTED})

FILE_SHA256: Final = "reconciler-sha256"
"""Attribute of a file in a vector store. Together with `PROJECT` it marks a managed file."""

_LINEAGE: Final = re.compile("[0-9a-f]{16}")
_WORD: Final = 40
"""Maximum length of a text whose hash is kept."""


def new_lineage() -> str:
    """Return a new random lineage of a state."""
    return secrets.token_hex(8)


def is_lineage(text: str) -> bool:
    return _LINEAGE.fullmatch(text) is not None


def field_hash(value: JSON) -> str:
    """Return eight hex characters that identify the applied value of a top-level field."""
    is_word = value is None or type(value) is bool or (type(value) is str and len(value) <= _WORD)
    return _word_hash(value) if is_word else _hash(value)


def _hash(value: JSON) -> str:
    return digest(value).removeprefix("sha256:")[:8]


_word_hash: Final = lru_cache(maxsize=1024)(_hash)
"""For values that most objects of a project have in common. None, booleans and texts differ from each other."""


def spec_hashes(fields: Fields) -> dict[str, str]:
    return {name: field_hash(fields[name]) for name in sorted(fields)}


def to_metadata(labels: Labels) -> dict[str, str]:
    """Return the four pairs that are written to a live object."""
    hashes = " ".join(f"{name}={value}" for name, value in sorted(labels.spec.items()))
    return {
        PROJECT: labels.identity,
        ADDRESS: labels.address,
        SPEC: f"v1 {hashes}".rstrip(),
        PROTECTED: " ".join(filter(None, ("true" if labels.protected else "false", labels.lineage))),
    }


class _Hashes(Mapping[str, str]):
    """The hashes in a label, by field. They are read from its text each time, because plans read few of them."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def _read(self) -> dict[str, str]:
        version, _, hashes = self._text.partition(" ")
        pairs = (pair.partition("=") for pair in hashes.split()) if version == "v1" else ()
        return {name: value for name, _, value in pairs if value}

    def __getitem__(self, name: str) -> str:
        return self._read()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())


def from_metadata(metadata: Mapping[str, str] | None) -> Labels | None:
    """Return the labels in `metadata`; None if they do not name an owner, so that the object is unmanaged."""
    if not metadata or not metadata.get(PROJECT) or not metadata.get(ADDRESS):
        return None
    if not all(isinstance(metadata.get(key, ""), str) for key in KEYS):
        return None
    protected, _, lineage = metadata.get(PROTECTED, "").partition(" ")
    return Labels(
        identity=sys.intern(metadata[PROJECT]),  # memory has the texts that all objects share once
        address=metadata[ADDRESS],
        spec=_Hashes(metadata.get(SPEC, "")),
        protected=protected == "true",
        lineage=sys.intern(lineage) if lineage else None,
    )

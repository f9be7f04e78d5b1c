"""Markers: the entries of an intent by which the result of an announced write is found after an interrupted run.

Planning writes and reads them, and the state keeps them. The marker of an upload has `CONTENT`, too.
"""

from collections.abc import Mapping
from typing import Final

from reconciler.resources.resource_type import CONTENT
from reconciler.resources.values import JSON

FILENAME: Final = "filename"
"""The name of the upload that is created."""
SIZE: Final = "bytes"
"""The size of the upload that is created."""
PARTS: Final = "parts"
"""The parts of an object that are written, by path or id."""
FIELDS: Final = "fields"
"""The hashes of the fields that are created or written, or of the version that is uploaded. Of a field to which the API
adds keys, the hashes of its keys."""
WRITE_ONLY: Final = "write_only"
"""The digests of all write-only fields of the object after the write."""
BUNDLE: Final = "bundle"
"""The digest of the bundle that is published."""

_FORMS: Final[Mapping[str, type]] = {
    FILENAME: str,
    SIZE: int,
    CONTENT: str,
    PARTS: list,
    FIELDS: dict,
    WRITE_ONLY: dict,
    BUNDLE: str,
}


def check_marker(marker: Mapping[str, JSON], *, uploads: bool) -> None:
    """Raise TypeError for an entry of another form. With `uploads`, for the create of an upload, raise KeyError for one
    that is missing.
    """
    for name in (FILENAME, SIZE, CONTENT) if uploads else ():
        if name not in marker:
            raise KeyError(name)
    for name in _FORMS.keys() & marker.keys():
        if not isinstance(marker[name], _FORMS[name]):
            raise TypeError(f"expected {_FORMS[name].__name__} as {name!r}, got {marker[name]!r}")
    if not all(isinstance(part, str) for part in marker.get(PARTS, ())):
        raise TypeError(f"expected a list of texts as {PARTS!r}, got {marker[PARTS]!r}")

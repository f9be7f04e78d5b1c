"""Marks of live objects: digests of what the API said of them.

Equal marks mean equal live objects for one version of Reconciler, because the code is part of the digest: what it makes
of a response is the same, too. Of types with secrets, a mark covers only the fields that are read.
"""

import hashlib
import json
from functools import cache
from typing import Final

from reconciler.files.own_code import digest_of, is_as_imported
from reconciler.resources.values import JSON

NONE: Final = ""
"""The mark of an object of which no digest can be made. It equals no other mark."""
LENGTH: Final = 32
"""Characters of a mark."""
_encode: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), check_circular=False).encode
_CODE: Final = ("applying", "live", "planning", "resources")


def mark_of(*values: JSON) -> str:
    """Return the mark of an object from everything that its fields, labels and revision depend on."""
    code = _code()
    if not code:
        return NONE
    try:
        said = _encode(values)
    except RecursionError:  # reading it fails, too, with an error that names the object
        return NONE
    return hashlib.sha256(f"{code}\0{said}".encode()).hexdigest()[:LENGTH]


@cache
def _code() -> str:
    """Return the digest of the code that determines the result of a comparison; empty if it cannot be known: the
    sources are in an archive, or were changed since the process began.
    """
    return digest_of(*_CODE) if is_as_imported(*_CODE) else ""

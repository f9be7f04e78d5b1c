"""The code of Reconciler itself: what one version has made is not taken for what another one makes.

The version alone does not change while the code is edited, and two commits may have the same one.
"""

import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import reconciler

_MARGIN: Final = 2_000_000_000
"""Nanoseconds: the coarsest resolution of the times of file systems."""


@cache
def digest_of(*packages: str) -> str:
    """Return the digest of the sources of some packages of Reconciler. It is empty if there are none, as in an archive:
    then nothing shows whether two versions are the same.
    """
    top, digest, number = Path(reconciler.__file__).parent, hashlib.sha256(), 0
    for path in _sources(*packages):
        data = path.read_bytes()
        digest.update(f"{path.relative_to(top).as_posix()}\0{len(data)}\0".encode())
        digest.update(data)
        number += 1
    return digest.hexdigest() if number else ""


def is_as_imported(*packages: str) -> bool:
    """Return True if no source was changed since the process began, so that its modules, whenever they were or will be
    imported, are those of the digest.
    """
    limit = reconciler.STARTED - _MARGIN
    about = (path.stat() for path in _sources(*packages))
    try:
        return all(max(one.st_mtime_ns, one.st_ctime_ns) < limit for one in about)
    except OSError:
        return False


def _sources(*packages: str) -> Iterator[Path]:
    top = Path(reconciler.__file__).parent
    for package in packages:
        yield from sorted((top / package).rglob("*.py"))

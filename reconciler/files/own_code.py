"""The code of Reconciler itself: what one version has made is not taken for what another one makes.

The version alone does not change while the code is edited, and two commits may have the same one.
"""

import hashlib
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import reconciler

_MARGIN: Final = 2_000_000_000
"""Nanoseconds: the coarsest resolution of the times of file systems."""


def digest_of(*packages: str) -> str:
    """Return the digest of the sources of some packages of Reconciler. It is empty if there are none, as in an archive:
    then nothing shows whether two versions are the same.
    """
    digests = [_digest(_folder(), package) for package in packages]
    return hashlib.sha256("\0".join(digests).encode()).hexdigest() if any(digests) else ""


@cache
def _digest(top: str, package: str) -> str:
    digest, number = hashlib.sha256(), 0
    for source in _sources(top, package):
        with open(source.path, "rb", buffering=0) as file:  # noqa: PTH123 - a path takes as long as the reading
            data = file.read()
        digest.update(f"{source.path[len(top) :]}\0{len(data)}\0".encode())
        digest.update(data)
        number += 1
    return digest.hexdigest() if number else ""


def is_as_imported(*packages: str) -> bool:
    """Return True if no source was changed since the process began, so that its modules, whenever they were or will be
    imported, are those of the digest.
    """
    limit = reconciler.STARTED - _MARGIN
    about = (source.stat() for package in packages for source in _sources(_folder(), package))
    try:
        return all(max(one.st_mtime_ns, one.st_ctime_ns) < limit for one in about)
    except OSError:
        return False


def _folder() -> str:
    return str(Path(reconciler.__file__).parent)


def _sources(top: str, package: str) -> Iterator["os.DirEntry[str]"]:
    folders = [os.path.join(top, package)]  # noqa: PTH118 - as above
    while folders:
        try:
            with os.scandir(folders.pop()) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except (FileNotFoundError, NotADirectoryError):
            continue
        yield from (entry for entry in entries if entry.name.endswith(".py"))
        folders += [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]

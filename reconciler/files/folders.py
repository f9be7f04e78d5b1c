"""Documents in folders whose content is not trusted. Applications import this: standard library only."""

import os
from collections.abc import Callable, Iterator
from itertools import accumulate
from pathlib import Path


def leads_out(folder: Path, path: str) -> bool:
    """Return True if a link on the way from `folder` to `path`, relative and without `..`, leads out of the folder.

    Only where there is a link are both resolved: that looks at every part from the root of the file system on, twice,
    and this is called for each document that is read.
    """
    if not leads_through_links(folder, path):
        return False
    return not Path(os.path.realpath(folder / path)).is_relative_to(os.path.realpath(folder))


def leads_through_links(folder: Path, path: str) -> bool:
    """Return True if a part of `path`, relative to `folder`, is a link. The folder itself may be one."""
    below = accumulate(path.split("/"), os.path.join, initial=str(folder))
    next(below)
    return any(map(os.path.islink, below))


def visible_files(folder: Path, onerror: Callable[[OSError], None], *, hidden_folders: bool) -> Iterator[str]:
    """Yield everything but folders at any depth below `folder`, relative to it, without hidden names, and with
    `hidden_folders` also inside hidden folders.
    """
    top = str(folder)
    for at, folders, names in os.walk(top, onerror=onerror):
        if not hidden_folders:
            folders[:] = [name for name in folders if not name.startswith(".")]
        inside = at[len(top) :].lstrip("/")
        below = f"{inside}/" if inside else ""
        yield from (below + name for name in names if not name.startswith("."))

"""`ProjectFiles`: the contents of a project folder, by pattern and by hash."""

import hashlib
import os
import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from reconciler.manifests.folder import Tree, UnreadableError, is_lfs_pointer, locate, open_regular
from reconciler.manifests.misplaced import PathHints
from reconciler.resources.base import LocalFile
from reconciler.resources.patterns import matches
from reconciler.resources.problems import Finding

_WILD = re.compile(r"[*?\[]")
_RELEASED = re.compile(r"releases/(files/[0-9a-f]{64}|[-a-z0-9]+/v[1-9][0-9]*\.ya?ml)")
"""What `release` writes: no knowledge, whatever a pattern says."""


@dataclass
class Files:
    """The files of one walk of the folder. Hashes are kept for the run, as long as size and modification time stay."""

    tree: Tree
    hint: PathHints
    _matched: dict[str, list[str]] = field(default_factory=dict)
    _hashed: dict[tuple[str, int, int], LocalFile] = field(default_factory=dict)

    def glob(self, pattern: str) -> list[str]:
        """Paths that match, sorted: `*`, `?` and `[…]` within a name, `**` across folders."""
        parts = PurePosixPath(pattern).parts
        fixed = next((at for at, part in enumerate(parts) if _WILD.search(part)), len(parts))
        if fixed == len(parts):
            path = "/".join(parts)
            return [path] if self.tree.has(path) else []
        if pattern not in self._matched:
            found = (path for path in self.tree.under("/".join(parts[:fixed])) if matches(path, parts))
            self._matched[pattern] = [path for path in found if not _RELEASED.fullmatch(path)]
        return list(self._matched[pattern])

    def read(self, path: str) -> LocalFile | Finding:
        """Size and hash of a file, or what is wrong with it; the path of the finding is for the caller to fill in."""
        try:
            return self._hash(_plain(path))
        except UnreadableError as error:
            return Finding((), error.code, f"{path} {error.message}", self.hint(path, error))

    def _hash(self, path: str) -> LocalFile:
        with os.fdopen(open_regular(locate(self.tree.root, path)), "rb") as file:
            status = os.fstat(file.fileno())
            key = path, status.st_size, status.st_mtime_ns
            if key not in self._hashed:
                if is_lfs_pointer(file.read(128)):
                    raise UnreadableError(
                        "lfs-pointer", "is a Git LFS pointer, not the file itself", "run `git lfs pull`"
                    )
                file.seek(0)
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
                self._hashed[key] = LocalFile(path, sha256, status.st_size)
            return self._hashed[key]


def _plain(path: str) -> str:
    """`path` itself: a file has one path, or it would have several addresses."""
    if str(PurePosixPath(path)) != path or ".." in path.split("/"):
        hint = "write it without `.`, `..` and doubled slashes"
        raise UnreadableError("bad-path", "is not written plainly", hint)
    return path

"""What a path that leads to no file was probably meant to be."""

from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Final

from reconciler.manifests.reading import UnreadableError
from reconciler.manifests.suggest import SUGGESTIONS, similar
from reconciler.manifests.tree import Tree

_MISPLACED: Final = frozenset({"missing-file", "outside-project", "bad-path"})


@dataclass
class PathHints:
    """Hints for the paths of one run; each of them costs a comparison with every file."""

    tree: Tree
    _found: dict[str, str] = field(default_factory=dict)

    def __call__(self, path: str, error: UnreadableError) -> str:
        """What to do about a path that cannot be read."""
        if error.code not in _MISPLACED:
            return error.hint
        if path not in self._found and len(self._found) < SUGGESTIONS:
            self._found[path] = self._from_the_top(path) or self._alike(path)
        return self._found.get(path) or error.hint

    def _from_the_top(self, path: str) -> str:
        """For a path that starts at the manifest, at the repository or at the root of the machine."""
        parts = PurePosixPath(path).parts
        tails = ("/".join(parts[start:]) for start in range(len(parts)))
        found = next((tail for tail in tails if tail != path and self.tree.has(tail)), None)
        return f"paths start at the project folder: write `{found}`" if found else ""

    def _alike(self, path: str) -> str:
        name = PurePosixPath(path).name
        namesakes = [known for known in self.tree.files if PurePosixPath(known).name == name][:3] if name else []
        if namesakes:
            return f"did you mean {' or '.join(f'`{known}`' for known in namesakes)}?"
        return similar(path, self.tree.files)

"""Limits of the size of manifests, and the count of what their documents may still repeat."""

from dataclasses import dataclass
from typing import Final

MAX_DOCUMENTS: Final = 10_000
MAX_DEPTH: Final = 64
MAX_NODES: Final = 100_000
MAX_EXPANDED: Final = 16 * 2**20
"""Largest number of bytes that aliases, included files and variables may add to one document."""
MAX_REPEATED: Final = 256 * 2**20
"""Largest number of bytes that they may repeat in all documents of one run."""
LESS: Final = "use shorter values or files, or use them less often"


@dataclass(slots=True)
class Allowance:
    """The bytes that all documents of one run may still repeat."""

    spare: int = MAX_REPEATED

    def take(self, size: int) -> bool:
        """Take `size` bytes; return False if they are not left."""
        self.spare -= size
        return self.spare >= 0


def repeated_too_much() -> str:
    return f"aliases, included files and variables repeat more than {MAX_REPEATED // 2**20} MiB of text in this project"


def size_of(text: str) -> int:
    """Return the number of bytes of `text` in UTF-8."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))

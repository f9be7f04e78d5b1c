"""Bytes that are probably never read again, in little memory.

Manifests and live objects of one estate are alike, so they are compressed together: that takes less than a third of the
time and of the memory of compressing each. Reading them in the order in which they were added is quick, too.
"""

import zlib
from functools import lru_cache
from threading import Lock
from typing import Final

_BLOCK: Final = 2**16
"""Bytes that are compressed together."""
_QUICK: Final = 1


class _Block:
    """Bytes of several objects, compressed when there are enough of them."""

    __slots__ = ("data",)

    def __init__(self) -> None:
        self.data: bytes | bytearray = bytearray()
        """A bytearray until the block is compressed."""

    def close(self) -> None:
        self.data = zlib.compress(self.data, _QUICK)

    def read(self) -> bytes | bytearray:
        data = self.data
        return data if isinstance(data, bytearray) else _decompressed(self)


@lru_cache(maxsize=8)
def _decompressed(block: _Block) -> bytes:
    """Return the bytes of a block. Those read last are kept: two sides are compared object by object."""
    return zlib.decompress(block.data)


class Packed:
    """Bytes in a pack."""

    __slots__ = ("_block", "_end", "_start")

    def __init__(self, block: _Block, start: int, end: int) -> None:
        self._block, self._start, self._end = block, start, end

    def read(self) -> bytes:
        return bytes(self._block.read()[self._start : self._end])


class Pack:
    """A collection of bytes, which are released when nothing refers to the results of `add`."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._open = _Block()

    def add(self, data: bytes) -> Packed:
        with self._lock:
            block = self._open
            start = len(block.data)
            block.data += data
            end = len(block.data)
            if end >= _BLOCK:
                block.close()
                self._open = _Block()
            return Packed(block, start, end)

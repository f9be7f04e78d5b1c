"""Bytes that are probably never read again, in little memory.

Manifests and live objects of one estate are alike, so they are compressed together: that takes less than a third of the
time and of the memory of compressing each. Reading them in the order in which they were added is quick, too.
"""

import zlib
from threading import Lock
from typing import ClassVar, Final

_BLOCK: Final = 2**16
"""Bytes that are compressed together."""
_QUICK: Final = 1


class _Block:
    """Bytes of several objects, compressed when there are enough of them."""

    __slots__ = ("data", "is_open")
    _latest: ClassVar["tuple[_Block | None, bytes]"] = (None, b"")

    def __init__(self) -> None:
        self.data: bytes | bytearray = bytearray()
        self.is_open = True

    def close(self) -> None:
        self.data, self.is_open = zlib.compress(self.data, _QUICK), False

    def read(self) -> bytes | bytearray:
        if self.is_open:
            return self.data
        block, data = _Block._latest
        if block is not self:
            data = zlib.decompress(self.data)
            _Block._latest = self, data
        return data


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

"""An interactive shell in a pseudo-terminal."""

import fcntl
import os
import pty
import re
import select
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

_PATIENCE = 60.0
_OUTPUT = re.compile(r"\x1b\[(?P<escape>[0-9;?]*[A-Za-z])|\x1b.|(?P<char>.)", re.DOTALL)


class Terminal:
    """A shell that is typed into. What it shows is read line by line."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str], folder: Path) -> None:
        self._end, theirs = pty.openpty()
        self._process = subprocess.Popen(
            command,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=environ,
            cwd=folder,
            start_new_session=True,
            preexec_fn=_control_terminal,  # noqa: PLW1509 - starts no thread and takes no lock
        )
        os.close(theirs)
        self._lines: list[list[str]] = [[]]
        self._column = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._end)

    def type(self, keys: str) -> None:
        os.write(self._end, keys.encode())

    def wait_for(self, text: str) -> None:
        """Read until the line with the cursor, or the one above it, contains `text`."""
        deadline = time.monotonic() + _PATIENCE
        while not any(text in "".join(line) for line in self._lines[-2:]):
            if not select.select([self._end], [], [], max(deadline - time.monotonic(), 0))[0]:
                raise AssertionError(f"{text!r} was not shown, but {[''.join(line) for line in self._lines]}")
            for found in _OUTPUT.finditer(os.read(self._end, 65_536).decode(errors="replace")):
                self._show(found["char"] or "", found["escape"] or "")

    def _show(self, char: str, escape: str) -> None:
        """Show a character, or carry out an escape sequence, as a terminal does."""
        line = self._lines[-1]
        if escape == "K":
            del line[self._column :]
        elif char == "\n":
            self._lines.append([])
        elif char == "\r":
            self._column = 0
        elif char == "\b":
            self._column = max(self._column - 1, 0)
        elif char.isprintable() and char:
            line[self._column : self._column + 1] = [char]
            self._column += 1


def _control_terminal() -> None:
    """Make the standard input the terminal that controls the process."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)

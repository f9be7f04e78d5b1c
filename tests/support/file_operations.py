"""Operations on files that fail, or at which the process is killed."""

import errno
import io
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

OPERATIONS: Final = ("mkdir", "rmdir", "unlink", "link", "replace", "rename", "fsync")
"""Functions of `os` that change a folder, or wait for the disk."""


@contextmanager
def before_each(reached: Callable[[int], None]) -> Iterator[list[str]]:
    """Call `reached` with a number, counted from 1, before each operation that changes files. Yield the names of the
    operations.
    """
    met: list[str] = []

    def count(name: str) -> None:
        met.append(name)
        reached(len(met))

    def counted(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def operation(*arguments: Any, **options: Any) -> Any:
            count(name)
            return function(*arguments, **options)

        return operation

    def opened(file: Any, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        if set(mode) & set("wxa") and not isinstance(file, int):
            count("open")
        return real_open(file, mode, *arguments, **options)

    real_open = io.open
    functions: Any = {name: counted(name, getattr(os, name)) for name in OPERATIONS}
    with (
        patch.multiple("os", None, **functions),
        patch("io.open", opened),
    ):
        yield met


def killing(number: int) -> Callable[[int], None]:
    """Return a function for `before_each` that kills the process at the operation `number`; never for 0."""

    def reached(now: int) -> None:
        if now == number:
            os.kill(os.getpid(), signal.SIGKILL)

    return reached


def failing(number: int) -> Callable[[int], None]:
    """Return a function for `before_each` that fails the operation `number`, as with a full disk."""

    def reached(now: int) -> None:
        if now == number:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    return reached


class Dead(BaseException):
    """The process does nothing any more."""


def dying(number: int) -> Callable[[int], None]:
    """Return a function for `before_each` that fails the operation `number` and all later ones, as a kill does."""

    def reached(now: int) -> None:
        if now >= number:
            raise Dead

    return reached


def tree(root: Path) -> dict[str, tuple[int, bytes | str]]:
    """Return the mode and the content of each file and folder, and the target of each link, without an empty
    `.reconciler`, in which commands keep their data.
    """

    def content(path: Path) -> bytes | str:
        if path.is_symlink():
            return str(path.readlink())
        return path.read_bytes() if path.is_file() else ""

    found = {
        path.relative_to(root).as_posix(): (path.lstat().st_mode, content(path)) for path in sorted(root.rglob("*"))
    }
    if not any(path.startswith(".reconciler/") for path in found):
        found.pop(".reconciler", None)
    return found

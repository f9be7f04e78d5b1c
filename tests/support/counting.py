"""Counts of what code does: calls, hashes, opened files, written bytes. They are the same on every machine."""

import asyncio
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any, Final, TypeVar
from unittest.mock import patch

import reconciler
from reconciler.state.local import LocalStore

T = TypeVar("T")
PACKAGE: Final = f"{Path(reconciler.__file__).parent}{os.sep}"
EMULATOR: Final = f"{PACKAGE}emulator{os.sep}"
_OPENED: Final[list[Counter[str]]] = []
"""The counters of opened files that are in use."""


class Inline(ThreadPoolExecutor):
    """An executor that runs everything at once, in the thread that asks: a profile counts one thread."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        done: Future[T] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001 - the caller gets it
            done.set_exception(error)
        return done


def in_one_thread(loop: asyncio.AbstractEventLoop) -> None:
    """Run in the thread of the event loop what would be run in others."""
    loop.set_default_executor(Inline())


@contextmanager
def calls() -> Iterator[Counter[str]]:
    """Count the calls of the functions of Reconciler in the context, and those of C functions from them, by name. The
    emulator and libraries are not counted.
    """
    found: Counter[str] = Counter()

    def profile(frame: FrameType, event: str, function: Any) -> None:
        file = frame.f_code.co_filename
        if event in ("call", "c_call") and file.startswith(PACKAGE) and not file.startswith(EMULATOR):
            found[frame.f_code.co_name if event == "call" else function.__name__] += 1

    sys.setprofile(profile)
    try:
        yield found
    finally:
        sys.setprofile(None)


@contextmanager
def opened(root: Path) -> Iterator[Counter[str]]:
    """Count how often each file in `root`, or below a folder that is open, is opened in the context, by path."""
    found: Counter[str] = Counter()
    _add_hook()
    _OPENED.append(found)
    try:
        yield found
    finally:
        _OPENED.remove(found)
        for path in [path for path in found if path.startswith(os.sep) and not path.startswith(str(root))]:
            del found[path]


@cache
def _add_hook() -> None:
    """Add the hook once for a process, because it cannot be removed."""
    sys.addaudithook(_note)


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    """Note a file that is opened."""
    if event == "open" and _OPENED and isinstance(arguments[0], str):
        for found in _OPENED:
            found[arguments[0]] += 1


@contextmanager
def written() -> Iterator[Counter[str]]:
    """Count the bytes of the documents of local states that are written in the context, by key."""
    found: Counter[str] = Counter()
    real = LocalStore._write

    def write(self: LocalStore, path: Path, data: bytes, *arguments: Any) -> Any:
        found[path.name] += len(data)
        return real(self, path, data, *arguments)

    with patch.object(LocalStore, "_write", write):
        yield found

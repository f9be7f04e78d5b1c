"""Faults inside an endpoint: how files are indexed, and what of the store can be read yet."""

from collections import deque
from collections.abc import Mapping
from dataclasses import replace

from reconciler.emulator.settings import Settings
from reconciler.emulator.store import Store

FOR_EVER = 1e9
"""Seconds; SQLite's JSON knows no infinity."""


def ingesting(settings: Settings, struck: Mapping[str, str]) -> Settings:
    """How the files that a request attaches are indexed."""
    if "ingest-hang" in struck:
        return replace(settings, ingest_delay=FOR_EVER)
    return replace(settings, ingest_fails=True) if "ingest-fail" in struck else settings


class Lag:
    """Copies of the store from before the writes that cannot be read yet."""

    def __init__(self) -> None:
        self._copies: deque[tuple[float, Store]] = deque()

    def hide(self, store: Store, until: float) -> None:
        """Let nobody read the next write before `until`."""
        self._copies.append((until, store.copy()))

    def readable(self, store: Store, now: float) -> Store:
        """What can be read: the oldest copy that still counts, or the store itself."""
        while self._copies and self._copies[0][0] <= now:
            self._copies.popleft()
        return self._copies[0][1] if self._copies else store

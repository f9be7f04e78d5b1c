"""Settings of the emulator."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_UNITS: Final = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The behaviour of an emulator; by default without delays and limits, and in memory.

    `data`: the SQLite file for all objects (None: memory). Several processes may share it.
    `project`: the value of the `openai-project` response header.
    `ingest_delay`: seconds for which a file in a vector store stays `in_progress`.
    `latency`: seconds added to every request.
    `rate_limit`: factor for the documented limits per minute (1.0: 1,000 GET, 300 POST, 300 DELETE); None: no limits.
    `faults`: the faults to inject, in the syntax of `reconciler.emulator.fault_spec`.
    `ingest_fails`: makes the ingestion of every file fail.
    `ingest_none`: ignores the files of a new batch.
    `assistants`: serves the Assistants API, which OpenAI has shut down; without it, its paths do not exist.
    `skill_delay`: seconds for which a new skill or version is neither in lists nor can be the default version.
    `now`: the clock, in seconds since the epoch, for timestamps, ingestion, expiry and rate limits.
    """

    data: Path | None = None
    project: str = "proj_embedded"
    ingest_delay: float = 0.0
    latency: float = 0.0
    rate_limit: float | None = None
    faults: str = ""
    ingest_fails: bool = False
    ingest_none: bool = False
    assistants: bool = False
    skill_delay: float = 0.0
    now: Callable[[], float] = time.time


class DurationError(ValueError):
    """A text that is not a duration."""


def clock_ahead(text: str) -> Callable[[], float]:
    """Return a clock that is ahead of the clock of this machine by `text`, such as `8d`, `12h` or `90` (seconds).

    The empty text is the clock of this machine. Raises DurationError for any other text.
    """
    found = re.fullmatch(r"(\d{1,9})([smhd]?)", text)
    if text and not found:
        raise DurationError(f"'{text}' is not a duration; use a number and s, m, h or d, such as 8d")
    ahead = int(found[1]) * _UNITS[found[2]] if found else 0.0
    return lambda: time.time() + ahead

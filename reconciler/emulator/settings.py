"""What an embedded API can be told about itself."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How one embedded API behaves; the defaults are quick, unlimited and in memory.

    `data` is the SQLite file that holds everything (None: memory); several processes may share it.
    `project` is what the `openai-project` response header says.
    `ingest_delay` is how many seconds a file in a vector store stays `in_progress`.
    `latency` is added to every request, in seconds.
    `rate_limit` scales the documented limits a minute (1.0: 1,000 GET, 300 POST, 300 DELETE); None: no limits.
    `faults` says what goes wrong with which requests (SPEC: `reconciler.emulator.fault_spec`).
    `ingest_fails` lets every file fail that is taken into a vector store.
    `now` is the clock, in seconds since the epoch, for timestamps, ingestion, expiry and rate limits.
    """

    data: Path | None = None
    project: str = "proj_embedded"
    ingest_delay: float = 0.0
    latency: float = 0.0
    rate_limit: float | None = None
    faults: str = ""
    ingest_fails: bool = False
    now: Callable[[], float] = time.time

"""The documented limits a minute, as strict sliding windows in the memory of one process.

Per method: what OpenAI listed for the Assistants API (none is published for today's endpoints). Per object: what the
endpoints of a resource declare.
"""

import math
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass

from reconciler.emulator.errors import ApiError

A_MINUTE = {"GET": 1000, "POST": 300, "DELETE": 300}
WINDOW = 60.0


@dataclass(frozen=True)
class Lane:
    """Requests about one object that have a limit of their own."""

    name: str
    per_minute: int


class Pace:
    """Admits at most `limit x factor` requests of a key in any minute."""

    def __init__(self, factor: float, now: Callable[[], float]) -> None:
        self._factor = factor
        self._now = now
        self._admitted: dict[str, deque[float]] = defaultdict(deque)

    def admit(self, key: str, limit: int) -> None:
        """Count one request; raises ApiError 429, and counts nothing, where it is one too many."""
        times, now = self._admitted[key], self._now()
        while times and times[0] <= now - WINDOW:
            times.popleft()
        if len(times) >= max(1, int(limit * self._factor)):
            raise _too_many(times[0] + WINDOW - now)
        times.append(now)


def _too_many(wait: float) -> ApiError:
    return ApiError(
        429,
        f"Rate limit reached for requests. Please try again in {wait:.3f}s.",
        type="rate_limit_error",
        code="rate_limit_exceeded",
        headers={"retry-after": str(math.ceil(wait))},
    )

"""The wait for a lock that another run holds: none, unless `--lock-timeout` sets a time."""

import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Final

QUICK: Final = 1.0
"""Seconds between two reads of a lock in a store that is quick to read."""
SLOW: Final = 5.0
"""Seconds between two reads of a lock in any other store."""
REMIND: Final = 60.0
"""Seconds after which the holder is named again."""


class LockWait:
    """The time that a command may wait for locks, counted from the first lock that it finds held."""

    def __init__(
        self,
        seconds: float = 0.0,
        *,
        tell: Callable[[str], None] = lambda _text: None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.seconds = seconds
        self._tell, self._sleep, self._clock = tell, sleep, clock
        self._deadline: float | None = None
        self._told: tuple[str, float] | None = None

    @property
    def left(self) -> float:
        """The seconds that are left."""
        return self.seconds if self._deadline is None else max(0.0, self._deadline - self._clock())

    def pause(self, held: str, token: str, *, is_quick: bool) -> bool:
        """Sleep until the lock is to be read again, and return True; return False if no time is left.

        `held` says who holds the lock. It is told for each holder, by the `token` of its lock, and once a minute.
        """
        now = self._clock()
        if self._deadline is None:
            self._deadline = now + self.seconds
        if self.left <= 0:
            return False
        if self._told is None or self._told[0] != token or now - self._told[1] >= REMIND:
            self._told = token, now
            self._tell(f"{held}. Waiting for up to {age(self.left)}.")
        self._sleep(min(QUICK if is_quick else SLOW, self.left))
        return True


LOCK_WAIT: Final[ContextVar[LockWait]] = ContextVar("lock_wait", default=LockWait())  # noqa: B039 - it waits for nothing
"""The wait of the current command."""


def age(seconds: float) -> str:
    """Return a duration as text, to the second or, from an hour on, to the minute."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
